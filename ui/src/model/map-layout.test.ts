/** Layers, places and ways of a map. */

import { describe, expect, test } from "vitest";

import { type Graph, layOut, type MapLayout, middleOf, NODE, nextTo, pathOf } from "./map-layout.ts";

function graph(...pairs: string[]): Graph {
  const links = pairs.map(pair => {
    const [from = "", to = "", calls = "1"] = pair.split(/[>:]/);
    return { from, to, calls: Number(calls) };
  });
  return { nodes: [...new Set(links.flatMap(({ from, to }) => [from, to]))], links };
}

const x = (layout: MapLayout, node: string) => layout.places.get(node)?.x ?? Number.NaN;
const y = (layout: MapLayout, node: string) => layout.places.get(node)?.y ?? Number.NaN;

/** Nodes that lie over each other. */
function overlaps({ places }: MapLayout): string[] {
  const all = [...places];
  return all.flatMap(([one, at], index) =>
    all
      .slice(index + 1)
      .filter(([, to]) => Math.abs(at.x - to.x) < NODE.width && Math.abs(at.y - to.y) < NODE.height)
      .map(([other]) => `${one} ${other}`),
  );
}

/** As many as a map has to be able to show; numbers that look random and are the same every time. */
function crowd(count: number): Graph {
  let state = 7;
  const next = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const nodes = Array.from({ length: count }, (_, at) => `n${String(at).padStart(3, "0")}`);
  const links = Array.from({ length: count * 2 }, () => {
    const from = next(count);
    return { from: nodes[from] ?? "", to: nodes[(from + 1 + next(24)) % count] ?? "", calls: next(90) };
  });
  return { nodes, links };
}

describe("a map", () => {
  test("has who calls left of who is called", () => {
    const layout = layOut(graph("a>b", "b>c", "a>c", "d>c"));
    expect(x(layout, "a")).toBeLessThan(x(layout, "b"));
    expect(x(layout, "b")).toBeLessThan(x(layout, "c"));
    expect(x(layout, "d")).toBeLessThan(x(layout, "c"));
  });

  test("is the same in whatever order its parts come", () => {
    const { nodes, links } = graph("a>b", "a>c", "b>d", "c>d", "e>c");
    const turned = layOut({ nodes: nodes.toReversed(), links: links.toReversed() });
    expect(turned).toEqual(layOut({ nodes, links }));
  });

  test("turns circles round, and says which way leads back", () => {
    const layout = layOut(graph("a>b", "b>c", "c>a"));
    const [back, ...others] = layout.routes.filter(route => route.isBack);
    expect(others).toEqual([]);
    expect([back?.from, back?.to]).toEqual(["c", "a"]);
    expect(back?.points[0]?.x, "it leaves at the left").toBe(x(layout, "c"));
    expect(back?.points.at(-1)?.x, "and arrives at the right").toBe(x(layout, "a") + NODE.width);
  });

  test("begins a circle where most calls come from", () => {
    const layout = layOut(graph("b>c:90", "c>a:40", "a>b:2"));
    expect(["b", "c", "a"].map(node => x(layout, node))).toEqual(
      ["b", "c", "a"].map(node => x(layout, node)).toSorted((left, right) => left - right),
    );
    expect(layout.routes.filter(route => route.isBack).map(({ from, to }) => [from, to])).toEqual([["a", "b"]]);
  });

  test("draws who calls itself", () => {
    const layout = layOut(graph("a>a", "a>b"));
    const loop = layout.routes.find(route => route.from === route.to);
    expect(loop?.points).toHaveLength(4);
    expect(pathOf(loop ?? { from: "", to: "", points: [], isBack: false })).toMatch(/^M.+C.+L.+C/);
  });

  test("has what stands alone, and the same call once", () => {
    const layout = layOut({ nodes: ["a", "b", "lonely", "c"], links: [...graph("a>b", "a>b", "a>gone").links] });
    expect(layout.routes).toHaveLength(1);
    expect(layout.places.size).toBe(4);
    expect(overlaps(layout)).toEqual([]);
  });

  test("of nothing is nothing", () => {
    expect(layOut({ nodes: [], links: [] })).toMatchObject({ width: 0, height: 0, routes: [] });
  });

  test("crosses nothing where nothing has to be crossed", () => {
    const layout = layOut(graph("a>y", "b>x", "c>w", "r>a", "r>b", "r>c"));
    const height = (node: string) => y(layout, node);
    const inOrder = (nodes: readonly string[]) => nodes.toSorted((left, right) => height(left) - height(right));
    expect(inOrder(["w", "x", "y"])).toEqual(
      inOrder(["c", "b", "a"]).map(node => ({ a: "y", b: "x", c: "w" })[node] ?? ""),
    );
  });

  test("leads calls past the nodes between", () => {
    const layout = layOut(graph("a>b", "b>c", "a>c"));
    const long = layout.routes.find(route => route.from === "a" && route.to === "c");
    const between = long?.points[1];
    expect(Math.abs((between?.y ?? 0) - (y(layout, "b") + NODE.height / 2))).toBeGreaterThan(NODE.height / 2);
  });

  test("of 200 has nobody over anybody, inside its own bounds", () => {
    const layout = layOut(crowd(200));
    expect(layout.places.size).toBe(200);
    expect(overlaps(layout)).toEqual([]);
    for (const { x, y } of layout.places.values()) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(y).toBeGreaterThanOrEqual(-0.001);
      expect(x + NODE.width).toBeLessThanOrEqual(layout.width);
      expect(y + NODE.height).toBeLessThanOrEqual(layout.height + 0.001);
    }
  });
});

test("a way is drawn level at both ends, and has its text between two layers", () => {
  const layout = layOut(graph("a>b", "a>c"));
  for (const route of layout.routes) {
    expect(pathOf(route)).toMatch(/^M[\d.]+,[\d.]+[CL]/);
    const { x: middle } = middleOf(route);
    expect(middle).toBeGreaterThan(x(layout, "a") + NODE.width);
    expect(middle).toBeLessThan(x(layout, "b"));
  }
});

test("arrows lead to the nearest in their direction", () => {
  const layout = layOut(graph("a>b", "a>c", "b>d"));
  expect(nextTo(layout, "a", "left")).toBeNull();
  expect(["b", "c"]).toContain(nextTo(layout, "a", "right"));
  const [upper = "", lower = ""] = ["b", "c"].sort((left, right) => y(layout, left) - y(layout, right));
  expect(nextTo(layout, upper, "down")).toBe(lower);
  expect(nextTo(layout, lower, "up")).toBe(upper);
  expect(nextTo(layout, "nobody", "up")).toBeNull();
});
