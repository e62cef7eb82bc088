/** What is read of a logged line. */

import { describe, expect, test } from "vitest";

import { fieldsOf, headline, linesBelow, plain, saidIn } from "./log-line.ts";

test("a terminal's colours and links are left out, and nothing else", () => {
  expect(plain("\u001b[31;1mred\u001b[0m [3] \u001b]8;;http://a\u0007link\u001b]8;;\u0007")).toBe("red [3] link");
  expect(plain("as it is")).toBe("as it is");
});

test("what a runtime puts before a line is left out, but for how severe it is", () => {
  const [when, whose] = ["2026-11-27T09:59:17.399Z", "696c9289-0136-421e-843c-c882ba7ec9f4"];
  const node = `${when}\t${whose}\tINFO\treserved 12 items`;
  expect(saidIn(node)).toEqual({ level: "info", text: "reserved 12 items" });
  expect(saidIn(`${when}\tundefined\tERROR\tbefore the first\n  at once`).text).toBe("before the first\n  at once");
  expect(saidIn(`[WARNING]\t${when}\t${whose}\tlate\n`)).toEqual({ level: "warn", text: "late\n" });
  expect(saidIn(`${when} INFO as somebody else writes it`).level).toBe("");
  expect(headline(node)).toBe("reserved 12 items");
});

describe("a line of JSON", () => {
  test("is keys and values, in their order, deeper ones with dots", () => {
    const line = '{"level":"info","http":{"status":402,"tags":["a"]},"none":null,"empty":{}}';
    expect(fieldsOf(line)).toEqual([
      { key: "level", value: "info" },
      { key: "http.status", value: "402" },
      { key: "http.tags", value: '["a"]' },
      { key: "none", value: "null" },
      { key: "empty", value: "{}" },
    ]);
  });
  test("is not taken apart without end", () => {
    expect(fieldsOf('{"a":{"b":{"c":{"d":1}}}}')).toEqual([{ key: "a.b.c", value: '{"d":1}' }]);
  });
  test("that is none stays text", () => {
    for (const line of ["{half", "[1]", '"text"', "{}x", "order {1}"]) expect(fieldsOf(line)).toBeNull();
  });
});

test("a line is told by its first one, of JSON by its message", () => {
  expect(headline("\n  Traceback\n  at x\n")).toBe("Traceback");
  expect(linesBelow("Traceback\n  at x\n")).toBe(1);
  expect(headline('{"level":"info","msg":"order\\nplaced"}')).toBe("order");
  expect(headline('{"level":"info"}')).toBe('{"level":"info"}');
  expect(linesBelow('{"a":1}')).toBe(0);
});
