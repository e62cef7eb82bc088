/** Alerts of the made-up shop: a bad deploy of inventory, and what came of it. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];
type Alert = Schemas["Alert"];
type Transition = Schemas["Transition"];
type Rule = Schemas["Rule"];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

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

export function silences(now: number): Schemas["Silence"][] {
  const of = (
    silence: string,
    matchers: Schemas["Matcher"][],
    startMs: number,
    endMs: number,
    comment: string,
  ): Schemas["Silence"] => ({
    silence,
    matchers,
    starts: nanosAt(now + startMs),
    ends: nanosAt(now + endMs),
    comment,
    created_by: "ada",
    created: nanosAt(now + Math.min(startMs, 0) - MINUTE_MS),
    state: endMs <= 0 ? "expired" : startMs > 0 ? "pending" : "active",
  });
  return [
    of(
      "s-imports",
      [
        { name: "function", op: "=", value: "importer" },
        { name: "severity", op: "=~", value: "info|warning" },
      ],
      -4 * HOUR_MS,
      8 * HOUR_MS,
      "The yearly import runs; it may take as long as it likes.",
    ),
    of(
      "s-move",
      [{ name: "team", op: "=", value: "shop" }],
      14 * HOUR_MS,
      16 * HOUR_MS,
      "The warehouse's database moves",
    ),
    of("s-old", [{ name: "alertname", op: "=", value: "dear" }], -3 * DAY_MS, -2 * DAY_MS, ""),
  ];
}

export function channels(now: number): Schemas["Channel"][] {
  const of = (
    channel: string,
    name: string,
    kind: Schemas["Channel"]["kind"],
    rest: Partial<Schemas["Channel"]>,
  ): Schemas["Channel"] => ({
    channel,
    name,
    kind,
    is_default: false,
    url: "",
    settings: { group_by: ["alertname", "function"], group_wait: "0s", group_interval: "1m", repeat: "4h" },
    secrets: [],
    disabled: null,
    created: nanosAt(now - 20 * DAY_MS),
    updated: nanosAt(now - 4 * DAY_MS),
    waiting: 0,
    ...rest,
  });
  return [
    of("c-am", "alertmanager", "alertmanager", { url: "http://alertmanager.internal:9093", settings: {} }),
    of("c-chat", "chat", "slack", { is_default: true, url: "https://hooks.slack.com", secrets: ["url"] }),
    of("c-old", "old pager", "webhook", {
      url: "https://pager.example.com/v1/coldtrace",
      secrets: ["signing_key"],
      disabled: "The receiver answered 410 Gone at 2026-11-25 08:14 UTC: it wants nothing more.",
      waiting: 3,
    }),
    of("c-oncall", "oncall", "pagerduty", {
      is_default: true,
      url: "https://events.pagerduty.com/v2/enqueue",
      secrets: ["routing_key"],
    }),
    of("c-tickets", "tickets", "webhook", {
      is_default: true,
      url: "https://tickets.example.com/hooks/coldtrace",
      secrets: ["signing_key", "header authorization"],
      waiting: 1,
    }),
  ];
}

export function deliveries(now: number): Schemas["DeliveryDetail"][] {
  const of = (
    delivery: string,
    name: string,
    state: Schemas["Delivery"]["state"],
    summary: string,
    agoMs: number,
    attempts: Schemas["DeliveryAttempt"][],
  ): Schemas["DeliveryDetail"] => ({
    delivery: {
      delivery,
      channel: channels(now).find(one => one.name === name)?.channel ?? "",
      channel_name: name,
      state,
      summary,
      transitions: ["9f1c0a77b2d4e658-6"],
      created: nanosAt(now - agoMs),
      attempts: attempts.length,
      next_attempt: state === "waiting" ? nanosAt(now + 4 * MINUTE_MS) : null,
      last_status: attempts[0]?.status ?? null,
      last_error: attempts[0]?.error ?? null,
    },
    body: body(delivery, summary),
    attempts,
  });
  const tried = (
    number: number,
    agoMs: number,
    status: number | null,
    answer: string,
    error: string | null,
  ): Schemas["DeliveryAttempt"] => ({
    number,
    at: nanosAt(now - agoMs),
    took: status === null ? "10000000000" : "184000000",
    status,
    answer,
    error,
    headers: { "content-type": "application/json", "webhook-id": "msg_2f9", "webhook-timestamp": "1763906582" },
  });
  const slow = "inventory is slow: p95 duration over 5 min is 1.42 s, above 800 ms.";
  return [
    of("msg_2f9", "tickets", "waiting", slow, 11 * MINUTE_MS, [
      tried(3, 2 * MINUTE_MS, 503, "<html><body>upstream is busy</body></html>", null),
      tried(2, 9 * MINUTE_MS, null, "", "no answer within 10 s"),
      tried(1, 11 * MINUTE_MS, null, "", "connection refused"),
    ]),
    of("msg_2f8", "oncall", "delivered", slow, 11 * MINUTE_MS, [
      tried(
        1,
        11 * MINUTE_MS,
        202,
        '{"status":"success","message":"Event processed","dedup_key":"9f1c0a77b2d4e658"}',
        null,
      ),
    ]),
    of("msg_2f7", "chat", "delivered", slow, 11 * MINUTE_MS, [tried(1, 11 * MINUTE_MS, 200, "ok", null)]),
    of("msg_2e0", "chat", "failed", "checkout has a new error: CardDeclined, 14 times over 30 min.", 26 * MINUTE_MS, [
      tried(3, 20 * MINUTE_MS, 404, "no_service", null),
      tried(2, 25 * MINUTE_MS, 404, "no_service", null),
      tried(1, 26 * MINUTE_MS, 404, "no_service", null),
    ]),
    of("msg_2a1", "old pager", "cancelled", "checkout is well again: error rate over 5 min is back.", 2 * DAY_MS, [
      tried(1, 2 * DAY_MS, 410, "gone", null),
    ]),
  ];
}

const body = (id: string, summary: string): string =>
  JSON.stringify({
    type: "alert.firing",
    id,
    data: { alerts: [{ alert: "9f1c0a77b2d4e658", severity: "critical", summary }] },
  });

/** The same question has the same answer, but for the time. */
export function backtest({ rule, from, to }: Schemas["BacktestQuestion"], now: number): Schemas["Backtest"] {
  const end = BigInt(to ?? nanosAt(now));
  const start = BigInt(from ?? String(end - 86_400_000_000_000n));
  const count = 300;
  const step = (end - start) / BigInt(count);
  const isLength = typeof rule.when.above === "string" && rule.when.above.endsWith("s");
  const threshold = isLength ? 8e8 : 0.05;
  const names = rule.by === "all" ? [null] : ["inventory", "checkout", "mailer", "thumbnails"];
  const episodes: Schemas["Episode"][] = [];
  const series = names.map((name, at) => {
    const random = new Random(97 + at);
    const labels: Schemas["Labels"] = {
      alertname: rule.name,
      severity: rule.severity,
      ...(name !== null && { function: name }),
    };
    const peaks = Array.from({ length: at === 0 ? 4 : at === 1 ? 2 : 0 }, () => Math.floor(random.between(20, 295)));
    const values = Array.from({ length: count }, (_, index) => {
      const near = peaks.some(peak => index >= peak && index < peak + 6);
      if (at === 3 && index % 40 < 12) return null;
      return threshold * (near ? random.between(1.1, 1.9) : random.between(0.25, 0.55) + 0.1 * Math.sin(index / 24));
    });
    for (const peak of peaks) {
      const last = Math.min(count, peak + 6);
      episodes.push({
        labels,
        from: String(start + step * BigInt(peak)),
        to: last === count ? null : String(start + step * BigInt(last)),
        peak: Math.max(...values.slice(peak, last).map(value => value ?? 0)),
        summary: `${name ?? "everything"} is slow: p95 duration over 5 min is 1.3 s, above 800 ms.`,
      });
    }
    return { labels, values };
  });
  episodes.sort((left, right) => Number(BigInt(right.from) - BigInt(left.from)));
  const firing = episodes.reduce((sum, one) => sum + BigInt(one.to ?? end) - BigInt(one.from), 0n);
  return {
    from: String(start),
    to: String(end),
    step: String(step),
    episodes,
    total: episodes.length,
    firing: String(firing),
    series,
    threshold,
    unit: isLength ? "nanos" : "share",
  };
}
