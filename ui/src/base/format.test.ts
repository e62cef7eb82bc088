import { describe, expect, test } from "vitest";

import {
  formatAgo,
  formatBytes,
  formatDollars,
  formatExact,
  formatNanos,
  formatOffset,
  formatPart,
  formatRound,
  formatShare,
  plural,
  unbroken,
} from "./format.ts";
import { dollars } from "./money.ts";
import { after, MINUTE, SECOND, time } from "./time.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("a duration is three digits in the unit that fits", () => {
  test.each([
    [0, "0"],
    [1, "1 ns"],
    [999, "999 ns"],
    [999.6, "1.00 µs"],
    [41_234, "41.2 µs"],
    [999_499, "999 µs"],
    [999_500, "1.00 ms"],
    [18_400_000, "18.4 ms"],
    [9_994_000, "9.99 ms"],
    [9_996_000, "10.0 ms"],
    [1_243_000_000, "1.24 s"],
    [59_940_000_000, "59.9 s"],
    [59_960_000_000, "1 min 00 s"],
    [123_000_000_000, "2 min 03 s"],
    [3_599_600_000_000, "1 h 00 min"],
    [90_000_000_000_000, "1 d 01 h"],
    [-18_400_000, "\u221218.4 ms"],
  ])("%d is %s", (length, text) => {
    expect(plain(formatNanos(length))).toBe(text);
  });
});

test("of a round length the digits that say nothing are left out", () => {
  expect([500e6, 50e6, 1.5e9, 2e9].map(formatRound).map(plain)).toEqual(["500 ms", "50 ms", "1.5 s", "2 s"]);
});

test("an offset says on which side of zero it is", () => {
  expect(plain(formatOffset(2_000_000))).toBe("+2.00 ms");
  expect(plain(formatOffset(-2_000_000))).toBe("\u22122.00 ms");
});

test("a share is never rounded to nothing or to everything", () => {
  const cases: [number, number, string][] = [
    [0, 5, "0 %"],
    [1, 100_000, "<0.1 %"],
    [10, 247, "4 %"],
    [999_999, 1_000_000, ">99.9 %"],
    [997, 1000, "99 %"],
    [5, 5, "100 %"],
    [0, 0, "0 %"],
  ];
  for (const [part, whole, text] of cases) expect(plain(formatShare(part, whole))).toBe(text);
});

test("money has three digits, as the backend writes it", () => {
  const cases: [bigint, string][] = [
    [0n, "$0"],
    [1n, "$0.000000001"],
    [1_033n, "$0.00000103"],
    [12_300_000n, "$0.0123"],
    [994_000_000n, "$0.994"],
    [1_240_000_000n, "$1.24"],
    [-23_456_000_000n, "\u2212$23.46"],
    [123_456_000_000n, "$123"],
    [1_240_000_000_000n, "$1,240"],
  ];
  for (const [amount, text] of cases) expect(formatDollars(dollars(amount))).toBe(text);
});

test("a part has the digits that sentences of the backend have", () => {
  expect([0, 0.0061, 0.0095, 0.043, 0.62, 1].map(formatPart).map(plain)).toEqual([
    "0 %",
    "0.61 %",
    "0.95 %",
    "4.3 %",
    "62 %",
    "100 %",
  ]);
});

test("sizes are counted as the platforms count them", () => {
  expect(plain(formatBytes(512n * 1024n * 1024n))).toBe("512 MB");
  expect(plain(formatBytes(1024n * 1024n * 1024n))).toBe("1 GB");
  expect(plain(formatBytes(82n))).toBe("82 B");
  expect(plain(formatBytes(1_600_000n))).toBe("1.5 MB");
});

test("a moment is exact to the nanosecond", () => {
  expect(formatExact(time(1_763_906_582_184_000_007n))).toBe("2025-11-23 14:03:02.184000007 UTC");
});

test("how long ago is told in the largest unit", () => {
  const now = time(1_763_906_582_184_000_007n);
  expect(plain(formatAgo(after(now, -12n * SECOND), now))).toBe("12 s ago");
  expect(plain(formatAgo(after(now, -90n * MINUTE), now))).toBe("1 h ago");
  expect(plain(formatAgo(after(now, SECOND), now))).toBe("just now");
  expect(plain(formatAgo(after(now, 30n * SECOND), now))).toBe("in 30 s");
  expect(plain(formatAgo(after(now, 90n * MINUTE), now))).toBe("in 1 h");
});

test("one is not many", () => {
  expect(plain(plural(1, "span"))).toBe("1 span");
  expect(plain(plural(1482n, "match", "matches"))).toBe("1,482 matches");
});

test("a number stays beside its unit, and only there", () => {
  expect(unbroken("Took 1 min 02 s: 300 ms for SELECT 9 stocks.")).toBe(
    "Took 1\u00a0min 02\u00a0s: 300\u00a0ms for SELECT 9 stocks.",
  );
  expect(unbroken("Ran out of memory: 256 of 256 MB.")).toBe("Ran out of memory: 256 of 256\u00a0MB.");
});
