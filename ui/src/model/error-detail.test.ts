/** The stack of an error, from what its invocation left behind. */

import { describe, expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import type { Attribute } from "./attribute.ts";
import { endOf, stackOf } from "./error-detail.ts";
import type { ErrorGroup } from "./errors.ts";
import type { InvocationDetail } from "./trace.ts";

const group = { type: "Declined", series: [0, 1, 2] } as unknown as ErrorGroup;

const text = (key: string, value: string): Attribute => ({ key, value: { kind: "string", value } });
const exception = (type: string, stack: string) => ({
  name: "exception",
  attributes: [text("exception.type", type), text("exception.stacktrace", stack)],
});

function left(events: readonly object[], logs: readonly object[] = []): InvocationDetail {
  return { trace: { spans: [{ events }] }, logs } as unknown as InvocationDetail;
}

describe("the stack", () => {
  test("is that of an exception of its type, whatever package it is in", () => {
    const events = [exception("app.Declined", "at charge\n"), exception("KeyError", "at handler")];
    expect(stackOf(group, left(events))).toBe("at charge");
  });
  test("is that of the last exception where none has the type", () => {
    expect(stackOf(group, left([exception("KeyError", "one"), exception("ValueError", "two")]))).toBe("two");
  });
  test("is that of a line where no exception has one", () => {
    const logs = [
      { severity: 9, body: "a\nb" },
      { severity: 17, body: "one line" },
      { severity: 17, body: "Traceback\n  at x\n" },
    ];
    expect(stackOf(group, left([exception("Declined", "")], logs))).toBe("Traceback\n  at x");
  });
  test("is not there where nothing was left", () => {
    expect(stackOf(group, left([]))).toBeNull();
  });
});

test("a series ends where its last step does", () => {
  expect(endOf({ group, start: time(100n), step: nanos(10n) })).toBe(130n);
});
