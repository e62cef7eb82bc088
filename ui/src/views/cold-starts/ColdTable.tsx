/** Cold starts by what they depend on, the worst first. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatBytes, formatCount, formatDuration, formatShare, plural } from "../../base/format.ts";
import {
  COLD_ORDERS,
  type ColdBy,
  type ColdGroup,
  type ColdOrder,
  type ColdPart,
  coldShare,
  type Spread,
} from "../../model/cold-starts.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { type Column, Table } from "../../widgets/Table.tsx";

interface ColdTableProps {
  readonly groups: readonly ColdGroup[];
  readonly by: ColdBy;
  readonly order: ColdOrder;
  readonly onOrder: (order: ColdOrder) => void;
  readonly range: Range;
}

const NAME_TITLE: Readonly<Record<ColdBy, string>> = {
  part: "Function",
  function: "Function",
  runtime: "Runtime",
  architecture: "Architecture",
  memory: "Memory",
};

export function ColdTable({ groups, by, order, onOrder, range }: ColdTableProps): JSX.Element {
  const columns: Column<ColdGroup>[] = [
    { id: "name", title: NAME_TITLE[by], narrow: "head", cell: one => <Name of={one} by={by} range={range} /> },
    ...(by === "part" ? PART_COLUMNS : []),
    {
      id: "count",
      title: "Cold",
      hint: "Invocations that waited for a sandbox to start",
      align: "end",
      cell: one => <span className="cold">{formatCount(one.coldStarts)}</span>,
    },
    { id: "invocations", title: "Invocations", align: "end", cell: one => formatCount(one.invocations) },
    {
      id: "share",
      title: "Share",
      hint: "Of its invocations, so many waited",
      align: "end",
      cell: one => formatShare(one.coldStarts, one.invocations),
    },
    {
      id: "bar",
      title: "Of its invocations",
      narrow: "hide",
      cell: one => (
        <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect className="cold-base" y={1} width={100} height={6} />
          <rect className="bar-cold" y={1} width={Math.max(0.6, coldShare(one) * 100)} height={6} />
        </svg>
      ),
    },
    { id: "p50", title: "Init p50", align: "end", cell: one => <Length of={one.initP50} /> },
    { id: "p95", title: "Init p95", align: "end", cell: one => <Length of={one.initP95} /> },
  ];
  return (
    <div className="cold-table">
      <Table
        label="Cold starts"
        columns={columns}
        rows={groups}
        keyOf={one => one.key}
        sorting={{
          by: order,
          columns: COLD_ORDERS,
          change: by => {
            const next = COLD_ORDERS.find(one => one === by);
            if (next !== undefined) onOrder(next);
          },
        }}
      />
    </div>
  );
}

const PART_COLUMNS: readonly Column<ColdGroup>[] = [
  { id: "version", title: "Version", cell: ({ first }) => known(first.version) },
  { id: "runtime", title: "Runtime", cell: ({ first }) => known(first.runtime) },
  { id: "architecture", title: "Architecture", cell: ({ first }) => known(first.architecture) },
  { id: "memory", title: "Memory", align: "end", cell: ({ first }) => memoryText(first) },
];

const known = (text: string): JSX.Element | string => (text === "" ? <span className="none">–</span> : text);

function memoryText({ memoryBytes }: ColdPart): string {
  return memoryBytes === null ? "not known" : formatBytes(memoryBytes);
}

interface NameProps {
  readonly of: ColdGroup;
  readonly by: ColdBy;
  readonly range: Range;
}

/** A function leads to what sets its cold starts apart; what several have in common leads nowhere. */
function Name({ of, by, range }: NameProps): JSX.Element {
  if (by === "part" || by === "function") {
    const { function: name, runtime } = of.first;
    return (
      <>
        <Link
          data-row={by === "part" ? of.key : true}
          to="/functions/$function"
          params={{ function: name }}
          search={{ ...rangeSearch(range), why: "cold" }}
          hash="starts"
        >
          {name}
        </Link>
        {by === "function" && <span className="sub">{of.parts === 1 ? runtime : plural(of.parts, "variant")}</span>}
      </>
    );
  }
  const text = by === "memory" ? memoryText(of.first) : of.key || "not known";
  return (
    <>
      <strong>{text}</strong>
      <span className="sub" title={of.functions.join(", ")}>
        {plural(of.functions.length, "function")}
      </span>
    </>
  );
}

/** Of several from the least to the greatest. */
function Length({ of }: { readonly of: Spread | null }): JSX.Element {
  if (of === null) return <span className="none">–</span>;
  if (of.low === of.high) return <span>{formatDuration(of.low)}</span>;
  return (
    <span title="From the least of its variants to the greatest">
      {formatDuration(of.low)} – {formatDuration(of.high)}
    </span>
  );
}
