/** How an invocation ended: a shape of its own for each outcome, and the word. */

import type { JSX } from "react";

import { isFailure, OUTCOME_TEXT, type Outcome } from "../model/invocation.ts";

export function OutcomeMark({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  return (
    <span className={`outcome outcome-${tone(outcome)}`}>
      <OutcomeShape outcome={outcome} />
      {OUTCOME_TEXT[outcome]}
    </span>
  );
}

export function OutcomeShape({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  return (
    <svg className={`shape shape-${tone(outcome)}`} viewBox="0 0 12 12" aria-hidden="true">
      {shape(outcome)}
    </svg>
  );
}

function tone(outcome: Outcome): string {
  if (isFailure(outcome)) return "bad";
  return outcome === "running" ? "open" : "good";
}

function shape(outcome: Outcome): JSX.Element {
  switch (outcome) {
    case "ok":
      return <path className="line" d="M2.5 6.4l2.3 2.3 4.7-5.2" />;
    case "error":
      return (
        <>
          <circle className="fill" cx="6" cy="6" r="5.5" />
          <path className="cut" d="M4 4l4 4M8 4l-4 4" />
        </>
      );
    case "timeout":
      return (
        <>
          <circle className="line" cx="6" cy="6" r="4.8" />
          <path className="line" d="M6 3.2V6l2 1.4" />
        </>
      );
    case "oom":
      return (
        <>
          <rect className="fill" x="0.8" y="0.8" width="10.4" height="10.4" rx="1.5" />
          <path className="cut" d="M3.4 8.6V6M6 8.6V3.4M8.6 8.6V5" />
        </>
      );
    case "crash":
      return <path className="fill" d="M7.2 0.5L2 7h3.2l-1 4.5L10 4.8H6.4z" />;
    case "init_error":
      return (
        <>
          <path className="fill" d="M6 0.3L11.7 6 6 11.7 0.3 6z" />
          <path className="cut" d="M6 3.4v3M6 8.3v.3" />
        </>
      );
    case "lost":
      return (
        <>
          <circle className="line dashed" cx="6" cy="6" r="4.8" />
          <path className="line" d="M4.7 5a1.3 1.3 0 1 1 1.8 1.2c-.3.2-.5.4-.5.8M6 8.6v.1" />
        </>
      );
    case "running":
      return (
        <>
          <circle className="line faint" cx="6" cy="6" r="4.6" />
          <path className="line" d="M6 1.4a4.6 4.6 0 0 1 4.6 4.6" />
        </>
      );
  }
}
