/** Errors of a function that are alike: what they are, whether they are new, and how many came when. */

import type { Nanos, Time } from "../base/time.ts";
import type { Outcome } from "./invocation.ts";

export const ERROR_STATES = ["new", "regressed", "ongoing"] as const;
export type ErrorState = (typeof ERROR_STATES)[number];

export interface ErrorGroup {
  /** Its id. */
  readonly group: string;
  readonly function: string;
  readonly type: string;
  /** What their messages have in common, a star for what differs; empty if there is none. */
  readonly message: string;
  /** The message of one of them. */
  readonly seen: string;
  readonly outcome: Outcome;
  readonly state: ErrorState;
  readonly count: number;
  /** Of the function's invocations, from 0 to 1. */
  readonly share: number;
  /** Of the errors those that waited for a start, from 0 to 1. */
  readonly coldShare: number;
  /** The first that is known, before the range as well. */
  readonly firstSeen: Time;
  readonly firstVersion: string;
  readonly lastSeen: Time;
  /** Those with the most errors first. */
  readonly versions: readonly ErrorVersion[];
  readonly examples: readonly string[];
  /** The path in the API that lists invocations with this outcome. */
  readonly path: string | null;
  /** How many in each step. */
  readonly series: readonly number[];
}

export interface ErrorVersion {
  readonly version: string;
  readonly count: number;
}

export interface FunctionErrors {
  readonly errors: readonly ErrorGroup[];
  /** Of so many. */
  readonly total: number;
  readonly step: Nanos;
}

export const STATE_TEXT: Readonly<Record<ErrorState, string>> = {
  new: "new",
  regressed: "came back",
  ongoing: "ongoing",
};

/** What a state says, in a sentence. */
export const STATE_MEANING: Readonly<Record<ErrorState, string>> = {
  new: "The first one that is known lies in this range",
  regressed: "It came again after a day or more without one",
  ongoing: "It was there before this range",
};

/** The message to show: one as it was seen, where there is one; a common one says what differs with stars. */
export function messageOf({ message, seen }: ErrorGroup): string {
  return seen === "" ? message : seen;
}

/** `7`, `7 and 8`, `7, 8 and 3 more`; versions that are not known are left out. */
export function versionsText(versions: readonly ErrorVersion[]): string {
  const known = versions.map(one => one.version).filter(version => version !== "");
  const [first, second, third] = known;
  if (first === undefined) return "";
  if (second === undefined) return first;
  if (third === undefined) return `${first} and ${second}`;
  return `${first}, ${second} and ${known.length - 2} more`;
}

/** A bar of a small chart: where it begins and how high it is, as parts of the chart. */
export interface Bar {
  readonly at: number;
  readonly height: number;
}

/** The least that is seen of something. */
const LEAST = 0.08;

/** A bar for each step that has errors, the highest as high as the chart. */
export function barsOf(series: readonly number[]): readonly Bar[] {
  const most = Math.max(0, ...series);
  return series.flatMap((count, step) =>
    count > 0 ? [{ at: step / series.length, height: Math.max(LEAST, count / most) }] : [],
  );
}
