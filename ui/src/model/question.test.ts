import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import { questionOf, rangeFor } from "./question.ts";

const HOUR = 3_600_000_000_000n;
const FROM = 1_763_906_582_184_000_007n;

test("a list of invocations is one that a page shows, with the same filter and range", () => {
  const cold = `/api/v1/invocations?function=check%20out%26in&cold=true&from=${FROM}&to=${FROM + HOUR}`;
  expect(questionOf(cold)).toEqual({
    kind: "invocations",
    function: "check out&in",
    outcomes: [],
    cold: true,
    sort: "newest",
    range: { kind: "between", from: FROM, to: FROM + HOUR },
  });
  expect(questionOf("/api/v1/invocations?function=f&outcome=oom,timeout&sort=slowest")).toEqual({
    kind: "invocations",
    function: "f",
    outcomes: ["timeout", "oom"],
    cold: null,
    sort: "slowest",
    range: null,
  });
  expect(questionOf("/api/v1/invocations")).toMatchObject({ kind: "invocations", function: null });
});

test("a list that no page filters like that stays a path", () => {
  const paths = [
    "/api/v1/invocations?function=f&version=42",
    "/api/v1/invocations?function=f&outcome=fine",
    "/api/v1/invocations?function=f&cold=maybe",
    "/api/v1/invocations?function=f&sort=random",
    "/api/v1/traces?service=f",
    "/api/v1/search?from=1&to=2",
  ];
  for (const path of paths) expect(questionOf(path)).toEqual({ kind: "path", path });
});

test("a question about traces is its query, and its range", () => {
  const query = '{ resource.service.name = "f" && name = "a?b" } | count() > 3';
  const path = `/api/v1/search?q=${encodeURIComponent(query)}&from=1&to=2`;
  expect(questionOf(path)).toEqual({ kind: "search", query, range: { kind: "between", from: 1n, to: 2n } });
});

test("the last hour stays the last hour, and any other range is that of the question", () => {
  const hour = { kind: "between", from: time(FROM), to: time(FROM + HOUR) } as const;
  const lastHour = { kind: "last", length: "1h" } as const;
  expect(rangeFor(hour, lastHour)).toEqual(lastHour);
  expect(rangeFor(hour, { kind: "last", length: "7d" })).toEqual(hour);
  expect(rangeFor(hour, { kind: "between", from: time(1n), to: time(1n + HOUR) })).toEqual(hour);
  expect(rangeFor(null, lastHour), "no range is any").toEqual(lastHour);
});
