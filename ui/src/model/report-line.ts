/** What the platform reported of an invocation, as it writes it into its log. */

import type { Nanos } from "../base/time.ts";
import type { Invocation, Outcome } from "./invocation.ts";

const MB = 1024n * 1024n;
const STATUS: Readonly<Partial<Record<Outcome, string>>> = {
  timeout: "timeout",
  error: "error",
  oom: "error",
  crash: "error",
  init_error: "error",
};

/** Null where no report came, and of platforms that write none. */
export function reportLine(invocation: Invocation): string | null {
  const { platform, facts, requestId, duration, billed, memoryBytes, maxMemoryBytes, init, restore } = invocation;
  if (platform !== "aws_lambda" || !facts.includes("reported") || duration === null) return null;
  const status = STATUS[invocation.outcome];
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${millis(duration)} ms`,
    ...(billed === null ? [] : [`Billed Duration: ${billed / 1_000_000n} ms`]),
    ...(memoryBytes === null ? [] : [`Memory Size: ${memoryBytes / MB} MB`]),
    ...(maxMemoryBytes === null ? [] : [`Max Memory Used: ${maxMemoryBytes / MB} MB`]),
    ...(init === null ? [] : [`Init Duration: ${millis(init)} ms`]),
    ...(restore === null ? [] : [`Restore Duration: ${millis(restore)} ms`]),
    ...(status === undefined ? [] : [`Status: ${status}`]),
  ];
  return parts.join("\t");
}

const millis = (length: Nanos): string => (Number(length) / 1e6).toFixed(2);
