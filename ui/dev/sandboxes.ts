/** What ran the made-up invocations: whoever is free and of the same version takes the next one. */

import type { components } from "../src/api/generated/openapi.ts";
import { longest } from "../src/base/time.ts";
import { costOf } from "./shop.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Sandbox = Schemas["FunctionSandbox"];

const MOST_SHOWN = 60;
const MINUTE = 60_000_000_000n;
const MB = 1024n * 1024n;
/** What each invocation leaves behind in memory. */
const LEAK = (3n * MB) / 2n;
/** Provisioned for nobody: of one function alone. */
const UNUSED = { function: "checkout", sandboxes: 3n, init: 812_000_000n } as const;

const startOf = (one: Invocation): bigint => BigInt(one.start);
const endOf = (one: Invocation): bigint => startOf(one) + BigInt(one.duration ?? "0");

/** Invocations of one function by what ran them. */
export function sandboxes(invocations: readonly Invocation[], step: bigint): Schemas["FunctionSandboxes"] {
  const told = groups(invocations).map(sandbox);
  told.sort((left, right) => Number(BigInt(right.last) - BigInt(left.last)));
  return {
    sandboxes: told.slice(0, MOST_SHOWN),
    total: String(told.length),
    unused: unused(invocations[0]),
    step: String(step),
    concurrency: concurrency(invocations, step),
  };
}

/** Of each sandbox its invocations, the earliest first. */
function groups(invocations: readonly Invocation[]): [Invocation, ...Invocation[]][] {
  const found: [Invocation, ...Invocation[]][] = [];
  for (const one of [...invocations].sort((left, right) => Number(startOf(left) - startOf(right)))) {
    const isFree = (served: readonly Invocation[]) => {
      const last = served.at(-1);
      // What hangs, or takes its sandbox with it, is followed by nobody.
      const isGone = last === undefined || !["ok", "error"].includes(last.outcome);
      return !isGone && last.version === one.version && endOf(last) < startOf(one);
    };
    const free = one.cold === "warm" ? found.findLast(isFree) : undefined;
    if (free === undefined) found.push([one]);
    else free.push(one);
  }
  return found;
}

function sandbox(served: [Invocation, ...Invocation[]], place: number): Sandbox {
  const [first] = served;
  const used = BigInt(first.max_memory_bytes ?? "0");
  const known = (bytes: bigint) => (used === 0n ? null : String(bytes));
  return {
    sandbox_id: first.sandbox_id,
    version: first.version,
    memory_bytes: first.memory_bytes,
    cold: first.cold,
    prepared: prepared(first, place),
    invocations: String(served.length),
    errors: String(served.filter(one => one.outcome !== "ok" && one.outcome !== "running").length),
    busy: String(served.reduce((sum, one) => sum + BigInt(one.duration ?? "0"), 0n)),
    first: first.start,
    last: String(longest(served.map(endOf))),
    first_memory_bytes: known(used),
    last_memory_bytes: known(used + LEAK * BigInt(served.length - 1)),
    runs: served.map(({ request_id, start, duration, outcome }) => ({ request_id, start, duration, outcome })),
  };
}

/** Of those that are warm when the range begins every second is known to have been made ready hours before. */
function prepared(first: Invocation, place: number): Sandbox["prepared"] {
  if (first.init !== null)
    return { kind: "init", start: String(startOf(first) - BigInt(first.init)), duration: first.init };
  return place % 2 === 1
    ? { kind: "init", start: String(startOf(first) - 170n * MINUTE), duration: "644000000" }
    : null;
}

function unused(of: Invocation | undefined): Schemas["UnusedSandboxes"] {
  if (of?.function !== UNUSED.function) return { sandboxes: "0", prepared: "0", cost: "0" };
  const billed = String(UNUSED.sandboxes * UNUSED.init);
  return {
    sandboxes: String(UNUSED.sandboxes),
    prepared: billed,
    cost: costOf({ billed, memory_bytes: of.memory_bytes }),
  };
}

/** At one moment most are there when one of them begins. */
function concurrency(invocations: readonly Invocation[], step: bigint): Schemas["ConcurrencyPoint"][] {
  const most = new Map<bigint, number>();
  for (const one of invocations) {
    const moment = startOf(one);
    const atOnce = invocations.filter(other => startOf(other) <= moment && endOf(other) >= moment).length;
    const start = (moment / step) * step;
    most.set(start, Math.max(most.get(start) ?? 0, atOnce));
  }
  const points = [...most].sort(([left], [right]) => Number(left - right));
  return points.map(([start, most]) => ({ start: String(start), most }));
}

/** As many as are told at most, with as many invocations each, ids and versions as long as they get. */
export function crowd(now: number): Schemas["FunctionSandboxes"] {
  const end = BigInt(now) * 1_000_000n;
  const told = Array.from({ length: MOST_SHOWN }, (_, place): Sandbox => {
    const begun = end - BigInt(55 * 60 - place * 40) * 1_000_000_000n;
    // Of the newest only the latest are told one by one.
    const first = begun + (place < 50 ? 900_000_000n : (end - begun) / 2n);
    const apart = (end - first) / 301n;
    const runs = Array.from({ length: 300 }, (_, at): Schemas["SandboxRun"] => ({
      request_id: `request-${place}-${at}`,
      start: String(first + apart * BigInt(at)),
      duration: String(apart / 3n),
      outcome: at % 97 === place ? "timeout" : at % 41 === place % 41 ? "error" : "ok",
    }));
    return {
      sandbox_id: `${place}-2026/11/23/[prod-blue-eu-central-1]${"0123456789abcdef".repeat(6)}`,
      version: "release-2026-11-23-with-a-very-long-name-that-nobody-would-type",
      memory_bytes: String(512n * MB),
      cold: place % 3 === 0 ? "provisioned" : "snapstart",
      prepared: { kind: place % 3 === 0 ? "init" : "restore", start: String(begun), duration: "800000000" },
      invocations: place < 50 ? "300" : "12345",
      errors: "8",
      busy: String(apart * 100n),
      first: String(begun + 900_000_000n),
      last: String(end),
      first_memory_bytes: String(120n * MB),
      last_memory_bytes: String((120n + BigInt(place * 6)) * MB),
      runs,
    };
  });
  return {
    sandboxes: told,
    total: "1284",
    unused: { sandboxes: "412", prepared: String(329n * 1_000_000_000n), cost: "2740000" },
    step: String(MINUTE),
    concurrency: null,
  };
}
