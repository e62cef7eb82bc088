/** What some made-up invocations have more often than the rest: counted as the backend does, though with a coarser test. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Facts = ReadonlyMap<string, string | null>;

/** Fewer, or a smaller difference, may be chance. */
const LEAST = 3;
const LEAST_LIFT = 1.4;
const SLOW = 400_000_000n;

export function comparison(invocations: readonly Invocation[], search: URLSearchParams): Schemas["Comparison"] {
  const { selected, rest, least } = sidesOf(invocations, search);
  const few = `only ${selected.length} were selected: what is not told may differ all the same`;
  return {
    selected: cohort(selected),
    rest: cohort(rest),
    min_duration: least === null ? null : String(least),
    items: items(selected, rest, askedBy(search)),
    warnings:
      selected.length === 0 ? ["no invocation was selected: nothing is compared"] : selected.length < 20 ? [few] : [],
  };
}

/** What an invocation waits for, as shares of its time beyond what all of them take: with the depth of each step. */
const STEPS: readonly (readonly [
  depth: number,
  category: Schemas["Category"],
  name: string,
  of: number,
  slow: number,
])[] = [
  [0, "handler", "checkout", 1, 1],
  [1, "handler", "POST /orders", 0.96, 0.97],
  [2, "downstream", "POST payments.acme.example", 0.3, 0.78],
  [3, "handler", "authorise", 0.2, 0.7],
  [2, "downstream", "GetItem orders", 0.34, 0.09],
  [2, "downstream", "Query stock", 0.2, 0.04],
  [1, "init", "init", 0.03, 0.02],
];

/** Where the time of both went, as if all invocations of a side were alike. */
export function paths(invocations: readonly Invocation[], search: URLSearchParams): Schemas["PathComparison"] {
  const { selected, rest } = sidesOf(invocations, search);
  const mean = (of: readonly Invocation[]) =>
    of.length === 0 ? 0 : Number(of.reduce((sum, one) => sum + lengthOf(one), 0n)) / of.length;
  const [slow, usual] = [mean(selected), mean(rest)];
  const looked = (of: readonly Invocation[]) => ({
    invocations: String(of.length),
    looked_at: Math.min(200, of.length),
  });
  const above: number[] = [];
  const frames = STEPS.map(([depth, category, name, of, slowly], place): Schemas["PathFrame"] => {
    above[depth] = place;
    const parent = depth === 0 ? null : (above[depth - 1] ?? null);
    const length = (of: number) => String(Math.round(of));
    return {
      parent,
      category,
      name,
      selected: length(slow * (slow > usual ? slowly : of)),
      rest: length(usual * of),
      share_selected: 1,
      share_rest: 1,
    };
  });
  const isBoth = selected.length > 0 && rest.length > 0;
  return { selected: looked(selected), rest: looked(rest), frames: isBoth ? frames : [] };
}

function sidesOf(invocations: readonly Invocation[], search: URLSearchParams) {
  const over = invocations.filter(one => one.outcome !== "running");
  const exactly = search.get("max_duration");
  const longestFirst = over.map(lengthOf).sort((left, right) => Number(right - left));
  const share = Number(search.get("slowest") ?? "0");
  const least = share === 0 ? 0n : (longestFirst[Math.max(0, Math.ceil(over.length * share) - 1)] ?? 0n);
  const fits = selects(search, least);
  const isSelected = (one: Invocation) => fits(one) && (exactly === null || one.duration === exactly);
  return {
    selected: over.filter(isSelected),
    rest: over.filter(one => !isSelected(one)),
    least: share === 0 ? null : least,
  };
}

const lengthOf = ({ duration }: Invocation): bigint => BigInt(duration ?? "0");

function selects(search: URLSearchParams, least: bigint): (one: Invocation) => boolean {
  const outcomes = search.get("outcome")?.split(",");
  const cold = search.get("cold");
  const version = search.get("version");
  const since = BigInt(search.get("since") ?? "0");
  const until = BigInt(search.get("until") ?? "9999999999999999999");
  const shortest = BigInt(search.get("min_duration") ?? "0");
  const longest = BigInt(search.get("max_duration") ?? "9999999999999999999");
  return one =>
    lengthOf(one) >= least &&
    lengthOf(one) >= shortest &&
    lengthOf(one) <= longest &&
    (outcomes?.includes(one.outcome) ?? true) &&
    (cold === null || (one.cold !== "warm") === (cold === "true")) &&
    (version === null || one.version === version) &&
    BigInt(one.start) >= since &&
    BigInt(one.start) < until;
}

/** What was selected by tells nothing. */
function askedBy(search: URLSearchParams): string[] {
  return ["outcome", "cold", "version"].filter(name => search.has(name));
}

function cohort(of: readonly Invocation[]): Schemas["Cohort"] {
  const lengths = of.map(lengthOf).sort((left, right) => Number(left - right));
  const at = (part: number) => lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * part))];
  const text = (length: bigint | undefined) => (length === undefined ? null : String(length));
  return { invocations: String(of.length), p50: text(at(0.5)), p95: text(at(0.95)), mean: text(at(0.6)) };
}

function factsOf(one: Invocation): Facts {
  const drawn = Number.parseInt(one.request_id.slice(0, 2), 16);
  const slow = lengthOf(one) > SLOW ? drawn < 230 : drawn < 15;
  const paid = one.function === "checkout";
  return new Map<string, string | null>([
    ["version", one.version],
    ["memory", `${BigInt(one.memory_bytes ?? "0") / (1024n * 1024n)} MB`],
    ["cold", String(one.cold !== "warm")],
    ["outcome", one.outcome],
    ...(one.error_type === "" ? [] : [["error_type", one.error_type] as const]),
    ...(paid ? [["span.payment.provider", slow ? "slowpay" : "quickpay"] as const] : []),
    ...(paid && slow ? [["span.plan", null] as const] : []),
    ...(paid && slow ? [["span.http.route", "/v2/orders/{order}/payments/{payment}/confirm"] as const] : []),
  ]);
}

function items(
  selected: readonly Invocation[],
  rest: readonly Invocation[],
  asked: readonly string[],
): Schemas["ComparedItem"][] {
  const names = new Map<string, Schemas["ItemName"]>();
  const count = (of: readonly Invocation[]) => {
    const counts = new Map<string, number>();
    for (const [key, value] of of.flatMap(one => [...factsOf(one)])) {
      const name = `${key} ${value}`;
      names.set(name, { key, value });
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  };
  const inSelected = count(selected);
  const inRest = count(rest);
  const found: Schemas["ComparedItem"][] = [];
  for (const [id, name] of names) {
    const of = inSelected.get(id) ?? 0;
    const other = inRest.get(id) ?? 0;
    const shares = [of / selected.length, other / Math.max(1, rest.length)] as const;
    const lift = other === 0 ? null : shares[0] / shares[1];
    if (asked.includes(name.key) || of < LEAST || (lift !== null && lift < LEAST_LIFT)) continue;
    const same = found.find(one => one.selected === String(of) && one.rest === String(other));
    if (same !== undefined) {
      same.also.push(name);
      continue;
    }
    found.push({
      ...name,
      selected: String(of),
      rest: String(other),
      share_selected: shares[0],
      share_rest: shares[1],
      lift,
      z: 4,
      p: 0.0001,
      explains: name.key.startsWith("span.") ? shares[0] * 0.97 : null,
      also: [],
    });
  }
  return found.sort((left, right) => right.share_selected - right.share_rest - left.share_selected + left.share_rest);
}
