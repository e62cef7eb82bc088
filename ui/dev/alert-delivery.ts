/** Who is told of the made-up shop's alerts, who is not, and what became of each message. */

import type { components } from "../src/api/generated/openapi.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, nanosAt } from "./alert-data.ts";

type Schemas = components["schemas"];

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
