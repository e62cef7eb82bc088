import { describe, expect, test } from "vitest";

import {
  around,
  type Completion,
  carried,
  charactersAt,
  completed,
  type Suggestion,
  stretchOf,
  unitsAt,
  withSelected,
  withStep,
} from "./query-text.ts";

/** `▮` is the caret, and what stands in `[ ]` is what is replaced. */
function completion(drawn: string, suggestions: readonly Suggestion[] = []): Completion {
  const plain = drawn.replaceAll(/[[\]]/g, "");
  const at = plain.indexOf("▮");
  const text = plain.replace("▮", "");
  const marked = drawn.replace("▮", "");
  const from = marked.indexOf("[");
  const replaced = from < 0 ? { from: at, to: at } : { from, to: marked.indexOf("]") - 1 };
  return { typed: { text, at }, replaced, suggestions };
}

const drawn = ({ text, at }: { text: string; at: number }) => `${text.slice(0, at)}▮${text.slice(at)}`;

describe("a suggestion that is taken stands where it was typed, and the caret where one goes on", () => {
  const cases: [string, Suggestion["text"], Suggestion["kind"], string][] = [
    ["▮", "{", "step", "{ ▮"],
    ["{ [na▮]", "name", "intrinsic", "{ name ▮"],
    ["{ name ▮", "=", "operator", "{ name = ▮"],
    ["{ name▮", "=", "operator", "{ name = ▮"],
    ["{ name = [▮]", '"a b"', "value", '{ name = "a b" ▮'],
    ["{ name = 1 ▮", "}", "operator", "{ name = 1 }▮"],
    ["{ name = 1▮", "}", "operator", "{ name = 1 }▮"],
    ["{ } ▮", "|", "operator", "{ } | ▮"],
    ["{ } | [b▮]", "by(", "step", "{ } | by(▮"],
    ["{ } | by([na▮])", "name", "intrinsic", "{ } | by(name▮)"],
    ["{ } | [c▮]", "count()", "step", "{ } | count()▮"],
    ["{ [re▮]", "resource.", "scope", "{ resource.▮"],
    ["{ [na▮] = 1 }", "name", "intrinsic", "{ name ▮= 1 }"],
    ["{ [.ro▮ute] = 1 }", "span.http.route", "attribute", "{ span.http.route ▮= 1 }"],
    ['{ .a = "(" && [na▮]', "name", "intrinsic", '{ .a = "(" && name ▮'],
    ['{ .µ = "😀" && [na▮]', "name", "intrinsic", '{ .µ = "😀" && name ▮'],
  ];
  test.each(cases)("%s and %s", (before, text, kind, behind) => {
    expect(drawn(completed(completion(before), { text, kind, count: null }))).toBe(behind);
  });
});

test("places are characters for the API, and units for a field", () => {
  const text = '{ .😀 = "µ" && x }';
  const at = text.indexOf("x");
  expect(charactersAt(text, at)).toBe(at - 1);
  expect(unitsAt(text, at - 1)).toBe(at);
  expect(unitsAt(text, 999)).toBe(text.length);
  expect(around(text, stretchOf(text, { from: at - 1, to: at }))).toEqual(['{ .😀 = "µ" && ', "x", " }"]);
});

test("what is missing at the end is nothing behind the text", () => {
  expect(around("{ a", stretchOf("{ a", { from: 3, to: 3 }))).toEqual(["{ a", "", ""]);
});

describe("what was suggested stays while it is still being typed", () => {
  const words = ["name", "nestedSetLeft", "rootName"].map(
    (text): Suggestion => ({ text, kind: "intrinsic", count: null }),
  );
  const known = completion("{ [n▮] }", words);
  const fitting = (text: string, at: number) => carried(known, { text, at })?.suggestions.map(one => one.text);

  test("as far as it fits", () => {
    expect(fitting("{ na }", 4)).toEqual(["name", "rootName"]);
    expect(carried(known, { text: "{ na }", at: 4 })?.replaced).toEqual({ from: 2, to: 4 });
  });
  test("and not where the word ended, was shortened, or is another", () => {
    expect(fitting("{ n = }", 4)).toBeUndefined();
    expect(fitting("{  }", 2)).toBeUndefined();
    expect(fitting("{ na } ", 4)).toBeUndefined();
  });
  test("what is there in full is not proposed", () => {
    expect(fitting("{ name }", 6)).toEqual(["rootName"]);
  });
});

test("a step comes behind all others, and before hints", () => {
  expect(withStep("{ status = error } ", "by(name)")).toBe("{ status = error } | by(name)");
  expect(withStep("", "by(name)")).toBe("by(name)");
  expect(withStep("{} with (most_recent=true)", "by(name)")).toBe("{} | by(name) with (most_recent=true)");
});

test("one more field joins those that are selected last", () => {
  expect(withSelected("{}", ".user.id")).toBe("{} | select(.user.id)");
  expect(withSelected("{} | select(.user.id) ", "kind")).toBe("{} | select(.user.id, kind)");
  expect(withSelected("{} | select(kind) | by(name)", "status")).toBe("{} | select(kind) | by(name) | select(status)");
});
