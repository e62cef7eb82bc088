import { expect, test } from "vitest";

import { LineCutter } from "./line-cutter.ts";

const AWKWARD = [
  { name: 'a "quoted" name', list: [[], [{}]] },
  { name: 'not "blocks":[\n again', back: "\\", both: '\\"' },
  { name: "}],[{", nested: { blocks: [1, { blocks: [] }] } },
  { name: "ends with a comma," },
  {},
  { name: "ünïcödé 🎈" },
];

/** As the API writes it. */
function written(head: string, blocks: readonly unknown[], tail: string): string {
  return `${head}"blocks":[\n${blocks.map(block => JSON.stringify(block)).join(",\n")}\n]${tail}`;
}

/** Piece by piece, of so many characters. */
function cutInto(text: string, length: number): { readonly blocks: unknown[]; readonly rest: unknown } {
  const cutter = new LineCutter();
  const blocks: unknown[] = [];
  for (let at = 0; at < text.length; at += length) {
    blocks.push(...cutter.cut(text.slice(at, at + length)).map(line => JSON.parse(line)));
  }
  return { blocks, rest: JSON.parse(cutter.rest()) };
}

test("wherever an answer is cut, the same blocks come out", () => {
  const text = written(
    '{"ids":["blocks","[","x\\"blocks\\":["],',
    AWKWARD,
    ',"after":{"blocks":["not these"]},"end":"]}"}',
  );
  const rest = { ids: ["blocks", "[", 'x"blocks":['], blocks: [], after: { blocks: ["not these"] }, end: "]}" };
  for (let length = 1; length <= text.length; length++) {
    expect(cutInto(text, length)).toEqual({ blocks: AWKWARD, rest });
  }
});

test("a trace inside of something is cut, too", () => {
  const text = written('{"trace":{', [{ a: 1 }], ',"total":1},"logs":[]}');
  expect(cutInto(text, 7)).toEqual({ blocks: [{ a: 1 }], rest: { trace: { blocks: [], total: 1 }, logs: [] } });
});

test("an answer that is written otherwise is left as it is", () => {
  for (const text of ['{"blocks":[],"a":[1,2]}', '{ "blocks": [ {} ] }', '{"blocks":[{"a":1},{"a":2}]}', "[]"]) {
    expect(cutInto(text, 3)).toEqual({ blocks: [], rest: JSON.parse(text) });
  }
});
