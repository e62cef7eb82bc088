/** The way to what a question lists: a page of this ui where it has one, else the API's own answer. */

import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { type Question, rangeFor } from "../../model/question.ts";
import { rangeOf, rangeSearch } from "../../model/range.ts";
import type { FunctionSearch, InvocationsSearch } from "./url.ts";

interface AskedProps {
  readonly question: Question;
  /** The function that the page is about. */
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
  readonly children: ReactNode;
}

export function Asked({ question, name, shown, children }: AskedProps): JSX.Element {
  if (question.kind === "search") {
    const range = rangeSearch(rangeFor(question.range, rangeOf(shown)));
    return (
      <Link data-finding to="/search" search={{ ...range, q: question.query }}>
        {children}
      </Link>
    );
  }
  if (question.kind === "path") {
    return (
      <a data-finding href={question.path} target="_blank" rel="noreferrer">
        {children}
      </a>
    );
  }
  const { function: of, outcomes, cold, sort } = question;
  const search: InvocationsSearch = {
    ...rangeSearch(rangeFor(question.range, rangeOf(shown))),
    ...(outcomes.length > 0 && { outcome: outcomes.join(",") }),
    ...(cold !== null && { start: cold ? ("cold" as const) : ("warm" as const) }),
    ...(sort !== "newest" && { sort }),
  };
  if (of === null) {
    return (
      <Link data-finding to="/invocations" search={search}>
        {children}
      </Link>
    );
  }
  return (
    <Link
      data-finding
      to="/functions/$function"
      params={{ function: of }}
      search={{ ...search, ...(of === name && shown.chart !== undefined && { chart: shown.chart }) }}
      hash="invocations"
    >
      {children}
    </Link>
  );
}
