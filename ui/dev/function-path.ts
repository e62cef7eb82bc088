/** Where the time of a made-up function goes: as if all of its invocations were alike, but for their starts. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];

const WINDOW = 300_000_000_000n;
/** Of each window so many are looked at. */
const EACH = 100;
/** What is looked at when it is over for so long. */
const READY = 150_000_000_000n;
/** The time of an invocation without its start, in parts. */
const PARTS: readonly (readonly [
  category: Schemas["Category"],
  service: string | null,
  name: string | null,
  of: number,
  waiting: number,
])[] = [
  ["downstream", "payments.acme.example", "POST /charges", 0.41, 0.94],
  ["handler", "", "POST /orders", 0.22, 1],
  ["downstream", "orders", "GetItem orders", 0.14, 1],
  ["downstream", "stock", "Query stock/?", 0.09, 0.81],
  ["handler", "", "render", 0.05, 1],
  ["downstream", null, null, 0.04, 0],
  ["handler", "", "checkout", 0.02, 1],
  ["runtime_overhead", null, "runtime_overhead", 0.02, 1],
  ["extension_overhead", null, "extension_overhead", 0.01, 0.6],
];

export function functionPath(invocations: readonly Invocation[], search: URLSearchParams): Schemas["FunctionPath"] {
  const to = BigInt(search.get("to") ?? "0");
  const asked = to - BigInt(search.get("from") ?? "0");
  const step = asked / WINDOW <= 120n ? WINDOW : asked / WINDOW <= 720n ? 6n * WINDOW : 72n * WINDOW;
  const name = invocations[0]?.function ?? "";
  const windows = grouped(invocations, WINDOW);
  const isReady = (start: bigint) => start + WINDOW + READY <= to;
  const derived = [...windows].filter(([start]) => isReady(start)).flatMap(([, of]) => of);
  const missing = [...windows.keys()].filter(start => !isReady(start)).sort();
  const { mean, starts } = means(derived);
  const whole = Math.max(1, mean + starts);
  const own: Schemas["PathSegment"][] = PARTS.map(([category, service, part, of, waiting]) => ({
    category,
    service: service === "" ? name : service,
    name: part,
    mean: String(Math.round(mean * of)),
    share: (mean * of) / whole,
    share_invocations: part === null ? null : waiting,
    question: question(category, part, name, search),
  }));
  const cold = derived.filter(one => one.init !== null).length / Math.max(1, derived.length);
  const start: Schemas["PathSegment"] = {
    category: "runtime_init",
    service: null,
    name: "runtime_init",
    mean: String(Math.round(starts)),
    share: starts / whole,
    share_invocations: cold,
    question: question("runtime_init", "runtime_init", name, search),
  };
  const segments = [...own, ...(starts > 0 ? [start] : [])].sort((left, right) => right.share - left.share);
  return {
    invocations: String(derived.length),
    looked_at: String(looked(windows, isReady)),
    mean: String(Math.round(mean + starts)),
    segments: derived.length === 0 ? [] : segments,
    step: String(step),
    points: [...grouped(derived, step)].map(([start, of]) => point(start, of)),
    missing: missing.map(from => ({ from: String(from), to: String(from + WINDOW) })),
    outdated: [],
  };
}

function looked(windows: Map<bigint, Invocation[]>, isReady: (start: bigint) => boolean): number {
  const derived = [...windows].filter(([start]) => isReady(start));
  return derived.reduce((sum, [, of]) => sum + Math.min(EACH, of.length), 0);
}

function question(category: Schemas["Category"], part: string | null, name: string, search: URLSearchParams): string {
  const range = `from=${search.get("from")}&to=${search.get("to")}`;
  const list = `/api/v1/invocations?function=${encodeURIComponent(name)}`;
  if (category === "runtime_init") return `${list}&cold=true&${range}`;
  if (part === null || part.endsWith("_overhead")) return `${list}&sort=slowest&${range}`;
  const query = `{ resource.service.name = "${name}" && name = "${part}" }`;
  return `/api/v1/search?q=${encodeURIComponent(query)}&${range}`;
}

function point(start: bigint, of: readonly Invocation[]): Schemas["PathPoint"] {
  const { mean, starts } = means(of);
  const sums = new Map<Schemas["Category"], number>();
  for (const [category, , , part] of PARTS) sums.set(category, (sums.get(category) ?? 0) + mean * part);
  if (starts > 0) sums.set("runtime_init", starts);
  return {
    start: String(start),
    invocations: String(of.length),
    looked_at: String(Math.min(EACH, of.length)),
    categories: [...sums].map(([category, mean]) => ({ category, mean: String(Math.round(mean)) })),
  };
}

function means(of: readonly Invocation[]): { readonly mean: number; readonly starts: number } {
  const mean = (length: (one: Invocation) => string | null) =>
    of.length === 0 ? 0 : of.reduce((sum, one) => sum + Number(length(one) ?? "0"), 0) / of.length;
  return { mean: mean(one => one.duration), starts: mean(one => one.init) };
}

function grouped(invocations: readonly Invocation[], step: bigint): Map<bigint, Invocation[]> {
  const groups = new Map<bigint, Invocation[]>();
  for (const one of invocations.toReversed()) {
    const start = (BigInt(one.start) / step) * step;
    groups.set(start, [...(groups.get(start) ?? []), one]);
  }
  return new Map([...groups].sort(([left], [right]) => (left < right ? -1 : 1)));
}
