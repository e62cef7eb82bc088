/** Groups of errors in words and as small charts. */

import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import { barsOf, type ErrorGroup, messageOf, versionsText } from "./errors.ts";

const versions = (...names: string[]) => names.map((version, at) => ({ version, count: 9 - at }));

test("versions are named as far as they fit", () => {
  expect(versionsText([])).toBe("");
  expect(versionsText(versions(""))).toBe("");
  expect(versionsText(versions("7", ""))).toBe("7");
  expect(versionsText(versions("7", "8"))).toBe("7 and 8");
  expect(versionsText(versions("7", "8", "5", "", "4"))).toBe("7, 8 and 2 more");
});

test("a chart has a bar for each step with errors, and the fewest are seen", () => {
  expect(barsOf([0, 100, 0, 1])).toEqual([
    { at: 0.25, height: 1 },
    { at: 0.75, height: 0.08 },
  ]);
  expect(barsOf([2, 1])).toEqual([
    { at: 0, height: 1 },
    { at: 0.5, height: 0.5 },
  ]);
  expect(barsOf([0, 0])).toEqual([]);
  expect(barsOf([])).toEqual([]);
});

test("a message is shown as it was seen, and the common one where none was", () => {
  const group: ErrorGroup = {
    group: "00000000000000ff",
    function: "checkout",
    type: "ValueError",
    message: "order * is gone",
    seen: "order 17 is gone",
    outcome: "error",
    state: "new",
    count: 3,
    share: 0.1,
    coldShare: 0,
    firstSeen: time(1n),
    firstVersion: "7",
    lastSeen: time(2n),
    versions: [],
    examples: [],
    path: null,
    series: [],
  };
  expect(messageOf(group)).toBe("order 17 is gone");
  expect(messageOf({ ...group, seen: "" })).toBe("order * is gone");
});
