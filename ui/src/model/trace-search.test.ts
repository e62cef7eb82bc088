import { describe, expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import { attribute, int, madeMatch, madeSpan, madeSpanset, text } from "./made-match.ts";
import {
  askedColumns,
  askedTexts,
  isLength,
  type Lengths,
  roundedLength,
  rowsOf,
  withLengths,
  writtenLength,
} from "./trace-search.ts";

const MS = 1_000_000n;
const plain = (text: string) => text.replaceAll("\u00a0", " ");

test("a trace has a row for each part of it", () => {
  const spansets = [madeSpanset([], [madeSpan("a")]), madeSpanset([], [madeSpan("b")])];
  expect(rowsOf([madeMatch("1", { spansets }), madeMatch("2")]).map(row => row.key)).toEqual(["1 0", "1 1", "2 0"]);
});

test("what the query asked for is a column, its values each once", () => {
  const spans = ["ann", "ann", "bob"].map((user, at) =>
    madeSpan(String(at), { values: [attribute(".user.id", text(user))] }),
  );
  const values = [attribute("by(name)", text("pay")), attribute("max(duration)", int(20n * MS))];
  const rows = rowsOf([madeMatch("1", { spansets: [madeSpanset(values, spans)] })]);
  const columns = askedColumns(rows);
  expect(columns.map(column => column.key)).toEqual(["by(name)", "max(duration)", ".user.id"]);
  const texts = columns.map(column => rows.flatMap(row => askedTexts(row, column)).map(plain));
  expect(texts).toEqual([["pay"], ["20.0 ms"], ["ann", "bob"]]);
});

test("lengths are told by the name of what was asked", () => {
  const lengths = ["duration", "max(duration)", "avg(traceDuration)", "span:duration", "event:timeSinceStart"];
  expect(lengths.map(isLength)).toEqual(lengths.map(() => true));
  expect(["count()", ".duration", "sum(.size)", "span.duration"].map(isLength)).toEqual([false, false, false, false]);
});

describe("an answer is narrowed by one step more", () => {
  const cases: [Lengths, string][] = [
    [{ of: "traces", least: null, most: null }, "{}"],
    [{ of: "traces", least: nanos(250n * MS), most: null }, "{} | { traceDuration >= 250ms }"],
    [{ of: "spans", least: nanos(MS), most: nanos(2_000n * MS) }, "{} | { duration >= 1ms && duration <= 2s }"],
  ];
  test.each(cases)("%o", (lengths, query) => {
    expect(withLengths("{}", lengths)).toBe(query);
  });
});

test("a length is written in the largest unit that is exact", () => {
  expect([0n, 1n, 1_500n, 2_000n, MS, 1_500n * MS, 60_000n * MS].map(writtenLength)).toEqual([
    "0ns",
    "1ns",
    "1500ns",
    "2us",
    "1ms",
    "1500ms",
    "1m",
  ]);
});

test("a length that was dragged is rounded to three digits, outwards", () => {
  expect(roundedLength(1_234_567, false)).toBe(1_230_000n);
  expect(roundedLength(1_234_567, true)).toBe(1_240_000n);
  expect(roundedLength(7, true)).toBe(7n);
  expect(roundedLength(0, false)).toBe(0n);
});
