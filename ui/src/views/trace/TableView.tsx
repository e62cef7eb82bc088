/** Every span in a row, in the order that is asked for; only the rows that are seen are in the page. */

import { type JSX, memo, type RefObject, useMemo } from "react";

import { formatNanos, formatOffset, formatShare } from "../../base/format.ts";
import type { Layout } from "../../model/layout.ts";
import type { TableSort } from "../../model/span-measures.ts";
import { spanTarget, spanTitle } from "../../model/span-text.ts";
import type { Span, Trace } from "../../model/trace.ts";
import { useNarrow } from "../../widgets/media.ts";
import { useCursorInSight, useWindow } from "./virtual.ts";

const ROW = 26;
const NARROW_ROW = 44;
const HEAD = 28;

const COLUMNS: readonly {
  readonly sort: TableSort;
  readonly title: string;
  readonly hint: string;
  readonly end: boolean;
}[] = [
  { sort: "name", title: "Span", hint: "By name", end: false },
  { sort: "service", title: "Service", hint: "By service", end: false },
  { sort: "start", title: "Starts", hint: "The earliest first", end: true },
  { sort: "duration", title: "Takes", hint: "The longest first", end: true },
  { sort: "self", title: "Itself", hint: "Without its children; the longest first", end: true },
  { sort: "critical", title: "Critical", hint: "How long the whole waited for it; the longest first", end: true },
];
/** What no column leads to by itself. */
const ASCENDING: readonly TableSort[] = ["name", "service", "start"];

interface TableViewProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly order: Int32Array;
  readonly sort: TableSort;
  readonly cursor: number | null;
  readonly zero: number;
  readonly list: RefObject<HTMLDivElement | null>;
  readonly onSort: (sort: TableSort) => void;
  readonly onOpen: (index: number) => void;
}

export function TableView(props: TableViewProps): JSX.Element {
  const { trace, layout, order, sort, cursor, zero, list, onSort, onOpen } = props;
  const rowHeight = useNarrow() ? NARROW_ROW : ROW;
  const { first, last, slotOf } = useWindow(list, order.length, rowHeight);
  const found = cursor === null ? -1 : order.indexOf(cursor);
  const cursorRow = found === -1 ? null : found;
  useCursorInSight(list, cursorRow, rowHeight, HEAD);
  const whole = useMemo(() => layout.critical.reduce((sum, one) => sum + one, 0), [layout]);
  return (
    <div
      ref={list}
      className="span-table"
      role="grid"
      tabIndex={0}
      aria-label="Spans"
      aria-rowcount={order.length + 1}
      aria-colcount={COLUMNS.length}
      aria-activedescendant={cursorRow === null ? undefined : rowId(order[cursorRow] ?? 0)}
    >
      <div className="span-table-head" role="row" aria-rowindex={1}>
        {COLUMNS.map(column => (
          <span
            key={column.sort}
            role="columnheader"
            className={column.end ? `end cell-${column.sort}` : `cell-${column.sort}`}
            aria-sort={column.sort === sort ? (ASCENDING.includes(sort) ? "ascending" : "descending") : "none"}
          >
            <button type="button" title={column.hint} onClick={() => onSort(column.sort)}>
              {column.title}
              <span className="sorted" aria-hidden="true">
                {column.sort === sort ? (ASCENDING.includes(sort) ? " ↑" : " ↓") : ""}
              </span>
            </button>
          </span>
        ))}
      </div>
      <div className="grid-rows" role="rowgroup" style={{ height: order.length * rowHeight }}>
        {Array.from(order.subarray(first, last), (index, at) => (
          <SpanRow
            key={slotOf(first + at)}
            span={trace.spans[index] as Span}
            index={index}
            row={first + at}
            top={(first + at) * rowHeight}
            layout={layout}
            current={index === cursor}
            zero={zero}
            whole={whole}
            onOpen={onOpen}
          />
        ))}
      </div>
      {order.length === 0 && <p className="span-table-none">No span matches.</p>}
    </div>
  );
}

const rowId = (index: number): string => `table-span-${index}`;

interface SpanRowProps {
  readonly span: Span;
  readonly index: number;
  readonly row: number;
  /** In pixels. */
  readonly top: number;
  readonly layout: Layout;
  readonly current: boolean;
  readonly zero: number;
  readonly whole: number;
  readonly onOpen: (index: number) => void;
}

const SpanRow = memo(function SpanRow(props: SpanRowProps): JSX.Element {
  const { span, index, row, top, layout, current, zero, whole, onOpen } = props;
  const start = layout.start[index] ?? 0;
  const critical = layout.critical[index] ?? 0;
  const target = spanTarget(span);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter is a key of the page
    <div
      id={rowId(index)}
      className={current ? "span-table-row current" : "span-table-row"}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={row + 2}
      aria-selected={current}
      onClick={() => onOpen(index)}
    >
      <span role="gridcell" className="cell-name">
        <span className={`dot service-${layout.colour[index] ?? 0}`} />
        <span className="row-span">{spanTitle(span)}</span>
        {target !== "" && <span className="row-target">{target}</span>}
        {span.status === "error" && <span className="sign sign-bad">error</span>}
      </span>
      <span role="gridcell" className="cell-service">
        {span.service}
      </span>
      <span role="gridcell" className="end cell-start">
        {formatOffset(start - zero)}
      </span>
      <span role="gridcell" className="end cell-duration">
        {formatNanos((layout.end[index] ?? 0) - start)}
      </span>
      <span role="gridcell" className="end cell-self">
        {formatNanos(layout.self[index] ?? 0)}
      </span>
      <span role="gridcell" className="end cell-critical">
        {critical > 0 && (
          <>
            <span className="faint">{formatShare(critical, whole)}</span> {formatNanos(critical)}
          </>
        )}
      </span>
    </div>
  );
});
