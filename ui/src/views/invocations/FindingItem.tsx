import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { formatPart, plural } from "../../base/format.ts";
import type { FunctionFinding, FunctionFindings } from "../../model/function-findings.ts";
import { OUTCOME_TEXT } from "../../model/invocation.ts";
import { type Question, questionOf, rangeFor } from "../../model/question.ts";
import { rangeOf, rangeSearch } from "../../model/range.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { Examples } from "./Examples.tsx";
import { Gains, Monthly } from "./Gains.tsx";
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
      <div className="gains">
        <Gains finding={finding} invocations={of.invocations} />
        <Monthly of={finding.gain} />
      </div>
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
