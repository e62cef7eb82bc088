/** Many alike siblings in one row. */

import { type JSX, memo } from "react";

import { formatCount, formatNanos, formatOffset } from "../../base/format.ts";
import { type Layout, waitedFor } from "../../model/layout.ts";
import type { Span } from "../../model/trace.ts";
import { Icon } from "../../widgets/Icon.tsx";
import { indentOf, TELLING } from "./WaterfallRow.tsx";

interface GroupRowProps {
  readonly id: string;
  readonly entry: number;
  /** The first of them. */
  readonly span: Span;
  readonly row: number;
  /** In pixels. */
  readonly top: number;
  readonly layout: Layout;
  readonly open: boolean;
  readonly current: boolean;
  readonly dim: boolean;
  readonly zero: number;
  readonly onOpen: (entry: number) => void;
  readonly onToggle: (entry: number) => void;
}

export const GroupRow = memo(function GroupRow(props: GroupRowProps): JSX.Element {
  const { id, entry, span, row, top, layout, open, current, dim, zero, onOpen, onToggle } = props;
  const sum = layout.sums[entry - layout.count];
  const name = layout.folds.names[entry - layout.count] ?? "";
  const critical = waitedFor(layout, entry);
  const telling = critical >= layout.length * TELLING;
  const classes = ["row group", current && "current", dim && "dim", telling && "telling"].filter(Boolean).join(" ");
  const start = formatOffset((layout.start[entry] ?? 0) - zero);
  const median = formatNanos(sum?.median ?? 0);
  const longest = formatNanos(sum?.longest ?? 0);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter is a key of the page
    <div
      id={id}
      className={classes}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={row + 1}
      aria-level={(layout.depth[entry] ?? 0) + 1}
      aria-posinset={layout.place[entry]}
      aria-setsize={layout.siblings[entry]}
      aria-expanded={open}
      aria-selected={current}
      title={`${formatCount(sum?.count ?? 0)} × ${span.service}: ${name}\nfrom ${start}; p50 ${median}, longest ${longest}`}
      onClick={() => onOpen(entry)}
    >
      <span className="row-name" role="gridcell" style={{ paddingLeft: indentOf(layout.depth[entry] ?? 0) }}>
        <button
          type="button"
          className="caret"
          tabIndex={-1}
          aria-label={open ? "Fold" : "Unfold"}
          onClick={event => {
            event.stopPropagation();
            onToggle(entry);
          }}
        >
          <Icon name={open ? "down" : "right"} />
        </button>
        <span className={`dot service-${layout.colour[entry] ?? 0}`} />
        <span className="row-text">
          <span className="row-times">{formatCount(sum?.count ?? 0)}&nbsp;×</span>
          <span className="row-span">{name}</span>
          <span className="row-target">p50 {median}</span>
        </span>
        <span className="signs">
          {sum !== undefined && sum.failed > 0 && (
            <span className="sign sign-bad">{formatCount(sum.failed)} failed</span>
          )}
        </span>
      </span>
      <span className="row-length" role="gridcell">
        <span className="hidden">in all </span>
        {formatNanos(sum?.total ?? 0)}
        {critical > 0 && <span className="hidden">, on the critical path</span>}
      </span>
    </div>
  );
});
