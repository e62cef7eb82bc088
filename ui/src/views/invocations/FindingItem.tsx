import type { JSX, ReactNode } from "react";

import { formatPart, plural } from "../../base/format.ts";
import type { FunctionFinding, FunctionFindings } from "../../model/function-findings.ts";
import { OUTCOME_TEXT } from "../../model/invocation.ts";
import { type Question, questionOf } from "../../model/question.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { Asked } from "./Asked.tsx";
import { Examples } from "./Examples.tsx";
import { Gains, Monthly } from "./Gains.tsx";
import type { FunctionSearch } from "./url.ts";

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
function Ask({ question, ...where }: AskProps): JSX.Element {
  return (
    <p className="ask">
      <Asked question={question} {...where}>
        {askText(question)}
      </Asked>
      {question.kind === "search" && (
        <span className="id">
          <code title={question.query}>{question.query}</code>
          <Copy text={question.query} what="query" />
        </span>
      )}
    </p>
  );
}

function askText(question: Question): string {
  switch (question.kind) {
    case "path":
      return "What shows it, as JSON";
    case "search":
      return "Traces that show it";
    case "invocations":
      return listText(question);
  }
}

const FIRST = { slowest: "the slowest", errors: "those that failed", cost: "the dearest" } as const;

function listText({ outcomes, cold, sort }: Extract<Question, { kind: "invocations" }>): string {
  const order = sort === "newest" ? "" : `, ${FIRST[sort]} first`;
  const ended = outcomes.map(outcome => OUTCOME_TEXT[outcome]).join(" or ");
  const which = [
    ...(outcomes.length > 0 ? [`that ended in ${ended}`] : []),
    ...(cold === true ? ["that waited for a start"] : cold === false ? ["that waited for none"] : []),
  ];
  return `${["Invocations", ...which].join(" ")}${order}`;
}
