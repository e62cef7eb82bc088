import { expect, test } from "vitest";

import { SpanCutter } from "./span-cutter.ts";

const AWKWARD = [
  { name: 'a "quoted" name', list: [[], [{}]] },
  { name: 'not "spans":[ again', back: "\\", both: '\\"' },
  { name: "}],[{", nested: { spans: [1, { spans: [] }] } },
  { name: "", text: "ends with a backslash \\" },
  {},
  { name: "ünïcödé 🎈" },
];

/** Piece by piece, of so many characters. */
function cutInto(text: string, length: number): { readonly spans: unknown[]; readonly rest: unknown } {
  const cutter = new SpanCutter();
  const spans: unknown[] = [];
  for (let at = 0; at < text.length; at += length) {
    const complete = cutter.cut(text.slice(at, at + length));
    if (complete !== "") spans.push(...JSON.parse(complete));
  }
  return { spans, rest: JSON.parse(cutter.rest()) };
}

test("wherever an answer is cut, the same spans come out", () => {
  const answer = { ids: ["spans", "[", 'x"spans'], spans: AWKWARD, after: { spans: ["not these"] }, end: "]}" };
  const text = JSON.stringify(answer);
  for (let length = 1; length <= text.length; length++) {
    const { spans, rest } = cutInto(text, length);
    expect(spans).toEqual(AWKWARD);
    expect(rest).toEqual({ ...answer, spans: [] });
  }
});

test("a trace inside of something is cut, too", () => {
  const { spans, rest } = cutInto(JSON.stringify({ trace: { spans: [{ a: 1 }], total: 1 }, logs: [] }), 7);
  expect(spans).toEqual([{ a: 1 }]);
  expect(rest).toEqual({ trace: { spans: [], total: 1 }, logs: [] });
});

test("an answer without spans is left as it is", () => {
  const { spans, rest } = cutInto(JSON.stringify({ spans: [], a: [1, 2] }), 3);
  expect([spans, rest]).toEqual([[], { spans: [], a: [1, 2] }]);
  const spaced = cutInto('{ "spans": [ {} ] }', 4);
  expect(spaced, "written with spaces it is parsed at the end").toEqual({ spans: [], rest: { spans: [{}] } });
});
