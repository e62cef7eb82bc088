/**
 * Siblings that are alike, taken together: below one parent, as many spans of one name, service and kind as nobody reads
 * one by one. A group lists its members in their order; a span is in one group at most.
 */

import type { Trace } from "./trace.ts";

export interface Folds {
  /** Group g's members are those from membersAt[g] up to membersAt[g + 1], as indexes of spans. */
  readonly membersAt: Int32Array;
  readonly members: Int32Array;
  /** Of each group its name; numbers that differ are left out. */
  readonly names: readonly string[];
}

/** Fewer are read faster than unfolded. */
export const LEAST_ALIKE = 8;

/** Stands for a number that differs between names. */
const ANY = "…";

export const NO_FOLDS: Folds = { membersAt: new Int32Array(1), members: new Int32Array(0), names: [] };

export function foldsOf({ spans }: Trace): Folds {
  const kinds = kindsOf(spans);
  const { childrenAt, children } = familiesOf(spans);
  const groups: number[][] = [];
  for (let parent = 0; parent <= spans.length; parent++) {
    const from = childrenAt[parent] as number;
    const to = childrenAt[parent + 1] as number;
    if (to - from < LEAST_ALIKE) continue;
    const alike = new Map<number, number[]>();
    for (let at = from; at < to; at++) {
      const child = children[at] as number;
      const kind = kinds[child] as number;
      if (kind < 0) continue;
      const known = alike.get(kind);
      if (known === undefined) alike.set(kind, [child]);
      else known.push(child);
    }
    for (const members of alike.values()) if (members.length >= LEAST_ALIKE) groups.push(members);
  }
  const membersAt = new Int32Array(groups.length + 1);
  groups.forEach((members, group) => {
    membersAt[group + 1] = (membersAt[group] as number) + members.length;
  });
  const members = new Int32Array(membersAt[groups.length] as number);
  groups.forEach((some, group) => {
    members.set(some, membersAt[group]);
  });
  return { membersAt, members, names: groups.map(some => nameOf(spans, some)) };
}

/** A number per span, the same for those that are alike; -1 for the platform's phases, each of which tells something. */
function kindsOf(spans: Trace["spans"]): Float64Array {
  const patterns = new Numbers();
  const names = new Map<string, number>();
  const services = new Numbers();
  const kinds = new Numbers();
  return Float64Array.from(spans, ({ name, service, kind, phase }) => {
    if (phase !== "" && phase !== "invocation") return -1;
    let pattern = names.get(name);
    if (pattern === undefined) {
      pattern = patterns.of(patternOf(name));
      names.set(name, pattern);
    }
    return (pattern * MOST + services.of(service)) * KINDS + kinds.of(kind);
  });
}

/** More than there are services, so that no two come to the same number; and more than there are kinds. */
const MOST = 2 ** 22;
const KINDS = 8;

/** Numbers for texts, in the order in which they are seen. */
class Numbers {
  readonly #known = new Map<string, number>();

  of(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.#known.size);
    return this.#known.size - 1;
  }
}

const patternOf = (name: string): string => name.replace(/[0-9]+/g, ANY);

function nameOf(spans: Trace["spans"], members: readonly number[]): string {
  const name = spans[members[0] ?? 0]?.name ?? "";
  return members.every(member => spans[member]?.name === name) ? name : patternOf(name);
}

/** The children of each span, and last those without a parent, in their order. */
function familiesOf(spans: Trace["spans"]): { readonly childrenAt: Int32Array; readonly children: Int32Array } {
  const count = spans.length;
  const childrenAt = new Int32Array(count + 2);
  for (const { parent } of spans) {
    const slot = (parent ?? count) + 1;
    childrenAt[slot] = (childrenAt[slot] as number) + 1;
  }
  for (let slot = 1; slot < count + 2; slot++) {
    childrenAt[slot] = (childrenAt[slot] as number) + (childrenAt[slot - 1] as number);
  }
  const next = childrenAt.slice();
  const children = new Int32Array(count);
  spans.forEach(({ parent }, index) => {
    const slot = parent ?? count;
    const at = next[slot] as number;
    next[slot] = at + 1;
    children[at] = index;
  });
  return { childrenAt, children };
}
