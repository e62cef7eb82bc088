/** The API without a backend: answers as `query/openapi.yaml` says, from a made-up shop. Never part of the product. */

import type { components } from "../src/api/generated/openapi.ts";
import { type Answer, FakeAlerts } from "./alerts.ts";
import { coldStarts } from "./cold-starts.ts";
import { comparison, paths } from "./comparison.ts";
import { error, errors } from "./errors.ts";
import { findings, toldFindings } from "./function-findings.ts";
import { functionPath } from "./function-path.ts";
import type { Trace } from "./journey.ts";
import { lines, linesAsked } from "./logs.ts";
import { operations } from "./operations.ts";
import { changes, listed, trendStep } from "./overview.ts";
import { sandboxes } from "./sandboxes.ts";
import { search, suggest } from "./search.ts";
import { serviceMap } from "./service-map.ts";
import { FakeSettings } from "./settings.ts";
import { costOf, shop, type Told } from "./shop.ts";
import { shownQueries } from "./shown-queries.ts";
import { tail } from "./tail.ts";
import { verdict } from "./verdict.ts";

type Schemas = components["schemas"];

export const SCENARIOS = ["full", "empty", "error", "loading", "readonly"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export type { Answer };

/** What is asked but for the address; reading where nothing is said. */
export interface How {
  readonly method: string;
  /** As JSON. */
  readonly body: string;
}

const PAGE = 100;
const MINUTE = 60_000_000_000n;
/** Of a chart; what its steps may be, in minutes. */
const STEPS = 120n;
const STEP_MINUTES = [1n, 2n, 5n, 10n, 20n, 30n, 60n, 120n, 360n, 720n, 1440n];
/** As the API's: buckets for each doubling of microseconds. */
const PER_OCTAVE = 32;

export class FakeApi {
  readonly #scenario: Scenario;
  readonly #clock: () => number;
  readonly #told: readonly Told[];
  readonly #alerts: FakeAlerts;
  readonly #settings: FakeSettings;
  #lines: Schemas["Log"][] | undefined;
  /** What the search looks at: told when it is first asked. */
  #traced: readonly Trace[] | null = null;

  /** @param still Where its clock stands; without, the clock goes. */
  constructor(scenario: Scenario, still?: number) {
    this.#scenario = scenario;
    this.#clock = still === undefined ? Date.now : () => still;
    const now = this.#clock();
    this.#told = scenario === "empty" ? [] : shop(now);
    const invocations = this.#told.map(one => one.invocation);
    this.#alerts = new FakeAlerts(this.#clock, scenario === "empty", invocations);
    this.#settings = new FakeSettings(now, scenario === "empty" ? "open" : scenario === "readonly" ? "read" : "admin");
  }

  /** Undefined where the answer never comes. */
  answer(url: URL, { method, body }: How = { method: "GET", body: "" }): Answer | undefined {
    if (this.#scenario === "loading") return undefined;
    if (this.#scenario === "readonly" && method !== "GET") {
      return failed(403, "forbidden", "This key has the scope read; this takes write.");
    }
    if (this.#scenario === "error") {
      return failed(
        503,
        "unavailable",
        "The store at http://127.0.0.1:7071 does not answer: connection refused. It is tried again.",
      );
    }
    if (url.searchParams.get("show") === "queries") return { status: 200, body: shownQueries(url) };
    const [, , , resource, id, part] = url.pathname.split("/");
    if (resource === "settings" || resource === "keys" || resource === "limits") {
      return this.#settings.answer(
        method,
        [resource, id, part].filter(piece => piece !== undefined),
        parsed(body),
      );
    }
    if (resource === "alerts") {
      const path = url.pathname.split("/").slice(4).map(decodeURIComponent);
      return this.#alerts.answer({ method, path, search: url.searchParams, body: parsed(body) });
    }
    if (resource === "functions")
      return id === undefined ? this.#functions(url) : this.#function(url, decodeURIComponent(id), part);
    if (resource === "changes") return this.#changes(url);
    if (resource === "compare") return this.#compare(url, id);
    if (resource === "cold-starts") return this.#coldStarts(url);
    if (resource === "errors") return id === undefined ? this.#errors(url) : this.#error(url, id);
    if (resource === "logs") return this.#logs(url);
    if (resource === "map") {
      const { from, to } = boundsOf(url);
      const told = this.#inRange(url).map(one => one.invocation);
      return { status: 200, body: serviceMap(told, from, to) };
    }
    if (resource === "findings") return { status: 200, body: toldFindings(this.#told.map(one => one.invocation)) };
    if (resource === "invocations")
      return id === undefined ? this.#invocations(url) : this.#invocation(decodeURIComponent(id));
    if (resource === "search") return this.#search(url, id);
    if (resource === "traces") {
      if (id === undefined) return this.#traces(url);
      return part === "operations" ? this.#operations(id) : this.#trace(id);
    }
    return failed(404, "not_found", "There is nothing under that path.");
  }

  /**
   * What comes, where that is asked and can be told.
   * @param most So many events, and then nothing.
   * @returns what ends it.
   */
  follow(url: URL, write: (text: string) => void, most = Number.POSITIVE_INFINITY): (() => void) | undefined {
    const isTold = this.#scenario !== "loading" && this.#scenario !== "error";
    const isShown = url.searchParams.get("show") === "queries";
    if (url.pathname !== "/api/v1/tail" || !isTold || isShown) return undefined;
    this.#lines ??= lines(this.#told);
    const invocations = this.#told.map(one => one.invocation);
    return tail({ invocations, lines: this.#lines, clock: this.#clock, most }, url.searchParams, write);
  }

  #inRange(url: URL): Told[] {
    const to = BigInt(url.searchParams.get("to") ?? "9999999999999999999");
    const from = BigInt(url.searchParams.get("from") ?? "0");
    return this.#told.filter(({ invocation }) => BigInt(invocation.start) >= from && BigInt(invocation.start) < to);
  }

  #functions(url: URL): Answer {
    const groups = new Map<string, Schemas["Invocation"][]>();
    for (const { invocation } of this.#inRange(url)) {
      groups.set(invocation.function, [...(groups.get(invocation.function) ?? []), invocation]);
    }
    const { from, to } = boundsOf(url);
    const step = trendStep(from, to);
    const told = toldFindings(this.#told.map(one => one.invocation)).findings.filter(one => one.is_there);
    const functions = [...groups].map(([name, of]) =>
      listed(
        summary(of),
        of,
        step,
        told.find(one => one.function === name),
      ),
    );
    const body: Schemas["FunctionList"] = { functions, total: functions.length, next_cursor: null, step: String(step) };
    return { status: 200, body };
  }

  #changes(url: URL): Answer {
    const { from, to } = boundsOf(url);
    const invocations = this.#told.map(one => one.invocation);
    const [known] = errors(invocations, { from, to, sort: "count" }).errors;
    if (known === undefined) return { status: 200, body: { changes: [], before_from: "0", from: "0", to: "0" } };
    const asked = { from, to, function: url.searchParams.get("function"), error: known.group };
    return { status: 200, body: changes(asked) };
  }

  #function(url: URL, name: string, part: string | undefined): Answer {
    const told = this.#inRange(url).map(one => one.invocation);
    const invocations = told.filter(one => one.function === name);
    if (invocations.length === 0)
      return failed(404, "not_found", `The function ${name} was not invoked in this range.`);
    if (part === "findings") return { status: 200, body: findings(name, invocations, url.search) };
    if (part === "path") return { status: 200, body: functionPath(invocations, url.searchParams) };
    const length = BigInt(url.searchParams.get("to") ?? "0") - BigInt(url.searchParams.get("from") ?? "0");
    const minutes = STEP_MINUTES.find(minutes => length / (minutes * MINUTE) <= STEPS) ?? 1440n;
    if (part === "sandboxes") return { status: 200, body: sandboxes(invocations, minutes * MINUTE) };
    return { status: 200, body: detail(invocations, minutes * MINUTE) };
  }

  #coldStarts(url: URL): Answer {
    const name = url.searchParams.get("function");
    const { from, to } = boundsOf(url);
    const invocations = this.#inRange(url).map(one => one.invocation);
    const of = invocations.filter(one => name === null || one.function === name);
    return { status: 200, body: coldStarts(of, from, to) };
  }

  #errors(url: URL): Answer {
    const name = url.searchParams.get("function");
    const invocations = this.#inRange(url).map(one => one.invocation);
    const of = invocations.filter(one => name === null || one.function === name);
    const { from, to } = boundsOf(url);
    const sort = url.searchParams.get("sort") ?? "count";
    return { status: 200, body: errors(of, { from, to, sort }) };
  }

  #error(url: URL, id: string): Answer {
    const { from, to } = boundsOf(url);
    const invocations = this.#inRange(url).map(one => one.invocation);
    const body = error(id, invocations, from, to);
    return body === undefined
      ? failed(404, "not_found", `No error of the group ${id} is known in this range.`)
      : { status: 200, body };
  }

  #logs(url: URL): Answer {
    this.#lines ??= lines(this.#told);
    const { from, to } = boundsOf(url);
    const inRange = this.#lines.filter(line => BigInt(line.time) >= from && BigInt(line.time) < to);
    const { items, next } = page(linesAsked(inRange, url.searchParams), url.searchParams);
    const reached = next === null ? String(from) : (items.at(-1)?.time ?? String(from));
    const body: Schemas["LogList"] = { logs: items, next_cursor: next, searched_from: reached, warnings: [] };
    return { status: 200, body };
  }

  #compare(url: URL, part: string | undefined): Answer {
    const name = url.searchParams.get("function");
    const invocations = this.#inRange(url).map(one => one.invocation);
    const of = invocations.filter(one => name === null || one.function === name);
    return { status: 200, body: (part === "paths" ? paths : comparison)(of, url.searchParams) };
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
    const least = BigInt(searchParams.get("min_duration") ?? "0");
    const most = searchParams.get("max_duration");
    const isAsked = (one: Schemas["Invocation"]) => {
      const length = one.duration === null ? null : BigInt(one.duration);
      const hasLength = least === 0n || (length !== null && length >= least);
      const isShort = most === null || (length !== null && length <= BigInt(most));
      const of = (name: string, value: string) => (searchParams.get(name) ?? value) === value;
      return hasLength && isShort && of("version", one.version) && of("error_type", one.error_type);
    };
    const all = found.filter(isAsked);
    const rank = RANKS[searchParams.get("sort") ?? "newest"];
    if (rank !== undefined) all.sort((left, right) => Number(rank(right) - rank(left)));
    const { items, next } = page(all, searchParams);
    const body: Schemas["InvocationList"] = { invocations: items, total: all.length, next_cursor: next };
    return { status: 200, body };
  }

  #invocation(requestId: string): Answer {
    const told = this.#told.find(({ invocation }) => invocation.request_id === requestId);
    if (told === undefined) return failed(404, "not_found", `No invocation ${requestId} is stored.`);
    const { trace, logs } = told.tell();
    const body: Schemas["InvocationDetail"] = {
      invocation: told.invocation,
      verdict: verdict(told.invocation, trace),
      trace,
      logs,
      logs_total: logs.length,
    };
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

  #search(url: URL, part: string | undefined): Answer {
    const [from, to] = ["from", "to"].map(bound => BigInt(url.searchParams.get(bound) ?? "0"));
    const within = this.#searched().filter(({ start }) => BigInt(start) >= (from ?? 0n) && BigInt(start) < (to ?? 0n));
    if (part === "suggest") return suggest(within, url.searchParams);
    return search(within, { from: from ?? 0n, to: to ?? 0n }, url.searchParams);
  }

  /** Every trace but the big one, once, the latest first. */
  #searched(): readonly Trace[] {
    if (this.#traced !== null) return this.#traced;
    const traces = new Map<string, Trace>();
    for (const told of this.#told) {
      if (told.invocation.function === "importer") continue;
      const { trace } = told.tell();
      const id = trace.trace_ids[0];
      if (id !== undefined) traces.set(id, trace);
    }
    const latest = (one: Trace, other: Trace) => (BigInt(one.start) < BigInt(other.start) ? 1 : -1);
    this.#traced = [...traces.values()].sort(latest);
    return this.#traced;
  }

  #trace(id: string): Answer {
    for (const told of this.#told) {
      if (told.invocation.function === "importer") continue;
      const { trace } = told.tell();
      if (trace.trace_ids.includes(id)) return { status: 200, body: trace };
    }
    return failed(404, "not_found", `No trace ${id} is stored.`);
  }

  /** Of the big one too, which is told last. */
  #operations(id: string): Answer {
    const isBig = (told: Told) => told.invocation.function === "importer";
    const told = [...this.#told.filter(one => !isBig(one)), ...this.#told.filter(isBig)];
    for (const one of told) {
      const { trace } = one.tell();
      if (trace.trace_ids.includes(id)) return { status: 200, body: operations(trace) };
    }
    return failed(404, "not_found", `No trace ${id} is stored.`);
  }
}

/** What a list of invocations is ordered by, the greatest first. */
const RANKS: Readonly<Record<string, (one: Schemas["Invocation"]) => bigint>> = {
  slowest: one => BigInt(one.duration ?? "0"),
  errors: one => (one.outcome === "ok" || one.outcome === "running" ? 0n : 1n),
  cost: one => BigInt(one.cost ?? "0"),
};

const parsed = (body: string): unknown => (body === "" ? null : JSON.parse(body));

function boundsOf({ searchParams }: URL): { from: bigint; to: bigint } {
  return { from: BigInt(searchParams.get("from") ?? "0"), to: BigInt(searchParams.get("to") ?? "0") };
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
    lost: count(one => one.outcome === "lost"),
    p50: part(lengths, 0.5) ?? "0",
    p95: part(lengths, 0.95) ?? "0",
    max: part(lengths, 1) ?? "0",
    init_p50: part(inits, 0.5),
    last_seen: newest.start,
    cost: String(invocations.reduce((all, one) => all + BigInt(one.cost ?? "0"), 0n)),
  };
}

function detail(invocations: Schemas["Invocation"][], step: bigint): Schemas["FunctionDetail"] {
  const { p99, billed, cost } = functionPart(invocations, {});
  const points = grouped(invocations, one => String((BigInt(one.start) / step) * step));
  const starts = grouped(invocations, one => one.cold);
  return {
    function: summary(invocations),
    region: "eu-central-1",
    p99,
    billed,
    cost,
    prices_of: "2026-11",
    versions: grouped(invocations, one => one.version).map(([version, of]) => functionPart(of, { version })),
    memory_sizes: grouped(invocations, one => one.memory_bytes).map(([memory_bytes, of]) =>
      functionPart(of, { memory_bytes, architecture: "x86_64" }),
    ),
    starts: starts.map(([cold, of]) => {
      const inits = sorted(of.map(one => one.init));
      return { cold, invocations: String(of.length), init_p50: part(inits, 0.5), init_p95: part(inits, 0.95) };
    }),
    step: String(step),
    points: points.map(([start, of]) => point(start, of)),
  };
}

function point(start: string, invocations: Schemas["Invocation"][]): Schemas["FunctionPoint"] {
  const { cold_starts, errors, timeouts, ooms, lost } = summary(invocations);
  const { p50, p95, p99, max, billed, max_memory_bytes } = functionPart(invocations, {});
  const buckets = grouped(sorted(invocations.map(one => one.duration)), bucketEnd);
  return {
    start,
    invocations: String(invocations.length),
    ...{ cold_starts, errors, timeouts, ooms, lost, p50, p95, p99, max, billed, max_memory_bytes },
    durations: buckets.map(([end, of]) => [end, String(of.length)]),
  };
}

function bucketEnd(length: bigint): string {
  const index = Math.ceil(Math.log2(Number(length) / 1e3) * PER_OCTAVE);
  return String(Math.floor(2 ** (index / PER_OCTAVE) * 1e3));
}

function functionPart(
  invocations: Schemas["Invocation"][],
  common: Partial<Schemas["FunctionPart"]>,
): Schemas["FunctionPart"] {
  const lengths = sorted(invocations.map(one => one.duration));
  const used = sorted(invocations.map(one => one.max_memory_bytes));
  const sum = (of: readonly (string | null)[]) => String(of.reduce((all, one) => all + BigInt(one ?? "0"), 0n));
  const { cold_starts, errors, p50, p95, max } = summary(invocations);
  return {
    version: null,
    memory_bytes: null,
    architecture: null,
    invocations: String(invocations.length),
    ...{ cold_starts, errors, p50, p95, max },
    p99: part(lengths, 0.99) ?? "0",
    billed: sum(invocations.map(one => one.billed)),
    cost: sum(invocations.map(costOf)),
    max_memory_bytes: part(used, 1),
    first_seen: invocations.at(-1)?.start ?? "0",
    last_seen: invocations[0]?.start ?? "0",
    ...common,
  };
}

/** Of what is listed newest first: the earliest first. */
function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): [Key, Item[]][] {
  const groups = new Map<Key, Item[]>();
  for (const item of items.toReversed()) {
    const key = keyOf(item);
    groups.set(key, [item, ...(groups.get(key) ?? [])]);
  }
  return [...groups];
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
