import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatDuration } from "../../base/format.ts";
import type { InvocationDetail } from "../../model/trace.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

interface Example {
  readonly id: string;
  readonly query: UseQueryResult<InvocationDetail> | undefined;
}

interface ExampleTableProps {
  readonly ids: readonly string[];
  /** What is known of each, in their order. */
  readonly found: readonly UseQueryResult<InvocationDetail>[];
}

/** Invocations that show it; one that can't be read is still led to. */
export function ExampleTable({ ids, found }: ExampleTableProps): JSX.Element {
  const rows = ids.map((id, at): Example => ({ id, query: found[at] }));
  return <Table label="Examples" columns={COLUMNS} rows={rows} keyOf={one => one.id} />;
}

const COLUMNS: readonly Column<Example>[] = [
  {
    id: "request",
    title: "Request id",
    narrow: "head",
    cell: one => (
      <Link data-row to="/invocations/$requestId" params={{ requestId: one.id }}>
        <code>{one.id}</code>
      </Link>
    ),
  },
  {
    id: "outcome",
    title: "Outcome",
    cell: ({ query }) => {
      if (query?.data !== undefined) return <OutcomeMark outcome={query.data.invocation.outcome} />;
      return <span className="faint">{query?.error ? "not to be read" : "…"}</span>;
    },
  },
  {
    id: "verdict",
    title: "What became of it",
    narrow: "hide",
    cell: ({ query }) => <span className="clip quiet">{query?.data?.verdict ?? ""}</span>,
  },
  {
    id: "duration",
    title: "Duration",
    align: "end",
    cell: ({ query }) => {
      const duration = query?.data?.invocation.duration ?? null;
      return duration === null ? <span className="none">–</span> : <strong>{formatDuration(duration)}</strong>;
    },
  },
  {
    id: "cold",
    title: "Start",
    cell: ({ query }) => (query?.data === undefined ? "" : <ColdMark cold={query.data.invocation.cold} />),
  },
  {
    id: "version",
    title: "Version",
    cell: ({ query }) => query?.data?.invocation.version ?? "",
  },
  {
    id: "start",
    title: "Started",
    align: "end",
    narrow: "tail",
    cell: ({ query }) => (query?.data === undefined ? "" : <Moment at={query.data.invocation.start} form="clock" />),
  },
];
