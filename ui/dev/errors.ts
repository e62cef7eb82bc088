/** The made-up functions' errors: those of one outcome are alike. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Group = Schemas["ErrorGroup"];

const STEPS = 48;
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

/** Newest first, as invocations are listed. */
export function errors(invocations: readonly Invocation[], from: bigint, to: bigint): Schemas["ErrorList"] {
  const start = (from / WINDOW) * WINDOW;
  const windows = (to - start + WINDOW - 1n) / WINDOW;
  const step = ((windows + BigInt(STEPS) - 1n) / BigInt(STEPS)) * WINDOW;
  const groups = Object.keys(WORDS).flatMap((outcome, at) => {
    const of = invocations.filter(one => one.outcome === outcome);
    return of.length === 0 ? [] : [group(outcome, at, of, invocations.length, start, step, to)];
  });
  groups.sort((left, right) => Number(right.count) - Number(left.count));
  return { errors: groups, total: groups.length, next_cursor: null, start: String(start), step: String(step) };
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
  const words = WORDS[outcome] ?? { type: outcome, message: "", seen: "" };
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
    group: (at + 1).toString(16).padStart(16, "0"),
    function: first?.function ?? "",
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
    path: `/api/v1/invocations?function=${encodeURIComponent(first?.function ?? "")}&outcome=${outcome}&from=${start}&to=${to}`,
    series: series.map(String),
  };
}
