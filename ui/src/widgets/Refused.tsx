import type { JSX } from "react";

import { ApiError } from "../api/request.ts";
import "./forms.css";

interface RefusedProps {
  readonly error: Error | null;
  /** What was to be done: "saved", "silenced". */
  readonly what: string;
  /** What is shown beside what it says; all mistakes if absent. */
  readonly mistakes?: readonly string[];
}

/** Why a change was not made. */
export function Refused({ error, what, mistakes }: RefusedProps): JSX.Element | null {
  if (error === null) return null;
  const told = mistakes ?? mistakesOf(error);
  return (
    <div className="refused" role="alert">
      <p>
        <strong>It was not {what}.</strong>{" "}
        {error instanceof ApiError ? sentence(error.message) : "Something in this page failed."}
      </p>
      {told.length > 0 && (
        <ul>
          {told.map(mistake => (
            <li key={mistake}>{mistake}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function mistakesOf(error: Error): readonly string[] {
  if (!(error instanceof ApiError)) return [];
  return error.mistakes.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`));
}

const sentence = (text: string): string => {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
};
