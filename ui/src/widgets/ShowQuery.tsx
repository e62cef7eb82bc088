/** The way to what is behind a figure: the question to the API, and the queries to the store. */

import { type JSX, lazy, Suspense, useState } from "react";

import type { Question } from "../api/call.ts";
import { Icon } from "./Icon.tsx";

const QueryDialog = lazy(() => import("./QueryDialog.tsx"));

interface ShowQueryProps {
  /** By which it was read: the same that the page asks with. */
  readonly of: Question | readonly Question[];
  /** What is shown, in a word or two: "errors", "when they came". */
  readonly what: string;
  /** In the corner of a panel whose head has nothing else. */
  readonly isInCorner?: boolean;
}

export function ShowQuery({ of, what, isInCorner = false }: ShowQueryProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const questions = Array.isArray(of) ? of : [of as Question];
  return (
    <>
      <button
        type="button"
        className={isInCorner ? "button square show-query in-corner" : "button square show-query"}
        aria-label={`Show query: ${what}`}
        aria-haspopup="dialog"
        title="What was asked for this, and what the store ran"
        onClick={() => setOpen(true)}
      >
        <Icon name="query" />
      </button>
      {isOpen && (
        <Suspense fallback={null}>
          <QueryDialog questions={questions} what={what} onClosed={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
