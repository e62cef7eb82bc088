import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import type { Overview } from "../../api/overview.ts";
import { formatBytes, formatCount, formatDollars, formatDuration, formatShare, plural } from "../../base/format.ts";
import {
  type Delta,
  type Deltas,
  deltasOf,
  gainText,
  type ListedFunction,
  OVERVIEW_ORDERS,
  type OverviewOrder,
} from "../../model/overview.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { DeltaMark } from "./DeltaMark.tsx";
import { Trend } from "./Trend.tsx";

interface OverviewTableProps {
  readonly functions: readonly ListedFunction[];
  readonly of: Overview;
  readonly range: Range;
  readonly order: OverviewOrder;
  readonly onOrder: (order: OverviewOrder) => void;
  /** What the time before is called; null where nothing is compared. */
  readonly than: string | null;
}

const SORTABLE = OVERVIEW_ORDERS.filter(order => order !== "attention");

/** Findings are told of a day: so much of the function is shown. */
const LOOKED_AT = { range: "24h" } as const;

export function OverviewTable({ functions, of, range, order, onOrder, than }: OverviewTableProps): JSX.Element {
  const delta = (one: ListedFunction, pick: (deltas: Deltas) => Delta | null) => {
    const deltas = than === null ? null : deltasOf(one);
    return deltas === null || than === null ? null : <DeltaMark of={pick(deltas)} than={than} />;
  };
  const columns: Column<ListedFunction>[] = [
    {
      id: "name",
      title: "Function",
      narrow: "head",
      cell: one => (
        <>
          <Link data-row to="/functions/$function" params={{ function: one.name }} search={rangeSearch(range)}>
            {one.name}
          </Link>
          <span className="sub">{descriptionOf(one)}</span>
        </>
      ),
    },
    {
      id: "trend",
      title: "Trend",
      hint: "Invocations over the range, those that failed in red; each function by its own highest",
      cell: one => <Trend points={one.trend} of={of} />,
    },
    {
      id: "invocations",
      title: "Invocations",
      align: "end",
      cell: one => (
        <Two
          figure={formatCount(one.invocations)}
          delta={
            than !== null && one.before === null ? (
              <span className="delta delta-plain">none before</span>
            ) : (
              delta(one, deltas => deltas.invocations)
            )
          }
        />
      ),
    },
    {
      id: "errors",
      title: "Failed",
      hint: "Every outcome but ok, timeouts and out of memory included",
      align: "end",
      cell: one => (
        <Two
          figure={<Part part={one.errors} whole={one.invocations} tone="bad" title={failuresOf(one)} />}
          delta={delta(one, deltas => deltas.errors)}
        />
      ),
    },
    {
      id: "p50",
      title: "p50",
      hint: "Half took less",
      align: "end",
      cell: one => <Two figure={formatDuration(one.p50)} delta={delta(one, deltas => deltas.p50)} />,
    },
    {
      id: "p95",
      title: "p95",
      hint: "One of twenty took longer",
      align: "end",
      cell: one => <Two figure={<strong>{formatDuration(one.p95)}</strong>} delta={delta(one, deltas => deltas.p95)} />,
    },
    {
      id: "cold",
      title: "Cold",
      hint: "Invocations that waited for a sandbox to start",
      align: "end",
      cell: one => (
        <Two
          figure={<Part part={one.coldStarts} whole={one.invocations} tone="cold" title={startsOf(one)} />}
          delta={delta(one, deltas => deltas.cold)}
        />
      ),
    },
    {
      id: "cost",
      title: "Cost",
      hint: "Of the range, at the platform's first tier; whether it is better or worse is told of one invocation",
      align: "end",
      cell: one => (
        <Two
          figure={one.cost === null ? <None /> : formatDollars(one.cost)}
          delta={delta(one, deltas => deltas.cost)}
        />
      ),
    },
    {
      id: "finding",
      title: "Top finding",
      hint: "Of the last day: what ends failures first, then what gains most",
      cell: one => <Finding of={one} />,
    },
    {
      id: "recent",
      title: "Last seen",
      align: "end",
      narrow: "tail",
      cell: one => <Moment at={one.lastSeen} form="ago" />,
    },
  ];
  const change = (by: string) => {
    const chosen = SORTABLE.find(one => one === by) ?? "attention";
    onOrder(chosen === order ? "attention" : chosen);
  };
  return (
    <div className={than === null ? "overview-table" : "overview-table compared"}>
      <label className="overview-order">
        Order by
        <select value={order} onChange={event => change(event.target.value)}>
          {OVERVIEW_ORDERS.map(one => (
            <option key={one} value={one}>
              {one === "attention" ? "what got worse" : columns.find(({ id }) => id === one)?.title}
            </option>
          ))}
        </select>
      </label>
      <Table
        label="Functions"
        columns={columns}
        rows={functions}
        keyOf={one => one.name}
        sorting={{ by: order, columns: SORTABLE, change }}
      />
    </div>
  );
}

function descriptionOf(one: ListedFunction): string {
  const memory = one.memoryBytes === 0n ? "" : formatBytes(one.memoryBytes);
  return [one.runtime || one.platform, memory, one.architecture].filter(part => part !== "").join(" · ");
}

function failuresOf({ timeouts, ooms, lost }: ListedFunction): string {
  const parts = [
    ...(timeouts > 0 ? [plural(timeouts, "timeout")] : []),
    ...(ooms > 0 ? [`${formatCount(ooms)} out of memory`] : []),
    ...(lost > 0 ? [`${formatCount(lost)} lost`] : []),
  ];
  return parts.length === 0 ? "" : `Among them ${parts.join(", ")}`;
}

function startsOf({ initP50 }: ListedFunction): string {
  return initP50 === null ? "" : `Half of the starts took less than ${formatDuration(initP50)}`;
}

/** A figure, and below it how it stands to the one before. */
function Two({ figure, delta }: { readonly figure: ReactNode; readonly delta: ReactNode }): JSX.Element {
  return (
    <>
      {figure}
      {delta}
    </>
  );
}

interface PartProps {
  readonly part: number;
  readonly whole: number;
  readonly tone: string;
  readonly title: string;
}

function Part({ part, whole, tone, title }: PartProps): JSX.Element {
  if (part === 0) return <None />;
  return (
    <span className={tone} title={title === "" ? undefined : title}>
      {formatShare(part, whole)} <span className="counted">{formatCount(part)}</span>
    </span>
  );
}

function Finding({ of: { name, topFinding } }: { readonly of: ListedFunction }): JSX.Element {
  if (topFinding === null) return <None />;
  const gain = gainText(topFinding.gain);
  return (
    <Link
      className="top-finding"
      to="/functions/$function"
      params={{ function: name }}
      search={LOOKED_AT}
      hash="findings-title"
      title={topFinding.title}
    >
      <span>{topFinding.title}</span>
      {gain !== "" && <small>{gain}</small>}
    </Link>
  );
}

function None(): JSX.Element {
  return <span className="none">–</span>;
}
