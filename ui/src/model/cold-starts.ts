/** Cold starts: when they were, what they are made of, and what they depend on. */

import type { Nanos, Time } from "../base/time.ts";
import { type Steps, stepAt } from "./steps.ts";

export interface ColdStarts {
  readonly step: Nanos;
  /** Steps with invocations, the earliest first. */
  readonly points: readonly ColdPoint[];
  /** In the order in which they come. */
  readonly phases: readonly ColdPhase[];
  /** Those with the most cold starts first. */
  readonly parts: readonly ColdPart[];
}

export interface ColdPoint {
  readonly start: Time;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly initP50: Nanos | null;
  readonly initP95: Nanos | null;
}

export interface ColdPhase {
  readonly phase: string;
  readonly seen: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
}

/** What has all of these in common; empty and null where it is not known. */
export interface ColdPart {
  readonly function: string;
  readonly version: string;
  readonly runtime: string;
  readonly architecture: string;
  readonly memoryBytes: bigint | null;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly initP50: Nanos | null;
  readonly initP95: Nanos | null;
}

export const COLD_BY = ["part", "function", "runtime", "architecture", "memory"] as const;
/** By what they are put together; `part` by all of it. */
export type ColdBy = (typeof COLD_BY)[number];

export const COLD_ORDERS = ["share", "count", "p50", "p95"] as const;
export type ColdOrder = (typeof COLD_ORDERS)[number];

/** Parts that have something in common. */
export interface ColdGroup {
  readonly key: string;
  /** The first of them. */
  readonly first: ColdPart;
  readonly parts: number;
  readonly functions: readonly string[];
  readonly invocations: number;
  readonly coldStarts: number;
  readonly initP50: Spread | null;
  readonly initP95: Spread | null;
}

/** Percentiles of several parts can't be put together: from the least of theirs to the greatest. */
export interface Spread {
  readonly low: Nanos;
  readonly high: Nanos;
}

/** From 0 to 1. */
export function coldShare({ coldStarts, invocations }: Pick<ColdPart, "coldStarts" | "invocations">): number {
  return invocations === 0 ? 0 : coldStarts / invocations;
}

/** Those that had cold starts, the worst first; stable. */
export function coldGroups(parts: readonly ColdPart[], by: ColdBy, order: ColdOrder): ColdGroup[] {
  const groups = new Map<string, ColdPart[]>();
  for (const part of parts) {
    const key = keyOf(part, by);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [part]);
    else known.push(part);
  }
  return [...groups]
    .map(([key, some]) => groupOf(key, some))
    .filter(({ coldStarts }) => coldStarts > 0)
    .sort((left, right) => rank(right, order) - rank(left, order));
}

function keyOf(part: ColdPart, by: ColdBy): string {
  switch (by) {
    case "part":
      return [part.function, part.version, part.runtime, part.architecture, part.memoryBytes].join("\n");
    case "memory":
      return String(part.memoryBytes ?? "");
    default:
      return part[by];
  }
}

function groupOf(key: string, parts: readonly ColdPart[]): ColdGroup {
  const sum = (of: (part: ColdPart) => number) => parts.reduce((all, part) => all + of(part), 0);
  return {
    key,
    first: parts[0] as ColdPart,
    parts: parts.length,
    functions: [...new Set(parts.map(part => part.function))],
    invocations: sum(part => part.invocations),
    coldStarts: sum(part => part.coldStarts),
    initP50: spreadOf(parts.map(part => part.initP50)),
    initP95: spreadOf(parts.map(part => part.initP95)),
  };
}

function spreadOf(lengths: readonly (Nanos | null)[]): Spread | null {
  const known = lengths.filter(length => length !== null).sort((left, right) => Number(left - right));
  const [low, high] = [known[0], known.at(-1)];
  return low === undefined || high === undefined ? null : { low, high };
}

function rank(group: ColdGroup, order: ColdOrder): number {
  switch (order) {
    case "share":
      return coldShare(group);
    case "count":
      return group.coldStarts;
    case "p50":
      return Number(group.initP50?.high ?? -1n);
    case "p95":
      return Number(group.initP95?.high ?? -1n);
  }
}

export interface ColdTotals {
  readonly invocations: number;
  readonly coldStarts: number;
  /** That had some, of all that were invoked. */
  readonly coldFunctions: number;
  readonly functions: number;
}

export function coldTotals({ points, parts }: ColdStarts): ColdTotals {
  const sum = (of: (point: ColdPoint) => number) => points.reduce((all, point) => all + of(point), 0);
  const named = (some: readonly ColdPart[]) => new Set(some.map(part => part.function)).size;
  return {
    invocations: sum(point => point.invocations),
    coldStarts: sum(point => point.coldStarts),
    coldFunctions: named(parts.filter(part => part.coldStarts > 0)),
    functions: named(parts),
  };
}

/** What happened in each step. */
export function coldInSteps(steps: Steps, points: readonly ColdPoint[]): (ColdPoint | undefined)[] {
  const found: (ColdPoint | undefined)[] = Array.from({ length: steps.count });
  for (const point of points) {
    const at = stepAt(steps, point.start);
    if (at >= 0 && at < steps.count) found[at] = point;
  }
  return found;
}

/** The platform's own names say the same. */
export const phaseText = (phase: string): string => phase.replaceAll("_", " ");
