import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatBytes, formatDollars, formatDuration, share } from "../../base/format.ts";
import { longest, type Nanos } from "../../base/time.ts";
import { type Invocation, isFailure } from "../../model/invocation.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { Meter } from "../../widgets/Meter.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

interface InvocationTableProps {
  readonly invocations: readonly Invocation[];
  /** Whether the function's name is shown. */
  readonly named: boolean;
  /** Whether its cost is shown: where the list is by cost. */
  readonly priced: boolean;
}

export function InvocationTable({ invocations, named, priced }: InvocationTableProps): JSX.Element {
  const slowest = longest(invocations.map(total));
  const columns: Column<Invocation>[] = [
    {
      id: "outcome",
      title: "Outcome",
      narrow: "head",
      cell: one => (
        <Link data-row to="/invocations/$requestId" params={{ requestId: one.requestId }}>
          <OutcomeMark outcome={one.outcome} />
        </Link>
      ),
    },
    { id: "start", title: "Started", narrow: "tail", cell: one => <Moment at={one.start} form="clock" /> },
    ...(named
      ? [{ id: "function", title: "Function", cell: (one: Invocation) => <strong>{one.function}</strong> }]
      : []),
    {
      id: "duration",
      title: "Duration",
      align: "end",
      cell: one => <Length of={one.duration} strong />,
    },
    {
      id: "bar",
      title: "Init and duration",
      hint: "Of those listed, on one scale; init first",
      narrow: "hide",
      cell: one => <DurationBar of={one} longest={slowest} />,
    },
    { id: "cold", title: "Start", cell: one => <ColdMark cold={one.cold} /> },
    {
      id: "init",
      title: "Init",
      align: "end",
      cell: one => <Length of={one.init ?? one.restore} />,
    },
    { id: "billed", title: "Billed", align: "end", cell: one => <Length of={one.billed} /> },
    ...(priced ? [COST] : []),
    {
      id: "memory",
      title: "Memory",
      align: "end",
      cell: one => <Memory of={one} />,
    },
    {
      id: "error",
      title: "Error",
      cell: one => (one.errorType === "" ? "" : <span className="clip bad">{one.errorType}</span>),
    },
    {
      id: "request",
      title: "Request id",
      narrow: "hide",
      cell: one => <code className="clip faint">{one.requestId}</code>,
    },
  ];
  return (
    <Table
      label="Invocations"
      columns={columns}
      rows={invocations}
      keyOf={one => one.requestId}
      isBad={one => isFailure(one.outcome)}
    />
  );
}

const COST: Column<Invocation> = {
  id: "cost",
  title: "Cost",
  hint: "Its billed time and its request, at public prices without the free tier",
  align: "end",
  cell: one => (one.cost === null ? <span className="none">–</span> : <strong>{formatDollars(one.cost)}</strong>),
};

/** What its caller waited for, as far as it is known. */
function total(one: Invocation): bigint {
  return (one.init ?? one.restore ?? 0n) + (one.duration ?? 0n);
}

function DurationBar({ of, longest }: { readonly of: Invocation; readonly longest: Nanos }): JSX.Element {
  const init = share(of.init ?? of.restore, longest) * 100;
  const duration = share(of.duration, longest) * 100;
  return (
    <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect className="bar-cold" x={0} y={1} width={init} height={6} />
      <rect
        className={isFailure(of.outcome) ? "bar-bad" : "bar-good"}
        x={init}
        y={1}
        width={Math.max(duration, of.duration === null ? 0 : 0.6)}
        height={6}
      />
    </svg>
  );
}

function Length({ of, strong = false }: { readonly of: Nanos | null; readonly strong?: boolean }): JSX.Element {
  if (of === null) return <span className="none">–</span>;
  return strong ? <strong>{formatDuration(of)}</strong> : <span>{formatDuration(of)}</span>;
}

function Memory({ of }: { readonly of: Invocation }): JSX.Element {
  const { maxMemoryBytes: used, memoryBytes: limit } = of;
  if (used === null || limit === null || limit === 0n) return <span className="none">–</span>;
  return (
    <span className="memory" title={`${formatBytes(used)} of ${formatBytes(limit)}`}>
      {formatBytes(used)}
      <Meter part={Number(used) / Number(limit)} />
    </span>
  );
}
