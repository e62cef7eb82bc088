import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatBytes, formatCount, formatDuration, formatShare, unbroken } from "../../base/format.ts";
import { coldSeries, coldShare } from "../../model/cold-starts.ts";
import type { FunctionSummary } from "../../model/function.ts";
import type { FunctionDetail } from "../../model/function-detail.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import type { ToldFinding } from "../../model/told-findings.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { Sparkline } from "../../widgets/Sparkline.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

interface ColdTableProps {
  readonly functions: readonly FunctionSummary[];
  /** By name, as far as they have come. */
  readonly details: ReadonlyMap<string, FunctionDetail | undefined>;
  readonly findings: readonly ToldFinding[];
  readonly range: Range;
}

export function ColdTable({ functions, details, findings, range }: ColdTableProps): JSX.Element {
  const columns: Column<FunctionSummary>[] = [
    {
      id: "name",
      title: "Function",
      narrow: "head",
      cell: one => <Name of={one} range={range} finding={findings.find(found => found.function === one.name)} />,
    },
    {
      id: "cold",
      title: "Cold",
      hint: "Invocations that waited for a sandbox to start",
      align: "end",
      cell: one => (
        <span className="cold">
          {formatCount(one.coldStarts)} <span className="share">{formatShare(one.coldStarts, one.invocations)}</span>
        </span>
      ),
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
    {
      id: "when",
      title: "When",
      narrow: "hide",
      cell: one => <Sparkline series={seriesOf(details.get(one.name))} />,
    },
    {
      id: "init",
      title: "Init p50",
      hint: "Half of the cold starts took less",
      align: "end",
      cell: one =>
        one.initP50 === null ? (
          <span className="none">–</span>
        ) : (
          <strong className="cold">{formatDuration(one.initP50)}</strong>
        ),
    },
    { id: "kinds", title: "Kinds, and init p95", cell: one => <Kinds of={details.get(one.name)} /> },
    {
      id: "p95",
      title: "p95",
      hint: "Of all its invocations, without init",
      align: "end",
      cell: one => formatDuration(one.p95),
    },
    {
      id: "size",
      title: "Memory",
      align: "end",
      narrow: "hide",
      cell: one => (one.memoryBytes === 0n ? <span className="none">–</span> : formatBytes(one.memoryBytes)),
    },
  ];
  return (
    <div className="cold-table">
      <Table label="Cold starts" columns={columns} rows={functions} keyOf={one => one.name} />
    </div>
  );
}

const seriesOf = (detail: FunctionDetail | undefined): number[] => (detail === undefined ? [] : coldSeries(detail));

interface NameProps {
  readonly of: FunctionSummary;
  readonly range: Range;
  readonly finding: ToldFinding | undefined;
}

/** It leads to what sets its cold starts apart. */
function Name({ of, range, finding }: NameProps): JSX.Element {
  return (
    <>
      <Link
        data-row
        to="/functions/$function"
        params={{ function: of.name }}
        search={{ ...rangeSearch(range), why: "cold" }}
      >
        {of.name}
      </Link>
      <span className="sub">{of.runtime || of.platform}</span>
      {finding !== undefined && <p className="cold-finding">{unbroken(finding.text)}</p>}
    </>
  );
}

function Kinds({ of }: { readonly of: FunctionDetail | undefined }): JSX.Element {
  if (of === undefined) return <span className="faint">…</span>;
  const starts = of.starts.filter(start => start.cold !== "warm");
  return (
    <ul className="cold-kinds">
      {starts.map(start => (
        <li key={start.cold}>
          <ColdMark cold={start.cold} /> {formatCount(start.invocations)}
          {start.initP95 !== null && <span className="faint"> · {formatDuration(start.initP95)}</span>}
        </li>
      ))}
    </ul>
  );
}
