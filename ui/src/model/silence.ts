/** Silences: of which alerts nobody is told, and for how long. */

import { HOUR, type Time } from "../base/time.ts";
import type { Labels } from "./alert.ts";

export const OPS = ["=", "!=", "=~", "!~"] as const;
export type Op = (typeof OPS)[number];

export interface Matcher {
  readonly name: string;
  readonly op: Op;
  readonly value: string;
}

export interface NewSilence {
  readonly matchers: readonly Matcher[];
  readonly ends: Time;
  readonly comment: string;
  readonly createdBy: string;
}

export interface Silence extends NewSilence {
  readonly id: string;
  readonly starts: Time;
  readonly state: "pending" | "active" | "expired";
}

export const OP_WORDS: Readonly<Record<Op, string>> = {
  "=": "is",
  "!=": "is not",
  "=~": "matches",
  "!~": "does not match",
};

export const LENGTHS = {
  "1h": { label: "1 hour", length: HOUR },
  "4h": { label: "4 hours", length: 4n * HOUR },
  "1d": { label: "1 day", length: 24n * HOUR },
} as const;
export type SilenceLength = keyof typeof LENGTHS;

export const matcherText = ({ name, op, value }: Matcher): string => `${name} ${op} ${JSON.stringify(value)}`;

/** What silences exactly the alerts with these labels. */
export function matchersFor(labels: Labels): Matcher[] {
  // How bad a rule says it is may change; what it is of does not.
  const lasting = Object.entries(labels).filter(([name]) => name !== "severity");
  return lasting.map(([name, value]) => ({ name, op: "=", value }));
}

/** Those in force first, then those to come, then those that are over. */
export function inOrder(silences: readonly Silence[]): readonly Silence[] {
  const rank = { active: 0, pending: 1, expired: 2 };
  return silences.toSorted((one, other) => rank[one.state] - rank[other.state] || Number(one.ends - other.ends));
}

/** Whether alerts with these labels are silenced; null where that can't be told here. */
export function isMatched(labels: Labels, matchers: readonly Matcher[]): boolean | null {
  try {
    return matchers.length > 0 && matchers.every(one => matches(labels[one.name] ?? "", one));
  } catch {
    // The server knows other patterns than the browser.
    return null;
  }
}

function matches(value: string, matcher: Matcher): boolean {
  switch (matcher.op) {
    case "=":
      return value === matcher.value;
    case "!=":
      return value !== matcher.value;
    case "=~":
      return whole(matcher.value).test(value);
    case "!~":
      return !whole(matcher.value).test(value);
  }
}

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, "s");

/** In a URL: names and values with an `=` between. */
export function printMatchers(matchers: readonly Matcher[]): string {
  const parameters = matchers.filter(one => one.op === "=").map(one => [one.name, one.value]);
  return new URLSearchParams(parameters).toString();
}

export function parseMatchers(text: string): Matcher[] {
  return [...new URLSearchParams(text)].map(([name, value]) => ({ name, op: "=", value }));
}
