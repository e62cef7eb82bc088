import { expect, test } from "vitest";

import { HOUR, MINUTE, time } from "../base/time.ts";
import { type Change, explained, figuresOf, newVersionOf, said } from "./changes.ts";

const DAY = { kind: "last", length: "24h" } as const;
const TO = 1_763_906_582_184_000_007n;
const ASKED = `from=${TO - 24n * HOUR}&to=${TO}`;

function change(changes: Partial<Change> = {}): Change {
  return {
    kind: "slower",
    function: "inventory",
    about: "",
    isWorse: true,
    unit: "nanos",
    before: 94e6,
    after: 1.31e9,
    at: null,
    question: `/api/v1/functions/inventory?${ASKED}`,
    ...changes,
  };
}

const plain = (one: Change) => {
  const { before, after } = figuresOf(one);
  return [before, after].map(text => text?.replaceAll("\u00a0", " ") ?? null);
};

test("each change is a sentence with its figures", () => {
  expect([said(change()), ...plain(change())]).toEqual(["is slower at p95", "94.0 ms", "1.31 s"]);
  const fails = change({ kind: "error_rate", unit: "share", before: 0.004, after: 0.031 });
  expect([said(fails), ...plain(fails)]).toEqual(["fails more often", "0.40 %", "3.1 %"]);
  expect(said({ ...fails, before: 0.031, after: 0.004 })).toBe("fails less often");
  const error = change({ kind: "new_error", about: "ValueError: no", unit: "count", before: 0, after: 14 });
  expect([said(error), ...plain(error)]).toEqual(["has a new error: ValueError: no", null, "14 ×"]);
  const silent = change({ kind: "silent", unit: "count", before: 1_204, after: 0 });
  expect([said(silent), ...plain(silent)]).toEqual(["went silent", "1,204", "0"]);
  const cost = change({ kind: "cost", unit: "nano_dollars_per_hour", before: 12_300_000, after: 51_800_000 });
  expect([said(cost), ...plain(cost)]).toEqual(["costs more", "$0.0123", "$0.0518 an hour"]);
});

test("what got slower leads to what sets the slow ones apart, in the range that was compared", () => {
  expect(explained(change(), DAY)).toEqual({ page: "function", function: "inventory", range: DAY, why: "slow" });
  const hour = { kind: "last", length: "1h" } as const;
  expect(explained(change(), hour), "the range of the question is another").toMatchObject({
    range: { kind: "between", from: TO - 24n * HOUR, to: TO },
  });
});

test("a new version leads to its comparison with the others, though it is not worse", () => {
  const question = `/api/v1/compare?function=inventory&version=43&${ASKED}`;
  const version = change({ kind: "new_version", about: "43", isWorse: false, question });
  expect(explained(version, DAY)).toEqual({ page: "function", function: "inventory", range: DAY, why: "version" });
});

test("a new error leads to its group, or where none is named to the function's errors", () => {
  const error = change({ kind: "new_error", question: `/api/v1/errors/00ab%2F?${ASKED}` });
  expect(explained(error, DAY)).toEqual({ page: "error", group: "00ab/", range: DAY });
  const unnamed = change({ kind: "new_error", question: `/api/v1/errors?function=inventory&${ASKED}` });
  expect(explained(unnamed, DAY)).toEqual({ page: "errors", function: "inventory", range: DAY });
});

test("what went silent is shown as it ended", () => {
  const silent = change({ kind: "silent", at: time(TO) });
  expect(explained(silent, DAY)).toEqual({
    page: "function",
    function: "inventory",
    range: { kind: "between", from: TO - HOUR, to: TO + MINUTE },
    why: null,
  });
});

test("what got better is compared with nothing; a query is asked as one", () => {
  expect(explained(change({ kind: "faster", isWorse: false }), DAY)).toMatchObject({ page: "function", why: null });
  const question = `/api/v1/search?q=${encodeURIComponent("{ duration > 1s }")}&${ASKED}`;
  expect(explained(change({ question }), DAY)).toEqual({ page: "search", query: "{ duration > 1s }", range: DAY });
});

test("what got worse names the version that is new with it", () => {
  const version = change({ kind: "new_version", about: "43", isWorse: false });
  const other = change({ kind: "new_version", about: "7", function: "mailer", isWorse: false });
  expect(newVersionOf(change(), [change(), other, version])).toBe(version);
  const older = { ...version, about: "42", at: time(TO - HOUR) };
  const newer = { ...version, at: time(TO) };
  expect(newVersionOf(change(), [older, newer]), "of several the latest").toBe(newer);
  expect(newVersionOf(change(), [change(), other])).toBeNull();
  expect(newVersionOf(version, [version])).toBeNull();
  expect(newVersionOf(change({ kind: "faster", isWorse: false }), [version])).toBeNull();
});
