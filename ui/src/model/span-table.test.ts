import { expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import { layOut } from "./layout.ts";
import { madeTrace } from "./made.ts";
import { TABLE_SORTS, type TableSort } from "./span-measures.ts";
import { tableOrder } from "./span-table.ts";

const trace = madeTrace([
  { start: 0, end: 100, name: "c", selfTime: nanos(5n), criticalTime: nanos(9n) },
  { start: 10, end: 20, parent: 0, name: "a", service: "stock", selfTime: nanos(9n), criticalTime: nanos(0n) },
  { start: 5, end: 90, parent: 0, name: "b", selfTime: nanos(7n), criticalTime: nanos(50n) },
  { start: 6, end: 7, parent: 2, name: "a", selfTime: nanos(1n), criticalTime: nanos(0n) },
]);
const layout = layOut(trace);
const order = (sort: TableSort, some: { found?: Uint8Array; focus?: number } = {}) => [
  ...tableOrder(trace, layout, { sort, found: some.found ?? null, focus: some.focus ?? null }),
];

test("spans stand in the order that is asked for", () => {
  expect(order("start")).toEqual([0, 2, 3, 1]);
  expect(order("duration")).toEqual([0, 2, 1, 3]);
  expect(order("self")).toEqual([1, 2, 0, 3]);
  expect(order("critical")).toEqual([2, 0, 1, 3]);
  expect(order("name")).toEqual([1, 3, 2, 0]);
  expect(order("service")).toEqual([0, 2, 3, 1]);
});

test("only what is found, and only below what is looked at", () => {
  expect(order("name", { found: Uint8Array.of(0, 1, 0, 1) })).toEqual([1, 3]);
  expect(order("duration", { focus: 2 })).toEqual([2, 3]);
});

test("every order has every span once", () => {
  for (const sort of TABLE_SORTS) expect(order(sort).sort()).toEqual([0, 1, 2, 3]);
});
