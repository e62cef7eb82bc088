import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import { type MadeSpan, madeTrace } from "./made.ts";
import { failureText, reasons } from "./reasons.ts";

const INVOCATION: Invocation = {
  requestId: "one",
  function: "checkout",
  start: time(0n),
  outcome: "ok",
  cold: "warm",
  facts: [],
  platform: "aws_lambda",
  sandboxId: "",
  instance: "",
  version: "",
  runtime: "",
  architecture: "",
  region: "",
  account: "",
  memoryBytes: 134_217_728n,
  deadline: time(3_000_000_000n),
  trigger: "",
  duration: nanos(5n),
  billed: null,
  init: null,
  restore: null,
  responseLatency: null,
  responseDuration: null,
  runtimeOverhead: null,
  extensionOverhead: null,
  producedBytes: null,
  maxMemoryBytes: 134_217_728n,
  errorType: "",
  platformTraceId: null,
  sdkTraceId: null,
  cost: null,
};

const OWN: MadeSpan = { start: 0, end: 9, requestId: "one" };

function told(changes: Partial<Invocation>, ...spans: MadeSpan[]): string[] {
  const found = reasons({ ...INVOCATION, ...changes }, madeTrace(spans));
  return found.map(({ title, text, span }) => `${title}: ${text} ${span ?? ""}`.replaceAll("\u00a0", " ").trim());
}

const raised = (message: string): Pick<MadeSpan, "events"> => ({
  events: [
    {
      time: time(1n),
      name: "exception",
      droppedAttributes: 0,
      attributes: [
        { key: "exception.type", value: { kind: "string", value: "Declined" } },
        { key: "exception.message", value: { kind: "string", value: message } },
      ],
    },
  ],
});

test("an invocation that went well has nothing to be said of", () => {
  expect(told({}, OWN)).toEqual([]);
});

test("the platform's limits are named with their size", () => {
  expect(told({ outcome: "timeout" }, OWN)).toEqual(["Time limit: The platform ended it at its limit of 3.00 s."]);
  expect(told({ outcome: "oom" }, OWN)).toEqual(["Out of memory: 128 MB used of 128 MB; the platform ended it."]);
});

test("an exception is told once, where it was raised, and instead of its class", () => {
  const handler = { ...OWN, ...raised("no money") };
  const charge = { ...OWN, ...raised("no money"), parent: 0 };
  expect(told({ outcome: "error", errorType: "Runtime.Unknown" }, handler, charge)).toEqual([
    "Exception: Declined: no money 1",
  ]);
  expect(told({ outcome: "error", errorType: "Runtime.Unknown" }, OWN)).toEqual(["Error type: Runtime.Unknown"]);
});

test("a process that was started again says what that took", () => {
  const init: MadeSpan = { start: 0, end: 480_000_000, phase: "init", requestId: "one" };
  expect(told({ cold: "reset" }, OWN, init)).toEqual([
    "Reset: The invocation before it ended the process: 480 ms went into starting it again before the handler ran. 1",
  ]);
});

test("what others did is not taken for the function's own work", () => {
  const callee: MadeSpan[] = [
    { ...OWN, phase: "invocation" },
    { start: 1, end: 5, parent: 0, phase: "invocation", requestId: "two", service: "stock" },
    { start: 2, end: 4, parent: 1, service: "stock", ...raised("sold out") },
  ];
  expect(told({ outcome: "timeout" }, ...callee)).toEqual([
    "Time limit: The platform ended it at its limit of 3.00 s.",
    "Exception in stock: Declined: sold out 2",
    "No spans: The function sent no span of its own. What is shown is the platform's account.",
  ]);
});

test("a cold start leads to its span", () => {
  const init = { start: -5, end: 0, phase: "init", requestId: "one" };
  expect(told({ cold: "on_demand", init: nanos(812_000_000n) }, init, OWN)[0]).toMatch(/^Cold start: 812 ms .* 0$/);
});

test("missing spans are said to be missing", () => {
  const platform = { ...OWN, phase: "invocation" };
  expect(told({}, platform)).toEqual([
    "No spans: The function sent no span of its own. What is shown is the platform's account.",
  ]);
});

test("a failed span is told by its status, else by its exception", () => {
  const said = (span: Partial<MadeSpan>) => {
    const [made] = madeTrace([{ ...OWN, ...span }]).spans;
    return made === undefined ? null : failureText(made);
  };
  expect(said({ statusMessage: "402", ...raised("no money") })).toBe("402");
  expect(said(raised("no money"))).toBe("Declined: no money");
  expect(said({})).toBeNull();
});
