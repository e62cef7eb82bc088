/** The spans of a trace as a table: which of them, in which order. */

import type { Layout } from "./layout.ts";
import type { TableSort } from "./span-measures.ts";
import type { Trace } from "./trace.ts";

interface Wanted {
  readonly sort: TableSort;
  /** Per span whether it is wanted; null for all. */
  readonly found: Uint8Array | null;
  /** Only this one and what is below it; null for all. */
  readonly focus: number | null;
}

/** Indexes of spans: by start the earliest, by name the first, by a length the longest at the top. */
export function tableOrder(trace: Trace, layout: Layout, { sort, found, focus }: Wanted): Int32Array {
  const first = focus ?? 0;
  const until = focus === null ? layout.count : focus + (layout.size[focus] ?? 1);
  const some = new Int32Array(until - first);
  let count = 0;
  for (let index = first; index < until; index++) {
    if (found === null || found[index] === 1) some[count++] = index;
  }
  const order = some.subarray(0, count);
  const compare = comparing(trace, layout, sort);
  // Of those that are equal, the first of the trace comes first: a typed array's sort is stable.
  return order.sort(compare);
}

type Compare = (left: number, right: number) => number;

function comparing(trace: Trace, layout: Layout, sort: TableSort): Compare {
  const value = (of: Float64Array): Compare => {
    return (left, right) => (of[right] as number) - (of[left] as number);
  };
  switch (sort) {
    case "start":
      return (left, right) => (layout.start[left] as number) - (layout.start[right] as number);
    case "duration":
      return value(layout.end.map((end, index) => end - (layout.start[index] as number)));
    case "self":
      return value(layout.self);
    case "critical":
      return value(layout.critical);
    case "name":
    case "service":
      return byText(trace, sort);
  }
}

/** By the rank of the text: comparing texts a million times takes seconds. */
function byText({ spans }: Trace, key: "name" | "service"): Compare {
  const texts = new Set<string>();
  for (const span of spans) texts.add(span[key]);
  const ranks = new Map([...texts].sort().map((text, rank) => [text, rank]));
  const rank = Int32Array.from(spans, span => ranks.get(span[key]) ?? 0);
  return (left, right) => (rank[left] as number) - (rank[right] as number);
}
