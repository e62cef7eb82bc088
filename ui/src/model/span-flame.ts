/** One trace as a flame: spans that are alike on the same path laid over each other, as wide as they took time. */

import { type Layout, PHASE } from "./layout.ts";
import type { Measure } from "./span-measures.ts";
import { spanTitle } from "./span-text.ts";
import type { Trace } from "./trace.ts";

/** Spans of one name and service below the same path. */
export interface FlameFrame {
  readonly name: string;
  readonly service: string;
  readonly colour: number;
  /** Whether it is the platform's own phase. */
  readonly isPhase: boolean;
  /** Its place among the frames; -1 for a root. */
  readonly parent: number;
  readonly depth: number;
  /** As indexes. */
  readonly spans: readonly number[];
  /** Nanoseconds: all of it, and what no child took. */
  readonly value: number;
  readonly own: number;
  readonly failed: number;
  /** A part of the whole width. */
  readonly from: number;
  readonly width: number;
}

interface Growing {
  readonly name: string;
  readonly service: string;
  readonly colour: number;
  readonly isPhase: boolean;
  readonly parent: number;
  readonly depth: number;
  readonly spans: number[];
  readonly children: number[];
  value: number;
  own: number;
  failed: number;
  from: number;
  width: number;
}

/** A parent before its children; of a subtree, or of the whole. Frames of no width are there, too. */
export function flameOf(trace: Trace, layout: Layout, by: Measure, focus: number | null): FlameFrame[] {
  const first = focus ?? 0;
  const until = focus === null ? layout.count : focus + (layout.size[focus] ?? 1);
  const frames: Growing[] = [];
  const roots: number[] = [];
  const known = new Map<number, Map<string, number>>();
  const frameOf = new Int32Array(until - first);
  for (let index = first; index < until; index++) {
    const span = trace.spans[index];
    if (span === undefined) continue;
    const above = layout.parent[index] as number;
    const parent = above < first ? -1 : (frameOf[above - first] as number);
    const key = `${span.service}\u0000${span.phase}\u0000${span.name}`;
    const below = known.get(parent) ?? new Map<string, number>();
    known.set(parent, below);
    let place = below.get(key);
    if (place === undefined) {
      place = frames.length;
      below.set(key, place);
      (parent === -1 ? roots : (frames[parent] as Growing).children).push(place);
      frames.push({
        name: spanTitle(span),
        service: span.service,
        colour: layout.colour[index] as number,
        isPhase: ((layout.flags[index] as number) & PHASE) !== 0,
        parent,
        depth: parent === -1 ? 0 : (frames[parent] as Growing).depth + 1,
        spans: [],
        children: [],
        value: 0,
        own: 0,
        failed: 0,
        from: 0,
        width: 0,
      });
    }
    const frame = frames[place] as Growing;
    frameOf[index - first] = place;
    frame.spans.push(index);
    frame.failed += span.status === "error" ? 1 : 0;
    frame.own += ownOf(layout, index, by);
    frame.value += by === "total" ? (layout.end[index] as number) - (layout.start[index] as number) : 0;
  }
  if (by !== "total") addUp(frames);
  place(frames, roots, by);
  return frames;
}

function ownOf(layout: Layout, index: number, by: Measure): number {
  return (by === "critical" ? layout.critical[index] : layout.self[index]) as number;
}

function addUp(frames: readonly Growing[]): void {
  for (const frame of frames.toReversed()) {
    frame.value += frame.own;
    const above = frames[frame.parent];
    if (above !== undefined) above.value += frame.value;
  }
}

/** Children that ran beside each other may have taken more than what is above them: then they share its width. */
function place(frames: readonly Growing[], roots: readonly number[], by: Measure): void {
  const spread = (children: readonly number[], from: number, width: number, value: number) => {
    const sum = children.reduce((all, child) => all + (frames[child] as Growing).value, 0);
    const whole = by === "total" ? Math.max(value, sum) : value;
    let next = from;
    const inOrder = [...children].sort(
      (left, right) => (frames[right] as Growing).value - (frames[left] as Growing).value,
    );
    for (const child of inOrder) {
      const frame = frames[child] as Growing;
      frame.from = next;
      frame.width = whole === 0 ? 0 : (width * frame.value) / whole;
      next += frame.width;
    }
  };
  const sum = roots.reduce((all, root) => all + (frames[root] as Growing).value, 0);
  spread(roots, 0, 1, sum);
  for (const frame of frames) spread(frame.children, frame.from, frame.width, frame.value);
}

/** The frame whose spans have this one; null where none has. */
export function frameWith(frames: readonly FlameFrame[], index: number): number | null {
  const found = frames.findIndex(frame => frame.spans.includes(index));
  return found === -1 ? null : found;
}

export type FlameStep = "above" | "below" | "before" | "behind";

/** The frame next to one, of those that are wide enough to be seen; null where there is none. */
export function nextFrame(
  frames: readonly FlameFrame[],
  from: number,
  to: FlameStep,
  narrowest: number,
): number | null {
  const frame = frames[from];
  if (frame === undefined) return null;
  if (to === "above") return frame.parent === -1 ? null : frame.parent;
  const seen = (one: FlameFrame) => one.width >= narrowest;
  if (to === "below") {
    const below = frames.flatMap((one, place) => (one.parent === from && seen(one) ? [place] : []));
    return below.sort((left, right) => (frames[left]?.from ?? 0) - (frames[right]?.from ?? 0))[0] ?? null;
  }
  const beside = frames
    .flatMap((one, place) => (one.depth === frame.depth && seen(one) ? [place] : []))
    .sort((left, right) => (frames[left]?.from ?? 0) - (frames[right]?.from ?? 0));
  return beside[beside.indexOf(from) + (to === "before" ? -1 : 1)] ?? null;
}

/** The frame at a place of the drawing: depth, and a part of the whole width; null where there is none. */
export function frameAt(frames: readonly FlameFrame[], depth: number, at: number): number | null {
  const found = frames.findIndex(one => one.depth === depth && one.from <= at && at < one.from + one.width);
  return found === -1 ? null : found;
}
