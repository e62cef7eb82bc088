import { expect, test } from "vitest";

import { parsePlaces, withPlace } from "./places.ts";

const CHECKOUT = { href: "/functions/checkout", title: "checkout" };
const MAP = { href: "/map", title: "Map" };

test("a place stands there once, at its latest", () => {
  const again = { href: "/functions/checkout?range=6h", title: "checkout" };
  expect(withPlace(withPlace([CHECKOUT], MAP), again)).toEqual([again, MAP]);
});

test("no more are kept than somebody looks through", () => {
  let places = [CHECKOUT];
  for (let at = 0; at < 100; at++) places = [...withPlace(places, { href: `/traces/${at}`, title: "" })];
  expect(places).toHaveLength(30);
  expect(places[0]?.href).toBe("/traces/99");
});

test("what is kept is read again, and what is none is passed over", () => {
  expect(parsePlaces(JSON.stringify([CHECKOUT, MAP]))).toEqual([CHECKOUT, MAP]);
  expect(parsePlaces(JSON.stringify([{ href: "//elsewhere.example", title: "x" }, { href: "/map" }, 3]))).toEqual([]);
  for (const text of [null, "", "{", '"text"']) expect(parsePlaces(text)).toEqual([]);
});
