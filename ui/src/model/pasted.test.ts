import { expect, test } from "vitest";

import { recognised } from "./pasted.ts";

const TRACE = "5759e988bd862e3fe1be46a994272793";

test("a trace is recognised in each form that is pasted", () => {
  const trace = { kind: "trace", traceId: TRACE, spanId: null };
  expect(recognised(TRACE)).toEqual(trace);
  expect(recognised(` "${TRACE.toUpperCase()}", `)).toEqual(trace);
  expect(recognised("1-5759e988-bd862e3fe1be46a994272793")).toEqual(trace);
  expect(recognised("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")).toEqual(trace);
  expect(recognised(`00-${TRACE}-53995c3f42cd8ad8-01`)).toEqual({ ...trace, spanId: "53995c3f42cd8ad8" });
});

test("a request and a group of errors are told by their forms", () => {
  expect(recognised("8476a536-e9f4-11e8-9739-2dfe598c3fcd")).toEqual({
    kind: "request",
    requestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
  });
  expect(recognised("53995c3f42cd8ad8")).toEqual({ kind: "error", group: "53995c3f42cd8ad8" });
});

test("what is nearly an id is told why it is none", () => {
  expect(recognised(TRACE.slice(1))).toEqual({
    kind: "mistaken",
    why: "A trace id has 32 hex digits; this has 31.",
  });
  expect(recognised("8476a536-e9f4-11e8-9739-2dfe598c3f")).toMatchObject({ kind: "mistaken" });
  expect(recognised("0".repeat(32))).toEqual({ kind: "mistaken", why: "A trace id is not all zeros." });
});

test("another platform's id may be one of a request, a word is none", () => {
  expect(recognised("iad1::k7p2q-1795442602000-3f")).toMatchObject({ kind: "unknown" });
  for (const text of ["", "checkout", "cold starts", "p95"]) expect(recognised(text), text).toBeNull();
});
