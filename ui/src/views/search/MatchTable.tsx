/** A row for each trace, or for each part of one that the query made. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatDuration, plural, share } from "../../base/format.ts";
import { longest } from "../../base/time.ts";
import {
  type AskedColumn,
  askedColumns,
  askedTexts,
  isLength,
  type MatchRow,
  splitBy,
} from "../../model/trace-search.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

/** More names than this are only counted. */
const NAMED = 2;
/** More columns than this scroll. */
const FITTING = 5;

interface MatchTableProps {
  readonly rows: readonly MatchRow[];
}

export function MatchTable({ rows }: MatchTableProps): JSX.Element {
  const asked = askedColumns(rows);
  const slowest = longest(rows.map(({ match }) => match.duration));
  const columns: Column<MatchRow>[] = [
    { id: "root", title: "Trace", narrow: "head", cell: row => <Root of={row} /> },
    { id: "start", title: "Started", narrow: "tail", cell: ({ match }) => <Moment at={match.start} form="clock" /> },
    {
      id: "duration",
      title: "Duration",
      hint: "Of the whole trace",
      align: "end",
      cell: ({ match }) => <strong>{formatDuration(match.duration)}</strong>,
    },
    {
      id: "bar",
      title: "",
      narrow: "hide",
      cell: ({ match }) => (
        <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect
            className={match.errors > 0 ? "bar-bad" : "bar-good"}
            y={1}
            width={Math.max(0.6, share(match.duration, slowest) * 100)}
            height={6}
          />
        </svg>
      ),
    },
    {
      id: "matched",
      title: "Matched",
      hint: "Spans that the query found, of all in the trace",
      cell: row => <Matched of={row} />,
    },
    {
      id: "errors",
      title: "Errors",
      align: "end",
      cell: ({ match }) =>
        match.errors === 0 ? <span className="none">–</span> : <span className="bad">{formatCount(match.errors)}</span>,
    },
    ...asked.map(askedColumn),
  ];
  return (
    <div className={asked.length > FITTING ? "table-scroll" : ""}>
      <Table
        label="Traces that match"
        columns={columns}
        rows={rows}
        keyOf={row => row.key}
        isBad={({ match }) => match.errors > 0}
      />
    </div>
  );
}

function Root({ of: { key, match, spanset } }: { readonly of: MatchRow }): JSX.Element {
  const span = spanset.spans[0]?.spanId;
  return (
    <>
      <Link
        data-row={key}
        to="/traces/$traceId"
        params={{ traceId: match.traceId }}
        search={span === undefined ? {} : { span, details: "open" }}
      >
        {match.rootName || "no root"}
      </Link>
      {match.rootService !== match.rootName && <span className="sub">{match.rootService}</span>}
    </>
  );
}

function Matched({ of: { match, spanset } }: { readonly of: MatchRow }): JSX.Element {
  const names = [...new Set(spanset.spans.map(span => span.name))];
  const rest = names.length - NAMED;
  const text = names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return (
    <span className="matched" title={names.join("\n")}>
      <span className="share">
        {formatCount(spanset.matched)} of {formatCount(match.spans)}
      </span>
      {text}
    </span>
  );
}

function askedColumn(asked: AskedColumn): Column<MatchRow> {
  const isFigure = asked.of === "spanset" && splitBy(asked.key) === null;
  return {
    id: `${asked.of} ${asked.key}`,
    title: splitBy(asked.key) ?? asked.key,
    hint: asked.key,
    ...((isFigure || isLength(asked.key)) && { align: "end" as const }),
    cell: row => {
      const texts = askedTexts(row, asked);
      if (texts.length === 0) return <span className="none">–</span>;
      const rest = texts.length > NAMED ? ` and ${plural(texts.length - NAMED, "more", "more")}` : "";
      return (
        <span className="asked-value" title={texts.join("\n")}>
          {texts.slice(0, NAMED).join(", ")}
          {rest}
        </span>
      );
    },
  };
}
