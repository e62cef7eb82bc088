/** What came into made-up invocations that failed, and what went out: as the extension captures it. */

import type { components } from "../src/api/generated/openapi.ts";

type Invocation = components["schemas"]["Invocation"];

export function payloadsOf({ outcome, error_type }: Invocation): Readonly<Record<string, string>> {
  if (outcome !== "error") return {};
  const request = {
    httpMethod: "POST",
    path: "/orders",
    headers: { authorization: "[redacted]", "content-type": "application/json" },
    body: { customer: 4711, items: [{ sku: "A-17", count: 2 }], card: "[redacted]" },
  };
  const response = { errorType: error_type, errorMessage: "insufficient funds" };
  return { "coldtrace.request": JSON.stringify(request), "coldtrace.response": JSON.stringify(response) };
}
