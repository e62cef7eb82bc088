import { expect, test } from "vitest";

import {
  NOTHING_KEPT,
  parseKept,
  printKept,
  withAsked,
  withoutAsked,
  withoutSaved,
  withSaved,
} from "./kept-queries.ts";

test("what is kept comes back", () => {
  const kept = withSaved(withAsked(NOTHING_KEPT, "{ a }", 5), "mine", "{ b }");
  expect(parseKept(printKept(kept))).toEqual(kept);
});

test("what is no list of queries is passed over", () => {
  for (const text of [null, "", "{", "7", '"x"', "null", '{"asked":7}', '{"saved":[7,{"name":1,"query":"x"}]}']) {
    expect(parseKept(text)).toEqual(NOTHING_KEPT);
  }
  const kept = parseKept('{"asked":[{"query":"{}","at":1},{"query":"{}"}],"saved":null}');
  expect(kept).toEqual({ asked: [{ query: "{}", at: 1 }], saved: [] });
});

test("a query that is asked again stands first, and once", () => {
  const kept = ["a", "b", "a"].reduce((all, query, at) => withAsked(all, query, at), NOTHING_KEPT);
  expect(kept.asked).toEqual([
    { query: "a", at: 2 },
    { query: "b", at: 1 },
  ]);
  expect(withoutAsked(kept, "a").asked.map(one => one.query)).toEqual(["b"]);
});

test("the oldest of very many is forgotten", () => {
  let kept = NOTHING_KEPT;
  for (let at = 0; at < 100; at++) kept = withAsked(kept, `${at}`, at);
  expect(kept.asked).toHaveLength(30);
  expect(kept.asked[0]?.query).toBe("99");
});

test("a name means one query", () => {
  const kept = withSaved(withSaved(withSaved(NOTHING_KEPT, "b", "1"), "a", "2"), "b", "3");
  expect(kept.saved).toEqual([
    { name: "a", query: "2" },
    { name: "b", query: "3" },
  ]);
  expect(withoutSaved(kept, "b").saved).toEqual([{ name: "a", query: "2" }]);
});
