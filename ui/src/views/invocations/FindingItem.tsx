import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { formatCount, formatDollars, formatDuration, formatPart, plural } from "../../base/format.ts";
import { dollars } from "../../base/money.ts";
import {
  type FunctionFinding,
  type FunctionFindings,
  failuresAvoided,
  timeGain,
} from "../../model/function-findings.ts";
import { OUTCOME_TEXT } from "../../model/invocation.ts";
import { type Question, questionOf, rangeFor } from "../../model/question.ts";
import { rangeOf, rangeSearch } from "../../model/range.ts";
import { Copy } from "../../widgets/Copy.tsx";
import type { FunctionSearch, InvocationsSearch } from "./url.ts";

interface FindingItemProps {
  readonly finding: FunctionFinding;
  readonly of: FunctionFindings;
  /** The function that the page is about. */
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
}

/** What was found, what its end would bring, and the way to see it oneself. */
export function FindingItem({ finding, of, name, shown }: FindingItemProps): JSX.Element {
  const estimate = of.sampled < of.invocations ? "about " : "";
  return (
    <li className="finding">
      <Gains finding={finding} invocations={of.invocations} />
      <div className="finding-body">
        <h3>{finding.title}</h3>
        <p>{finding.text}</p>
        <dl className="facts">
          <Fact title="seen in">
            {estimate}
            {plural(finding.seen, "invocation")} ({formatPart(finding.share)})
          </Fact>
          <Fact title="confidence">{finding.confidence}</Fact>
          {finding.evidence.map(figure => (
            <Fact key={figure.name} title={figure.name.replaceAll("_", " ")}>
              {figure.text}
            </Fact>
          ))}
        </dl>
        <div className="finding-links">
          <Ask question={questionOf(finding.question)} name={name} shown={shown} />
          <Examples ids={finding.examples} />
        </div>
      </div>
    </li>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface GainsProps {
  readonly finding: FunctionFinding;
  readonly invocations: number;
}

/** Failures first, then time, then money; what would not change is left out. */
function Gains({ finding: { gain, confidence }, invocations }: GainsProps): JSX.Element {
  const time = timeGain(gain);
  const upTo = confidence === "low" ? "up to " : "";
  return (
    <div className="gains">
      {gain.failures > 0 && (
        <p title={`${formatCount(failuresAvoided(gain, invocations))} of ${plural(invocations, "invocation")}`}>
          <span className="faint">{upTo}</span>
          <strong>{formatPart(gain.failures)}</strong> fewer failures
        </p>
      )}
      {time !== null && (
        <>
          <p>
            <span className="faint">{upTo}</span>
            <strong>{formatDuration(time.length)}</strong>{" "}
            {time.of === "mean" ? "less on average" : `less at ${time.of}`}
          </p>
          {time.of === "p95" && (
            <p className="sub">
              p50 {formatDuration(gain.p50)}, p99 {formatDuration(gain.p99)}
            </p>
          )}
        </>
      )}
      {gain.monthly !== null && gain.monthly !== 0n && (
        <p>
          <strong>{formatDollars(gain.monthly < 0n ? dollars(-gain.monthly) : gain.monthly)}</strong>{" "}
          {gain.monthly < 0n ? "more a month" : "less a month"}
        </p>
      )}
    </div>
  );
}

interface AskProps {
  readonly question: Question;
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
}

/** The question behind it: as a list of this ui where it has one, or as it is put to the API. */
function Ask({ question, name, shown }: AskProps): JSX.Element {
  if (question.kind === "path") {
    return (
      <p className="ask">
        <Answer path={question.path}>What shows it, as JSON</Answer>
      </p>
    );
  }
  if (question.kind === "search") {
    return (
      <p className="ask">
        <Answer path={question.path}>Traces that show it, as JSON</Answer>
        <span className="id">
          <code title={question.query}>{question.query}</code>
          <Copy text={question.query} what="query" />
        </span>
      </p>
    );
  }
  const { function: of, outcomes, cold, sort } = question;
  const search: InvocationsSearch = {
    ...rangeSearch(rangeFor(question.range, rangeOf(shown))),
    ...(outcomes.length > 0 && { outcome: outcomes.join(",") }),
    ...(cold !== null && { start: cold ? ("cold" as const) : ("warm" as const) }),
    ...(sort !== "newest" && { sort }),
  };
  return (
    <p className="ask">
      {of === null ? (
        <Link data-finding to="/invocations" search={search}>
          {listText(question)}
        </Link>
      ) : (
        <Link
          data-finding
          to="/functions/$function"
          params={{ function: of }}
          search={{ ...search, ...(of === name && shown.chart !== undefined && { chart: shown.chart }) }}
          hash="invocations"
        >
          {listText(question)}
        </Link>
      )}
    </p>
  );
}

function Answer({ path, children }: { readonly path: string; readonly children: ReactNode }): JSX.Element {
  return (
    <a data-finding href={path} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function listText({ outcomes, cold, sort }: Extract<Question, { kind: "invocations" }>): string {
  const order = sort === "slowest" ? ", the slowest first" : "";
  const ended = outcomes.map(outcome => OUTCOME_TEXT[outcome]).join(" or ");
  const which = [
    ...(outcomes.length > 0 ? [`that ended in ${ended}`] : []),
    ...(cold === true ? ["that waited for a start"] : cold === false ? ["that waited for none"] : []),
  ];
  return `${["Invocations", ...which].join(" ")}${order}`;
}

/** Enough of an id to tell it from its neighbours. */
const SHOWN = 8;

function Examples({ ids }: { readonly ids: readonly string[] }): JSX.Element | null {
  if (ids.length === 0) return null;
  return (
    <p className="examples">
      {ids.length === 1 ? "example" : "examples"}
      {ids.map(id => (
        <Link key={id} to="/invocations/$requestId" params={{ requestId: id }} title={id}>
          <code>{id.length > SHOWN + 4 ? `${id.slice(0, SHOWN)}…` : id}</code>
        </Link>
      ))}
    </p>
  );
}
