/** What can be compared, and how what tells apart is put. */

import { expect, test } from "vitest";

import { comparable, itemText, newestVersion, timesText } from "./comparison.ts";
import type { FunctionDetail, FunctionPart } from "./function-detail.ts";

function made(
  invocations: number,
  errors: number,
  coldStarts: number,
  versions: readonly (string | null)[],
): FunctionDetail {
  const summary = { invocations, errors, coldStarts } as FunctionDetail["summary"];
  return { summary, versions: versions.map(version => ({ version }) as FunctionPart) } as unknown as FunctionDetail;
}

test("what none or all of them are is not compared", () => {
  expect(comparable(made(10, 2, 3, ["1", "2"]))).toEqual(["slow", "errors", "cold", "version"]);
  expect(comparable(made(10, 0, 10, ["1"]))).toEqual(["slow"]);
  expect(comparable(made(1, 1, 1, ["1"]))).toEqual([]);
});

test("the newest version is the one that was first seen last, where there is another", () => {
  expect(newestVersion(made(1, 0, 0, ["41", "42"]))).toBe("42");
  expect(newestVersion(made(1, 0, 0, ["42"]))).toBeNull();
  expect(newestVersion(made(1, 0, 0, ["42", null]))).toBeNull();
});

test("what they have is a key with its value, or a key that is absent", () => {
  expect(itemText({ key: "cold", value: "true" })).toBe("cold = true");
  expect(itemText({ key: "span.plan", value: null })).toBe("span.plan absent");
  expect(itemText({ key: "span.plan", value: "" })).toBe("span.plan = ");
});

test("times have two digits, and what only these have has none", () => {
  expect([1.44, 9.96, 90, null].map(timesText)).toEqual(["1.4\u00a0×", "10\u00a0×", "90\u00a0×", "only these"]);
});
