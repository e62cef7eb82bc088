import { type JSX, memo } from "react";

import { formatCount, formatNanos, formatOffset } from "../../base/format.ts";
import { isCritical, type Layout } from "../../model/layout.ts";
import { beyond, type Operation, standing } from "../../model/operations.ts";
import { spanTarget, spanTitle } from "../../model/span-text.ts";
import { MARK_TEXT, type Span } from "../../model/trace.ts";
import { Icon } from "../../widgets/Icon.tsx";

interface WaterfallRowProps {
  readonly id: string;
  readonly span: Span;
  readonly index: number;
  readonly row: number;
  /** In pixels. */
  readonly top: number;
  readonly layout: Layout;
  /** Whether its parent is of another service. */
  readonly border: boolean;
  /** How many siblings that are alike it stands for; none where they are shown themselves. */
  readonly alike: number | undefined;
  /** How long its like usually takes, where that is shown and known. */
  readonly usual: Operation | undefined;
  readonly closed: boolean;
  readonly current: boolean;
  readonly dim: boolean;
  readonly zero: number;
  readonly onOpen: (index: number) => void;
  readonly onToggle: (index: number) => void;
}

/** What takes less of the whole is no answer to why it was slow. */
export const TELLING = 0.05;
/** Deeper spans are not moved further to the right, or their names would have no room. */
const DEEPEST = 14;

export const WaterfallRow = memo(function WaterfallRow(props: WaterfallRowProps): JSX.Element {
  const { id, span, index, row, top, layout, border, alike, usual, closed, current, dim, zero, onOpen, onToggle } =
    props;
  const size = layout.size[index] ?? 1;
  const length = (layout.end[index] ?? 0) - (layout.start[index] ?? 0);
  const start = formatOffset((layout.start[index] ?? 0) - zero);
  const target = spanTarget(span);
  const critical = isCritical(layout, index);
  const slow = usual === undefined ? null : beyond(length, usual);
  const stands = slow === null || usual === undefined ? null : standing(length, usual);
  const telling = Number(span.criticalTime) >= layout.length * TELLING;
  const classes = ["row", current && "current", dim && "dim", telling && "telling"].filter(Boolean).join(" ");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter is a key of the page
    <div
      id={id}
      className={classes}
      role="row"
      style={{ transform: `translateY(${top}px)` }}
      aria-rowindex={row + 1}
      aria-level={(layout.depth[index] ?? 0) + 1}
      aria-posinset={layout.place[index]}
      aria-setsize={layout.siblings[index]}
      aria-expanded={size > 1 ? !closed : undefined}
      aria-selected={current}
      title={`${span.service}: ${span.name} ${target}\n${start}, takes ${formatNanos(length)}`}
      onClick={() => onOpen(index)}
    >
      <span className="row-name" role="gridcell" style={{ paddingLeft: indentOf(layout.depth[index] ?? 0) }}>
        {size > 1 ? (
          <button
            type="button"
            className="caret"
            tabIndex={-1}
            aria-label={closed ? "Expand" : "Collapse"}
            onClick={event => {
              event.stopPropagation();
              onToggle(index);
            }}
          >
            <Icon name={closed ? "right" : "down"} />
          </button>
        ) : (
          <span className="caret" />
        )}
        <span className={`dot service-${layout.colour[index] ?? 0}`} />
        <span className="row-text">
          {alike !== undefined && (
            <span className="row-times" title={`The longest of ${formatCount(alike)} that are alike`}>
              {formatCount(alike)}&nbsp;×
            </span>
          )}
          <span className="row-span">{spanTitle(span)}</span>
          {target !== "" && <span className="row-target">{target}</span>}
          {border && <span className="row-service">{span.service}</span>}
        </span>
        <Signs span={span} hidden={closed ? size - 1 : 0} />
        {slow !== null && (
          <span className="sign sign-slow" aria-hidden="true" title={`It is ${stands}`}>{`> p${slow}`}</span>
        )}
      </span>
      <span className="row-length" role="gridcell">
        {formatNanos(length)}
        {critical && <span className="hidden">, on the critical path</span>}
        {stands !== null && <span className="hidden">, {stands}</span>}
      </span>
    </div>
  );
});

export const indentOf = (depth: number): number => 6 + Math.min(depth, DEEPEST) * 13;

/** What is special about a span, in a letter or two each. */
function Signs({ span, hidden }: { readonly span: Span; readonly hidden: number }): JSX.Element {
  return (
    <span className="signs">
      {hidden > 0 && <span className="sign" title={`${hidden} spans below are hidden`}>{`+${hidden}`}</span>}
      {span.marks.map(mark => (
        <span className="sign" key={mark} title={MARK_TEXT[mark]}>
          {mark.replaceAll("_", " ")}
        </span>
      ))}
      {span.status === "error" && (
        <span className="sign sign-bad" title={span.statusMessage || "failed"}>
          error
        </span>
      )}
    </span>
  );
}
