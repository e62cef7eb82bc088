import { expect, test } from "vitest";

import { FakeApi } from "../../dev/fake-api.ts";
import type { components } from "./generated/openapi.ts";
import { printSpan } from "./print-span.ts";
import { spanProblem, toSpan } from "./spans.ts";

type WireSpan = components["schemas"]["Span"];

const api = new FakeApi("full", Date.UTC(2026, 10, 23));
const ask = <Body>(path: string) => api.answer(new URL(`http://here/api/v1/${path}`))?.body as Body;

const { invocations } = ask<{ invocations: components["schemas"]["Invocation"][] }>("invocations?limit=1000");
const spans = invocations
  .filter(one => one.function !== "importer")
  .flatMap(one => ask<components["schemas"]["InvocationDetail"]>(`invocations/${one.request_id}`).trace.spans);
const [first] = spans;

test("what is printed is what came", () => {
  expect(spans.some(span => span.links.length > 0) && spans.some(span => span.events.length > 0)).toBe(true);
  for (const span of spans) {
    expect(spanProblem(span)).toBeNull();
    expect(printSpan(toSpan(span))).toEqual(span);
  }
});

test("every type of a value comes back", () => {
  const attributes: WireSpan["attributes"] = [
    { key: "text", value: { stringValue: "" } },
    { key: "yes", value: { boolValue: false } },
    { key: "large", value: { intValue: "-9223372036854775808" } },
    { key: "part", value: { doubleValue: 0.5 } },
    { key: "none", value: { doubleValue: "-Infinity" } },
    { key: "bytes", value: { bytesValue: "AAE=" } },
    { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, {}] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { intValue: "7" } }] } } },
    { key: "empty", value: {} },
  ];
  expect(printSpan(toSpan({ ...(first as WireSpan), attributes })).attributes).toEqual(attributes);
});

test("a span that is not as promised is told by what is wrong", () => {
  const problem = (change: object) => spanProblem({ ...first, ...change });
  expect(problem({ start: "soon" })).toBe("a span's start is not as promised");
  expect(problem({ marks: ["odd"] })).toContain("marks");
  expect(problem({ events: [{ name: "x" }] })).toContain("events");
  expect(problem({ attributes: [{ key: "a", value: { intValue: "1.5" } }] })).toContain("attributes");
  expect(problem({ links: null })).toContain("links");
  expect(spanProblem(null)).toBe("expected a span");
});
