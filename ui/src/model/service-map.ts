/** Who calls whom: services, and what they talk to that sends no span itself. */

import type { Nanos } from "../base/time.ts";

export const NODE_KINDS = ["service", "database", "queue", "external"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface MapNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** Of a database or a queue. */
  readonly system: string | null;
  readonly name: string;
  /** Its name as a function, where it is one. */
  readonly function: string | null;
  /** That come in. */
  readonly calls: number;
  readonly errors: number;
}

export interface MapEdge {
  readonly from: string;
  readonly to: string;
  /** Whether the caller waits for an answer. */
  readonly kind: "call" | "message";
  readonly calls: number;
  /** On either side. */
  readonly errors: number;
  readonly p50: Nanos;
  readonly p95: Nanos;
  /** Whether its numbers were told from a sample. */
  readonly isEstimated: boolean;
}

export interface ServiceMap {
  /** By id. */
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** Of so many stretches of time one was looked at for what sends no span. */
  readonly sampled: number;
}

export const KIND_TEXT: Readonly<Record<NodeKind, string>> = {
  service: "service",
  database: "database",
  queue: "queue",
  external: "external",
};

/** How bad a share of failures is: none, a few, many. */
export type Tone = "good" | "some" | "many";

const MANY = 0.05;

export function toneOf({ calls, errors }: { readonly calls: number; readonly errors: number }): Tone {
  if (errors === 0) return "good";
  return errors >= calls * MANY ? "many" : "some";
}

/** What stands beside a node: who calls it, and whom it calls, the most calls first. */
export interface Around {
  readonly incoming: readonly MapEdge[];
  readonly outgoing: readonly MapEdge[];
}

export function around({ edges }: ServiceMap, id: string): Around {
  const byCalls = (left: MapEdge, right: MapEdge) => right.calls - left.calls;
  return {
    incoming: edges.filter(edge => edge.to === id).sort(byCalls),
    outgoing: edges.filter(edge => edge.from === id).sort(byCalls),
  };
}

/** A node and all that it talks to directly. */
export function closeTo({ edges }: ServiceMap, id: string): ReadonlySet<string> {
  return new Set([id, ...edges.flatMap(({ from, to }) => (from === id || to === id ? [from, to] : []))]);
}

/** Those that have this in their names or systems. */
export function nodesNamed({ nodes }: ServiceMap, find: string): MapNode[] {
  const wanted = find.trim().toLowerCase();
  return nodes.filter(({ name, system }) => `${name} ${system ?? ""}`.toLowerCase().includes(wanted));
}
