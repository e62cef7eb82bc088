/** Every function beside its own time before: what got better or worse, and by how much. */

import { formatDollars, formatDuration, formatPart } from "../base/format.ts";
import { type Dollars, dollars } from "../base/money.ts";
import { between, type Nanos, type Time } from "../base/time.ts";
import type { FunctionSummary } from "./function.ts";
import { type Gain, timeGain } from "./function-findings.ts";

/** A function in a range, as the overview lists it. */
export interface ListedFunction extends FunctionSummary {
  /** Steps with invocations, the earliest first. */
  readonly trend: readonly TrendPoint[];
  /** In as long a time just before; null where it was not invoked then. */
  readonly before: FunctionBefore | null;
  /** Of the last day. */
  readonly topFinding: TopFinding | null;
}

export interface TrendPoint {
  readonly start: Time;
  readonly invocations: number;
  readonly errors: number;
}

export interface FunctionBefore {
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
  readonly cost: Dollars | null;
}

export interface TopFinding {
  readonly title: string;
  readonly gain: Gain;
}

/** How a figure stands to the one before. */
export interface Delta {
  readonly direction: "up" | "down" | "same";
  /** Plain where it may be chance, or is neither good nor bad. */
  readonly tone: "bad" | "good" | "plain";
  readonly text: string;
  /** The figure before. */
  readonly before: string;
}

export interface Deltas {
  readonly invocations: Delta;
  /** Null where there was and is none. */
  readonly errors: Delta | null;
  readonly cold: Delta | null;
  readonly p50: Delta;
  readonly p95: Delta;
  readonly cost: Delta | null;
}

/** Of fewer invocations a percentile says nothing. */
const ENOUGH = 20;
/** What moved by less is as before. */
const SAME = 0.05;
/** What moved by less may be chance, and is not coloured. */
const TELLING = 0.2;
/** In standard errors: a share that moved by less may be chance. */
const BEYOND_CHANCE = 3;

/** Null where there is no time before. */
export function deltasOf(one: ListedFunction): Deltas | null {
  const { before } = one;
  if (before === null) return null;
  const isEnough = Math.min(one.invocations, before.invocations) >= ENOUGH;
  return {
    invocations: countDelta(one.invocations, before.invocations),
    errors: shareDelta(one.errors, one.invocations, before.errors, before.invocations),
    cold: shareDelta(one.coldStarts, one.invocations, before.coldStarts, before.invocations),
    p50: lengthDelta(one.p50, before.p50, isEnough),
    p95: lengthDelta(one.p95, before.p95, isEnough),
    cost: costDelta(one, before),
  };
}

/** Of invocations: more of them are neither good nor bad. */
function countDelta(now: number, before: number): Delta {
  const said = { tone: "plain", before: before.toLocaleString("en-US") } as const;
  return { ...said, ...moved(now, before, { more: "more", less: "fewer", times: "as many" }) };
}

function lengthDelta(now: Nanos, before: Nanos, isEnough: boolean): Delta {
  const words = { more: "slower", less: "faster", times: "as long" };
  const tone = isEnough ? toneOf(Number(now), Number(before)) : "plain";
  return { tone, before: formatDuration(before), ...moved(Number(now), Number(before), words) };
}

interface Paid {
  readonly invocations: number;
  readonly cost: Dollars | null;
}

/** Good or bad is what one invocation costs: more of them cost more. */
function costDelta(now: Paid, before: Paid): Delta | null {
  if (now.cost === null || before.cost === null || now.invocations === 0 || before.invocations === 0) return null;
  const isEnough = Math.min(now.invocations, before.invocations) >= ENOUGH;
  const [each, eachBefore] = [Number(now.cost) / now.invocations, Number(before.cost) / before.invocations];
  const words = { more: "more", less: "less", times: "as much" };
  return {
    tone: isEnough ? toneOf(each, eachBefore) : "plain",
    before: formatDollars(before.cost),
    ...moved(Number(now.cost), Number(before.cost), words),
  };
}

/** Of what is bad: the more of it, the worse. */
function shareDelta(part: number, whole: number, partBefore: number, wholeBefore: number): Delta | null {
  if (whole === 0 || wholeBefore === 0 || part + partBefore === 0) return null;
  const [share, before] = [part / whole, partBefore / wholeBefore];
  const said = formatPart(before);
  if (formatPart(share) === said) return { direction: "same", tone: "plain", text: "as before", before: said };
  const pooled = (part + partBefore) / (whole + wholeBefore);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / whole + 1 / wholeBefore));
  const isChance = Math.abs(share - before) < BEYOND_CHANCE * error;
  const isUp = share > before;
  return {
    direction: isUp ? "up" : "down",
    tone: isChance ? "plain" : isUp ? "bad" : "good",
    text: `from ${said}`,
    before: said,
  };
}

function toneOf(now: number, before: number): Delta["tone"] {
  if (now >= before * (1 + TELLING)) return "bad";
  return now <= before * (1 - TELLING) ? "good" : "plain";
}

interface Words {
  readonly more: string;
  readonly less: string;
  /** Of twice and more. */
  readonly times: string;
}

function moved(now: number, before: number, { more, less, times }: Words): Pick<Delta, "direction" | "text"> {
  if (before === 0) return now === 0 ? { direction: "same", text: "as before" } : { direction: "up", text: "from 0" };
  const ratio = now / before;
  if (Math.abs(ratio - 1) < SAME) return { direction: "same", text: "as before" };
  if (ratio >= 1.95) return { direction: "up", text: `${ratio.toFixed(ratio >= 9.95 ? 0 : 1)}\u00a0× ${times}` };
  const percent = `${Math.round(Math.abs(ratio - 1) * 100)}\u00a0%`;
  return ratio > 1
    ? { direction: "up", text: `${percent} ${more}` }
    : { direction: "down", text: `${percent} ${less}` };
}

export interface OverviewTotals {
  readonly functions: number;
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
  /** Null where no price is known. */
  readonly cost: Dollars | null;
  /** Null where none of them was invoked before. */
  readonly deltas: Pick<Deltas, "invocations" | "errors" | "cold" | "cost"> | null;
}

export function overviewTotals(functions: readonly ListedFunction[]): OverviewTotals {
  const now = sum(functions);
  const earlier = functions.map(one => one.before).filter(before => before !== null);
  const before = sum(earlier);
  // A function whose price was not known then would make the rest look cheap.
  const priced = functions.filter(one => one.cost !== null && (one.before === null || one.before.cost !== null));
  const pricedBefore = priced.map(one => one.before).filter(one => one !== null);
  const deltas = {
    invocations: countDelta(now.invocations, before.invocations),
    errors: shareDelta(now.errors, now.invocations, before.errors, before.invocations),
    cold: shareDelta(now.coldStarts, now.invocations, before.coldStarts, before.invocations),
    cost: costDelta(sum(priced), sum(pricedBefore)),
  };
  return { functions: functions.length, ...now, deltas: earlier.length === 0 ? null : deltas };
}

type Summed = Pick<FunctionBefore, "invocations" | "errors" | "coldStarts" | "cost">;

function sum(all: readonly Summed[]): Summed {
  const known = all.map(one => one.cost).filter(cost => cost !== null);
  return {
    invocations: all.reduce((sum, one) => sum + one.invocations, 0),
    errors: all.reduce((sum, one) => sum + one.errors, 0),
    coldStarts: all.reduce((sum, one) => sum + one.coldStarts, 0),
    cost: known.length === 0 ? null : dollars(known.reduce((sum, cost) => sum + cost, 0n)),
  };
}

export const OVERVIEW_ORDERS = [
  "attention",
  "name",
  "invocations",
  "errors",
  "p50",
  "p95",
  "cold",
  "cost",
  "finding",
  "recent",
] as const;
export type OverviewOrder = (typeof OVERVIEW_ORDERS)[number];

/** The most first; by attention those that got worse, then the busiest. Stable. */
export function inOrder(functions: readonly ListedFunction[], order: OverviewOrder): ListedFunction[] {
  return functions.toSorted((left, right) => compare(left, right, order) || left.name.localeCompare(right.name));
}

function compare(left: ListedFunction, right: ListedFunction, order: OverviewOrder): number {
  switch (order) {
    case "attention":
      return worse(right) - worse(left) || right.invocations - left.invocations;
    case "name":
      return left.name.localeCompare(right.name);
    case "invocations":
      return right.invocations - left.invocations;
    case "errors":
      return part(right.errors, right) - part(left.errors, left) || right.errors - left.errors;
    case "cold":
      return part(right.coldStarts, right) - part(left.coldStarts, left) || right.coldStarts - left.coldStarts;
    case "p50":
    case "p95":
      return descending(left[order], right[order]);
    case "cost":
      return descending(left.cost ?? -1n, right.cost ?? -1n);
    case "finding":
      return weight(right.topFinding) - weight(left.topFinding);
    case "recent":
      return descending(left.lastSeen, right.lastSeen);
  }
}

const part = (count: number, { invocations }: FunctionSummary): number => (invocations === 0 ? 0 : count / invocations);

/** How much a function got worse: failures weigh most, starts least. */
function worse(one: ListedFunction): number {
  const deltas = deltasOf(one);
  if (deltas === null) return 0;
  const isBad = (delta: Delta | null) => (delta?.tone === "bad" ? 1 : 0);
  return 4 * isBad(deltas.errors) + 2 * isBad(deltas.p95) + isBad(deltas.cold);
}

/** What ends failures comes first, then what gains most time, as the API orders findings. */
function weight(finding: TopFinding | null): number {
  if (finding === null) return -1;
  return finding.gain.failures * 1e15 + Number(timeGain(finding.gain)?.length ?? 0n);
}

function descending(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? 1 : -1;
}

/** What its end would bring, in a few words; empty where that can't be said. */
export function gainText(gain: Gain): string {
  if (gain.failures > 0) return `${formatPart(gain.failures)} fewer failures`;
  const time = timeGain(gain);
  if (time !== null) return `${formatDuration(time.length)} less at ${time.of}`.replace("at mean", "on average");
  return gain.monthly !== null && gain.monthly > 0n ? `${formatDollars(gain.monthly)} a month less` : "";
}

/** A bar of the trend; all as parts of the chart. */
export interface TrendBar {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  /** The part of the bar that failed. */
  readonly failed: number;
}

/** The least that is seen of something. */
const LEAST = 0.1;

/** A bar for each step with invocations, the highest as high as the chart; all trends of a page share the time. */
export function trendBars(points: readonly TrendPoint[], step: Nanos, from: Time, to: Time): readonly TrendBar[] {
  const whole = Number(between(from, to));
  const most = Math.max(0, ...points.map(one => one.invocations));
  if (whole <= 0 || most === 0) return [];
  return points.flatMap(({ start, invocations, errors }) => {
    const at = Math.max(0, Number(between(from, start)) / whole);
    const end = Math.min(1, Number(between(from, start) + step) / whole);
    if (end <= at || invocations === 0) return [];
    const failed = errors === 0 ? 0 : Math.max(LEAST, errors / most);
    const height = Math.max(LEAST, invocations / most, failed);
    return [{ at, width: end - at, height, failed }];
  });
}
