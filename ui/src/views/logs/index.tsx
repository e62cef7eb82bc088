/** Logged lines of all functions, the newest first. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { type Lines, linesQuery, useLines } from "../../api/logs.ts";
import { functionsQuery } from "../../api/queries.ts";
import { plural } from "../../base/format.ts";
import { SEVERITY_NAMES, type SeverityName } from "../../model/log-line.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import type { Log } from "../../model/trace.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { LogRow } from "../../widgets/LogRow.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { NameField } from "../../widgets/NameField.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { useRowKeys } from "../../widgets/row-keys.ts";
import { useTitle } from "../../widgets/title.ts";
import type { LogsSearch } from "./url.ts";
import "./logs.css";
import { LOG_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";

const route = getRouteApi("/logs");

export function LogsPage(): JSX.Element {
  useTitle("Logs");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const functions = useQuery(functionsQuery(range));
  const isWords = search.match === "words";
  const filter = {
    function: search.function ?? "",
    severity: search.severity ?? "",
    text: isWords ? "" : (search.text ?? ""),
    words: isWords ? (search.text ?? "") : "",
    request_id: search.request ?? "",
    trace_id: search.trace ?? "",
  };
  const lines = useLines(range, filter);
  const go = (next: LogsSearch) => navigate({ search: next, replace: true, resetScroll: false });
  const setName = (name: string) => {
    const { function: _, ...rest } = search;
    go(name === "" ? rest : { ...rest, function: name });
  };
  const setText = (text: string) => {
    const { text: _, ...rest } = search;
    go(text === "" ? rest : { ...rest, text });
  };
  const setSeverity = (severity: SeverityName | "all") => {
    const { severity: _, ...rest } = search;
    go(severity === "all" ? rest : { ...rest, severity });
  };
  const setMatch = (match: "text" | "words") => {
    const { match: _, ...rest } = search;
    go(match === "text" ? rest : { ...rest, match });
  };
  const clear = () => go(rangeSearch(range));
  const isFiltered = Object.keys(search).some(key => !["range", "from", "to", "match"].includes(key));
  return (
    <>
      <header className="page-head">
        <h1>Logs</h1>
        <div className="tools">
          <RangePicker
            range={range}
            onChange={next => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } })}
          />
          <ShowQuery of={linesQuery(range, filter)} what="lines" />
          <Export what="lines" columns={LOG_COLUMNS} rows={lines.lines} of={linesQuery(range, filter)} />
          <Freshness of={lines} />
        </div>
      </header>
      <div className="filters">
        <NameField
          label="Of one function"
          isKeyed={false}
          value={search.function ?? ""}
          names={functions.data?.map(one => one.name) ?? []}
          onChange={setName}
        />
        <NameField label="In the line" value={search.text ?? ""} onChange={setText} />
        <Choice
          label="How the text is found"
          value={search.match ?? "text"}
          options={[
            { value: "text", label: "as it is", title: "The line has this text, in any case" },
            { value: "words", label: "words", title: "The line has each of these, in any order" },
          ]}
          onChange={setMatch}
        />
        <Choice
          label="Severity"
          value={search.severity ?? "all"}
          options={[
            { value: "all" as const, label: "all" },
            ...SEVERITY_NAMES.slice(1).map(name => ({ value: name, label: name, title: `${name} or worse` })),
          ]}
          onChange={setSeverity}
        />
        {(search.request ?? search.trace) !== undefined && (
          <button type="button" className="chip" onClick={() => go(withoutIds(search))} title="Take this filter away">
            {search.request === undefined ? "of one trace" : "of one request"} ×
          </button>
        )}
      </div>
      <Body lines={lines} range={range} clear={isFiltered ? clear : null} />
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: LogsSearch): LogsSearch {
  return rest;
}

function withoutIds({ request: _request, trace: _trace, ...rest }: LogsSearch): LogsSearch {
  return rest;
}

interface BodyProps {
  readonly lines: Lines;
  readonly range: Range;
  /** Takes the filters away; null where there are none. */
  readonly clear: (() => void) | null;
}

function Body({ lines, range, clear }: BodyProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const found = lines.lines;
  useRowKeys(list, found?.length ?? 0);
  if (found === undefined) return <Waiting error={lines.error} what="lines" rows={12} retry={lines.read} />;
  if (found.length === 0 && lines.more === null) {
    return (
      <Notice title={`Nothing was logged in ${rangeText(range)}${clear === null ? "" : " with these filters"}`}>
        {clear === null ? (
          <p>Choose a longer range of time above.</p>
        ) : (
          <p>
            <button type="button" className="button" onClick={clear}>
              Take the filters away
            </button>
          </p>
        )}
      </Notice>
    );
  }
  return (
    <>
      {found.length > 0 && (
        <ol className="lines" ref={list} aria-label="Lines">
          {found.map((line, at) => (
            <LogRow key={`${line.time} ${at}`} line={line} links={linksOf} />
          ))}
        </ol>
      )}
      <End lines={lines} count={found.length} />
    </>
  );
}

/** How far it was searched, and the way to go on. */
function End({ lines, count }: { readonly lines: Lines; readonly count: number }): JSX.Element {
  const { more, searchedFrom, readingMore, warnings } = lines;
  useKeys("List", more === null ? [] : [{ keys: ["m"], does: "show older lines", run: more }]);
  return (
    <div className="more lines-end">
      <span>
        {plural(count, "line")}
        {more !== null && searchedFrom !== null && (
          <>
            , back to <Moment at={searchedFrom} form="clock" />
          </>
        )}
      </span>
      {more !== null && (
        <button type="button" className="button" onClick={more} disabled={readingMore}>
          {readingMore ? "Loading" : "Show older"} <kbd>m</kbd>
        </button>
      )}
      {warnings.length > 0 && (
        <span className="lines-warning" role="status">
          The search took too long and stopped there: what is older has not been searched yet.
        </span>
      )}
    </div>
  );
}

/** The ways from a line. */
function linksOf(line: Log): JSX.Element {
  return (
    <>
      {line.requestId !== null && (
        <Link to="/invocations/$requestId" params={{ requestId: line.requestId }}>
          Its invocation
        </Link>
      )}
      {line.traceId !== null && (
        <Link
          to="/traces/$traceId"
          params={{ traceId: line.traceId }}
          search={line.spanId === null ? {} : { span: line.spanId }}
        >
          Its trace
        </Link>
      )}
      {line.requestId !== null && (
        <Link to="/logs" search={{ request: line.requestId }}>
          All lines of its request
        </Link>
      )}
    </>
  );
}
