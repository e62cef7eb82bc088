/** The made-up shop's lines: what its invocations wrote, and of those with none of their own a few. */

import type { components } from "../src/api/generated/openapi.ts";
import { Random } from "./random.ts";
import type { Told } from "./shop.ts";

type Schemas = components["schemas"];
type Log = Schemas["Log"];

const SEVERITIES = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Newest first. */
export function lines(told: readonly Told[]): Log[] {
  const all = told.flatMap(({ invocation, tell }) =>
    invocation.function === "importer" ? [] : tell().logs.filter(line => line.request_id === invocation.request_id),
  );
  return [...all, ...told.flatMap(more)].sort((left, right) => (BigInt(left.time) < BigInt(right.time) ? 1 : -1));
}

/** As libraries write them: JSON, and colours for a terminal. */
function more({ invocation: of }: Told, at: number): Log[] {
  const random = new Random(at + 3);
  const line = (millis: number, severity: number, body: string, attributes: Log["attributes"] = []): Log => ({
    time: String(BigInt(of.start) + BigInt(millis) * 1_000_000n),
    severity,
    body,
    source: "function",
    service: of.function,
    request_id: of.request_id,
    trace_id: of.platform_trace_id,
    span_id: null,
    attributes,
  });
  const took = Math.round(random.between(3, 80));
  const said = {
    level: "info",
    message: `answered ${random.next() < 0.1 ? 404 : 200} in ${took} ms`,
    http: { method: "POST", path: `/${of.function}`, bytes: Math.round(random.between(80, 4_000)) },
    user: null,
  };
  const plain = `\u001b[2mDEBUG\u001b[0m \u001b[36mpool\u001b[0m ${Math.round(random.between(1, 9))} of 10 connections in use`;
  const code = { key: "code.function", value: { stringValue: `${of.function}.handler` } };
  return [
    ...(at % 2 === 0 ? [line(7, 9, JSON.stringify(said), [code])] : []),
    ...(at % 5 === 0 ? [line(4, 5, plain)] : []),
    ...(at % 17 === 0 ? [line(11, 13, `slow query took ${took * 20} ms: SELECT left FROM stock`, [code])] : []),
  ];
}

/** What the parameters ask for. */
export function linesAsked(all: readonly Log[], search: URLSearchParams): Log[] {
  const least = SEVERITIES.indexOf(search.get("severity") ?? "") * 4 + 1;
  const wanted = [search.get("text") ?? "", ...(search.get("words") ?? "").split(/\s+/)].map(text =>
    text.toLowerCase(),
  );
  const [name, request, trace] = ["function", "request_id", "trace_id"].map(key => search.get(key));
  return all.filter(
    line =>
      (least < 1 || line.severity >= least) &&
      (name == null || line.service === name) &&
      (request == null || line.request_id === request) &&
      (trace == null || line.trace_id === trace) &&
      wanted.every(text => line.body.toLowerCase().includes(text)),
  );
}
