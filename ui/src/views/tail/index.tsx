/** What comes, as it comes: invocations or lines. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type JSX, memo, useRef } from "react";

import { functionsQuery } from "../../api/queries.ts";
import { lookQuestion, type TailQuestion } from "../../api/tail.ts";
import { formatClock, formatCount, formatDuration, formatExact } from "../../base/format.ts";
import { type Invocation, isFailure, OUTCOMES } from "../../model/invocation.ts";
import { SEVERITY_NAMES, type SeverityName } from "../../model/log-line.ts";
import { KEPT, type TailList, type TailSubject } from "../../model/tail.ts";
import type { Log } from "../../model/trace.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { LogRow } from "../../widgets/LogRow.tsx";
import { NameField } from "../../widgets/NameField.tsx";
import { Failure, Notice } from "../../widgets/Notice.tsx";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { useRowKeys } from "../../widgets/row-keys.ts";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTimes } from "../../widgets/times.ts";
import { useTitle } from "../../widgets/title.ts";
import { ConnectionState } from "./ConnectionState.tsx";
import type { TailSearch } from "./url.ts";
import { useTail } from "./use-tail.ts";
import "./tail.css";

const route = getRouteApi("/tail");

const FAILURES = OUTCOMES.filter(isFailure).join(",");

export function TailPage(): JSX.Element {
  useTitle("Live");
  const search = route.useSearch();
  const subject: TailSubject = search.of ?? "invocations";
  const question: TailQuestion = {
    of: subject,
    function: search.function ?? "",
    outcome: search.only === "failed" ? FAILURES : "",
    cold: search.only === "cold" ? "true" : "",
    severity: search.severity ?? "",
    text: search.text ?? "",
  };
  const tail = useTail(question);
  const { list, connection, error } = tail;
  const isPaused = list.waiting !== null;
  const toggle = isPaused ? tail.goOn : tail.pause;
  useKeys("Live", [
    { keys: [" "], does: "pause, or go on", run: toggle },
    { keys: ["x"], does: "empty the list", run: tail.clear },
  ]);
  return (
    <>
      <header className="page-head">
        <h1>Live</h1>
        <div className="tools">
          <ConnectionState of={connection} isPaused={isPaused} isFailed={error !== null} />
          <button type="button" className="button" aria-pressed={isPaused} onClick={toggle}>
            {isPaused ? "Go on" : "Pause"} <kbd>space</kbd>
          </button>
          <button type="button" className="button" onClick={tail.clear}>
            Empty <kbd>x</kbd>
          </button>
          <ShowQuery
            of={lookQuestion(question)}
            what={subject === "logs" ? "lines as they come" : "invocations as they come"}
          />
        </div>
      </header>
      <Filters search={search} />
      {error !== null ? (
        <Failure error={error} what="tail" retry={tail.again} />
      ) : (
        <>
          {list.waiting !== null && <Waiting list={list} waiting={list.waiting.length} goOn={tail.goOn} />}
          {list.hasGaps && (
            <p className="tail-note" role="status">
              More came than could be followed: some are left out.
            </p>
          )}
          <Came list={list} subject={subject} isOpen={connection.kind === "open"} />
        </>
      )}
    </>
  );
}

function Filters({ search }: { readonly search: TailSearch }): JSX.Element {
  const navigate = route.useNavigate();
  const functions = useQuery(functionsQuery({ kind: "last", length: "1h" }));
  const go = (next: TailSearch) => navigate({ search: next, replace: true, resetScroll: false });
  const own = search.function === undefined ? {} : { function: search.function };
  return (
    <div className="filters">
      <Choice
        label="What is followed"
        value={search.of ?? "invocations"}
        options={[
          { value: "invocations", label: "invocations" },
          { value: "logs", label: "logs" },
        ]}
        onChange={(of: TailSubject) => go(of === "logs" ? { of, ...own } : own)}
      />
      <NameField
        label="Of one function"
        value={search.function ?? ""}
        names={functions.data?.map(one => one.name) ?? []}
        onChange={name => {
          const { function: _, ...rest } = search;
          go(name === "" ? rest : { ...rest, function: name });
        }}
      />
      {search.of === "logs" ? (
        <>
          <NameField
            label="In the line"
            isKeyed={false}
            value={search.text ?? ""}
            onChange={text => {
              const { text: _, ...rest } = search;
              go(text === "" ? rest : { ...rest, text });
            }}
          />
          <Choice
            label="Severity"
            value={search.severity ?? "all"}
            options={[
              { value: "all" as const, label: "all" },
              ...SEVERITY_NAMES.slice(2).map(name => ({ value: name, label: name, title: `${name} or worse` })),
            ]}
            onChange={(severity: SeverityName | "all") => {
              const { severity: _, ...rest } = search;
              go(severity === "all" ? rest : { ...rest, severity });
            }}
          />
        </>
      ) : (
        <Choice
          label="Which invocations"
          value={search.only ?? "all"}
          options={[
            { value: "all", label: "all" },
            { value: "failed", label: "failed" },
            { value: "cold", label: "cold" },
          ]}
          onChange={(only: "all" | "failed" | "cold") => go(only === "all" ? own : { ...own, only })}
        />
      )}
    </div>
  );
}

interface WaitingProps {
  readonly list: TailList;
  readonly waiting: number;
  readonly goOn: () => void;
}

function Waiting({ waiting, goOn }: WaitingProps): JSX.Element {
  if (waiting === 0) return <p className="tail-waiting">Paused. Nothing came since.</p>;
  return (
    <p className="tail-waiting">
      <span>
        Paused. <strong>{formatCount(waiting)}</strong> {waiting === 1 ? "waits" : "wait"}
        {waiting === KEPT && `: the last ${formatCount(KEPT)}; older ones are let go`}.
      </span>
      <button type="button" className="button" onClick={goOn}>
        Show them
      </button>
    </p>
  );
}

interface CameProps {
  readonly list: TailList;
  readonly subject: TailSubject;
  readonly isOpen: boolean;
}

function Came({ list, subject, isOpen }: CameProps): JSX.Element {
  const rows = useRef<HTMLOListElement>(null);
  useRowKeys(rows, list.shown.length);
  if (list.shown.length === 0) {
    return (
      <Notice title={isOpen ? "Nothing came yet" : "Nothing to show yet"}>
        <p>
          {subject === "logs" ? "Lines stand" : "Invocations stand"} here a moment after they can be read, the newest
          first. What was there before is in the{" "}
          {subject === "logs" ? <Link to="/logs">logs</Link> : <Link to="/invocations">invocations</Link>}.
        </p>
      </Notice>
    );
  }
  return (
    <>
      <ol className="lines" ref={rows} aria-label={subject === "logs" ? "Lines" : "Invocations"}>
        {list.shown.map(one =>
          one.kind === "log" ? (
            <LogRow key={one.key} line={one.line} links={linksOf} />
          ) : (
            <InvocationRow key={one.key} of={one.invocation} />
          ),
        )}
      </ol>
      <p className="more">
        {formatCount(list.shown.length)} of {formatCount(list.came)} that came
        {list.shown.length === KEPT && "; no more are kept"}
      </p>
    </>
  );
}

const InvocationRow = memo(function InvocationRow({ of }: { readonly of: Invocation }): JSX.Element {
  useTimes();
  return (
    <li className={isFailure(of.outcome) ? "line log-error" : "line"}>
      <Link
        className="line-head tail-row"
        data-row={of.requestId}
        to="/invocations/$requestId"
        params={{ requestId: of.requestId }}
      >
        <time title={formatExact(of.start)}>{formatClock(of.start)}</time>
        <OutcomeMark outcome={of.outcome} />
        <span className="line-of">{of.function}</span>
        <span className="tail-length">{of.duration === null ? "–" : formatDuration(of.duration)}</span>
        <ColdMark cold={of.cold} />
        <span className="line-text faint">{of.errorType}</span>
      </Link>
    </li>
  );
});

function linksOf(line: Log): JSX.Element {
  return (
    <>
      {line.requestId !== null && (
        <Link to="/invocations/$requestId" params={{ requestId: line.requestId }}>
          Its invocation
        </Link>
      )}
      {line.traceId !== null && (
        <Link to="/traces/$traceId" params={{ traceId: line.traceId }}>
          Its trace
        </Link>
      )}
    </>
  );
}
