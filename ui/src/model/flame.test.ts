import { expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import { cellsOf, type Direction, type Frame, neighbourOf, ownDifferences, type PathComparison } from "./flame.ts";

const frame = (parent: number | null, name: string, selected: bigint, rest: bigint): Frame => ({
  parent,
  category: "handler",
  name,
  selected: nanos(selected * 1_000_000n),
  rest: nanos(rest * 1_000_000n),
});

const paths: PathComparison = {
  selected: 200,
  rest: 180,
  frames: [
    frame(null, "checkout", 1000n, 200n),
    frame(0, "pay", 900n, 150n),
    frame(1, "POST bank", 800n, 80n),
    frame(1, "GET fast", 50n, 60n),
    frame(0, "init", 0n, 30n),
  ],
};

test("cells stand below what they belong to, side by side", () => {
  const told = cellsOf(paths).map(({ place, depth, from, width, common }) => [place, depth, from, width, common]);
  expect(told).toEqual([
    [0, 0, 0, 1, 0.2],
    [1, 1, 0, 0.9, 150 / 900],
    [2, 2, 0, 0.8, 0.1],
    [3, 2, 0.8, 0.05, 1],
  ]);
});

test("a cell's neighbours are those that are seen beside it", () => {
  const cells = cellsOf(paths);
  const walk = (from: number, ...way: Direction[]) =>
    way.reduce<number | null>((at, to) => (at === null ? null : neighbourOf(paths, cells, at, to)), from);
  expect(walk(0, "below", "below", "behind")).toBe(3);
  expect(walk(3, "before", "above", "above")).toBe(0);
  expect(walk(0, "above")).toBeNull();
  expect(walk(1, "behind"), "what only the rest have has no cell").toBeNull();
  expect(walk(4, "above"), "nor has it neighbours").toBeNull();
});

test("what differs by itself is told, the most first", () => {
  const told = ownDifferences(paths).map(({ place, selected, rest }) => [
    place,
    selected / 1_000_000n,
    rest / 1_000_000n,
  ]);
  expect(told).toEqual([
    [2, 800n, 80n],
    [0, 100n, 20n],
    [1, 50n, 10n],
    [4, 0n, 30n],
  ]);
});

test("without a frame there is nothing to draw", () => {
  const none = { selected: 0, rest: 0, frames: [] };
  expect([cellsOf(none), ownDifferences(none)]).toEqual([[], []]);
  const resting = { ...paths, frames: [frame(null, "checkout", 0n, 20n)] };
  expect(cellsOf(resting)).toEqual([]);
});
