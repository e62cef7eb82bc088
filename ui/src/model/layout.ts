/**
 * A trace as plain arrays: computed once, then drawn and walked without touching a span again.
 *
 * Spans come in display order, so a span's subtree is the run of indexes after it, and the sections of the critical path
 * inside a subtree are one run too. Lengths are nanoseconds since the trace's start, exact up to 104 days.
 */

import { between, type Time } from "../base/time.ts";
import { coloursOf } from "./colours.ts";
import type { Trace } from "./trace.ts";

export const ERROR = 1;
/** The platform's own phase, and not the invocation itself. */
export const PHASE = 2;
export const UNFINISHED = 4;
export const INVOCATION = 8;

export interface Layout {
  readonly count: number;
  /** Of the whole. */
  readonly length: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly depth: Int32Array;
  /** -1 for a root. */
  readonly parent: Int32Array;
  /** Spans in the subtree, itself included. */
  readonly size: Int32Array;
  /** Place among its siblings, from 1, and how many they are. */
  readonly place: Int32Array;
  readonly siblings: Int32Array;
  readonly colour: Uint8Array;
  readonly flags: Uint8Array;
  /** Span i's sections are those from sectionsAt[i] up to sectionsAt[i + 1]. */
  readonly sectionsAt: Int32Array;
  readonly sectionStart: Float64Array;
  readonly sectionEnd: Float64Array;
}

export function layOut(trace: Trace): Layout {
  const count = trace.spans.length;
  const layout = {
    count,
    length: Math.max(1, Number(between(trace.start, trace.end))),
    start: new Float64Array(count),
    end: new Float64Array(count),
    depth: new Int32Array(count),
    parent: new Int32Array(count),
    size: new Int32Array(count),
    place: new Int32Array(count),
    siblings: new Int32Array(count),
    colour: new Uint8Array(count),
    flags: new Uint8Array(count),
    ...sectionsOf(trace),
  };
  const offset = (moment: Time) => Number(between(trace.start, moment));
  const colours = coloursOf(trace.spans.map(span => span.service));
  trace.spans.forEach((span, index) => {
    layout.start[index] = offset(span.start);
    layout.end[index] = offset(span.end);
    layout.depth[index] = span.depth;
    layout.parent[index] = span.parent ?? -1;
    layout.colour[index] = colours.get(span.service) ?? 0;
    layout.flags[index] =
      (span.status === "error" ? ERROR : 0) |
      (span.phase !== "" && span.phase !== "invocation" ? PHASE : 0) |
      (span.phase === "invocation" ? INVOCATION : 0) |
      (span.marks.includes("unfinished") ? UNFINISHED : 0);
  });
  countFamilies(layout);
  return layout;
}

/** Fills in sizes, places and siblings from the parents. */
function countFamilies(layout: Layout): void {
  const { count, parent, size, place, siblings } = layout;
  // The last slot is for the roots.
  const children = new Int32Array(count + 1);
  const slot = (index: number) => (parent[index] === -1 ? count : (parent[index] as number));
  for (let index = 0; index < count; index++) {
    const family = slot(index);
    children[family] = (children[family] as number) + 1;
    place[index] = children[family] as number;
    size[index] = 1;
  }
  for (let index = count - 1; index >= 0; index--) {
    siblings[index] = children[slot(index)] as number;
    const above = parent[index] as number;
    if (above >= 0) size[above] = (size[above] as number) + (size[index] as number);
  }
}

function sectionsOf(trace: Trace): Pick<Layout, "sectionsAt" | "sectionStart" | "sectionEnd"> {
  const count = trace.spans.length;
  const total = trace.criticalPath.length;
  const sectionsAt = new Int32Array(count + 1);
  for (const { span } of trace.criticalPath) sectionsAt[span + 1] = (sectionsAt[span + 1] ?? 0) + 1;
  for (let index = 0; index < count; index++) {
    sectionsAt[index + 1] = (sectionsAt[index + 1] as number) + (sectionsAt[index] as number);
  }
  const next = sectionsAt.slice();
  const sectionStart = new Float64Array(total);
  const sectionEnd = new Float64Array(total);
  for (const section of trace.criticalPath) {
    const at = next[section.span] as number;
    next[section.span] = at + 1;
    sectionStart[at] = Number(between(trace.start, section.start));
    sectionEnd[at] = Number(between(trace.start, section.end));
  }
  return { sectionsAt, sectionStart, sectionEnd };
}

/** The spans that are shown, in order, where those of `closed` hide what is below them. */
export function visibleRows(layout: Layout, closed: ReadonlySet<number>): Int32Array {
  const rows = new Int32Array(layout.count);
  let shown = 0;
  for (let index = 0; index < layout.count; ) {
    rows[shown++] = index;
    index += closed.has(index) ? (layout.size[index] as number) : 1;
  }
  return rows.subarray(0, shown);
}

/** The row of a span, or of the closed one that hides it. Rows ascend, so that halving finds it. */
export function rowOf(rows: Int32Array, index: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rows[middle] as number) <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The span and everything above it that is closed, so that opening them shows it. */
export function closedAbove(layout: Layout, index: number, closed: ReadonlySet<number>): number[] {
  const found: number[] = [];
  for (let above = layout.parent[index] ?? -1; above >= 0; above = layout.parent[above] ?? -1) {
    if (closed.has(above)) found.push(above);
  }
  return found;
}

export const isCritical = (layout: Layout, index: number): boolean =>
  (layout.sectionsAt[index + 1] as number) > (layout.sectionsAt[index] as number);

export const hasError = (layout: Layout, index: number): boolean => ((layout.flags[index] as number) & ERROR) !== 0;
