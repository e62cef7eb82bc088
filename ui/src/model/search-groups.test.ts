import { expect, test } from "vitest";

import { nanos } from "../base/time.ts";
import type { AnyValue } from "./attribute.ts";
import { attribute, int, madeMatch, madeSpan, madeSpanset, text } from "./made-match.ts";
import { groupsOf, literal, narrowedTo } from "./search-groups.ts";
import { rowsOf } from "./trace-search.ts";

const MS = 1_000_000n;

function part(name: AnyValue, lengths: readonly bigint[], figures: Readonly<Record<string, bigint>> = {}) {
  const values = Object.entries(figures).map(([key, value]) => attribute(key, int(value)));
  const spans = lengths.map((length, at) =>
    madeSpan(String(at), { duration: nanos(length), status: length > 10n * MS ? "error" : "unset" }),
  );
  return madeSpanset([attribute("by(name)", name), ...values], spans);
}

test("what belongs together is counted over all traces, the largest first", () => {
  const rows = rowsOf([
    madeMatch("1", { spansets: [part(text("pay"), [MS, 20n * MS]), part(text("ask"), [MS, MS, 2n * MS])] }),
    madeMatch("2", { spansets: [part(text("pay"), [3n * MS, 4n * MS])] }),
  ]);
  expect(groupsOf(rows)?.map(({ key: _, values: __, figures: ___, ...group }) => group)).toEqual([
    { traces: 2, spans: 4, failed: 1, longest: 20n * MS },
    { traces: 1, spans: 3, failed: 0, longest: 2n * MS },
  ]);
});

test("figures of parts become figures of the whole, where they can", () => {
  const figures = (avg: bigint, most: bigint, count: bigint) => ({
    "avg(duration)": avg,
    "max(duration)": most,
    "min(duration)": avg,
    "sum(.size)": avg,
    "count()": count,
    "({ kind = client } | count())": count,
  });
  const rows = rowsOf([
    madeMatch("1", { spansets: [part(text("pay"), [MS], figures(10n, 11n, 1n))] }),
    madeMatch("2", { spansets: [part(text("pay"), [MS, MS, MS], figures(30n, 40n, 3n))] }),
  ]);
  expect(groupsOf(rows)?.[0]?.figures).toEqual([
    { key: "avg(duration)", value: 25 },
    { key: "max(duration)", value: 40 },
    { key: "min(duration)", value: 10 },
    { key: "sum(.size)", value: 40 },
    { key: "count()", value: 4 },
  ]);
});

test("a query that splits nothing has no groups", () => {
  expect(groupsOf(rowsOf([madeMatch("1")]))).toBeNull();
});

test("values that read alike and differ in their type are different groups", () => {
  const rows = rowsOf([madeMatch("1", { spansets: [part(text("1"), [MS]), part(int(1n), [MS])] })]);
  expect(groupsOf(rows)).toHaveLength(2);
});

test("each group leads to a query that finds it alone", () => {
  const group = (key: string, value: AnyValue) => {
    const found = groupsOf(
      rowsOf([madeMatch("1", { spansets: [madeSpanset([attribute(key, value)], [madeSpan("a")])] })]),
    );
    return narrowedTo(`{} | ${key}`, found?.[0] ?? ({} as never));
  };
  expect(group("by(name)", text('a "b"\n'))).toBe('{} | by(name) | { name = "a \\"b\\"\\n" }');
  expect(group("by(status)", text("error"))).toBe("{} | by(status) | { status = error }");
  expect(group("by(.user)", { kind: "empty" })).toBe("{} | by(.user) | { .user = nil }");
  expect(group("by(.n + 1)", int(3n))).toBe("{} | by(.n + 1) | { (.n + 1) = 3 }");
  expect(group('by(span."a key")', text("x"))).toBe('{} | by(span."a key") | { span."a key" = "x" }');
  expect(group("by(.tags)", { kind: "array", value: [text("x")] })).toBeNull();
});

test("words of the language stand without quotes where they are meant", () => {
  expect(literal("kind", text("client"))).toBe("client");
  expect(literal(".kind", text("client"))).toBe('"client"');
  expect(literal(".x", { kind: "bool", value: true })).toBe("true");
  expect(literal(".x", { kind: "double", value: Number.NaN })).toBeNull();
});
