import { expect, test } from "vitest";

import { FakeApi } from "../../dev/fake-api.ts";
import { blockOf } from "../../dev/in-blocks.ts";
import { blockProblem, readBlock } from "./blocks.ts";
import type { components } from "./generated/openapi.ts";
import { printSpan } from "./print-span.ts";

type WireSpan = components["schemas"]["Span"];

const api = new FakeApi("full", Date.UTC(2026, 10, 23));
const ask = <Body>(path: string) => api.answer(new URL(`http://here/api/v1/${path}`))?.body as Body;

const { invocations } = ask<{ invocations: components["schemas"]["Invocation"][] }>("invocations?limit=1000");
const traces = invocations
  .filter(one => one.function !== "importer")
  .map(one => ask<components["schemas"]["InvocationDetail"]>(`invocations/${one.request_id}`).trace);
const [first] = traces.flatMap(trace => trace.spans) as [WireSpan];

test("what is printed of a block is what went into it", () => {
  const spans = traces.flatMap(trace => trace.spans);
  expect(spans.some(span => span.links.length > 0) && spans.some(span => span.events.length > 0)).toBe(true);
  for (const trace of traces) {
    const block = blockOf(trace.spans, trace.start);
    expect(blockProblem(block)).toBeNull();
    expect(readBlock(block).map(printSpan)).toEqual(trace.spans);
  }
});

test("every type of a value comes back, and every digit of a time", () => {
  const span: WireSpan = {
    ...first,
    start: "0",
    end: "18446744073709551615",
    self_time: "9007199254740993",
    critical_time: "9007199254740991",
    attributes: [
      { key: "text", value: { stringValue: "" } },
      { key: "yes", value: { boolValue: false } },
      { key: "large", value: { intValue: "-9223372036854775808" } },
      { key: "part", value: { doubleValue: 0.5 } },
      { key: "none", value: { doubleValue: "-Infinity" } },
      { key: "bytes", value: { bytesValue: "AAE=" } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }, {}] } } },
      { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { intValue: "7" } }] } } },
      { key: "empty", value: {} },
    ],
  };
  const wire = JSON.parse(JSON.stringify(blockOf([span, first], "0")));
  expect(readBlock(wire).map(printSpan)).toEqual([span, first]);
});

test("a block that is not as promised is told by what is wrong", () => {
  const block = blockOf([first], first.start);
  const problem = (change: object) => blockProblem({ ...block, ...change });
  expect(problem({ since: "soon" })).toBe("a block's since is not as promised");
  expect(problem({ texts: [1] })).toBe("a block's texts are not as promised");
  expect(problem({ start: ["soon"] })).toBe("a span's start is not as promised");
  expect(problem({ start: [-1] })).toContain("start");
  expect(problem({ start: undefined }), "it is always there").toContain("start");
  expect(problem({ start: [1, 2] }), "one for each span").toContain("start");
  expect(problem({ kind: [block.name[0]] }), "a text, but no kind").toContain("kind");
  expect(problem({ name: [block.texts.length] }), "a text that is not there").toContain("name");
  expect(problem({ marks: [["odd"]] })).toContain("marks");
  expect(problem({ events: [[{ name: "x" }]] })).toContain("events");
  expect(problem({ attributes: [[[0, { intValue: "1.5" }]]] })).toContain("attributes");
  expect(problem({ attributes: [[[0, block.texts.length]]] })).toContain("attributes");
  expect(problem({ links: [null] })).toContain("links");
  expect(blockProblem(null)).toBe("expected a block of spans");
});
