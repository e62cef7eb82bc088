import { expect, test } from "vitest";

import type { Suggestion } from "./query-text.ts";
import { fieldsToChoose } from "./search-fields.ts";

const field = (text: string, count: number | null = null): Suggestion => ({
  text,
  kind: count === null ? "intrinsic" : "attribute",
  count,
});

test("the best known come first, then what is frequent, and what tells single spans does not come", () => {
  const words = ["span:id", "nestedSetLeft", "duration", "kind"].map(text => field(text));
  const { likely, other } = fieldsToChoose([
    ...words,
    field("span.rare", 1),
    field("resource.service.name", 9),
    field("span.much", 7),
  ]);
  expect(likely.map(one => one.text)).toEqual([
    "name",
    "resource.service.name",
    "status",
    "kind",
    "rootName",
    "statusMessage",
    "span.much",
    "span.rare",
  ]);
  expect(other.map(one => one.text)).toEqual(["duration"]);
});
