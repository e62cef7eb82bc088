import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatBytes, formatCount, formatDuration, formatShare } from "../../base/format.ts";
import type { FunctionOrder, FunctionSummary } from "../../model/function.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { Spread, spreadScale } from "./Spread.tsx";

interface FunctionTableProps {
  readonly functions: readonly FunctionSummary[];
  readonly range: Range;
  readonly order: FunctionOrder;
  readonly onOrder: (order: string) => void;
}

const SORTABLE = ["name", "invocations", "cold", "errors", "p50", "p95", "max", "init", "recent"];

export function FunctionTable({ functions, range, order, onOrder }: FunctionTableProps): JSX.Element {
  const scale = spreadScale(functions);
  const columns: Column<FunctionSummary>[] = [
    {
      id: "name",
      title: "Function",
      narrow: "head",
      cell: one => (
        <>
          <Link data-row to="/functions/$function" params={{ function: one.name }} search={rangeSearch(range)}>
            {one.name}
          </Link>
          <span className="sub">
            {[one.runtime || one.platform, memory(one), one.architecture].filter(part => part !== "").join(" · ")}
          </span>
        </>
      ),
    },
    {
      id: "invocations",
      title: "Invocations",
      align: "end",
      cell: one => formatCount(one.invocations),
    },
    {
      id: "errors",
      title: "Failed",
      hint: "Every outcome but ok, timeouts and out of memory included",
      align: "end",
      cell: one => <Part part={one.errors} whole={one.invocations} tone="bad" />,
    },
    {
      id: "timeouts",
      title: "Timeouts",
      align: "end",
      cell: one => <Some count={one.timeouts} />,
    },
    {
      id: "ooms",
      title: "OOM",
      hint: "Ended by the platform for its memory",
      align: "end",
      cell: one => <Some count={one.ooms} />,
    },
    {
      id: "cold",
      title: "Cold",
      hint: "Invocations that waited for a sandbox to start",
      align: "end",
      cell: one => <Part part={one.coldStarts} whole={one.invocations} tone="cold" />,
    },
    {
      id: "init",
      title: "Init p50",
      hint: "Half of the cold starts took less",
      align: "end",
      cell: one => (one.initP50 === null ? <None /> : <span className="cold">{formatDuration(one.initP50)}</span>),
    },
    { id: "p50", title: "p50", hint: "Half took less", align: "end", cell: one => formatDuration(one.p50) },
    {
      id: "p95",
      title: "p95",
      hint: "One of twenty took longer",
      align: "end",
      cell: one => <strong>{formatDuration(one.p95)}</strong>,
    },
    { id: "max", title: "Max", align: "end", cell: one => formatDuration(one.max) },
    {
      id: "spread",
      title: "p50 – p95 – max",
      hint: "All functions on one logarithmic scale",
      narrow: "hide",
      cell: one => <Spread of={one} scale={scale} />,
    },
    {
      id: "recent",
      title: "Last seen",
      align: "end",
      narrow: "tail",
      cell: one => <Moment at={one.lastSeen} form="ago" />,
    },
  ];
  return (
    <Table
      label="Functions"
      columns={columns}
      rows={functions}
      keyOf={one => one.name}
      sorting={{ by: order, columns: SORTABLE, change: onOrder }}
    />
  );
}

function memory(one: FunctionSummary): string {
  return one.memoryBytes === 0n ? "" : formatBytes(one.memoryBytes);
}

function Part({ part, whole, tone }: { readonly part: number; readonly whole: number; readonly tone: string }) {
  if (part === 0) return <None />;
  return (
    <span className={tone}>
      {formatCount(part)} <span className="share">{formatShare(part, whole)}</span>
    </span>
  );
}

function Some({ count }: { readonly count: number }): JSX.Element {
  return count === 0 ? <None /> : <span className="bad">{formatCount(count)}</span>;
}

function None(): JSX.Element {
  return <span className="none">–</span>;
}
