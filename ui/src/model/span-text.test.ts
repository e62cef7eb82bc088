import { expect, test } from "vitest";

import type { Attribute } from "./attribute.ts";
import { madeTrace } from "./made.ts";
import { spanTarget, spanTitle } from "./span-text.ts";
import type { Span } from "./trace.ts";

function span(changes: Partial<Omit<Span, "start" | "end" | "parent">>): Span {
  const [made] = madeTrace([{ start: 0, end: 1, ...changes }]).spans;
  return made as Span;
}

const attributes = (plain: Record<string, string>): Attribute[] =>
  Object.entries(plain).map(([key, value]) => ({ key, value: { kind: "string", value } }));

test("a span tells whom it talked to", () => {
  const cases: [Record<string, string>, string][] = [
    [{ "url.full": "https://me:secret@payments.example:8443/v1/charges/?order=7" }, "payments.example:8443/v1/charges"],
    [{ "http.url": "http://127.0.0.1:7000/" }, "127.0.0.1:7000"],
    [{ "http.target": "/reserve?x=1", "net.peer.name": "inventory" }, "/reserve"],
    [{ "messaging.destination.name": "receipts", "server.address": "sqs" }, "receipts"],
    [{ "db.system.name": "postgresql" }, "postgresql"],
    [{ other: "x" }, ""],
  ];
  for (const [plain, target] of cases) {
    expect(spanTarget(span({ name: "POST", attributes: attributes(plain) })), JSON.stringify(plain)).toBe(target);
  }
});

test("what the name says already is not said again", () => {
  expect(spanTarget(span({ name: "POST /reserve", attributes: attributes({ "url.path": "/reserve" }) }))).toBe("");
});

test("a phase is called by its name in words, an invocation by its own", () => {
  expect(spanTitle(span({ name: "runtime_init", phase: "runtime_init" }))).toBe("runtime init");
  expect(spanTitle(span({ name: "checkout", phase: "invocation" }))).toBe("checkout");
  expect(spanTitle(span({ name: "x", phase: "a later one" }))).toBe("x");
});
