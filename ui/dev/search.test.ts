import { describe, expect, test } from "vitest";

import { functionList } from "../src/api/schemas.ts";
import { searchResult } from "../src/api/trace-search.ts";
import { examplesFor } from "../src/model/search-examples.ts";
import { FakeApi } from "./fake-api.ts";

const NOW = 1_763_906_582_184;
const api = new FakeApi("full", NOW);
const RANGE = { from: `${NOW - 3_600_000}000000`, to: `${NOW}000000` };

function ask(path: string, parameters: Record<string, string> = {}) {
  const search = new URLSearchParams({ ...RANGE, ...parameters });
  return api.answer(new URL(`http://shop/api/v1/${path}?${search}`)) ?? { status: 0, body: null };
}

const functions = functionList.parse(ask("functions").body).functions;

describe("an example is a query that finds something", () => {
  test.each(examplesFor(functions).map(({ title, query }) => [title, query] as const))("%s", (_, query) => {
    const answer = ask("search", { q: query });
    expect(answer.status).toBe(200);
    expect(searchResult.parse(answer.body).matches.length).toBeGreaterThan(0);
  });
});

test("examples fit what runs there", () => {
  const titles = examplesFor(functions).map(example => example.title);
  expect(titles.slice(0, 3)).toEqual(["Slow inventory", "Errors of checkout", "Cold starts of checkout"]);
  expect(examplesFor([]).length, "and there are some where nothing ran").toBeGreaterThan(2);
});
