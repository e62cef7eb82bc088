import { expect, test } from "vitest";

import { figure, isBad, type Unit } from "./reading.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

test.each<[number, Unit, string]>([
  [1.42e9, "nanos", "1.42 s"],
  [8e8, "nanos", "800 ms"],
  [0.053, "share", "5.3 %"],
  [0.0061, "share", "0.61 %"],
  [0, "share", "0 %"],
  [500_000_000, "nano_dollars_per_hour", "$0.50/h"],
  [12_300_000, "nano_dollars_per_hour", "$0.0123/h"],
  [14, "count", "14"],
  [1234.4, "count", "1,234"],
  [3.1234, "per_minute", "3.12/min"],
  [536_870_912, "bytes", "512 MB"],
  [14.4, "times", "14.4 ×"],
  [0.6666, "times", "0.667 ×"],
])("%d in %s is %s", (value, unit, text) => {
  expect(plain(figure(value, unit))).toBe(text);
});

test("the threshold itself is good", () => {
  expect([isBad(2, "above", 1), isBad(1, "above", 1), isBad(0, "below", 1), isBad(1, "below", 1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
