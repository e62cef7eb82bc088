/** What came while somebody follows: bounded, and held back while it is paused. */

import type { Time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import type { Log } from "./trace.ts";

export const SUBJECTS = ["invocations", "logs"] as const;
export type TailSubject = (typeof SUBJECTS)[number];

export type News =
  | { readonly kind: "invocation"; readonly key: string; readonly invocation: Invocation }
  | { readonly kind: "log"; readonly key: string; readonly line: Log };

/** Where the tail stands. */
export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  /** It broke off and is tried again; `why` in the words of the API, where it said any. */
  | { readonly kind: "reconnecting"; readonly since: Time; readonly why: string | null }
  /** Too many follow already. */
  | { readonly kind: "full"; readonly since: Time; readonly why: string }
  /** The store does not answer; what comes is told later. */
  | { readonly kind: "waiting" };

export interface TailList {
  /** The newest first. */
  readonly shown: readonly News[];
  /** What came since it was paused, the newest first; null where it is not. */
  readonly waiting: readonly News[] | null;
  /** How many came in all; those of which more became known count once. */
  readonly came: number;
  /** Whether more came than the tail could follow. */
  readonly hasGaps: boolean;
}

export const EMPTY: TailList = { shown: [], waiting: null, came: 0, hasGaps: false };

/** As many are kept, of what is shown and of what waits. */
export const KEPT = 1_000;

/** With what came, the latest last. */
export function withNews(list: TailList, news: readonly News[]): TailList {
  const known = new Set([...list.shown, ...(list.waiting ?? [])].map(one => one.key));
  const came = list.came + new Set(news.map(one => one.key).filter(key => !known.has(key))).size;
  if (list.waiting !== null) return { ...list, came, waiting: added(list.waiting, news) };
  return { ...list, came, shown: added(list.shown, news) };
}

/** Of what is there already more is known: it keeps its place. */
function added(list: readonly News[], news: readonly News[]): readonly News[] {
  const latest = new Map(news.map(one => [one.key, one]));
  const kept = list.map(one => {
    const again = latest.get(one.key);
    latest.delete(one.key);
    return again ?? one;
  });
  return [...[...latest.values()].toReversed(), ...kept].slice(0, KEPT);
}

export function paused(list: TailList): TailList {
  return list.waiting === null ? { ...list, waiting: [] } : list;
}

/** Shows what waited. */
export function goneOn(list: TailList): TailList {
  const { waiting } = list;
  return waiting === null ? list : { ...list, waiting: null, shown: added(list.shown, waiting.toReversed()) };
}

export function emptied(list: TailList): TailList {
  return { ...EMPTY, waiting: list.waiting === null ? null : [] };
}
