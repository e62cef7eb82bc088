/** Where the time of a function goes: parts of its critical paths, and what they come to step by step. */

import { between, type Nanos, nanos, type Time } from "../base/time.ts";
import type { Category } from "./flame.ts";
import { type Steps, stepAt } from "./steps.ts";

export interface FunctionPath {
  /** How many invocations there were in what is derived, and how many of them were looked at. */
  readonly invocations: number;
  readonly lookedAt: number;
  /** Of a critical path. */
  readonly mean: Nanos;
  /** The longest first. */
  readonly segments: readonly PathSegment[];
  readonly step: Nanos;
  /** Steps that are derived, the earliest first. */
  readonly points: readonly PathPoint[];
  /** What is not derived, or not yet. */
  readonly missing: readonly Between[];
  /** What is shown as it was before something came late. */
  readonly outdated: readonly Between[];
}

export interface PathSegment {
  readonly category: Category;
  /** Whom a call called; of other work, whose it was. */
  readonly service: string | null;
  /** Null for the rest of a category. */
  readonly name: string | null;
  /** In the mean of all invocations. */
  readonly mean: Nanos;
  readonly share: number;
  /** The share of the invocations that waited for it; null where it is not known. */
  readonly shareInvocations: number | null;
  /** The API's path that lists what shows it. */
  readonly question: string;
}

export interface PathPoint {
  readonly start: Time;
  readonly invocations: number;
  readonly lookedAt: number;
  readonly categories: readonly { readonly category: Category; readonly mean: Nanos }[];
}

export interface Between {
  readonly from: Time;
  readonly to: Time;
}

/** From below to above. */
export const PATH_GROUPS = ["own", "calls", "start", "queue", "platform"] as const;
/** Categories that are drawn as one: nine colours nobody tells apart. */
export type PathGroup = (typeof PATH_GROUPS)[number];

export const GROUP_TEXT: Readonly<Record<PathGroup, string>> = {
  own: "own work",
  calls: "calls",
  start: "start of a sandbox",
  queue: "wait in a queue",
  platform: "runtime and extensions",
};

const GROUP_OF: Readonly<Record<Category, PathGroup>> = {
  handler: "own",
  downstream: "calls",
  init: "start",
  extension_init: "start",
  runtime_init: "start",
  restore: "start",
  queue_wait: "queue",
  runtime_overhead: "platform",
  extension_overhead: "platform",
};

export const groupOf = (category: Category): PathGroup => GROUP_OF[category];

/** A step as it is drawn: groups on top of each other. */
export interface PathColumn {
  /** Counted from 0. */
  readonly step: number;
  readonly point: PathPoint;
  readonly total: Nanos;
  /** From below; those without time are left out. */
  readonly layers: readonly PathLayer[];
}

export interface PathLayer {
  readonly group: PathGroup;
  readonly from: Nanos;
  readonly to: Nanos;
}

/** The steps of which something was looked at, as far as they are shown. */
export function columnsOf(steps: Steps, { points }: FunctionPath): PathColumn[] {
  const columns: PathColumn[] = [];
  for (const point of points) {
    const step = stepAt(steps, point.start);
    if (step < 0 || step >= steps.count || point.lookedAt === 0) continue;
    const layers: PathLayer[] = [];
    let total = 0n;
    for (const group of PATH_GROUPS) {
      const inside = point.categories.filter(({ category }) => groupOf(category) === group);
      const length = inside.reduce((sum, { mean }) => sum + mean, 0n);
      if (length === 0n) continue;
      layers.push({ group, from: nanos(total), to: nanos(total + length) });
      total += length;
    }
    columns.push({ step, point, total: nanos(total), layers });
  }
  return columns;
}

/** The groups that have any time, from below. */
export function groupsIn({ segments }: FunctionPath): PathGroup[] {
  return PATH_GROUPS.filter(group => segments.some(({ category }) => groupOf(category) === group));
}

/** What a part is called; beside it stands whose it is. */
export function segmentTitle({ category, name }: PathSegment): string {
  switch (category) {
    case "handler":
      return name ?? "other work of its own";
    case "downstream":
      return name ?? "other calls";
    case "queue_wait":
      return name === null ? GROUP_TEXT.queue : `${GROUP_TEXT.queue}: ${name}`;
    default:
      // The platform's own names say the same.
      return category.replaceAll("_", " ");
  }
}

/** How much of the range is not derived. */
export function lengthOf(stretches: readonly Between[]): Nanos {
  return nanos(stretches.reduce((sum, { from, to }) => sum + between(from, to), 0n));
}
