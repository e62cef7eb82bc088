/** Ways from a change to the page that explains it. */

import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { type Change, type Explained, explained } from "../../model/changes.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { Moment } from "../../widgets/Moment.tsx";

interface NewVersionProps {
  readonly of: Change;
  /** What was asked, as a page would show it. */
  readonly shown: Range;
}

/** What came with it, and most likely caused it: it leads to what sets that version apart. */
export function NewVersion({ of, shown }: NewVersionProps): JSX.Element {
  return (
    <span className="change-version">
      <ToPage page={explained(of, shown)} isRow={false}>
        version {of.about} is new
      </ToPage>
      {of.at !== null && (
        <>
          {" "}
          since <Moment at={of.at} form="minute" />
        </>
      )}
    </span>
  );
}

interface ToPageProps {
  readonly page: Explained;
  /** Whether keys go to it. */
  readonly isRow?: boolean;
  readonly children: ReactNode;
}

export function ToPage({ page, isRow = true, children }: ToPageProps): JSX.Element {
  const range = rangeSearch(page.range);
  switch (page.page) {
    case "error":
      return (
        <Link data-change={isRow || undefined} to="/errors/$group" params={{ group: page.group }} search={range}>
          {children}
        </Link>
      );
    case "errors":
      return (
        <Link data-change={isRow || undefined} to="/errors" search={{ ...range, function: page.function }}>
          {children}
        </Link>
      );
    case "search":
      return (
        <Link data-change={isRow || undefined} to="/search" search={{ ...range, q: page.query }}>
          {children}
        </Link>
      );
    case "function":
      return (
        <Link
          data-change={isRow || undefined}
          to="/functions/$function"
          params={{ function: page.function }}
          search={{ ...range, ...(page.why !== null && { why: page.why }) }}
        >
          {children}
        </Link>
      );
  }
}
