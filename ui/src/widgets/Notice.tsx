/** What stands where a list or a trace would be: nothing there, something wrong, still on its way. */

import type { JSX, ReactNode } from "react";

import { ApiError } from "../api/request.ts";
import { Icon } from "./Icon.tsx";
import { useKeys } from "./keys.ts";

interface NoticeProps {
  readonly title: string;
  readonly children?: ReactNode;
}

export function Notice({ title, children }: NoticeProps): JSX.Element {
  return (
    <section className="notice">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface FailureProps {
  readonly error: Error;
  readonly what: string;
  readonly retry: () => void;
}

/** Why something could not be shown, and the way to try again. */
export function Failure({ error, what, retry }: FailureProps): JSX.Element {
  useKeys("Problem", [{ keys: ["r"], does: "try again", run: () => retry() }]);
  return (
    <section className="notice notice-bad" role="alert">
      <h2>{title(error, what)}</h2>
      <p>{error instanceof ApiError ? error.message : "Something in this page failed. Loading it again may help."}</p>
      <p>
        <button type="button" className="button" onClick={() => retry()}>
          <Icon name="refresh" />
          Try again <kbd>r</kbd>
        </button>
      </p>
    </section>
  );
}

function title(error: Error, what: string): string {
  return error instanceof ApiError && error.kind === "not_found" ? `There is no such ${what}` : `No ${what} to show`;
}

/** Rows that are not there yet. */
export function Skeleton({ rows, what }: { readonly rows: number; readonly what: string }): JSX.Element {
  return (
    <div className="skeleton" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <div className="skeleton-row" key={row}>
          <span />
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}

interface WaitingProps {
  readonly error: Error | null;
  readonly what: string;
  readonly rows: number;
  readonly retry: () => void;
}

/** Nothing has come yet, or nothing will. */
export function Waiting({ error, what, rows, retry }: WaitingProps): JSX.Element {
  if (error === null) return <Skeleton rows={rows} what={what} />;
  return <Failure error={error} what={what} retry={retry} />;
}
