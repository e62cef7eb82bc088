import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatDuration, share } from "../../base/format.ts";
import { longest } from "../../base/time.ts";
import type { TraceSummary } from "../../model/trace.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

/** More names than this are only counted. */
const NAMED = 3;

export function TraceTable({ traces }: { readonly traces: readonly TraceSummary[] }): JSX.Element {
  const slowest = longest(traces.map(one => one.duration));
  const columns: Column<TraceSummary>[] = [
    {
      id: "root",
      title: "Trace",
      narrow: "head",
      cell: one => (
        <>
          <Link data-row to="/traces/$traceId" params={{ traceId: one.traceId }}>
            {one.rootName || "no root"}
          </Link>
          {one.rootService !== one.rootName && <span className="sub">{one.rootService}</span>}
        </>
      ),
    },
    { id: "start", title: "Started", narrow: "tail", cell: one => <Moment at={one.start} form="clock" /> },
    {
      id: "duration",
      title: "Duration",
      align: "end",
      cell: one => <strong>{formatDuration(one.duration)}</strong>,
    },
    {
      id: "bar",
      title: "",
      narrow: "hide",
      cell: one => (
        <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect
            className={one.errors > 0 ? "bar-bad" : "bar-good"}
            y={1}
            width={Math.max(0.6, share(one.duration, slowest) * 100)}
            height={6}
          />
        </svg>
      ),
    },
    { id: "spans", title: "Spans", align: "end", cell: one => formatCount(one.spans) },
    {
      id: "errors",
      title: "Errors",
      align: "end",
      cell: one =>
        one.errors === 0 ? <span className="none">–</span> : <span className="bad">{formatCount(one.errors)}</span>,
    },
    { id: "services", title: "Services", cell: one => services(one.services) },
    {
      id: "invocations",
      title: "Invocations",
      align: "end",
      cell: one => (one.requestIds.length === 0 ? <span className="none">–</span> : one.requestIds.length),
    },
    {
      id: "id",
      title: "Trace id",
      narrow: "hide",
      cell: one => <code className="clip faint">{one.traceId}</code>,
    },
  ];
  return (
    <Table label="Traces" columns={columns} rows={traces} keyOf={one => one.traceId} isBad={one => one.errors > 0} />
  );
}

function services(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
