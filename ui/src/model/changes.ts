/** What is otherwise with functions than in the time before: the sentence, and the page that explains it. */

import { formatCount, formatDollars, formatNanos, formatPart } from "../base/format.ts";
import { dollars } from "../base/money.ts";
import { after, HOUR, MINUTE, type Time } from "../base/time.ts";
import type { WhyName } from "./comparison.ts";
import { questionOf, rangeAsked, rangeFor } from "./question.ts";
import type { Range } from "./range.ts";

export const CHANGE_KINDS = [
  "new_error",
  "error_rate",
  "slower",
  "faster",
  "cold_rate",
  "cost",
  "new_version",
  "new_function",
  "silent",
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export const CHANGE_UNITS = ["count", "share", "nanos", "nano_dollars_per_hour"] as const;
export type ChangeUnit = (typeof CHANGE_UNITS)[number];

export interface Change {
  readonly kind: ChangeKind;
  readonly function: string;
  /** The version, or the error; empty where it is the function itself. */
  readonly about: string;
  readonly isWorse: boolean;
  readonly unit: ChangeUnit;
  readonly before: number | null;
  readonly after: number | null;
  /** When what is new was first seen, and what is silent last; null of figures. */
  readonly at: Time | null;
  /** The path in the API that answers what it is about. */
  readonly question: string;
}

/** The worst first. */
export interface Changes {
  readonly changes: readonly Change[];
  readonly from: Time;
  readonly to: Time;
}

/** What is asked for unless somebody asks for the range of the page. */
export const DAY_UP_TO_NOW: Range = { kind: "last", length: "24h" };

export const keyOf = (one: Change): string => [one.kind, one.function, one.about].join(" ");

/** What follows the function's name in the sentence. */
export function said({ kind, about, before, after }: Change): string {
  const isMore = (after ?? 0) > (before ?? 0);
  switch (kind) {
    case "new_error":
      return `has a new error: ${about}`;
    case "error_rate":
      return isMore ? "fails more often" : "fails less often";
    case "slower":
      return "is slower at p95";
    case "faster":
      return "is faster at p95";
    case "cold_rate":
      return isMore ? "starts cold more often" : "starts cold less often";
    case "cost":
      return isMore ? "costs more" : "costs less";
    case "new_version":
      return `has a new version: ${about}`;
    case "new_function":
      return "is new";
    case "silent":
      return "went silent";
  }
}

export interface Figures {
  /** Null where there was nothing to compare with, or it is what the sentence says anyway. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The figures beside the sentence. */
export function figuresOf({ kind, unit, before, after }: Change): Figures {
  // Before there was none: that is what new means.
  const isNew = kind === "new_error" || kind === "new_version" || kind === "new_function";
  const text = (value: number | null) => (value === null ? null : valueText(value, unit, isNew));
  const each = unit === "nano_dollars_per_hour" ? " an hour" : "";
  const now = text(after);
  return { before: isNew ? null : text(before), after: now === null ? null : `${now}${each}` };
}

function valueText(value: number, unit: ChangeUnit, isAlone: boolean): string {
  switch (unit) {
    case "count":
      return `${formatCount(Math.round(value))}${isAlone ? "\u00a0×" : ""}`;
    case "share":
      return formatPart(value);
    case "nanos":
      return formatNanos(value);
    case "nano_dollars_per_hour":
      return formatDollars(dollars(BigInt(Math.round(value))));
  }
}

/** The version of the same function that is new as well: most likely the cause. */
export function newVersionOf(one: Change, all: readonly Change[]): Change | null {
  const isResult = one.isWorse && one.kind !== "new_version" && one.kind !== "silent";
  return isResult ? newVersionIn(all, one.function) : null;
}

/** The newest version of a function, where it is new. */
export function newVersionIn(all: readonly Change[], name: string): Change | null {
  const versions = all.filter(one => one.kind === "new_version" && one.function === name);
  return versions.toSorted((left, right) => Number((right.at ?? 0n) - (left.at ?? 0n)))[0] ?? null;
}

/** A page of this ui that explains a change. */
export type Explained =
  | { readonly page: "error"; readonly group: string; readonly range: Range }
  | { readonly page: "errors"; readonly function: string; readonly range: Range }
  | { readonly page: "search"; readonly query: string; readonly range: Range }
  | { readonly page: "function"; readonly function: string; readonly range: Range; readonly why: WhyName | null };

const ERROR = /^\/api\/v1\/errors\/([^/?]+)/;

/** @param shown the range that the changes were asked for. */
export function explained(change: Change, shown: Range): Explained {
  const [path = "", parameters = ""] = change.question.split("?", 2);
  const asked = new URLSearchParams(parameters);
  const range = rangeFor(rangeAsked(asked.get("from"), asked.get("to")), shown);
  const group = ERROR.exec(path)?.[1];
  if (group !== undefined) return { page: "error", group: decodeURIComponent(group), range };
  const question = questionOf(change.question);
  if (question.kind === "search") return { page: "search", query: question.query, range };
  if (change.kind === "new_error") return { page: "errors", function: change.function, range };
  // Since then there is nothing: what is shown is how it ended.
  const { kind, at } = change;
  const seen: Range = kind === "silent" && at !== null ? until(at) : range;
  return {
    page: "function",
    function: change.function,
    range: seen,
    why: change.isWorse ? WHY[kind] : versionOnly(kind),
  };
}

const until = (at: Time): Range => ({ kind: "between", from: after(at, -HOUR), to: after(at, MINUTE) });

/** What the function's page compares, so that it tells the cause. */
const WHY: Readonly<Record<ChangeKind, WhyName | null>> = {
  new_error: "errors",
  error_rate: "errors",
  slower: "slow",
  faster: null,
  cold_rate: "cold",
  cost: "slow",
  new_version: "version",
  new_function: null,
  silent: null,
};

const versionOnly = (kind: ChangeKind): WhyName | null => (kind === "new_version" ? "version" : null);
