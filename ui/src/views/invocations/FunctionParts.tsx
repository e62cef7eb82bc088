/** A function by what tells its invocations apart: versions, sizes of memory, kinds of start. */

import type { JSX } from "react";

import { formatBytes, formatCount, formatDollars, formatDuration, formatShare } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import { type FunctionDetail, type FunctionPart, type FunctionStart, memoryOf } from "../../model/function-detail.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { Meter } from "../../widgets/Meter.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";

interface FunctionPartsProps {
  readonly detail: FunctionDetail;
  readonly stale: boolean;
}

/** Only what there is more than one of: one of a kind is the function itself. */
export function FunctionParts({ detail, stale }: FunctionPartsProps): JSX.Element | null {
  const { versions, memorySizes } = detail;
  if (versions.length < 2 && memorySizes.length < 2) return null;
  return (
    <div className={stale ? "parts stale" : "parts"}>
      {versions.length > 1 && <Versions detail={detail} />}
      {memorySizes.length > 1 && <MemorySizes detail={detail} />}
    </div>
  );
}

function Versions({ detail }: { readonly detail: FunctionDetail }): JSX.Element {
  const columns: Column<FunctionPart>[] = [
    {
      id: "version",
      title: "Version",
      narrow: "head",
      cell: one => <strong className="clip">{one.version || "not known"}</strong>,
    },
    ...numbers(detail),
    {
      id: "first",
      title: "First seen",
      align: "end",
      narrow: "tail",
      cell: one => <Moment at={one.firstSeen} form="ago" />,
    },
  ];
  return <PlainTable label="Versions" columns={columns} rows={detail.versions} keyOf={one => one.version ?? ""} />;
}

function MemorySizes({ detail }: { readonly detail: FunctionDetail }): JSX.Element {
  const columns: Column<FunctionPart>[] = [
    {
      id: "size",
      title: "Memory size",
      narrow: "head",
      cell: one => (
        <>
          <strong>{one.memoryBytes === null ? "not known" : formatBytes(one.memoryBytes)}</strong>
          <span className="sub">{one.architecture}</span>
        </>
      ),
    },
    ...numbers(detail),
  ];
  return (
    <PlainTable
      label="Memory sizes"
      columns={columns}
      rows={detail.memorySizes}
      keyOf={one => `${one.memoryBytes} ${one.architecture}`}
    />
  );
}

function numbers(detail: FunctionDetail): Column<FunctionPart>[] {
  return [
    { id: "invocations", title: "Invocations", align: "end", cell: one => formatCount(one.invocations) },
    { id: "errors", title: "Failed", align: "end", cell: one => <Failed of={one} /> },
    { id: "p50", title: "p50", align: "end", cell: one => <Length of={one.p50} /> },
    { id: "p95", title: "p95", align: "end", cell: one => <Length of={one.p95} /> },
    { id: "p99", title: "p99", align: "end", cell: one => <Length of={one.p99} /> },
    {
      id: "cost",
      title: "Cost",
      hint: `At the prices of ${detail.pricesOf}, without the free tier`,
      align: "end",
      cell: one => (one.cost === null ? <None /> : formatDollars(one.cost)),
    },
    {
      id: "memory",
      title: "Most memory used",
      align: "end",
      cell: one => <Memory of={one} limit={memoryOf(one, detail)} />,
    },
  ];
}

/** Where all were warm there is nothing to tell. */
export function FunctionStarts({ detail: { starts }, stale }: FunctionPartsProps): JSX.Element | null {
  if (starts.every(start => start.cold === "warm")) return null;
  const all = starts.reduce((sum, one) => sum + one.invocations, 0);
  const columns: Column<FunctionStart>[] = [
    { id: "start", title: "Start", narrow: "head", cell: one => <ColdMark cold={one.cold} /> },
    {
      id: "invocations",
      title: "Invocations",
      align: "end",
      cell: one => (
        <>
          {formatCount(one.invocations)} <span className="share">{formatShare(one.invocations, all)}</span>
        </>
      ),
    },
    { id: "p50", title: "Init p50", align: "end", cell: one => <Length of={one.initP50} /> },
    { id: "p95", title: "Init p95", align: "end", cell: one => <Length of={one.initP95} /> },
  ];
  return (
    <div className={stale ? "parts stale" : "parts"}>
      <PlainTable label="Kinds of start" columns={columns} rows={starts} keyOf={one => one.cold} />
    </div>
  );
}

function Failed({ of: { errors, invocations } }: { readonly of: FunctionPart }): JSX.Element {
  if (errors === 0) return <None />;
  return (
    <span className="bad">
      {formatCount(errors)} <span className="share">{formatShare(errors, invocations)}</span>
    </span>
  );
}

function Memory({ of, limit }: { readonly of: FunctionPart; readonly limit: bigint | null }): JSX.Element {
  const used = of.maxMemoryBytes;
  if (used === null) return <None />;
  if (limit === null || limit === 0n) return <>{formatBytes(used)}</>;
  return (
    <span title={`${formatBytes(used)} of ${formatBytes(limit)}`}>
      {formatBytes(used)}
      <Meter part={Number(used) / Number(limit)} />
    </span>
  );
}

function Length({ of }: { readonly of: Nanos | null }): JSX.Element {
  return of === null || of === 0n ? <None /> : <span>{formatDuration(of)}</span>;
}

function None(): JSX.Element {
  return <span className="none">–</span>;
}
