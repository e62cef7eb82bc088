/** All attempts of the same request, or of the same message: which failed, and how long each lay before it was taken again. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatClock, formatDuration } from "../../base/format.ts";
import type { Invocation } from "../../model/invocation.ts";
import { type Attempt, attemptsOf } from "../../model/invocation-life.ts";
import type { Trace } from "../../model/trace.ts";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";

interface AttemptsProps {
  readonly invocation: Invocation;
  readonly trace: Trace;
}

/** Nothing where it was tried but once. */
export function Attempts({ invocation, trace }: AttemptsProps): JSX.Element | null {
  const attempts = attemptsOf(invocation, trace);
  if (attempts.length < 2) return null;
  return (
    <section className="attempts panel" aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts</h2>
      <PlainTable
        label="Attempts"
        columns={COLUMNS}
        rows={attempts}
        keyOf={one => `${one.invocation.requestId} ${one.invocation.start}`}
      />
    </section>
  );
}

const COLUMNS: readonly Column<Attempt>[] = [
  {
    id: "attempt",
    title: "Attempt",
    narrow: "head",
    cell: ({ invocation, hop }) => (
      <Link to="/invocations/$requestId" params={{ requestId: invocation.requestId }} search={{}}>
        {hop.attempt} of {hop.attempts}
      </Link>
    ),
  },
  { id: "outcome", title: "Outcome", cell: ({ invocation }) => <OutcomeMark outcome={invocation.outcome} /> },
  { id: "start", title: "Started", cell: ({ invocation }) => formatClock(invocation.start) },
  {
    id: "duration",
    title: "Duration",
    align: "end",
    cell: ({ invocation: { duration } }) =>
      duration === null ? <span className="none">–</span> : formatDuration(duration),
  },
  {
    id: "waited",
    title: "Lay before",
    hint: "Since the attempt before it failed, or since it was sent",
    align: "end",
    cell: ({ hop: { waited } }) => (waited === null ? <span className="none">–</span> : formatDuration(waited)),
  },
];
