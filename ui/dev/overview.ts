/** The made-up functions beside their time before, and what changed: a bad release of inventory, and what came of it. */

import type { components } from "../src/api/generated/openapi.ts";
import { nanos } from "./journey.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];
type Summary = Schemas["Function"];
type Change = Schemas["Change"];

const MINUTE = 60_000_000_000n;
const DAY = 1440n * MINUTE;
/** As the API's: at most so many points, and what they may be apart, in minutes. */
const POINTS = 48n;
const STEP_MINUTES = [1n, 2n, 5n, 10n, 20n, 30n, 60n, 120n, 360n, 720n];

export function trendStep(from: bigint, to: bigint): bigint {
  return (STEP_MINUTES.find(minutes => (to - from) / (minutes * MINUTE) < POINTS) ?? 720n) * MINUTE;
}

/** What the time before was, as parts of what is now; where there is nothing the function was not invoked. */
const BEFORE: Readonly<Record<string, { readonly all: number; readonly failed: number; readonly length: number }>> = {
  checkout: { all: 0.86, failed: 0.2, length: 0.97 },
  inventory: { all: 1.02, failed: 0, length: 0.21 },
  mailer: { all: 0.95, failed: 1, length: 1.4 },
  importer: { all: 1, failed: 1, length: 1.02 },
};

export function listed(
  summary: Summary,
  invocations: readonly Invocation[],
  step: bigint,
  finding: Schemas["ToldFinding"] | undefined,
): Schemas["ListedFunction"] {
  const groups = new Map<bigint, Invocation[]>();
  for (const one of invocations.toReversed()) {
    const start = (BigInt(one.start) / step) * step;
    groups.set(start, [...(groups.get(start) ?? []), one]);
  }
  const trend = [...groups].map(([start, of]): Schemas["TrendPoint"] => ({
    start: String(start),
    invocations: String(of.length),
    errors: String(of.filter(one => one.outcome !== "ok" && one.outcome !== "running").length),
    cold_starts: String(of.filter(one => one.cold !== "warm").length),
    p95: of[0]?.duration ?? "0",
  }));
  return {
    ...summary,
    trend,
    previous: before(summary),
    top_finding: finding === undefined ? null : { kind: finding.kind, title: finding.title, gain: finding.gain },
  };
}

function before(now: Summary): Schemas["FunctionBefore"] | null {
  const was = BEFORE[now.function];
  if (was === undefined) return null;
  const part = (text: string, of: number) => String(Math.round(Number(text) * of));
  return {
    invocations: part(now.invocations, was.all),
    errors: part(now.errors, was.failed),
    cold_starts: part(now.cold_starts, was.all),
    p50: part(now.p50, was.length),
    p95: part(now.p95, was.length),
    cost: now.cost === null ? null : part(now.cost, was.all * was.length),
  };
}

interface Asked {
  readonly from: bigint;
  readonly to: bigint;
  readonly function: string | null;
  /** The id of an error that came first in the range. */
  readonly error: string;
}

export function changes(asked: Asked): Schemas["ChangeList"] {
  const to = asked.to === 0n ? BigInt(Date.now()) * 1_000_000n : asked.to;
  const from = asked.from === 0n ? to - DAY : asked.from;
  const range = `from=${from}&to=${to}`;
  const of = (name: string) => `/api/v1/functions/${encodeURIComponent(name)}?${range}`;
  const ago = (minutes: bigint) => String(to - minutes * MINUTE);
  const plain = { about: "", at: null, unit: "nanos" as const };
  const all: Change[] = [
    {
      ...plain,
      kind: "slower",
      function: "inventory",
      is_worse: true,
      before: Number(nanos(94)),
      after: Number(nanos(1_310)),
      question: of("inventory"),
    },
    {
      ...plain,
      kind: "new_error",
      function: "checkout",
      about: "PaymentDeclined: card of customer * was declined",
      is_worse: true,
      unit: "count",
      before: 0,
      after: 14,
      at: ago(18n),
      question: `/api/v1/errors/${asked.error}?${range}`,
    },
    {
      ...plain,
      kind: "error_rate",
      function: "checkout",
      is_worse: true,
      unit: "share",
      before: 0.004,
      after: 0.031,
      question: of("checkout"),
    },
    {
      ...plain,
      kind: "silent",
      function: "nightly-report",
      is_worse: true,
      unit: "count",
      before: 24,
      after: 0,
      at: ago(1_460n),
      question: of("nightly-report"),
    },
    {
      ...plain,
      kind: "cold_rate",
      function: "thumbnails",
      is_worse: true,
      unit: "share",
      before: 0.02,
      after: 0.09,
      question: `/api/v1/cold-starts?function=thumbnails&${range}`,
    },
    {
      ...plain,
      kind: "cost",
      function: "inventory",
      is_worse: true,
      unit: "nano_dollars_per_hour",
      before: 12_300_000,
      after: 51_800_000,
      question: of("inventory"),
    },
    {
      ...plain,
      kind: "new_version",
      function: "inventory",
      about: "43",
      is_worse: false,
      unit: "count",
      before: 0,
      after: 212,
      at: ago(22n),
      question: `/api/v1/compare?function=inventory&version=43&${range}`,
    },
    {
      ...plain,
      kind: "new_function",
      function: "thumbnails",
      is_worse: false,
      unit: "count",
      before: 0,
      after: 38,
      at: ago(310n),
      question: of("thumbnails"),
    },
    {
      ...plain,
      kind: "faster",
      function: "mailer",
      is_worse: false,
      before: Number(nanos(420)),
      after: Number(nanos(233)),
      question: of("mailer"),
    },
  ];
  const found = all.filter(one => asked.function === null || one.function === asked.function);
  return { changes: found, before_from: String(from - (to - from)), from: String(from), to: String(to) };
}
