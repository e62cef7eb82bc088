/** Where the time of two cohorts went: their critical paths laid over each other, and how they are drawn. */

import type { Nanos } from "../base/time.ts";

export const CATEGORIES = [
  "queue_wait",
  "init",
  "extension_init",
  "runtime_init",
  "restore",
  "handler",
  "downstream",
  "runtime_overhead",
  "extension_overhead",
] as const;
/** What time is spent on. */
export type Category = (typeof CATEGORIES)[number];

export interface PathComparison {
  /** How many invocations of each side were looked at. */
  readonly selected: number;
  readonly rest: number;
  /** A parent before its children. */
  readonly frames: readonly Frame[];
}

export interface Frame {
  /** Its place among the frames; null for an invocation. */
  readonly parent: number | null;
  readonly category: Category;
  readonly name: string;
  /** On the critical path, with what stands below, in the mean of all that were looked at. */
  readonly selected: Nanos;
  readonly rest: Nanos;
}

/** A frame's place in the drawing: everything is a part of the whole width. */
export interface Cell {
  /** Among the frames. */
  readonly place: number;
  readonly depth: number;
  readonly from: number;
  readonly width: number;
  /** Of its own width, how much the rest take as well. */
  readonly common: number;
}

/** A step whose own time differs. */
export interface OwnDifference {
  readonly place: number;
  readonly selected: Nanos;
  readonly rest: Nanos;
}

/** What is narrower can't be seen. */
const NARROWEST = 0.002;
/** What differs by less of the longer whole is not told. */
const LEAST_DIFFERENCE = 0.02;
const MOST_DIFFERENCES = 6;

/** The selected side by side under what they stand below; what only the rest have has no width. */
export function cellsOf({ frames }: PathComparison): Cell[] {
  const whole = Number(frames[0]?.selected ?? 0n);
  if (whole === 0) return [];
  const cells: Cell[] = [];
  // Of each frame, where its next child begins, and how deep that is.
  const next = new Map<number | null, { from: number; readonly depth: number }>([[null, { from: 0, depth: 0 }]]);
  for (const [place, { parent, selected, rest }] of frames.entries()) {
    const above = next.get(parent);
    const width = Number(selected) / whole;
    if (above === undefined || width < NARROWEST) continue;
    const { from, depth } = above;
    above.from += width;
    next.set(place, { from, depth: depth + 1 });
    cells.push({ place, depth, from, width, common: Math.min(1, Number(rest) / Number(selected)) });
  }
  return cells;
}

export type Direction = "above" | "below" | "before" | "behind";

/** The cell next to one, by place; before and behind it is the nearest of the same depth. Null where there is none. */
export function neighbourOf(
  { frames }: PathComparison,
  cells: readonly Cell[],
  place: number,
  to: Direction,
): number | null {
  const cell = cells.find(one => one.place === place);
  if (cell === undefined) return null;
  if (to === "above") return frames[place]?.parent ?? null;
  if (to === "below") return cells.find(one => frames[one.place]?.parent === place)?.place ?? null;
  const beside = cells.filter(one => one.depth === cell.depth).sort((left, right) => left.from - right.from);
  return beside[beside.indexOf(cell) + (to === "before" ? -1 : 1)]?.place ?? null;
}

/** The steps that differ most by themselves, without what stands below them; those of no weight are left out. */
export function ownDifferences({ frames }: PathComparison): OwnDifference[] {
  const own = frames.map(({ selected, rest }) => ({ selected, rest }));
  for (const { parent, selected, rest } of frames) {
    const above = parent === null ? undefined : own[parent];
    if (above === undefined) continue;
    above.selected = (above.selected - selected) as Nanos;
    above.rest = (above.rest - rest) as Nanos;
  }
  const [whole] = frames;
  const longest = Math.max(Number(whole?.selected ?? 0n), Number(whole?.rest ?? 0n));
  const least = longest * LEAST_DIFFERENCE;
  return own
    .map(({ selected, rest }, place) => ({ place, selected, rest }))
    .filter(one => differs(one) > 0 && differs(one) >= least)
    .sort((left, right) => differs(right) - differs(left))
    .slice(0, MOST_DIFFERENCES);
}

const differs = ({ selected, rest }: OwnDifference): number => Math.abs(Number(selected - rest));

/** Whether it is the start of a sandbox, of which only some pay. */
export function isStart({ category }: Frame): boolean {
  return ["init", "extension_init", "runtime_init", "restore"].includes(category);
}
