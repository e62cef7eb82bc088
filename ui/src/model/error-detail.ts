/** One group of errors on a page of its own: its chart, and the stack of one of them. */

import { after, type Nanos, type Time } from "../base/time.ts";
import { attributeText } from "./attribute.ts";
import type { ErrorGroup } from "./errors.ts";
import type { InvocationDetail } from "./trace.ts";

export const ERROR_ORDERS = ["count", "last_seen", "first_seen"] as const;
export type ErrorOrder = (typeof ERROR_ORDERS)[number];

export interface ErrorInRange {
  readonly group: ErrorGroup;
  /** When the first step of its series begins. */
  readonly start: Time;
  readonly step: Nanos;
}

/** When its series ends. */
export function endOf({ group, start, step }: ErrorInRange): Time {
  return after(start, BigInt(Math.max(1, group.series.length)) * step);
}

/** A severity from which on a line tells of an error. */
const ERROR = 17;

/** The stack of an invocation of the group: that of an exception of its type, else of any, else of a line that has one; null without. */
export function stackOf({ type }: ErrorGroup, { trace, logs }: InvocationDetail): string | null {
  const exceptions = trace.spans
    .flatMap(span => span.events)
    .map(event => ({
      type: attributeText(event.attributes, "exception.type") ?? "",
      stack: attributeText(event.attributes, "exception.stacktrace")?.trimEnd() ?? "",
    }))
    .filter(exception => exception.stack !== "");
  const same = exceptions.find(exception => exception.type === type || exception.type.endsWith(`.${type}`));
  const found = same ?? exceptions.at(-1);
  if (found !== undefined) return found.stack;
  const line = logs.find(({ severity, body }) => severity >= ERROR && body.trim().includes("\n"));
  return line?.body.trimEnd() ?? null;
}
