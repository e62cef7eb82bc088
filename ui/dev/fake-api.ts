/** The API without a backend: answers as `query/openapi.yaml` says, from a made-up shop. Never part of the product. */

import type { components } from "../src/api/generated/openapi.ts";
import { shop, type Told } from "./shop.ts";

type Schemas = components["schemas"];

export const SCENARIOS = ["full", "empty", "error", "loading"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const PAGE = 100;

export class FakeApi {
  readonly #scenario: Scenario;
  readonly #told: readonly Told[];

  constructor(scenario: Scenario, now = Date.now()) {
    this.#scenario = scenario;
    this.#told = scenario === "empty" ? [] : shop(now);
  }

  /** Undefined where the answer never comes. */
  answer(url: URL): Answer | undefined {
    if (this.#scenario === "loading") return undefined;
    if (this.#scenario === "error") {
      return failed(
        503,
        "unavailable",
        "The store at http://127.0.0.1:7071 does not answer: connection refused. It is tried again.",
      );
    }
    const [, , , resource, id] = url.pathname.split("/");
    if (resource === "functions") return { status: 200, body: this.#functions(url) };
    if (resource === "invocations")
      return id === undefined ? this.#invocations(url) : this.#invocation(decodeURIComponent(id));
    if (resource === "traces") return id === undefined ? this.#traces(url) : this.#trace(id);
    return failed(404, "not_found", "There is nothing under that path.");
  }

  #inRange(url: URL): Told[] {
    const to = BigInt(url.searchParams.get("to") ?? "9999999999999999999");
    const from = BigInt(url.searchParams.get("from") ?? "0");
    return this.#told.filter(({ invocation }) => BigInt(invocation.start) >= from && BigInt(invocation.start) < to);
  }

  #functions(url: URL): Schemas["FunctionList"] {
    const groups = new Map<string, Schemas["Invocation"][]>();
    for (const { invocation } of this.#inRange(url)) {
      groups.set(invocation.function, [...(groups.get(invocation.function) ?? []), invocation]);
    }
    const functions = [...groups.values()].map(summary);
    return { functions, total: functions.length };
  }

  #invocations(url: URL): Answer {
    const { searchParams } = url;
    const name = searchParams.get("function");
    const outcomes = searchParams.get("outcome")?.split(",");
    const cold = searchParams.get("cold");
    const found = this.#inRange(url)
      .map(told => told.invocation)
      .filter(one => name === null || one.function === name)
      .filter(one => outcomes?.includes(one.outcome) ?? true)
      .filter(one => cold === null || (one.cold !== "warm") === (cold === "true"));
    if (searchParams.get("sort") === "slowest") {
      found.sort((left, right) => Number(BigInt(right.duration ?? "0") - BigInt(left.duration ?? "0")));
    }
    const { items, next } = page(found, searchParams);
    const body: Schemas["InvocationList"] = { invocations: items, total: found.length, next_cursor: next };
    return { status: 200, body };
  }

  #invocation(requestId: string): Answer {
    const told = this.#told.find(({ invocation }) => invocation.request_id === requestId);
    if (told === undefined) return failed(404, "not_found", `No invocation ${requestId} is stored.`);
    const { trace, logs } = told.tell();
    const body: Schemas["InvocationDetail"] = { invocation: told.invocation, trace, logs, logs_total: logs.length };
    return { status: 200, body };
  }

  #traces(url: URL): Answer {
    const service = url.searchParams.get("service");
    const journeys = new Map<string, Schemas["TraceSummary"]>();
    for (const told of this.#inRange(url).filter(one => one.invocation.function !== "importer")) {
      const { trace } = told.tell();
      const found = traceSummary(trace);
      if (found !== null && (service === null || found.services.includes(service))) journeys.set(found.trace_id, found);
    }
    const all = [...journeys.values()];
    if (url.searchParams.get("sort") === "slowest") {
      all.sort((left, right) => Number(BigInt(right.duration) - BigInt(left.duration)));
    }
    const { items, next } = page(all, url.searchParams);
    const body: Schemas["TraceList"] = { traces: items, total: all.length, next_cursor: next };
    return { status: 200, body };
  }

  #trace(id: string): Answer {
    for (const told of this.#told) {
      if (told.invocation.function === "importer") continue;
      const { trace } = told.tell();
      if (trace.trace_ids.includes(id)) return { status: 200, body: trace };
    }
    return failed(404, "not_found", `No trace ${id} is stored.`);
  }
}

function failed(status: number, code: Schemas["Error"]["error"]["code"], message: string): Answer {
  const body: Schemas["Error"] = { error: { code, message } };
  return { status, body };
}

function page<Item>(all: readonly Item[], search: URLSearchParams): { items: Item[]; next: string | null } {
  const from = Number(search.get("cursor") ?? "0");
  const limit = Number(search.get("limit") ?? PAGE);
  return { items: all.slice(from, from + limit), next: from + limit < all.length ? String(from + limit) : null };
}

function summary(invocations: Schemas["Invocation"][]): Schemas["Function"] {
  const [newest] = invocations as [Schemas["Invocation"]];
  const lengths = sorted(invocations.map(one => one.duration));
  const inits = sorted(invocations.map(one => one.init));
  const count = (is: (one: Schemas["Invocation"]) => boolean) => String(invocations.filter(is).length);
  return {
    function: newest.function,
    platform: newest.platform,
    runtime: newest.runtime,
    architecture: newest.architecture,
    memory_bytes: newest.memory_bytes ?? "0",
    invocations: count(() => true),
    cold_starts: count(one => one.cold !== "warm"),
    errors: count(one => one.outcome !== "ok" && one.outcome !== "running"),
    timeouts: count(one => one.outcome === "timeout"),
    ooms: count(one => one.outcome === "oom"),
    p50: part(lengths, 0.5) ?? "0",
    p95: part(lengths, 0.95) ?? "0",
    max: part(lengths, 1) ?? "0",
    init_p50: part(inits, 0.5),
    last_seen: newest.start,
  };
}

function sorted(lengths: readonly (string | null)[]): bigint[] {
  const known = lengths.filter(length => length !== null).map(BigInt);
  return known.sort((left, right) => Number(left - right));
}

function part(lengths: readonly bigint[], of: number): string | null {
  const found = lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * of))];
  return found === undefined ? null : String(found);
}

function traceSummary(trace: Schemas["Trace"]): Schemas["TraceSummary"] | null {
  const root = trace.spans.find(span => span.phase === "invocation" || span.phase === "");
  const id = trace.trace_ids[0];
  if (root === undefined || id === undefined) return null;
  return {
    trace_id: id,
    start: trace.start,
    duration: String(BigInt(trace.end) - BigInt(trace.start)),
    root_service: root.service,
    root_name: root.name,
    services: [...new Set(trace.spans.map(span => span.service))],
    spans: String(trace.spans_total),
    errors: String(trace.spans.filter(span => span.status === "error").length),
    request_ids: trace.request_ids,
  };
}
