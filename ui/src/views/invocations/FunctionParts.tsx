/** A function by what tells its invocations apart: versions, sizes of memory, kinds of start. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatBytes, formatCount, formatDollars, formatDuration, formatShare } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import { type FunctionDetail, type FunctionPart, type FunctionStart, memoryOf } from "../../model/function-detail.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { Meter } from "../../widgets/Meter.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { type FunctionSearch, withoutWhy } from "./url.ts";

interface VersionsProps {
  /** Undefined until it has come. */
  readonly detail: FunctionDetail | undefined;
  readonly stale: boolean;
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
}

export function Versions({ detail, stale, name, shown }: VersionsProps): JSX.Element {
  return (
    <section
      className={stale ? "panel section stale" : "panel section"}
      id="versions"
      tabIndex={-1}
      aria-labelledby="versions-title"
    >
      <header>
        <h2 id="versions-title">Versions</h2>
      </header>
      {detail === undefined ? (
        <div className="versions-waiting" role="status" aria-label="Loading versions" />
      ) : detail.versions.length > 1 ? (
        <VersionTable detail={detail} name={name} shown={shown} />
      ) : (
        <OneVersion of={detail.versions[0]} />
      )}
    </section>
  );
}

/** One of a kind is the function itself. */
function OneVersion({ of }: { readonly of: FunctionPart | undefined }): JSX.Element {
  if (of === undefined || of.version === null || of.version === "") {
    return <p className="section-note-line">No invocation of this range told its version.</p>;
  }
  return (
    <p className="section-note-line">
      All invocations of this range are of version {of.version}; the first of them came{" "}
      <Moment at={of.firstSeen} form="ago" />.
    </p>
  );
}

interface VersionTableProps {
  readonly detail: FunctionDetail;
  readonly name: string;
  readonly shown: FunctionSearch;
}

function VersionTable({ detail, name, shown }: VersionTableProps): JSX.Element {
  const ways = { to: "/functions/$function", params: { function: name } } as const;
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
    {
      id: "ways",
      title: "",
      cell: ({ version }) =>
        version !== null &&
        version !== "" && (
          <span className="version-ways">
            <Link
              {...ways}
              search={{ ...withoutWhy(shown), why: "version", compared: version }}
              hash="why"
              aria-label={`Compare version ${version} with the rest`}
            >
              compare
            </Link>
            <Link
              {...ways}
              search={{ ...shown, version }}
              hash="invocations"
              aria-label={`List invocations of version ${version}`}
            >
              list
            </Link>
          </span>
        ),
    },
  ];
  return <PlainTable label="Versions" columns={columns} rows={detail.versions} keyOf={one => one.version ?? ""} />;
}

export function MemorySizes({ detail }: { readonly detail: FunctionDetail }): JSX.Element {
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

interface FunctionStartsProps {
  readonly detail: FunctionDetail;
}

/** Where all were warm there is nothing to tell. */
export function FunctionStarts({ detail: { starts } }: FunctionStartsProps): JSX.Element | null {
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
  return <PlainTable label="Kinds of start" columns={columns} rows={starts} keyOf={one => one.cold} />;
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
