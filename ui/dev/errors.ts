/** The made-up functions' errors: those of one outcome are alike. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Group = Schemas["ErrorGroup"];

const STEPS = 48;
const STEPS_OF_ONE = 120;
const WINDOW = 300_000_000_000n;

/** What each outcome is told as. */
const WORDS: Readonly<Record<string, { readonly type: string; readonly message: string; readonly seen: string }>> = {
  error: {
    type: "PaymentDeclined",
    message: "card of customer * was declined: '*'",
    seen: "card of customer 4711 was declined: 'insufficient funds'",
  },
  init_error: { type: "Runtime.ImportModuleError", message: "", seen: "" },
  crash: { type: "Runtime.ExitError", message: "", seen: "" },
  timeout: { type: "timeout", message: "", seen: "" },
  oom: { type: "Runtime.OutOfMemory", message: "", seen: "" },
  lost: { type: "lost", message: "", seen: "" },
};

/** What functions but checkout say. */
const PLAIN = {
  type: "Error",
  message: "connect ECONNREFUSED *:*",
  seen: "connect ECONNREFUSED 10.0.12.7:5432",
};

interface Asked {
  readonly from: bigint;
  readonly to: bigint;
  readonly sort: string;
}

/** Of invocations of all functions or of one, newest first, as invocations are listed. */
export function errors(invocations: readonly Invocation[], { from, to, sort }: Asked): Schemas["ErrorList"] {
  const { start, step } = stepsOf(from, to, STEPS);
  const groups = groupsOf(invocations, start, step, to);
  const by = (group: Group) =>
    Number({ last_seen: group.last_seen, first_seen: group.first_seen }[sort] ?? group.count);
  groups.sort((left, right) => by(right) - by(left));
  return { errors: groups, total: groups.length, next_cursor: null, start: String(start), step: String(step) };
}

/** Undefined where there is none in the range. */
export function error(
  id: string,
  invocations: readonly Invocation[],
  from: bigint,
  to: bigint,
): Schemas["ErrorDetail"] | undefined {
  const { start, step } = stepsOf(from, to, STEPS_OF_ONE);
  const found = groupsOf(invocations, start, step, to).find(group => group.group === id);
  return found && { error: found, start: String(start), step: String(step) };
}

function stepsOf(from: bigint, to: bigint, most: number): { start: bigint; step: bigint } {
  const start = (from / WINDOW) * WINDOW;
  const windows = (to - start + WINDOW - 1n) / WINDOW;
  return { start, step: ((windows + BigInt(most) - 1n) / BigInt(most)) * WINDOW };
}

function groupsOf(invocations: readonly Invocation[], start: bigint, step: bigint, to: bigint): Group[] {
  const functions = [...new Set(invocations.map(one => one.function))].sort();
  return functions.flatMap(name => {
    const own = invocations.filter(one => one.function === name);
    return Object.keys(WORDS).flatMap((outcome, at) => {
      const of = own.filter(one => one.outcome === outcome);
      return of.length === 0 ? [] : [group(outcome, at, of, own.length, start, step, to)];
    });
  });
}

/** The same for a function and an outcome whenever it is asked. */
function idOf(name: string, outcome: string): string {
  let id = 0xcbf29ce484222325n;
  for (const letter of `${name} ${outcome}`)
    id = BigInt.asUintN(64, (id ^ BigInt(letter.charCodeAt(0))) * 0x100000001b3n);
  return id.toString(16).padStart(16, "0");
}

function group(
  outcome: string,
  at: number,
  of: readonly Invocation[],
  all: number,
  start: bigint,
  step: bigint,
  to: bigint,
): Group {
  const name = of[0]?.function ?? "";
  const isPlain = outcome === "error" && name !== "checkout";
  const words = (isPlain ? PLAIN : WORDS[outcome]) ?? { type: outcome, message: "", seen: "" };
  const counts = new Map<string, number>();
  for (const { version } of of) counts.set(version, (counts.get(version) ?? 0) + 1);
  const series = Array.from({ length: Math.max(1, Number((to - start + step - 1n) / step)) }, () => 0);
  for (const one of of) {
    const place = Number((BigInt(one.start) - start) / step);
    series[place] = (series[place] ?? 0) + 1;
  }
  const first = of.at(-1);
  const cold = of.filter(one => one.cold !== "warm").length;
  return {
    group: idOf(name, outcome),
    function: name,
    ...words,
    outcome: first?.outcome ?? "error",
    state: (["ongoing", "new", "regressed"] as const)[at % 3] ?? "ongoing",
    count: String(of.length),
    share: of.length / all,
    cold: String(cold),
    cold_share: cold / of.length,
    first_seen: first?.start ?? "0",
    first_version: first?.version ?? "",
    last_seen: of[0]?.start ?? "0",
    versions: [...counts].map(([version, count]) => ({ version, count: String(count) })),
    examples: of.slice(0, 3).map(one => one.request_id),
    path: `/api/v1/invocations?function=${encodeURIComponent(name)}&outcome=${outcome}&from=${start}&to=${to}`,
    series: series.map(String),
  };
}
