/** What ran on the same sandbox before it and after it: what it left behind, and what was left to it. */

import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatClock, formatCount, formatDuration } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import { OUTCOME_TEXT } from "../../model/invocation.ts";
import type { Neighbours as Found } from "../../model/invocation-life.ts";
import type { SandboxRun } from "../../model/sandboxes.ts";
import { useKeys } from "../../widgets/keys.ts";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";

interface NeighboursProps {
  /** Null where they are not told; undefined until they have come. */
  readonly of: Found | null | undefined;
  readonly failed: boolean;
}

export function Neighbours({ of, failed }: NeighboursProps): JSX.Element {
  return (
    <nav className="neighbours" aria-label="On the same sandbox">
      {of === undefined ? (
        <p className="faint">
          {failed ? "What else its sandbox served can't be read now." : "Looking at its sandbox …"}
        </p>
      ) : of === null ? (
        <p className="faint">What else its sandbox served is not told.</p>
      ) : (
        <Told of={of} />
      )}
    </nav>
  );
}

function Told({ of: { sandbox, place, previous, next, idleBefore, idleAfter } }: { readonly of: Found }): JSX.Element {
  const navigate = useNavigate();
  const go = (run: SandboxRun | null) => {
    if (run !== null) navigate({ to: "/invocations/$requestId", params: { requestId: run.requestId }, search: {} });
  };
  useKeys("Sandbox", [
    { keys: ["["], does: "the invocation before, on the same sandbox", run: () => go(previous) },
    { keys: ["]"], does: "the next one on the same sandbox", run: () => go(next) },
  ]);
  const { runs } = sandbox;
  return (
    <>
      <Way run={previous} idle={idleBefore} title="before" sign="[" />
      <p className="neighbours-place">
        {formatCount(place)} of {formatCount(runs.length)}
        <span className="faint"> on its sandbox around then</span>
      </p>
      <Way run={next} idle={idleAfter} title="after" sign="]" />
    </>
  );
}

interface WayProps {
  readonly run: SandboxRun | null;
  readonly idle: Nanos | null;
  readonly title: "before" | "after";
  readonly sign: "[" | "]";
}

function Way({ run, idle, title, sign }: WayProps): JSX.Element {
  if (run === null) return <p className="faint">{title === "before" ? "none before it" : "none after it"}</p>;
  const { requestId, start, outcome, duration } = run;
  return (
    <Link
      to="/invocations/$requestId"
      params={{ requestId }}
      search={{}}
      className="neighbour"
      title={`${requestId}, ${OUTCOME_TEXT[outcome]}`}
    >
      <kbd aria-hidden="true">{sign}</kbd>
      <span className="hidden">
        The one {title} on the same sandbox: {OUTCOME_TEXT[outcome]}
      </span>
      <OutcomeShape outcome={outcome} />
      <span>{formatClock(start).slice(0, 8)}</span>
      {duration !== null && <span>{formatDuration(duration)}</span>}
      {idle !== null && (
        <span className="faint">
          {formatDuration(idle)} {title === "before" ? "earlier" : "later"}
        </span>
      )}
    </Link>
  );
}
