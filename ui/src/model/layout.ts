/**
 * A trace as plain arrays: computed once, then drawn and walked without touching a span again.
 *
 * Spans come in display order, so a span's subtree is the run of indexes after it, and the sections of the critical path
 * inside a subtree are one run too. After the spans come the groups of alike siblings, so that one number, an entry, is a
 * span or a group. Lengths are nanoseconds since the trace's start, exact up to 104 days.
 */

import { between, type Time } from "../base/time.ts";
import { coloursOf } from "./colours.ts";
import { type Folds, NO_FOLDS } from "./folds.ts";
import type { Trace } from "./trace.ts";

export const ERROR = 1;
/** The platform's own phase, and not the invocation itself. */
export const PHASE = 2;
export const UNFINISHED = 4;
export const INVOCATION = 8;

export interface Layout {
  /** Of spans. */
  readonly count: number;
  /** Of spans and groups. */
  readonly entries: number;
  /** Of the whole. */
  readonly length: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** As it is shown: what a group holds is one deeper than the group. */
  readonly depth: Int32Array;
  /** The span above it; -1 for a root. */
  readonly parent: Int32Array;
  /** The entry that it is shown below: its group, or the span above it. */
  readonly above: Int32Array;
  /** Spans in the subtree, itself included; of a group all that it hides. */
  readonly size: Int32Array;
  /** Place among those that are shown beside it, from 1, and how many they are. */
  readonly place: Int32Array;
  readonly siblings: Int32Array;
  readonly colour: Uint8Array;
  readonly flags: Uint8Array;
  /** Of each span: how long it took without its children, and how long the whole waited for it. */
  readonly self: Float64Array;
  readonly critical: Float64Array;
  /** Span i's sections are those from sectionsAt[i] up to sectionsAt[i + 1]. */
  readonly sectionsAt: Int32Array;
  readonly sectionStart: Float64Array;
  readonly sectionEnd: Float64Array;
  readonly folds: Folds;
  /** Of each group. */
  readonly sums: readonly GroupSum[];
}

/** What the members of a group come to. */
export interface GroupSum {
  readonly count: number;
  readonly total: number;
  readonly median: number;
  readonly longest: number;
  readonly failed: number;
}

type Writable = { -readonly [Name in keyof Layout]: Layout[Name] };

export function layOut(trace: Trace, folds: Folds = NO_FOLDS): Layout {
  const count = trace.spans.length;
  const entries = count + folds.names.length;
  const layout: Writable = {
    count,
    entries,
    length: Math.max(1, Number(between(trace.start, trace.end))),
    start: new Float64Array(entries),
    end: new Float64Array(entries),
    depth: new Int32Array(entries),
    parent: new Int32Array(entries),
    above: new Int32Array(entries),
    size: new Int32Array(entries),
    place: new Int32Array(entries),
    siblings: new Int32Array(entries),
    colour: new Uint8Array(entries),
    flags: new Uint8Array(entries),
    self: new Float64Array(count),
    critical: new Float64Array(count),
    ...sectionsOf(trace),
    folds,
    sums: [],
  };
  const offset = (moment: Time) => Number(between(trace.start, moment));
  const colours = coloursOf(servicesOf(trace));
  trace.spans.forEach((span, index) => {
    layout.start[index] = offset(span.start);
    layout.end[index] = offset(span.end);
    layout.parent[index] = span.parent ?? -1;
    layout.above[index] = span.parent ?? -1;
    layout.colour[index] = colours.get(span.service) ?? 0;
    layout.self[index] = Number(span.selfTime);
    layout.critical[index] = Number(span.criticalTime);
    layout.flags[index] =
      (span.status === "error" ? ERROR : 0) |
      (span.phase !== "" && span.phase !== "invocation" ? PHASE : 0) |
      (span.phase === "invocation" ? INVOCATION : 0) |
      (span.marks.includes("unfinished") ? UNFINISHED : 0);
  });
  measure(layout);
  layout.sums = takeTogether(layout);
  countFamilies(layout);
  return layout;
}

export function servicesOf(trace: Trace): Set<string> {
  const services = new Set<string>();
  for (const { service } of trace.spans) services.add(service);
  return services;
}

/** Fills in the sizes of spans from their parents. */
function measure({ count, parent, size }: Layout): void {
  size.fill(1, 0, count);
  for (let index = count - 1; index >= 0; index--) {
    const above = parent[index] as number;
    if (above >= 0) size[above] = (size[above] as number) + (size[index] as number);
  }
}

/** Fills in what is known of groups. */
function takeTogether(layout: Layout): GroupSum[] {
  const { count, folds, start, end, flags, size } = layout;
  return folds.names.map((_, group) => {
    const entry = count + group;
    const members = membersOf(layout, entry);
    const first = members[0] as number;
    const lengths = new Float64Array(members.length);
    let total = 0;
    let failed = 0;
    start[entry] = start[first] as number;
    size[entry] = 0;
    members.forEach((member, at) => {
      const length = (end[member] as number) - (start[member] as number);
      lengths[at] = length;
      total += length;
      failed += (flags[member] as number) & ERROR;
      start[entry] = Math.min(start[entry] as number, start[member] as number);
      end[entry] = Math.max(end[entry] as number, end[member] as number);
      size[entry] = (size[entry] as number) + (size[member] as number);
      layout.above[member] = entry;
    });
    layout.parent[entry] = layout.parent[first] as number;
    layout.above[entry] = layout.parent[first] as number;
    layout.colour[entry] = layout.colour[first] as number;
    flags[entry] = (failed > 0 ? ERROR : 0) | ((flags[first] as number) & INVOCATION);
    lengths.sort();
    const median = lengths[(lengths.length - 1) >> 1] as number;
    return { count: members.length, total, median, longest: lengths.at(-1) as number, failed };
  });
}

/** Fills in depths, places and siblings from what is shown below what. */
function countFamilies(layout: Layout): void {
  const { count, entries, depth, above, place, siblings } = layout;
  // The last slot is for the roots.
  const children = new Int32Array(entries + 1);
  const slot = (entry: number) => (above[entry] === -1 ? entries : (above[entry] as number));
  const put = (entry: number) => {
    const family = slot(entry);
    children[family] = (children[family] as number) + 1;
    place[entry] = children[family] as number;
    depth[entry] = family === entries ? 0 : (depth[family] as number) + 1;
  };
  for (let index = 0; index < count; index++) {
    const group = above[index] as number;
    // A group stands where the first of its members would.
    if (group >= count && place[group] === 0) put(group);
    put(index);
  }
  for (let entry = 0; entry < entries; entry++) siblings[entry] = children[slot(entry)] as number;
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

export const isGroup = (layout: Layout, entry: number): boolean => entry >= layout.count;

/** The spans of a group; a span is its own only member. */
export function membersOf({ count, folds }: Layout, entry: number): Int32Array {
  if (entry < count) return Int32Array.of(entry);
  const group = entry - count;
  return folds.members.subarray(folds.membersAt[group], folds.membersAt[group + 1]);
}

/** What is told per span, told per entry: of a group whether it holds for anything inside it. */
export function withGroups(layout: Layout, spans: Uint8Array): Uint8Array {
  const all = new Uint8Array(layout.entries);
  all.set(spans);
  for (let entry = layout.count; entry < layout.entries; entry++) {
    const inside = (member: number) => spans.subarray(member, member + (layout.size[member] as number)).includes(1);
    all[entry] = membersOf(layout, entry).some(inside) ? 1 : 0;
  }
  return all;
}

/** The span that stands for an entry: itself, or the first of a group. */
export const firstSpan = (layout: Layout, entry: number): number =>
  entry < layout.count ? entry : (membersOf(layout, entry)[0] as number);

/** What is shown of a trace. */
export interface Shown {
  /** Spans whose children are hidden, and groups whose members are shown. */
  readonly closed: ReadonlySet<number>;
  readonly opened: ReadonlySet<number>;
  /** Only this one and what is below it; null for all. */
  readonly focus: number | null;
  /** Only what the whole waited for, and what stands above that. */
  readonly onlyCritical: boolean;
}

export const ALL: Shown = { closed: new Set(), opened: new Set(), focus: null, onlyCritical: false };

export interface Rows {
  /** In order. */
  readonly entries: Int32Array;
  /** Of each entry its row, or that of what hides it; -1 where neither is shown. */
  readonly at: Int32Array;
}

/** The rows of what is shown, in order. */
export function rowsOf(layout: Layout, shown: Shown): Rows {
  const { count, size, above } = layout;
  const { closed, opened, focus, onlyCritical } = shown;
  const entries = new Int32Array(layout.entries);
  const at = new Int32Array(layout.entries).fill(-1);
  let row = 0;
  const put = (entry: number) => {
    entries[row] = entry;
    at[entry] = row++;
  };
  // Runs of indexes still to be shown, the next one last. Of a run, the first may be a member that its group has shown.
  const runs: { from: number; readonly to: number; readonly member: number }[] = [
    { from: focus ?? 0, to: focus === null ? count : focus + (size[focus] ?? 1), member: focus ?? -1 },
  ];
  for (let run = runs.at(-1); run !== undefined; run = runs.at(-1)) {
    const index = run.from;
    if (index >= run.to) {
      runs.pop();
      continue;
    }
    const below = size[index] as number;
    if (onlyCritical && !isCriticalBelow(layout, index)) {
      run.from += below;
      continue;
    }
    const group = above[index] as number;
    if (group >= count && run.member !== index) {
      run.from += below;
      if (at[group] === -1) {
        put(group);
        if (opened.has(group)) runs.push(...memberRuns(layout, group));
      }
      if (!opened.has(group)) at.fill(at[group] as number, index, index + below);
      continue;
    }
    put(index);
    run.from += closed.has(index) ? below : 1;
    if (closed.has(index)) at.fill(row - 1, index, index + below);
  }
  return { entries: entries.subarray(0, row), at };
}

function memberRuns(layout: Layout, group: number) {
  const members = membersOf(layout, group);
  return Array.from(members.toReversed(), member => ({
    from: member,
    to: member + (layout.size[member] as number),
    member,
  }));
}

/** What has to be opened so that an entry is shown: closed spans and folded groups above it. */
export function hiding(layout: Layout, entry: number, { closed, opened }: Shown): number[] {
  const found: number[] = [];
  for (let above = layout.above[entry] ?? -1; above >= 0; above = layout.above[above] ?? -1) {
    if (isGroup(layout, above) ? !opened.has(above) : closed.has(above)) found.push(above);
  }
  return found;
}

/** Whether there is something below it to show. */
export const hasBelow = (layout: Layout, entry: number): boolean =>
  isGroup(layout, entry) || (layout.size[entry] ?? 1) > 1;

/** From the root down to it, itself last; spans alone. */
export function pathTo(layout: Layout, index: number): number[] {
  const path = [index];
  for (let above = layout.parent[index] ?? -1; above >= 0; above = layout.parent[above] ?? -1) path.unshift(above);
  return path;
}

export const isCritical = (layout: Layout, index: number): boolean =>
  (layout.sectionsAt[index + 1] as number) > (layout.sectionsAt[index] as number);

/** Whether the whole waited for it or for something below it. */
export const isCriticalBelow = (layout: Layout, index: number): boolean =>
  (layout.sectionsAt[index + (layout.size[index] as number)] as number) > (layout.sectionsAt[index] as number);

/** How long the whole waited for an entry and, of a group, for all that it holds. */
export function waitedFor(layout: Layout, entry: number): number {
  if (entry < layout.count) return layout.critical[entry] ?? 0;
  let sum = 0;
  for (const member of membersOf(layout, entry)) {
    const until = layout.sectionsAt[member + (layout.size[member] as number)] as number;
    for (let at = layout.sectionsAt[member] as number; at < until; at++) {
      sum += (layout.sectionEnd[at] as number) - (layout.sectionStart[at] as number);
    }
  }
  return sum;
}

export const hasError = (layout: Layout, index: number): boolean => ((layout.flags[index] as number) & ERROR) !== 0;
