/**
 * The rows of a trace. Only those that are seen are in the page, and the bars are drawn on one canvas.
 *
 * The canvas lies in what is scrolled and covers the rows that are in the page, a little more than what is seen. So the
 * browser scrolls both together, and nothing is drawn until that margin is used up.
 */

import { type CSSProperties, type JSX, type RefObject, useCallback, useMemo, useRef } from "react";

import { firstSpan, isGroup, type Layout, type Rows, type Shown } from "../../model/layout.ts";
import type { Operations } from "../../model/operations.ts";
import { ticks } from "../../model/ticks.ts";
import type { Trace } from "../../model/trace.ts";
import type { View } from "../../model/view.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { useNarrow } from "../../widgets/media.ts";
import { drawBars } from "./draw-bars.ts";
import { GroupRow } from "./GroupRow.tsx";
import { TimeAxis } from "./TimeAxis.tsx";
import { useCursorInSight, useWindow } from "./virtual.ts";
import { WaterfallRow } from "./WaterfallRow.tsx";
import { useWheel } from "./wheel.ts";

const ROW = 24;
/** On a phone the bar is below the name. */
const NARROW_ROW = 40;
const TICKS = { wide: 7, narrow: 3 };

interface WaterfallProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly rows: Rows;
  readonly shown: Shown;
  readonly cursor: number | null;
  readonly view: View;
  readonly zero: number;
  readonly found: Uint8Array | null;
  /** Null where bars are not marked with what is usual. */
  readonly usual: Operations | null;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onOpen: (entry: number) => void;
  readonly onToggle: (entry: number) => void;
  readonly onView: (view: View | null) => void;
}

export function Waterfall(props: WaterfallProps): JSX.Element {
  const { trace, layout, rows, shown, cursor, view, zero, found, usual, grid, onOpen, onToggle, onView } = props;
  const { entries } = rows;
  const narrow = useNarrow();
  const rowHeight = narrow ? NARROW_ROW : ROW;
  const { first, last, slotOf } = useWindow(grid, entries.length, rowHeight);
  const cursorRow = rowAt(rows, cursor);
  useCursorInSight(grid, cursorRow, rowHeight);

  const whole = useRef<HTMLDivElement>(null);
  const bars = useRef<HTMLDivElement>(null);
  const wheel = useMemo(() => ({ view, length: layout.length, onView }), [view, layout, onView]);
  useWheel(whole, bars, wheel);

  const marks = ticks(view.from - zero, view.to - zero, narrow ? TICKS.narrow : TICKS.wide).map(at => at + zero);
  const usualOf = useMemo(() => {
    if (usual === null) return null;
    return (index: number) => {
      const span = trace.spans[index];
      return span === undefined ? undefined : usual.of(span);
    };
  }, [usual, trace]);
  const draw = useCallback(
    (surface: Surface) =>
      drawBars(surface, { layout, rows: entries, first, last, shown, view, zero, found, usualOf, rowHeight, narrow }),
    [layout, entries, first, last, shown, view, zero, found, usualOf, rowHeight, narrow],
  );
  const alike = useMemo(() => new Map(trace.folds.map(fold => [fold.span, fold.siblings])), [trace]);
  const row = (entry: number, at: number) => {
    const common = {
      id: rowId(entry),
      row: first + at,
      top: (first + at) * rowHeight,
      layout,
      current: entry === cursor,
      zero,
      onOpen,
      onToggle,
    };
    const span = trace.spans[firstSpan(layout, entry)];
    if (span === undefined) return null;
    const dim = found !== null && found[entry] === 0;
    if (isGroup(layout, entry)) {
      return (
        <GroupRow
          key={`g${slotOf(first + at)}`}
          {...common}
          entry={entry}
          span={span}
          open={shown.opened.has(entry)}
          dim={dim}
        />
      );
    }
    return (
      <WaterfallRow
        key={slotOf(first + at)}
        {...common}
        span={span}
        index={entry}
        border={trace.spans[layout.parent[entry] ?? -1]?.service !== span.service}
        closed={shown.closed.has(entry)}
        alike={alike.get(entry)}
        usual={usual?.of(span)}
        dim={dim}
      />
    );
  };
  return (
    <div className="waterfall" ref={whole}>
      <TimeAxis layout={layout} rows={entries} view={view} zero={zero} marks={marks} onView={onView} />
      <div
        ref={grid}
        className="grid"
        role="treegrid"
        tabIndex={0}
        aria-label="Spans"
        aria-rowcount={entries.length}
        aria-activedescendant={cursorRow === null ? undefined : rowId(entries[cursorRow] ?? 0)}
      >
        <div className="grid-rows" role="presentation" style={{ height: entries.length * rowHeight }}>
          {Array.from(entries.subarray(first, last), row)}
          <div
            ref={bars}
            className="grid-bars"
            style={{ transform: `translateY(${first * rowHeight}px)` } satisfies CSSProperties}
          >
            <Canvas className="bars" draw={draw} height={(last - first) * rowHeight} />
          </div>
        </div>
      </div>
    </div>
  );
}

const rowId = (index: number): string => `span-${index}`;

/** The row of an entry, or of what hides it; null where neither is shown. */
function rowAt(rows: Rows, entry: number | null): number | null {
  const row = entry === null ? -1 : (rows.at[entry] ?? -1);
  return row === -1 ? null : row;
}
