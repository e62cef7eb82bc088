/** Lengths as people type them. */

import { expect, test } from "vitest";

import { lengthTyped } from "./length-text.ts";

test("a number and a unit is a length, milliseconds where there is no unit", () => {
  expect(lengthTyped("400ms")).toBe(400_000_000n);
  expect(lengthTyped(" 1.25 s ")).toBe(1_250_000_000n);
  expect(lengthTyped("1.5\u00a0ms"), "as a page shows it").toBe(1_500_000n);
  expect(lengthTyped("2 MIN")).toBe(120_000_000_000n);
  expect(lengthTyped("15")).toBe(15_000_000n);
  expect(lengthTyped("12µs")).toBe(12_000n);
});

test("everything else is none", () => {
  for (const text of ["", "soon", "-1s", "1 parsec", "1.s", "1,5s", "toString"]) expect(lengthTyped(text)).toBeNull();
});
