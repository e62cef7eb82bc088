/** What is kept of what comes. */

import { expect, test } from "vitest";

import { EMPTY, emptied, goneOn, KEPT, type News, paused, type TailList, withNews } from "./tail.ts";

const news = (...keys: string[]): News[] => keys.map(key => ({ kind: "log", key }) as News);
const keys = (list: readonly News[]) => list.map(one => one.key).join(" ");
const coming = (list: TailList, ...names: string[]) => withNews(list, news(...names));

test("the newest is first, and what is known better keeps its place", () => {
  const list = coming(coming(EMPTY, "a", "b"), "c", "a");
  expect(keys(list.shown)).toBe("c b a");
  expect(list.came).toBe(3);
});

test("what comes while it is paused waits", () => {
  const list = coming(paused(coming(EMPTY, "a")), "b", "a");
  expect(keys(list.shown)).toBe("a");
  expect(list.waiting).toHaveLength(2);
  const after = goneOn(list);
  expect(keys(after.shown)).toBe("b a");
  expect(after.waiting).toBeNull();
});

test("no more is kept than can be looked at", () => {
  const many = Array.from({ length: KEPT + 50 }, (_, at) => `n${at}`);
  const list = coming(EMPTY, ...many);
  expect(list.shown).toHaveLength(KEPT);
  expect(list.shown[0]?.key).toBe(`n${KEPT + 49}`);
  const waiting = coming(paused(EMPTY), ...many);
  expect(waiting.waiting).toHaveLength(KEPT);
  expect(waiting.came).toBe(KEPT + 50);
});

test("what is emptied stays paused", () => {
  expect(emptied(coming(paused(coming(EMPTY, "a")), "b"))).toEqual({ ...EMPTY, waiting: [] });
});
