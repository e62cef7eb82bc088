/** What happened around an invocation: its stages, its neighbours, its attempts. */

import { describe, expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import { attemptsOf, lifeOf, limitUsed, neighboursOf } from "./invocation-life.ts";
import { madeTrace } from "./made.ts";
import { reportLine } from "./report-line.ts";
import type { FunctionSandboxes, SandboxRun } from "./sandboxes.ts";
import type { Hop, Trace } from "./trace.ts";

const MB = 1024n * 1024n;

function made(changes: Partial<Invocation> = {}): Invocation {
  return {
    requestId: "one",
    function: "checkout",
    start: time(1_000n),
    outcome: "ok",
    platform: "aws_lambda",
    facts: ["started", "finished", "reported"],
    duration: nanos(500n),
    billed: null,
    init: null,
    restore: null,
    responseLatency: null,
    deadline: null,
    memoryBytes: null,
    maxMemoryBytes: null,
    ...changes,
  } as Invocation;
}

describe("a life", () => {
  test("is told by the platform's phases, in their order", () => {
    const trace = madeTrace([
      { start: 1_490, end: 1_520, phase: "extension_overhead", requestId: "one" },
      { start: 1_000, end: 1_500, phase: "invocation", requestId: "one" },
      { start: 800, end: 1_000, phase: "init", requestId: "one" },
      { start: 850, end: 1_000, phase: "runtime_init", requestId: "one" },
      { start: 100, end: 300, phase: "init", requestId: "another" },
      { start: 1_010, end: 1_400, requestId: "one" },
    ]);
    const life = lifeOf(made({ responseLatency: nanos(450n) }), trace);
    expect(life.stages.map(({ phase, from, to }) => [phase, from, to])).toEqual([
      ["init", 800n, 1_000n],
      ["runtime_init", 850n, 1_000n],
      ["invocation", 1_000n, 1_500n],
      ["extension_overhead", 1_490n, 1_520n],
    ]);
    expect(life).toMatchObject({ from: 800n, frozen: 1_520n, responded: 1_450n });
  });

  test("is put together from figures where no phase came", () => {
    const life = lifeOf(made({ restore: nanos(200n) }), madeTrace([]));
    expect(life.stages.map(({ phase, from, to }) => [phase, from, to])).toEqual([
      ["restore", 800n, 1_000n],
      ["invocation", 1_000n, 1_500n],
    ]);
  });

  test("of what still runs has no freeze", () => {
    const trace = madeTrace([{ start: 1_000, end: 1_900, phase: "invocation", requestId: "one" }]);
    expect(lifeOf(made({ duration: null }), trace).frozen).toBeNull();
    expect(lifeOf(made({ duration: null }), madeTrace([])).stages).toEqual([]);
  });

  test("of another attempt of the same request is not its own", () => {
    const trace = madeTrace([
      { start: 100, end: 400, phase: "invocation", requestId: "one" },
      { start: 1_000, end: 1_500, phase: "invocation", requestId: "one" },
    ]);
    expect(lifeOf(made(), trace).stages.map(({ from }) => from)).toEqual([1_000n]);
  });

  test("uses a part of its time limit", () => {
    expect(limitUsed(made({ deadline: time(3_000n) }))).toEqual({ limit: 2_000n, part: 0.25 });
    expect(limitUsed(made())).toBeNull();
    expect(limitUsed(made({ deadline: time(3_000n), duration: null }))).toBeNull();
  });
});

describe("neighbours", () => {
  const run = (requestId: string, start: bigint, duration: bigint | null = 10n): SandboxRun => ({
    requestId,
    start: time(start),
    duration: duration === null ? null : nanos(duration),
    outcome: "ok",
  });
  const of = (...runs: SandboxRun[][]) => ({ sandboxes: runs.map(runs => ({ runs })) }) as unknown as FunctionSandboxes;

  test("are the runs before and after, with the time that the sandbox lay", () => {
    const found = neighboursOf(of([run("x", 0n)], [run("a", 0n), run("b", 30n), run("c", 100n)]), "b");
    expect(found).toMatchObject({ place: 2, idleBefore: 20n, idleAfter: 60n });
    expect([found?.previous?.requestId, found?.next?.requestId]).toEqual(["a", "c"]);
  });

  test("are not there for the first and the last, nor for whom is not told", () => {
    const all = of([run("a", 0n, null), run("b", 30n)]);
    expect(neighboursOf(all, "a")).toMatchObject({ previous: null, idleBefore: null, idleAfter: null });
    expect(neighboursOf(all, "b")).toMatchObject({ next: null, idleAfter: null, idleBefore: null });
    expect(neighboursOf(all, "c")).toBeNull();
  });
});

describe("attempts", () => {
  const hop = (attempt: number, attempts: number, cause: number | null): Hop => ({
    attempt,
    attempts,
    cause,
    waited: null,
  });
  const trace = (invocations: Invocation[], hops: Hop[]) => ({ invocations, hops }) as unknown as Trace;
  const ids = (of: Invocation, all: Trace) => attemptsOf(of, all).map(({ invocation }) => String(invocation.start));

  test("are those of one request, or of one message, in their order", () => {
    const [first, second] = [made({ start: time(1n) }), made({ start: time(9n) })];
    expect(ids(second, trace([second, first], [hop(2, 2, null), hop(1, 2, null)]))).toEqual(["1", "9"]);
    const [taken, again] = [made({ requestId: "a", start: time(3n) }), made({ requestId: "b", start: time(7n) })];
    const other = made({ requestId: "c", start: time(8n) });
    const all = trace([taken, other, again], [hop(1, 2, 4), hop(1, 2, 5), hop(2, 2, 4)]);
    expect(ids(again, all)).toEqual(["3", "7"]);
  });

  test("are none where there was but one", () => {
    expect(ids(made(), trace([made()], [hop(1, 1, 4)]))).toEqual([]);
    expect(ids(made(), trace([], []))).toEqual([]);
  });
});

test("a report is the line that the platform writes", () => {
  const reported = made({
    duration: nanos(1_243_128_000n),
    billed: nanos(2_056_000_000n),
    memoryBytes: 512n * MB,
    maxMemoryBytes: 291n * MB,
    init: nanos(812_004_000n),
  });
  expect(reportLine(reported)).toBe(
    "REPORT RequestId: one\tDuration: 1243.13 ms\tBilled Duration: 2056 ms\tMemory Size: 512 MB\tMax Memory Used: 291 MB\tInit Duration: 812.00 ms",
  );
  expect(reportLine({ ...reported, outcome: "timeout", init: null })).toMatch(/Status: timeout$/);
  expect(reportLine({ ...reported, facts: ["started"] }), "none came").toBeNull();
  expect(reportLine({ ...reported, platform: "gcp_cloud_run" }), "it writes none").toBeNull();
});
