import { expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import { findingsOf } from "./findings.ts";
import { type MadeSpan, madeTrace } from "./made.ts";
import type { Finding } from "./trace.ts";

const SPANS: MadeSpan[] = [
  { start: 0, end: 90, requestId: "one" },
  { start: 1, end: 60, parent: 0, requestId: "one" },
  { start: 2, end: 50, parent: 1, requestId: "two" },
  { start: 70, end: 80, requestId: "three" },
];

const finding = (kind: Finding["kind"], span: number): Finding => ({
  kind,
  title: "",
  text: "",
  span,
  evidence: [span],
  evidenceTotal: 1,
  gain: nanos(1n),
  confidence: "high",
});

test("of one request its own are told and those of whom it called, but for its cold start, which the page tells already", () => {
  const trace = {
    ...madeTrace(SPANS),
    findings: [finding("retries", 1), finding("cold_start", 0), finding("cold_start", 2), finding("retries", 3)],
  };
  expect(findingsOf(trace, "one").map(({ kind, span }) => `${kind} ${span}`)).toEqual(["retries 1", "cold_start 2"]);
  expect(findingsOf(trace, null)).toEqual(trace.findings);
});
