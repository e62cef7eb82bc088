/** Who calls whom in the made-up shop: counted from its invocations, with what sends no span beside them. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Node = Schemas["MapNode"];
type Edge = Schemas["MapEdge"];

const MS = 1_000_000;
/** Over this, what sends no span is told from a sample. */
const SAMPLED_FROM = 2n * 3_600_000_000_000n;

interface Way {
  readonly from: string;
  readonly to: string;
  readonly kind?: "message";
  /** How many of each invocation of a function. */
  readonly of: string;
  readonly times: number;
  /** From 0 to 1. */
  readonly failing?: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
}

const WAYS: readonly Way[] = [
  { from: "service:storefront", to: "service:checkout", of: "checkout", times: 1, p50: 320, p95: 1_310 },
  { from: "service:storefront", to: "service:inventory", of: "inventory", times: 0.4, p50: 44, p95: 118 },
  { from: "service:checkout", to: "service:inventory", of: "inventory", times: 0.6, p50: 52, p95: 487 },
  {
    from: "service:checkout",
    to: "external:payments.example",
    of: "checkout",
    times: 1,
    failing: 0.07,
    p50: 301,
    p95: 642,
  },
  { from: "service:checkout", to: "queue:aws_sqs/receipts", kind: "message", of: "mailer", times: 1, p50: 31, p95: 71 },
  { from: "queue:aws_sqs/receipts", to: "service:mailer", kind: "message", of: "mailer", times: 1, p50: 140, p95: 910 },
  { from: "service:mailer", to: "external:smtp.example", of: "mailer", times: 1, failing: 0.02, p50: 61, p95: 160 },
  { from: "service:mailer", to: "service:storefront", of: "mailer", times: 0.2, p50: 12, p95: 30 },
  {
    from: "service:inventory",
    to: "database:postgresql/stock",
    of: "inventory",
    times: 3.2,
    failing: 0.004,
    p50: 9,
    p95: 22,
  },
  { from: "service:thumbnails", to: "external:pictures.s3", of: "thumbnails", times: 2, p50: 118, p95: 208 },
  {
    from: "service:importer",
    to: "database:dynamodb/imports",
    of: "importer",
    times: 2_200,
    failing: 0.002,
    p50: 7,
    p95: 14,
  },
];

export function serviceMap(invocations: readonly Invocation[], from: bigint, to: bigint): Schemas["ServiceMap"] {
  const counts = new Map<string, number>();
  for (const one of invocations) counts.set(one.function, (counts.get(one.function) ?? 0) + 1);
  const isSampled = to - from > SAMPLED_FROM;
  const edges = WAYS.flatMap((way): Edge[] => {
    const calls = Math.round((counts.get(way.of) ?? 0) * way.times);
    if (calls === 0) return [];
    const edge = {
      from: way.from,
      to: way.to,
      kind: way.kind ?? "call",
      calls: String(calls),
      errors: String(Math.round(calls * (way.failing ?? 0))),
      p50: String(way.p50 * MS),
      p95: String(way.p95 * MS),
      is_estimated: isSampled && !way.to.startsWith("service:"),
    } as const;
    return [edge];
  });
  return { nodes: nodesOf(edges), edges, sampled: isSampled ? "12" : "1" };
}

function nodesOf(edges: readonly Edge[]): Node[] {
  const ids = [...new Set(edges.flatMap(edge => [edge.from, edge.to]))].sort();
  return ids.map(id => {
    const [kind = "", rest = ""] = [id.slice(0, id.indexOf(":")), id.slice(id.indexOf(":") + 1)];
    const [system, name] = rest.includes("/") ? rest.split("/") : [null, rest];
    const incoming = edges.filter(edge => edge.to === id);
    const sum = (of: (edge: Edge) => string) => String(incoming.reduce((all, edge) => all + Number(of(edge)), 0));
    return {
      id,
      kind: kind as Node["kind"],
      system: system ?? null,
      name: name ?? rest,
      function: kind === "service" ? (name ?? rest) : null,
      calls: sum(edge => edge.calls),
      errors: sum(edge => edge.errors),
    };
  });
}

/** As many as a map has to be able to show, in the teams of a large shop. */
export function crowdedMap(count: number): Schemas["ServiceMap"] {
  const random = new Random(11);
  const name = (at: number) => `service:team-${at % 9}-part-${String(at).padStart(3, "0")}`;
  const edges: Edge[] = [];
  for (let at = 1; at < count; at++) {
    const callers = 1 + Math.floor(random.next() * 1.7);
    for (let one = 0; one < callers; one++) {
      const from = Math.floor(random.next() ** 0.6 * at);
      const calls = Math.ceil(random.next() ** 4 * 9_000);
      const failed = random.next() < 0.06 ? Math.ceil(calls * random.between(0.01, 0.2)) : 0;
      const to = at % 11 === 0 ? `database:postgresql/db-${at}` : name(at);
      if (from % 11 === 0 && from > 0) continue;
      if (edges.some(edge => edge.from === name(from) && edge.to === to)) continue;
      edges.push({
        from: name(from),
        to,
        kind: random.next() < 0.15 ? "message" : "call",
        calls: String(calls),
        errors: String(failed),
        p50: String(Math.round(random.between(2, 60) * MS)),
        p95: String(Math.round(random.between(60, 900) * MS)),
        is_estimated: false,
      });
    }
  }
  return { nodes: nodesOf(edges), edges, sampled: "1" };
}
