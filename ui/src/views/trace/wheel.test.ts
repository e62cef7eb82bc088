import { expect, test } from "vitest";

import { turned } from "./wheel.ts";

const BOX = { left: 100, width: 1_000 };
const LENGTH = 1e9;
const ALL = { from: 0, to: LENGTH };
const PART = { from: 4e8, to: 6e8 };
const TURN = { ctrlKey: false, metaKey: false, shiftKey: false, deltaX: 0, deltaY: 0, deltaMode: 0, clientX: 350 };

test("with ctrl or command the place under the pointer stays where it is", () => {
  for (const key of ["ctrlKey", "metaKey"]) {
    const closer = turned(ALL, LENGTH, { ...TURN, [key]: true, deltaY: -100 }, BOX);
    if (closer === null) throw new Error("it is turned");
    expect(closer.to - closer.from).toBeCloseTo(LENGTH * Math.exp(-0.22), 0);
    // A quarter of what is seen lies before the pointer.
    expect(closer.from + (closer.to - closer.from) / 4).toBeCloseTo(LENGTH / 4, 0);
    const back = turned(closer, LENGTH, { ...TURN, [key]: true, deltaY: 100 }, BOX);
    expect(back?.from).toBeCloseTo(0, 0);
    expect(back?.to).toBeCloseTo(LENGTH, 0);
  }
});

test("beside the bars it zooms at their edge, and never out of the trace", () => {
  const turn = { ...TURN, ctrlKey: true, clientX: 20, deltaY: -3, deltaMode: 1 };
  expect(turned(PART, LENGTH, turn, BOX)?.from).toBe(PART.from);
  expect(turned(PART, LENGTH, { ...turn, deltaY: 100, deltaMode: 2 }, BOX)).toEqual(ALL);
});

test("with shift or sideways it moves by as much as was turned", () => {
  const later = { from: 4.2e8, to: 6.2e8 };
  expect(turned(PART, LENGTH, { ...TURN, shiftKey: true, deltaY: 100 }, BOX)).toEqual(later);
  expect(turned(PART, LENGTH, { ...TURN, shiftKey: true, deltaX: 100 }, BOX)).toEqual(later);
  expect(turned(PART, LENGTH, { ...TURN, deltaX: 100, deltaY: 20 }, BOX)).toEqual(later);
  expect(turned(PART, LENGTH, { ...TURN, deltaX: -9_000 }, BOX)).toEqual({ from: 0, to: 2e8 });
});

test("else the wheel is the page's, and so it is where nothing is left to move to", () => {
  expect(turned(PART, LENGTH, { ...TURN, deltaY: 100 }, BOX)).toBe(null);
  expect(turned(PART, LENGTH, { ...TURN, deltaX: 20, deltaY: 100 }, BOX)).toBe(null);
  expect(turned(ALL, LENGTH, { ...TURN, shiftKey: true, deltaY: 100 }, BOX)).toBe(null);
});
