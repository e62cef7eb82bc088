/** A cold start of a function that is called greeter, as its SDK would send it: OTLP in JSON. */

import { randomBytes } from "node:crypto";

const MS = 1_000_000n;

export async function sendColdStart(otlp: string): Promise<void> {
  const requestId = `browser-${randomBytes(6).toString("hex")}`;
  const response = await fetch(`${otlp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(coldStart(requestId)),
  });
  if (!response.ok) throw new Error(`the collector answered ${response.status}: ${await response.text()}`);
}

function coldStart(requestId: string) {
  const traceId = randomBytes(16).toString("hex");
  const ids = Array.from({ length: 4 }, () => randomBytes(8).toString("hex"));
  const start = BigInt(Date.now()) * MS - 2_000n * MS;
  const span = (index: number, name: string, parent: number | null, from: number, length: number, more: object) => ({
    traceId,
    spanId: ids[index],
    ...(parent !== null && { parentSpanId: ids[parent] }),
    name,
    startTimeUnixNano: String(start + BigInt(from) * MS),
    endTimeUnixNano: String(start + BigInt(from + length) * MS),
    ...more,
  });
  const invocation = {
    kind: 2,
    attributes: [
      text("faas.invocation_id", requestId),
      text("faas.trigger", "http"),
      { key: "faas.coldstart", value: { boolValue: true } },
    ],
  };
  const call = {
    kind: 3,
    attributes: [text("server.address", "payments.example"), text("http.request.method", "POST")],
  };
  const exception = {
    timeUnixNano: String(start + 640n * MS),
    name: "exception",
    attributes: [text("exception.type", "CardDeclined"), text("exception.message", "insufficient funds")],
  };
  const spans = [
    span(0, "greet", null, 0, 840, invocation),
    span(1, "load config", 0, 5, 120, { kind: 1 }),
    span(2, "POST payments", 0, 130, 520, { ...call, status: { code: 2, message: "402" }, events: [exception] }),
    span(3, "render", 0, 660, 170, { kind: 1 }),
  ];
  const resource = {
    attributes: [
      text("service.name", "greeter"),
      text("faas.name", "greeter"),
      text("cloud.platform", "aws_lambda"),
      text("cloud.region", "eu-central-1"),
    ],
  };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "browser-tests" }, spans }] }] };
}

function text(key: string, value: string) {
  return { key, value: { stringValue: value } };
}
