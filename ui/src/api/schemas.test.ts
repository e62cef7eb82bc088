/** What the API sends, parsed. The made-up API conforms to the description by its types, so it is held to the schemas here. */

import { expect, test } from "vitest";
import * as z from "zod/mini";
import { FakeApi } from "../../dev/fake-api.ts";
import { inBlocks } from "../../dev/in-blocks.ts";
import { crowd } from "../../dev/sandboxes.ts";
import { BIG } from "../../dev/shop.ts";
import { valueText } from "../model/attribute.ts";
import { withSpans } from "./read-trace.ts";
import {
  comparison,
  errorList,
  findingList,
  functionDetail,
  functionFindings,
  functionList,
  functionPath,
  functionSandboxes,
  invocationDetail,
  invocationList,
  pathComparison,
  trace,
  traceList,
} from "./schemas.ts";

const api = new FakeApi("full", Date.UTC(2026, 10, 23));
const ask = (path: string) => api.answer(new URL(`http://here/api/v1/${path}`))?.body;

/** What of an answer in blocks goes on to the schema. */
const read = (body: unknown) => withSpans(inBlocks(body), []);

test("lists are parsed", () => {
  expect(z.parse(functionList, ask("functions")).functions.length).toBe(5);
  expect(z.parse(invocationList, ask("invocations?limit=1000")).invocations.length).toBeGreaterThan(200);
  const { traces } = z.parse(traceList, ask("traces"));
  expect(z.parse(trace, read(ask(`traces/${traces[0]?.traceId}`))).spans.length).toBeGreaterThan(0);
});

test("a function and its findings are parsed", () => {
  const now = Date.UTC(2026, 10, 23);
  const range = `from=${now - 3_600_000}000000&to=${now}000000`;
  const detail = z.parse(functionDetail, ask(`functions/checkout?${range}`));
  expect(detail.points.reduce((sum, point) => sum + point.invocations, 0)).toBe(detail.summary.invocations);
  expect(detail.versions.map(one => one.version)).toEqual(["41", "42"]);
  const { findings } = z.parse(functionFindings, ask(`functions/checkout/findings?${range}`));
  expect(findings.length).toBe(7);
  const [loss] = z.parse(functionFindings, ask(`functions/inventory/findings?${range}`)).findings;
  expect(loss?.gain.monthly, "what would cost more").toBe(-310_000_000n);
});

test("the errors of a function are parsed", () => {
  const now = Date.UTC(2026, 10, 23);
  const range = `from=${now - 3_600_000}000000&to=${now}000000`;
  const { errors, total } = z.parse(errorList, ask(`errors?function=checkout&${range}`));
  expect(errors.length).toBe(total);
  expect(errors.length).toBeGreaterThan(0);
  for (const one of errors) expect(one.series.reduce((sum, count) => sum + count, 0)).toBe(one.count);
});

test("the sandboxes of a function are parsed", () => {
  const { sandboxes, total, unused, concurrency } = z.parse(functionSandboxes, ask("functions/checkout/sandboxes"));
  expect(sandboxes.length).toBe(total);
  expect(sandboxes.every(one => one.runs.length === one.invocations)).toBe(true);
  expect(
    sandboxes.some(one => one.prepared !== null && one.prepared.start + 7_200_000_000_000n < one.first),
    "made ready hours before",
  ).toBe(true);
  const others = z.parse(functionSandboxes, ask("functions/inventory/sandboxes")).sandboxes;
  expect(others.map(one => one.prepared)).toContain(null);
  expect([unused.sandboxes, unused.prepared]).toEqual([3, 2_436_000_000n]);
  expect(concurrency?.length).toBeGreaterThan(0);
  const many = z.parse(functionSandboxes, crowd(0));
  expect([many.sandboxes.length, many.sandboxes[59]?.runs.length, many.concurrency]).toEqual([60, 300, null]);
});

test("what was told of all functions is parsed", () => {
  const { findings } = z.parse(findingList, ask("findings"));
  expect(new Set(findings.map(one => one.function))).toEqual(new Set(["checkout", "inventory", "mailer"]));
  expect(findings.filter(one => !one.isThere).map(one => one.kind)).toEqual(["retries"]);
  expect(findings.every(one => one.firstSeen <= one.lastSeen)).toBe(true);
});

test("a comparison is parsed", () => {
  const { selected, rest, items, minDuration } = z.parse(comparison, ask("compare?function=checkout&slowest=0.05"));
  expect(selected.invocations).toBeGreaterThan(0);
  expect(rest.invocations).toBeGreaterThan(selected.invocations);
  expect(minDuration).toBeGreaterThan(0n);
  expect(
    items[0]?.also.map(one => one.value),
    "absent is a value",
  ).toContain(null);
  const none = z.parse(comparison, ask("compare?function=nothing&cold=true"));
  expect([none.selected.p50, none.items, none.warnings.length]).toEqual([null, [], 1]);
});

test("the paths of both sides are parsed", () => {
  const { selected, rest, frames } = z.parse(pathComparison, ask("compare/paths?function=checkout&slowest=0.05"));
  expect(selected).toBeGreaterThan(0);
  expect(rest).toBeGreaterThan(selected);
  expect(frames[0]?.parent).toBeNull();
  expect(frames.slice(1).every((frame, index) => frame.parent !== null && frame.parent <= index)).toBe(true);
  const none = z.parse(pathComparison, ask("compare/paths?function=nothing&cold=true"));
  expect([none.selected, none.frames]).toEqual([0, []]);
});

test("numbers beyond a double's precision keep every digit", () => {
  const start = "1763906582184000007";
  const list = ask("invocations?limit=1") as { invocations: object[]; total: number; next_cursor: null };
  const sent = { ...list, invocations: [{ ...list.invocations[0], start }] };
  expect(z.parse(invocationList, sent).invocations[0]?.start).toBe(BigInt(start));
});

test("every type of attribute is parsed", () => {
  const { invocations } = z.parse(invocationList, ask("invocations?outcome=timeout"));
  const sent = structuredClone(ask(`invocations/${invocations[0]?.requestId}`)) as {
    trace: { spans: { attributes: unknown[] }[] };
  };
  const span = sent.trace.spans[0];
  if (span) {
    span.attributes = [
      { key: "text", value: { stringValue: "a" } },
      { key: "flag", value: { boolValue: false } },
      { key: "int", value: { intValue: "-9223372036854775808" } },
      { key: "nan", value: { doubleValue: "NaN" } },
      { key: "bytes", value: { bytesValue: "AAE=" } },
      { key: "list", value: { arrayValue: { values: [{ stringValue: "x" }, { intValue: "1" }, {}] } } },
      { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } } },
      { key: "none", value: {} },
    ];
  }
  const parsed = z.parse(invocationDetail, read(sent));
  expect(parsed.trace.spans[0]?.attributes.map(one => valueText(one.value))).toEqual([
    "a",
    "false",
    "-9223372036854775808",
    "NaN",
    "AAE=",
    '["x", 1, ]',
    "{k: true}",
    "",
  ]);
});

test("an answer that is not as promised is refused", () => {
  expect(z.safeParse(functionList, { functions: [{ function: 7 }], total: 1 }).success).toBe(false);
  expect(z.safeParse(trace, null).success).toBe(false);
});

test("20,000 spans are parsed", () => {
  const { invocations } = z.parse(invocationList, ask("invocations?function=importer"));
  const sent = JSON.parse(JSON.stringify(ask(`invocations/${invocations[0]?.requestId}`)));
  const { trace: parsed } = z.parse(invocationDetail, read(sent));
  expect(parsed.spans.length).toBeGreaterThan(BIG * 0.99);
});

test("where the time of a function goes is parsed", () => {
  const now = Date.UTC(2026, 10, 23);
  const range = `from=${now - 6 * 3_600_000}000000&to=${now}000000`;
  const path = z.parse(functionPath, ask(`functions/checkout/path?${range}`));
  expect(path.lookedAt).toBeLessThanOrEqual(path.invocations);
  const share = path.segments.reduce((sum, one) => sum + one.share, 0);
  expect(share).toBeCloseTo(1);
  expect(path.segments.some(one => one.name === null && one.shareInvocations === null)).toBe(true);
  expect(path.points.every(point => point.categories.length > 0)).toBe(true);
});
