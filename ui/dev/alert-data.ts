/** Alerts of the made-up shop: a bad deploy of inventory, and what came of it. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];
type Alert = Schemas["Alert"];
type Transition = Schemas["Transition"];
type Rule = Schemas["Rule"];

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const nanosAt = (millis: number): string => `${Math.round(millis)}000000`;

const RULE: Omit<Schemas["RuleDefinition"], "name" | "when"> = {
  enabled: true,
  severity: "warning",
  for: "0",
  keep: "2m",
  by: "function",
};

export function rules(now: number): Rule[] {
  const of = (
    id: string,
    file: string | null,
    definition: Schemas["RuleDefinition"],
    counts: readonly number[],
  ): Rule => ({
    rule: id,
    origin: file === null ? "api" : "file",
    file,
    definition,
    created: file === null ? nanosAt(now - 9 * DAY_MS) : null,
    updated: file === null ? nanosAt(now - 2 * DAY_MS) : null,
    pending: counts[0] ?? 0,
    firing: counts[1] ?? 0,
  });
  const SHOP = "/etc/coldtrace/rules/shop.toml";
  const slow: Schemas["RuleDefinition"] = {
    ...RULE,
    name: "too slow",
    severity: "critical",
    for: "2m",
    runbook: "https://wiki.example.org/runbooks/slow",
    labels: { team: "shop" },
    channels: ["oncall"],
    scope: { functions: ["checkout*", "inventory"], except: ["*-canary"] },
    when: { kind: "threshold", measure: "p95", above: "800ms", clear: "600ms", window: "5m", at_least: 20 },
  };
  return [
    of(
      "file:budget burns",
      SHOP,
      { ...RULE, name: "budget burns", severity: "error", when: { kind: "burn_rate", objective: "99.9%" } },
      [],
    ),
    of(
      "file:cold starts",
      SHOP,
      {
        ...RULE,
        name: "cold starts",
        severity: "info",
        when: { kind: "cold_start_budget", init: "800ms", share: "1%", window: "30m" },
      },
      [0, 1],
    ),
    of(
      "r7c1d2",
      null,
      {
        ...RULE,
        name: "dear",
        severity: "warning",
        enabled: false,
        by: "all",
        when: { kind: "threshold", measure: "cost", above: "$0.50", window: "6h" },
      },
      [],
    ),
    of(
      "file:fails",
      SHOP,
      {
        ...RULE,
        name: "fails",
        severity: "error",
        runbook: "https://wiki.example.org/runbooks/fails",
        when: { kind: "threshold", measure: "error_rate", above: 0.05, window: "5m", at_least: 20 },
      },
      [1, 1],
    ),
    of(
      "file:new errors",
      SHOP,
      { ...RULE, name: "new errors", when: { kind: "error_group", new: true, regressed: true, window: "30m" } },
      [0, 1],
    ),
    of(
      "r2b9e0",
      null,
      {
        ...RULE,
        name: "nobody buys",
        severity: "error",
        scope: { functions: ["checkout"] },
        when: { kind: "deviation", measure: "invocations", factor: 2, direction: "below", window: "30m" },
      },
      [],
    ),
    of("r41aa7", null, slow, [0, 1]),
  ];
}

export function ruleFiles(now: number): Schemas["RuleFile"][] {
  return [
    { file: "/etc/coldtrace/rules/shop.toml", loaded: nanosAt(now - 3 * HOUR_MS), mistakes: [] },
    {
      file: "/etc/coldtrace/rules/imports.toml",
      loaded: null,
      mistakes: [
        {
          at: 'line 7, rule "imports stand still", when.kind',
          message:
            'found "absense", which is no kind; did you mean "absence"? Kinds are threshold, ratio, absence, burn_rate, error_group, cold_start_budget and deviation',
        },
        {
          at: 'line 9, rule "imports stand still", when.window',
          message: 'found "150m"; windows are whole minutes up to 2h or whole hours from 3h to 7d',
        },
      ],
    },
  ];
}

interface Sketch {
  readonly id: string;
  readonly rule: string;
  readonly name: string;
  readonly severity: Alert["severity"];
  readonly phase: Alert["phase"];
  readonly labels: Schemas["Labels"];
  readonly agoMs: number;
  readonly summary: string;
  readonly reading: Schemas["AlertReading"];
  readonly silenced?: readonly string[];
  readonly inhibited?: true;
}

const SKETCHES: readonly Sketch[] = [
  {
    id: "9f1c0a77b2d4e658",
    rule: "r41aa7",
    name: "too slow",
    severity: "critical",
    phase: "firing",
    labels: { function: "inventory", team: "shop" },
    agoMs: 11 * MINUTE_MS,
    summary: "inventory is slow: p95 duration over 5 min is 1.42 s, above 800 ms.",
    reading: { name: "p95 duration over 5 min", unit: "nanos", value: 1.42e9, bad: "above", threshold: 8e8 },
  },
  {
    id: "1d20e94f5566a0b3",
    rule: "file:fails",
    name: "fails",
    severity: "error",
    phase: "firing",
    labels: { function: "checkout" },
    agoMs: 9 * MINUTE_MS,
    summary: "checkout fails: error rate over 5 min is 8.1 %, above 5 %.",
    reading: { name: "error rate over 5 min", unit: "share", value: 0.081, bad: "above", threshold: 0.05 },
    inhibited: true,
  },
  {
    id: "77aa01c3de45f912",
    rule: "file:fails",
    name: "fails",
    severity: "error",
    phase: "pending",
    labels: { function: "thumbnails" },
    agoMs: MINUTE_MS,
    summary: "thumbnails fails: error rate over 5 min is 6.2 %, above 5 %.",
    reading: { name: "error rate over 5 min", unit: "share", value: 0.062, bad: "above", threshold: 0.05 },
  },
  {
    id: "c0ffee00c0ffee00",
    rule: "file:new errors",
    name: "new errors",
    severity: "warning",
    phase: "firing",
    labels: { function: "checkout", error_group: "5d41402abc4b2a76", error_type: "CardDeclined" },
    agoMs: 26 * MINUTE_MS,
    summary: "checkout has a new error: CardDeclined, 14 times over 30 min.",
    reading: { name: "CardDeclined over 30 min", unit: "count", value: 14, bad: "above", threshold: 0 },
  },
  {
    id: "ab54a98ceb1f0ad2",
    rule: "file:cold starts",
    name: "cold starts",
    severity: "info",
    phase: "firing",
    labels: { function: "importer" },
    agoMs: 5 * HOUR_MS,
    summary: "importer starts cold too often: 3.4 % of invocations waited longer than 800 ms, above 1 %.",
    reading: {
      name: "invocations that waited longer than 800 ms",
      unit: "share",
      value: 0.034,
      bad: "above",
      threshold: 0.01,
    },
    silenced: ["s-imports"],
  },
];

export function alerts(now: number): Alert[] {
  return SKETCHES.map(one => ({
    alert: one.id,
    rule: one.rule,
    rule_name: one.name,
    phase: one.phase,
    severity: one.severity,
    labels: { alertname: one.name, severity: one.severity, ...one.labels },
    since: nanosAt(now - one.agoMs),
    fired: one.phase === "firing" ? nanosAt(now - one.agoMs) : null,
    summary: one.summary,
    reading: one.reading,
    silenced_by: [...(one.silenced ?? [])],
    is_inhibited: one.inhibited ?? false,
  }));
}

/** The latest first: what fires now, and what came and went before. */
export function transitions(now: number, examples: readonly Schemas["Invocation"][]): Transition[] {
  const found = alerts(now)
    .filter(one => one.phase === "firing")
    .map(one => transition(one, 3, "firing", one.since, one.since, why(one, now, examples)));
  for (const one of alerts(now).filter(one => one.phase === "firing")) {
    for (const [at, days] of [2, 1].map(at => [at, (3 - at) * 2.3] as const)) {
      const start = nanosAt(now - days * DAY_MS - HOUR_MS * (one.rule.length % 5));
      const end = String(BigInt(start) + 23n * 60_000_000_000n);
      found.push(transition(one, at, "resolved", end, start, NOTHING));
      found.push(transition(one, at, "firing", start, start, NOTHING));
    }
  }
  return found.sort((left, right) => Number(BigInt(right.at) - BigInt(left.at)));
}

const NOTHING: Schemas["AlertWhy"] = { history: [], causes: [], path: [], examples: [], links: [] };

function transition(
  { alert, rule, rule_name, severity, labels, summary, reading }: Alert,
  number: number,
  change: Transition["change"],
  at: string,
  since: string,
  why: Schemas["AlertWhy"],
): Transition {
  const told = reading ?? { name: "", unit: "count", value: null, bad: "above", threshold: 0 };
  const ended = change === "resolved";
  return {
    id: `${alert}-${number * 2 + (ended ? 1 : 0)}`,
    ...{ alert, rule, rule_name, change, severity, at, since, labels },
    summary: ended ? `${labels.function} is well again: ${told.name} is back.` : summary,
    runbook:
      rule_name === "too slow" || rule_name === "fails"
        ? `https://wiki.example.org/runbooks/${rule_name.split(" ").at(-1)}`
        : null,
    reading: ended ? { ...told, value: told.threshold * 0.6 } : told,
    why,
  };
}

function why(one: Alert, now: number, invocations: readonly Schemas["Invocation"][]): Schemas["AlertWhy"] {
  const { reading, labels } = one;
  const name = labels.function ?? "";
  const random = new Random(31);
  const fired = Number(BigInt(one.since) / 1_000_000n);
  const threshold = reading?.threshold ?? 0;
  const usual = threshold > 0 ? threshold * 0.35 : 0;
  const history = Array.from({ length: 31 }, (_, at) => {
    const rise = Math.max(0, at - 24) / 6;
    const value = usual * random.between(0.8, 1.3) + rise * ((reading?.value ?? 0) - usual);
    return { at: nanosAt(fired - (30 - at) * MINUTE_MS), value: at === 9 ? null : value };
  });
  const to = nanosAt(now);
  const from = nanosAt(fired - 10 * MINUTE_MS);
  return {
    history,
    causes: [
      { key: "version", value: "43", of_bad: 0.97, of_rest: 0.31 },
      { key: "span.db.statement", value: "SELECT stock FROM warehouse", of_bad: 0.92, of_rest: 0.4 },
      { key: "span.cache.hit", value: null, of_bad: 0.64, of_rest: 0.08 },
    ],
    path: [
      { what: "SELECT warehouse, postgres", before: "41000000", now: "1130000000" },
      { what: "its own work", before: "120000000", now: "131000000" },
    ],
    examples: invocations
      .filter(invocation => invocation.function === name)
      .slice(0, 3)
      .map(({ request_id, duration, outcome }) => ({
        request_id,
        duration,
        outcome,
        href: `/invocations/${request_id}`,
      })),
    links: [
      { title: `${name} when it fired`, href: `/functions/${name}?from=${from}&to=${to}` },
      { title: "What sets the slow ones apart", href: `/functions/${name}?from=${from}&to=${to}&why=slow` },
    ],
  };
}
