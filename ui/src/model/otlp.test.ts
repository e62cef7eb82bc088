import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import { madeTrace } from "./made.ts";
import { otlpOf } from "./otlp.ts";

const empty = { attributes: [], droppedAttributes: 0, schemaUrl: "" };
const trace = {
  ...madeTrace([
    { start: 1, end: 2, name: "handler", kind: "server", status: "error", statusMessage: "no", resource: 0, scope: 0 },
    {
      start: 1,
      end: 2,
      name: "call",
      kind: "client",
      parentSpanId: "0000000000000000",
      resource: 1,
      scope: 0,
      flags: 257,
      droppedEvents: 2,
      attributes: [
        { key: "n", value: { kind: "int", value: 9_007_199_254_740_993n } },
        { key: "d", value: { kind: "double", value: Number.NaN } },
        { key: "list", value: { kind: "array", value: [{ kind: "bool", value: true }, { kind: "empty" }] } },
        { key: "map", value: { kind: "map", value: [{ key: "b", value: { kind: "bytes", value: "AA==" } }] } },
      ],
      events: [{ time: time(2n), name: "exception", attributes: [], droppedAttributes: 1 }],
      links: [{ traceId: "ab", spanId: "cd", traceState: "x=y", flags: 1, attributes: [], droppedAttributes: 0 }],
    },
    { start: 1, end: 2, name: "again", resource: 0, scope: 1 },
  ]),
  resources: [{ ...empty, schemaUrl: "https://opentelemetry.io/schemas/1.36.0" }, empty],
  scopes: [
    { ...empty, name: "requests", version: "1" },
    { ...empty, name: "", version: "" },
  ],
};

test("spans stand below their resource and scope", () => {
  const { resourceSpans } = otlpOf(trace, trace.spans) as {
    resourceSpans: { schemaUrl?: string; scopeSpans: { scope: { name: string }; spans: { name: string }[] }[] }[];
  };
  const told = resourceSpans.map(({ schemaUrl, scopeSpans }) => [
    schemaUrl,
    ...scopeSpans.map(({ scope, spans }) => [scope.name, ...spans.map(({ name }) => name)]),
  ]);
  expect(told).toEqual([
    ["https://opentelemetry.io/schemas/1.36.0", ["requests", "handler"], ["", "again"]],
    [undefined, ["requests", "call"]],
  ]);
});

test("a span comes out in the words of OTLP's JSON", () => {
  const [, call] = trace.spans;
  const told = JSON.parse(JSON.stringify(otlpOf(trace, call === undefined ? [] : [call])));
  expect(told.resourceSpans[0].scopeSpans[0].spans[0]).toEqual({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "0000000000000001",
    parentSpanId: "0000000000000000",
    flags: 257,
    name: "call",
    kind: 3,
    startTimeUnixNano: "1",
    endTimeUnixNano: "2",
    attributes: [
      { key: "n", value: { intValue: "9007199254740993" } },
      { key: "d", value: { doubleValue: "NaN" } },
      { key: "list", value: { arrayValue: { values: [{ boolValue: true }, {}] } } },
      { key: "map", value: { kvlistValue: { values: [{ key: "b", value: { bytesValue: "AA==" } }] } } },
    ],
    events: [{ timeUnixNano: "2", name: "exception", attributes: [], droppedAttributesCount: 1 }],
    droppedEventsCount: 2,
    links: [{ traceId: "ab", spanId: "cd", traceState: "x=y", flags: 1, attributes: [] }],
    status: {},
  });
});
