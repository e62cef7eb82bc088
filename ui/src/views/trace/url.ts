/** What of a trace's page is in its URL: which of its views is shown, where the cursor is, what is open, what is looked at. */

import { MEASURES, type Measure, TABLE_SORTS, type TableSort } from "../../model/span-measures.ts";
import type { View } from "../../model/view.ts";

export const TABS = ["waterfall", "flame", "table", "logs", "journey", "raw", "compare"] as const;
export type Tab = (typeof TABS)[number];

export interface TraceSearch {
  /** Which view of it; the waterfall where nothing is said. */
  readonly view?: Exclude<Tab, "waterfall">;
  /** The span under the cursor; of a group its first span and a star. */
  readonly span?: string;
  /** Whether its details are open. */
  readonly details?: "open";
  /** Spans whose children are hidden, comma-separated. */
  readonly closed?: string;
  /** Groups whose members are shown, by the first of them. */
  readonly opened?: string;
  /** Whether alike siblings are taken together. */
  readonly alike?: "apart";
  /** Only this span and what is below it. */
  readonly focus?: string;
  /** Only what the whole waited for. */
  readonly path?: "critical";
  /** Whether bars are marked with how long their like usually takes. */
  readonly usual?: "hidden";
  /** The stretch of time that is seen: nanoseconds since the trace's start. */
  readonly time?: string;
  readonly find?: string;
  /** What a bar of the flame graph is as long as. */
  readonly by?: Exclude<Measure, "total">;
  readonly sort?: Exclude<TableSort, "start">;
  /** What it is compared with: the id of another, or the rest; an ordinary one where nothing is said. */
  readonly with?: string;
  /** Of a trace: a span at and below which all is read by itself. */
  readonly below?: string;
}

export interface TraceState {
  readonly tab: Tab;
  readonly span: string | null;
  readonly details: boolean;
  readonly closed: ReadonlySet<string>;
  readonly opened: ReadonlySet<string>;
  readonly folded: boolean;
  readonly focus: string | null;
  readonly onlyCritical: boolean;
  /** Bars are marked with how long their like usually takes. */
  readonly marked: boolean;
  /** Null for the whole. */
  readonly view: View | null;
  readonly find: string;
  readonly by: Measure;
  readonly sort: TableSort;
  readonly other: string | null;
  readonly below: string | null;
}

export function parseTraceSearch(raw: Record<string, unknown>): TraceSearch {
  return printTraceState(parseTraceState(raw));
}

export function parseTraceState(raw: Readonly<Record<string, unknown>>): TraceState {
  const span = isSpanId(raw.span) || isGroupId(raw.span) ? raw.span : null;
  const one = <Value extends string>(values: readonly Value[], wanted: unknown, otherwise: Value): Value =>
    values.find(value => value === wanted) ?? otherwise;
  return {
    tab: one(TABS, raw.view, "waterfall"),
    span,
    details: span !== null && raw.details === "open",
    closed: idsOf(raw.closed),
    opened: idsOf(raw.opened),
    folded: raw.alike !== "apart",
    focus: isSpanId(raw.focus) ? raw.focus : null,
    onlyCritical: raw.path === "critical",
    marked: raw.usual !== "hidden",
    view: parseView(raw.time),
    find: typeof raw.find === "string" ? raw.find : "",
    by: one(MEASURES, raw.by, "total"),
    sort: one(TABLE_SORTS, raw.sort, "start"),
    other: raw.with === REST || isOtherId(raw.with) ? raw.with : null,
    below: isSpanId(raw.below) ? raw.below : null,
  };
}

export function printTraceState(state: TraceState): TraceSearch {
  const {
    tab,
    span,
    details,
    closed,
    opened,
    folded,
    focus,
    onlyCritical,
    marked,
    view,
    find,
    by,
    sort,
    other,
    below,
  } = state;
  return {
    ...(tab !== "waterfall" && { view: tab }),
    ...(span !== null && { span }),
    ...(span !== null && details && { details: "open" as const }),
    ...(closed.size > 0 && { closed: [...closed].join(",") }),
    ...(opened.size > 0 && { opened: [...opened].join(",") }),
    ...(!folded && { alike: "apart" as const }),
    ...(focus !== null && { focus }),
    ...(onlyCritical && { path: "critical" as const }),
    ...(!marked && { usual: "hidden" as const }),
    ...(view !== null && { time: `${Math.round(view.from)}-${Math.round(view.to)}` }),
    ...(find !== "" && { find }),
    ...(by !== "total" && { by }),
    ...(sort !== "start" && { sort }),
    ...(other !== null && { with: other }),
    ...(below !== null && { below }),
  };
}

function parseView(raw: unknown): View | null {
  const found = typeof raw === "string" ? /^(\d{1,16})-(\d{1,16})$/.exec(raw) : null;
  if (found === null) return null;
  const view = { from: Number(found[1]), to: Number(found[2]) };
  return view.from < view.to ? view : null;
}

const idsOf = (raw: unknown): ReadonlySet<string> =>
  new Set(typeof raw === "string" ? raw.split(",").filter(isSpanId) : []);

function isSpanId(raw: unknown): raw is string {
  return typeof raw === "string" && /^[0-9a-f]{16}$/.test(raw);
}

/** Stands for all others of the function. */
export const REST = "rest";

/** Of a trace, or of an invocation, whose ids platforms make as they like. */
export function isOtherId(raw: unknown): raw is string {
  return typeof raw === "string" && /^[0-9A-Za-z_-][0-9A-Za-z_.:-]{7,127}$/.test(raw);
}

/** A group goes by the first of its spans. */
export function isGroupId(raw: unknown): raw is string {
  return typeof raw === "string" && /^[0-9a-f]{16}\*$/.test(raw);
}
