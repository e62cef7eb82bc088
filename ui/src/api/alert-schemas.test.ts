/** What the API sends of alerts, parsed; and that what is changed in the made-up API is changed. */

import { expect, test } from "vitest";
import * as z from "zod/mini";

import { FakeApi, type How } from "../../dev/fake-api.ts";
import { alertList } from "./active-alerts.ts";
import {
  alertDetail,
  backtest,
  channelList,
  createdChannel,
  deliveryDetail,
  deliveryList,
  rule,
  ruleDefinition,
  ruleList,
  silence,
  silenceList,
  transitionList,
} from "./alert-schemas.ts";

const api = new FakeApi("full", Date.UTC(2026, 10, 23));

function ask(path: string, method?: string, body?: unknown): unknown {
  const how: How | undefined = method === undefined ? undefined : { method, body: JSON.stringify(body ?? null) };
  return api.answer(new URL(`http://here/api/v1/alerts${path}`), how)?.body;
}

test("alerts and their reasons are parsed", () => {
  const { alerts } = z.parse(alertList, ask(""));
  expect(alerts.map(one => one.phase)).toContain("pending");
  for (const one of alerts) {
    const { transition } = z.parse(alertDetail, ask(`/${one.id}`));
    expect(transition === null).toBe(one.phase === "pending");
  }
  const { transitions } = z.parse(transitionList, ask(`/history?alert=${alerts[0]?.id}`));
  expect(transitions[0]?.why.causes[0]).toMatchObject({ key: "version", ofBad: 0.97 });
});

test("rules are parsed, and their files", () => {
  const { rules, files } = z.parse(ruleList, ask("/rules"));
  expect(rules.some(one => one.origin === "file") && rules.some(one => one.origin === "api")).toBe(true);
  expect(files.filter(one => one.mistakes.length > 0).map(one => one.isLoaded)).toEqual([false]);
});

test("what a definition leaves out is as it would be anyway", () => {
  const parsed = z.parse(ruleDefinition, { name: "a", when: { kind: "absence" } } as never);
  expect(parsed).toMatchObject({
    enabled: true,
    severity: "warning",
    for: "0",
    keep: "2m",
    by: "function",
    runbook: null,
  });
  expect(parsed.scope).toEqual({ functions: [], except: [], versions: [], tags: {} });
});

test("a rule is made, tried and ended", () => {
  const definition = { name: "a new one", when: { kind: "threshold", measure: "p95", above: "1s", window: "5m" } };
  const made = z.parse(rule, ask("/rules", "POST", definition));
  expect(z.parse(backtest, ask("/backtest", "POST", { rule: made.definition })).series.length).toBeGreaterThan(1);
  ask(`/rules/${made.id}`, "DELETE");
  expect(z.parse(ruleList, ask("/rules")).rules.map(one => one.id)).not.toContain(made.id);
});

test("silences, channels and deliveries are parsed", () => {
  const ends = "1790000000000000000";
  const made = z.parse(silence, ask("/silences", "POST", { matchers: [{ name: "a", op: "=", value: "b" }], ends }));
  expect(z.parse(silenceList, ask("/silences")).silences[0]).toEqual(made);
  const { channels } = z.parse(channelList, ask("/channels"));
  expect(channels.filter(one => one.disabled !== null).length).toBe(1);
  expect(z.parse(createdChannel, ask("/channels/c-tickets/rotate", "POST")).shownOnce).toHaveProperty("signing_key");
  expect(z.parse(deliveryDetail, ask("/channels/c-tickets/test", "POST")).attempts.length).toBe(1);
  const { deliveries } = z.parse(deliveryList, ask("/deliveries?state=failed"));
  expect(deliveries.map(one => one.lastStatus)).toEqual([404]);
  expect(z.parse(deliveryDetail, ask("/deliveries/msg_2f9")).attempts.length).toBe(3);
});
