import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatDuration } from "../../base/format.ts";
import { COLD_TEXT, type Invocation, OUTCOME_TEXT } from "../../model/invocation.ts";
import type { Hop } from "../../model/trace.ts";
import { Icon } from "../../widgets/Icon.tsx";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";

/** More than these are counted, not shown. */
const SHOWN = 12;

interface JourneyProps {
  readonly invocations: readonly Invocation[];
  /** Of each its place. */
  readonly hops: readonly Hop[];
  /** The request id of the one that the page is about. */
  readonly current: string | null;
}

/** The invocations that one request went through, in the order in which they began. */
export function Journey({ invocations, hops, current }: JourneyProps): JSX.Element | null {
  const others = invocations.some(one => one.requestId !== current);
  if (!others) return null;
  const inOrder = invocations
    .map((one, place) => ({ one, hop: hops[place] }))
    .sort((left, right) => Number(left.one.start - right.one.start));
  const rest = inOrder.length - SHOWN;
  return (
    <nav className="journey" aria-label="Journey">
      <ol>
        {inOrder.slice(0, SHOWN).map(({ one, hop }) => (
          // Attempts of one request have one id.
          <li key={`${one.requestId} ${one.start}`}>
            {hop !== undefined && hop.waited !== null && (
              <span className="waited" title="So long did it lie before it was taken">
                after {formatDuration(hop.waited)}
              </span>
            )}
            <Link
              to="/invocations/$requestId"
              params={{ requestId: one.requestId }}
              search={{}}
              aria-current={one.requestId === current ? "page" : undefined}
              title={`${one.requestId}, ${OUTCOME_TEXT[one.outcome]}`}
            >
              <OutcomeShape outcome={one.outcome} />
              <span>{one.function}</span>
              {one.cold !== "warm" && (
                <span className="cold" title={COLD_TEXT[one.cold]}>
                  <Icon name="snow" />
                </span>
              )}
              {hop !== undefined && hop.attempts > 1 && (
                <span className="attempt">
                  attempt {hop.attempt} of {hop.attempts}
                </span>
              )}
              <span className="faint">{one.duration === null ? "" : formatDuration(one.duration)}</span>
            </Link>
          </li>
        ))}
        {rest > 0 && <li className="faint">and {rest} more</li>}
      </ol>
    </nav>
  );
}
