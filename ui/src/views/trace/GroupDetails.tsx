/** What is known of many alike siblings: how long they took, and which of them took longest. */

import { type JSX, type RefObject, useMemo } from "react";

import { formatCount, formatNanos, formatOffset, formatShare, plural } from "../../base/format.ts";
import { hasError, type Layout, membersOf, waitedFor } from "../../model/layout.ts";
import type { Span } from "../../model/trace.ts";
import { Figure } from "../../widgets/Figure.tsx";
import { DetailsHead } from "./DetailsHead.tsx";

/** Of each list. */
const SHOWN = 8;

interface GroupDetailsProps {
  readonly layout: Layout;
  readonly entry: number;
  /** The first of them. */
  readonly span: Span;
  readonly zero: number;
  readonly open: boolean;
  readonly panel: RefObject<HTMLElement | null>;
  readonly onToggle: () => void;
  readonly onShow: (index: number) => void;
  readonly close: () => void;
}

export function GroupDetails(props: GroupDetailsProps): JSX.Element | null {
  const { layout, entry, span, zero, open, panel, onToggle, onShow, close } = props;
  const sum = layout.sums[entry - layout.count];
  const name = layout.folds.names[entry - layout.count] ?? "";
  const { slowest, failed } = useMemo(() => tellingOf(layout, entry), [layout, entry]);
  const waited = waitedFor(layout, entry);
  if (sum === undefined) return null;
  const title = `${formatCount(sum.count)} × ${name}`;
  return (
    <aside className="details" aria-label={title} ref={panel} tabIndex={-1} data-own-arrows>
      <DetailsHead colour={layout.colour[entry] ?? 0} title={title} close={close} />
      <p className="byline">
        <strong>{span.service}</strong>
        {span.kind !== "unspecified" && <span>{span.kind}</span>}
        <button type="button" className="button" onClick={onToggle}>
          {open ? "Fold" : "Unfold"} <kbd aria-hidden="true">{open ? "←" : "→"}</kbd>
        </button>
      </p>
      <dl className="figures">
        <Figure title="In all">{formatNanos(sum.total)}</Figure>
        <Figure title="p50">{formatNanos(sum.median)}</Figure>
        <Figure title="Longest">{formatNanos(sum.longest)}</Figure>
        <Figure title="Critical" hint="How long the whole waited for them and what is below them">
          {waited === 0 ? "no" : formatNanos(waited)}
          {waited > 0 && <span className="note">{formatShare(waited, layout.length)}</span>}
        </Figure>
        {sum.failed > 0 && (
          <Figure title="Failed" tone="bad">
            {formatCount(sum.failed)}
          </Figure>
        )}
      </dl>
      <Members title="The longest" of={slowest} {...{ layout, zero, onShow }} />
      {failed.length > 0 && (
        <Members
          title={failed.length < sum.failed ? `Failed, the first ${failed.length}` : plural(sum.failed, "failure")}
          of={failed}
          {...{ layout, zero, onShow }}
        />
      )}
    </aside>
  );
}

interface MembersProps extends Pick<GroupDetailsProps, "layout" | "zero" | "onShow"> {
  readonly title: string;
  readonly of: readonly number[];
}

function Members({ title, of, layout, zero, onShow }: MembersProps): JSX.Element {
  return (
    <details open>
      <summary>{title}</summary>
      <ul className="group-members">
        {of.map(member => (
          <li key={member}>
            <button type="button" className="link" onClick={() => onShow(member)}>
              {formatNanos((layout.end[member] ?? 0) - (layout.start[member] ?? 0))}
            </button>{" "}
            <span className="faint">at {formatOffset((layout.start[member] ?? 0) - zero)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function tellingOf(layout: Layout, entry: number) {
  const members = membersOf(layout, entry);
  const length = (member: number) => (layout.end[member] as number) - (layout.start[member] as number);
  const slowest = members.toSorted((left, right) => length(right) - length(left)).subarray(0, SHOWN);
  const failed = members.filter(member => hasError(layout, member)).subarray(0, SHOWN);
  return { slowest: [...slowest], failed: [...failed] };
}
