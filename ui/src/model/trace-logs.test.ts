import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import { layOut } from "./layout.ts";
import { madeTrace } from "./made.ts";
import type { Log } from "./trace.ts";
import { ofTrace, placed } from "./trace-logs.ts";

const trace = madeTrace([
  { start: 0, end: 100, name: "invocation", phase: "invocation", requestId: "r-1" },
  { start: 10, end: 60, parent: 0, name: "handler" },
  { start: 20, end: 30, parent: 1, name: "call" },
]);

const line = (at: number, some: Partial<Log> = {}): Log => ({
  time: time(BigInt(at)),
  severity: 9,
  body: `at ${at}`,
  source: "function",
  service: "shop",
  requestId: "r-1",
  traceId: null,
  spanId: null,
  attributes: [],
  ...some,
});

test("lines stand in the order of time, each once", () => {
  const lines = ofTrace([line(9), line(3), line(9), line(5)]);
  expect(lines.map(one => one.body)).toEqual(["at 3", "at 5", "at 9"]);
});

test("a line is of the span that it names, else of the innermost that was open", () => {
  const lines = [
    line(5),
    line(25),
    line(40),
    line(25, { spanId: "0000000000000001" }),
    line(25, { requestId: "r-2" }),
    line(200),
  ];
  const told = placed(trace, layOut(trace), lines).map(({ span, isNamed }) => [span, isNamed]);
  expect(told).toEqual([
    [0, false],
    [2, false],
    [1, false],
    [1, true],
    [null, false],
    [0, false],
  ]);
});
