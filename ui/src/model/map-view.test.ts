import { expect, test } from "vitest";

import { fitted, LEAST, MOST, seeing, zoomed } from "./map-view.ts";

const WINDOW = { width: 1000, height: 600 };

test("all is seen, in the middle, and no larger than it is", () => {
  expect(fitted({ width: 200, height: 100 }, WINDOW)).toEqual({ scale: 1, x: 400, y: 250 });
  const large = fitted({ width: 4_000, height: 100 }, WINDOW);
  expect(large.scale).toBeLessThan(0.25);
  expect(large.x).toBeCloseTo(24);
  expect(fitted({ width: 1e6, height: 1e6 }, WINDOW).scale).toBe(LEAST);
});

test("what is pointed at stays where it is", () => {
  const view = { scale: 0.5, x: 30, y: -20 };
  const at = { x: 300, y: 200 };
  const nearer = zoomed(view, 1.5, at);
  const seen = (of: typeof view) => [(at.x - of.x) / of.scale, (at.y - of.y) / of.scale];
  expect(nearer.scale).toBe(0.75);
  expect(seen(nearer)).toEqual(seen(view));
  expect(zoomed(view, 1_000, at).scale).toBe(MOST);
  expect(zoomed(view, 0.001, at).scale).toBe(LEAST);
});

test("it is moved only as far as needed", () => {
  const view = { scale: 1, x: 0, y: 0 };
  const box = { width: 100, height: 40 };
  expect(seeing(view, { x: 400, y: 300 }, box, WINDOW)).toBe(view);
  expect(seeing(view, { x: 950, y: 300 }, box, WINDOW)).toEqual({ scale: 1, x: -74, y: 0 });
  expect(seeing(view, { x: -50, y: 580 }, box, WINDOW)).toEqual({ scale: 1, x: 74, y: -44 });
});
