import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import { journeyOf } from "./journey.ts";
import { madeTrace } from "./made.ts";

const invocation = (requestId: string, start: number, some: Partial<Invocation> = {}): Invocation =>
  ({
    requestId,
    start: time(BigInt(start)),
    outcome: "ok",
    cold: "warm",
    duration: null,
    init: null,
    restore: null,
    ...some,
  }) as Invocation;

test("the axis begins with the first wait and ends with the last end", () => {
  const trace = {
    ...madeTrace([]),
    invocations: [
      invocation("second", 900, { duration: nanos(300n) }),
      invocation("first", 500, { cold: "on_demand", init: nanos(80n), duration: nanos(100n) }),
    ],
    hops: [
      { cause: null, waited: nanos(250n), attempt: 1, attempts: 1 },
      { cause: null, waited: null, attempt: 1, attempts: 1 },
    ],
  };
  const { stops, from, length } = journeyOf(trace);
  expect(stops.map(stop => stop.invocation.requestId)).toEqual(["first", "second"]);
  expect([from, length]).toEqual([420n, 780]);
  expect(stops.map(({ waited, started, ran }) => [waited, started, ran])).toEqual([
    [0, 80, 100],
    [250, 0, 300],
  ]);
});

test("of a trace without invocations there is no journey", () => {
  expect(journeyOf(madeTrace([])).stops).toEqual([]);
});
