/** Two traces laid over each other: spans that are alike on the same path, and how long they took in either. */

import type { Layout } from "./layout.ts";
import { type FlameFrame, flameOf } from "./span-flame.ts";
import type { Trace } from "./trace.ts";

/** What one trace has on a path. */
export interface PathSide {
  readonly count: number;
  /** Nanoseconds: of all spans together, and how long the whole waited for them. */
  readonly total: number;
  readonly critical: number;
  /** From the first start to the last end, since the trace's start. */
  readonly from: number;
  readonly to: number;
  readonly failed: number;
  /** The longest of them. */
  readonly span: number;
}

export interface ComparedPath {
  readonly name: string;
  readonly service: string;
  readonly depth: number;
  /** Null where the trace has nothing there. */
  readonly this: PathSide | null;
  readonly other: PathSide | null;
  /** How much longer it took in this one. */
  readonly difference: number;
}

interface Side {
  readonly trace: Trace;
  readonly layout: Layout;
}

interface Node {
  readonly name: string;
  readonly service: string;
  readonly children: Map<string, Node>;
  this: PathSide | null;
  other: PathSide | null;
}

/** A parent before its children, those in the order in which they begin. */
export function compareTraces(one: Side, other: Side): ComparedPath[] {
  const roots = new Map<string, Node>();
  lay(roots, one, "this");
  lay(roots, other, "other");
  const found: ComparedPath[] = [];
  const walk = (nodes: Map<string, Node>, depth: number) => {
    for (const node of [...nodes.values()].sort((left, right) => beginOf(left) - beginOf(right))) {
      found.push({
        name: node.name,
        service: node.service,
        depth,
        this: node.this,
        other: node.other,
        difference: (node.this?.total ?? 0) - (node.other?.total ?? 0),
      });
      walk(node.children, depth + 1);
    }
  };
  walk(roots, 0);
  return found;
}

/** As many as can be read: those that differ most, and what they stand below. */
export function mostDifferent(paths: readonly ComparedPath[], most: number): readonly ComparedPath[] {
  if (paths.length <= most) return paths;
  const byDifference = paths.map((_, place) => place).sort((left, right) => sizeOf(paths[right]) - sizeOf(paths[left]));
  const kept = new Set<number>();
  for (const place of byDifference) {
    if (kept.size >= most) break;
    kept.add(place);
    let depth = paths[place]?.depth ?? 0;
    for (let above = place - 1; depth > 0 && above >= 0; above--) {
      if ((paths[above]?.depth ?? 0) >= depth) continue;
      kept.add(above);
      depth = paths[above]?.depth ?? 0;
    }
  }
  return paths.filter((_, place) => kept.has(place));
}

const sizeOf = (path: ComparedPath | undefined): number => Math.abs(path?.difference ?? 0);

const beginOf = ({ this: here, other }: Node): number => here?.from ?? other?.from ?? 0;

function lay(roots: Map<string, Node>, { trace, layout }: Side, side: "this" | "other"): void {
  const frames = flameOf(trace, layout, "critical", null);
  const nodes: Node[] = [];
  for (const frame of frames) {
    const family = nodes[frame.parent]?.children ?? roots;
    const first = trace.spans[frame.spans[0] ?? 0];
    const key = `${frame.service}\u0000${first?.phase ?? ""}\u0000${frame.name}`;
    const node: Node = family.get(key) ?? {
      name: frame.name,
      service: frame.service,
      children: new Map(),
      this: null,
      other: null,
    };
    family.set(key, node);
    node[side] = sideOf(frame, layout);
    nodes.push(node);
  }
}

function sideOf({ spans, own, failed }: FlameFrame, { start, end }: Layout): PathSide {
  const begin = (index: number) => start[index] as number;
  const length = (index: number) => (end[index] as number) - (start[index] as number);
  return {
    count: spans.length,
    total: spans.reduce((sum, index) => sum + length(index), 0),
    critical: own,
    from: spans.reduce((least, index) => Math.min(least, begin(index)), Number.POSITIVE_INFINITY),
    to: spans.reduce((most, index) => Math.max(most, end[index] as number), 0),
    failed,
    span: spans.reduce((most, index) => (length(index) > length(most) ? index : most), spans[0] ?? 0),
  };
}

/** Of some invocations the one in the middle by how long they took, without those that did not end well. */
export function typicalOf<Of extends { readonly duration: bigint | null; readonly outcome: string }>(
  invocations: readonly Of[],
): Of | null {
  const ended = invocations.filter(one => one.duration !== null && one.outcome === "ok");
  const byLength = ended.sort((left, right) => Number((left.duration ?? 0n) - (right.duration ?? 0n)));
  return byLength[(byLength.length - 1) >> 1] ?? null;
}
