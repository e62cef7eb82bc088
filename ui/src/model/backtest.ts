/** When a rule would have fired. */

import { formatDuration, plural } from "../base/format.ts";
import { between, DAY, type Nanos, type Time } from "../base/time.ts";
import type { Labels } from "./alert.ts";
import type { Unit } from "./reading.ts";

export interface Backtest {
  readonly from: Time;
  readonly to: Time;
  /** Of the values; each is the worst of its step. */
  readonly step: Nanos;
  /** The latest first. */
  readonly episodes: readonly Episode[];
  /** How many there are; not all of many are told. */
  readonly total: number;
  /** How long at least one alert fired, in all. */
  readonly firing: Nanos;
  /** Those that fired longest first, then those that came nearest. */
  readonly series: readonly Series[];
  /** Null where it is not the same throughout. */
  readonly threshold: number | null;
  readonly unit: Unit;
}

export interface Episode {
  readonly labels: Labels;
  readonly from: Time;
  /** Null if it still fires at the end. */
  readonly to: Time | null;
  /** The worst value. */
  readonly peak: number | null;
  readonly summary: string;
}

export interface Series {
  readonly labels: Labels;
  readonly values: readonly (number | null)[];
}

export const TEST_LENGTHS = {
  "1d": { label: "1 day", length: DAY },
  "7d": { label: "7 days", length: 7n * DAY },
  "30d": { label: "30 days", length: 30n * DAY },
} as const;
export type TestLength = keyof typeof TEST_LENGTHS;

export const isTestLength = (text: unknown): text is TestLength =>
  typeof text === "string" && Object.hasOwn(TEST_LENGTHS, text);

/** `would have fired 7 times, for 2 h 13 min in all`. */
export function firedWords({ total, firing }: Backtest): string {
  if (total === 0) return "would not have fired";
  const times = total === 1 ? "once" : plural(total, "time");
  return `would have fired ${times}, for ${formatDuration(firing)} in all`;
}

export const lengthOf = ({ from, to }: Episode, end: Time): Nanos => between(from, to ?? end);

/** What tells a series from the others: the labels that the rule itself does not give. */
export function seriesName(labels: Labels): string {
  const { alertname: _, severity: _severity, function: name, version, error_type, ...others } = labels;
  if (name !== undefined) return [name, version, error_type].filter(part => part !== undefined).join(" ");
  const rest = Object.entries(others);
  return rest.length === 0 ? "all" : rest.map(([key, value]) => `${key} = ${value}`).join(", ");
}

/** Stretches of time in which something fired, as parts of the whole, those that overlap as one. */
export function shadedParts({ episodes, from, to }: Backtest): (readonly [number, number])[] {
  const whole = Number(between(from, to));
  const part = (moment: Time) => Math.min(1, Math.max(0, Number(between(from, moment)) / whole));
  const spans = episodes.map(one => [part(one.from), part(one.to ?? to)] as const);
  const merged: [number, number][] = [];
  for (const [start, end] of spans.toSorted((one, other) => one[0] - other[0])) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}
