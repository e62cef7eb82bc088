/** What of a trace's page is in its URL: where the cursor is, what is open, what is looked at. */

import type { View } from "../../model/view.ts";

export interface TraceSearch {
  /** The span under the cursor. */
  readonly span?: string;
  /** Whether its details are open. */
  readonly details?: "open";
  /** Spans whose children are hidden, comma-separated. */
  readonly closed?: string;
  /** The stretch of time that is seen: nanoseconds since the trace's start. */
  readonly view?: string;
  readonly find?: string;
}

export interface TraceState {
  readonly span: string | null;
  readonly details: boolean;
  readonly closed: ReadonlySet<string>;
  /** Null for the whole. */
  readonly view: View | null;
  readonly find: string;
}

export function parseTraceSearch(raw: Record<string, unknown>): TraceSearch {
  return printTraceState(parseTraceState(raw));
}

export function parseTraceState(raw: Readonly<Record<string, unknown>>): TraceState {
  const span = isSpanId(raw.span) ? raw.span : null;
  const closed = typeof raw.closed === "string" ? raw.closed.split(",").filter(isSpanId) : [];
  return {
    span,
    details: span !== null && raw.details === "open",
    closed: new Set(closed),
    view: parseView(raw.view),
    find: typeof raw.find === "string" ? raw.find : "",
  };
}

export function printTraceState(state: TraceState): TraceSearch {
  const { span, details, closed, view, find } = state;
  return {
    ...(span !== null && { span }),
    ...(span !== null && details && { details: "open" as const }),
    ...(closed.size > 0 && { closed: [...closed].join(",") }),
    ...(view !== null && { view: `${Math.round(view.from)}-${Math.round(view.to)}` }),
    ...(find !== "" && { find }),
  };
}

function parseView(raw: unknown): View | null {
  const found = typeof raw === "string" ? /^(\d{1,16})-(\d{1,16})$/.exec(raw) : null;
  if (found === null) return null;
  const view = { from: Number(found[1]), to: Number(found[2]) };
  return view.from < view.to ? view : null;
}

function isSpanId(raw: unknown): raw is string {
  return typeof raw === "string" && /^[0-9a-f]{16}$/.test(raw);
}
