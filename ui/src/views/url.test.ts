/** Every view's URL: what is printed is parsed back, and nonsense is left out. */

import { describe, expect, test } from "vitest";

import { parseSearch, printSearch } from "../app/search.ts";
import { nanos, time } from "../base/time.ts";
import {
  parseDeliveriesSearch,
  parseFindSearch,
  parseHistorySearch,
  parseNewChannelSearch,
  parseNewRuleSearch,
  parseNewSilenceSearch,
  parseRuleSearch,
} from "./alerts/url.ts";
import { parseColdStartsSearch } from "./cold-starts/url.ts";
import { parseErrorsSearch } from "./errors/url.ts";
import {
  boxCompared,
  boxListed,
  comparedBox,
  listedBox,
  parseFindingsSearch,
  parseFunctionSearch,
  parseInvocationsSearch,
  parseOutcomes,
  rangeListed,
  withoutBox,
  withoutFilters,
} from "./invocations/url.ts";
import { parseLogsSearch } from "./logs/url.ts";
import { parseMapSearch } from "./map/url.ts";
import { parseOverviewSearch, parseStartSearch } from "./overview/url.ts";
import { lengthsOf, lengthsSearch, parseSearchSearch } from "./search/url.ts";
import { parseTailSearch } from "./tail/url.ts";
import { parseTraceSearch, parseTraceState, printTraceState, type TraceState } from "./trace/url.ts";
import { parseTracesSearch } from "./traces/url.ts";

const VIEWS = {
  alerts: { parse: parseFindSearch, good: [{}, { find: "a & b" }], bad: [{ find: "" }, { name: "a" }] },
  "the history of alerts": {
    parse: parseHistorySearch,
    good: [{}, { rule: "file:too slow" }, { alert: "9f1c0a77b2d4e658" }],
    bad: [{ rule: "" }, { alert: 7 }],
  },
  "a rule": { parse: parseRuleSearch, good: [{}, { test: "7d" }], bad: [{ test: "2d" }, { test: "toString" }] },
  "a new rule": {
    parse: parseNewRuleSearch,
    good: [{}, { from: "file:a", test: "30d" }, { function: "check & out" }],
    bad: [{ from: "" }, { test: "" }],
  },
  "a new silence": {
    parse: parseNewSilenceSearch,
    good: [{}, { match: "alertname=too+slow&function=a%26b" }],
    bad: [{ match: "" }, { matchers: "a" }],
  },
  "a new channel": {
    parse: parseNewChannelSearch,
    good: [{}, { kind: "slack" }],
    bad: [{ kind: "webhook" }, { kind: "fax" }],
  },
  deliveries: {
    parse: parseDeliveriesSearch,
    good: [{}, { state: "failed", channel: "c-1" }],
    bad: [{ state: "lost" }, { channel: "" }],
  },
  "cold starts": {
    parse: parseColdStartsSearch,
    good: [{}, { sort: "p50", range: "7d" }, { sort: "count", by: "memory", function: "check & out" }],
    bad: [{ sort: "share" }, { sort: "ice" }, { by: "part" }, { function: "" }],
  },
  errors: {
    parse: parseErrorsSearch,
    good: [{}, { function: "check & out", sort: "last_seen", range: "7d" }, { sort: "first_seen" }],
    bad: [{ function: "" }, { sort: "count" }, { sort: "loudest" }],
  },
  start: {
    parse: parseStartSearch,
    good: [{}, { tab: "otlp", tool: "go" }, { tool: "cdk" }],
    bad: [{ tab: "lambda" }, { tab: "fax" }, { tool: "" }],
  },
  overview: {
    parse: parseOverviewSearch,
    good: [
      {},
      { sort: "p95", name: "check & out" },
      { range: "7d", changes: "range" },
      { from: "1", to: "2", sort: "recent", compare: "off" },
    ],
    bad: [
      { sort: "attention" },
      { sort: "colour" },
      { range: "1h" },
      { name: "" },
      { from: "x", to: "2" },
      { compare: "on" },
      { changes: "day" },
    ],
  },
  findings: {
    parse: parseFindingsSearch,
    good: [{}, { name: "check & out" }],
    bad: [{ name: "" }, { name: 7 }, { range: "7d" }],
  },
  invocations: {
    parse: parseInvocationsSearch,
    good: [
      {},
      { outcome: "error,timeout", start: "cold", sort: "slowest", range: "15m" },
      { start: "warm", sort: "cost" },
      { min: "400000000", max: "400000000", version: "v 42", error: "a & b" },
      { after: "5", before: "9", max: "7" },
    ],
    bad: [
      { outcome: "fine" },
      { start: "hot" },
      { sort: "newest" },
      { sort: "9" },
      { min: "9", max: "5" },
      { min: "400ms" },
      { after: "9", before: "5" },
      { after: "5" },
      { version: "", error: "" },
    ],
  },
  "a function": {
    parse: parseFunctionSearch,
    good: [
      {},
      { chart: "heatmap", outcome: "timeout", from: "1", to: "2" },
      { start: "cold" },
      { why: "slow", range: "6h" },
      { why: "stretch", since: "5", until: "9" },
      { why: "stretch", since: "5", until: "9", shortest: "400", longest: "500" },
      { why: "version", compared: "4 & 1" },
      { sandboxes: "open", chart: "heatmap" },
    ],
    bad: [
      { why: "me" },
      { why: "stretch", since: "9", until: "5" },
      { since: "5", until: "9" },
      { shortest: "400" },
      { compared: "41" },
      { sandboxes: "closed" },
      { chart: "pie" },
      { chart: "percentiles" },
      { outcome: "fine" },
    ],
  },
  logs: {
    parse: parseLogsSearch,
    good: [
      {},
      { function: "check & out", severity: "warn", text: "a = b", match: "words", range: "15m" },
      { request: "r-1", trace: "00f067aa0ba902b7b7ad6b7169203331" },
    ],
    bad: [{ function: "" }, { severity: "loud" }, { match: "text" }, { trace: "7" }, { text: "" }],
  },
  map: {
    parse: parseMapSearch,
    good: [{}, { view: "list", node: "database:postgresql/a & b", range: "6h" }, { view: "map", find: "pay" }],
    bad: [{ view: "globe" }, { node: "" }, { find: "" }],
  },
  "the live page": {
    parse: parseTailSearch,
    good: [{}, { function: "a & b", only: "failed" }, { of: "logs", severity: "error", text: "x = y" }],
    bad: [{ of: "invocations" }, { only: "warm" }, { severity: "error" }, { text: "of no line" }],
  },
  "the search": {
    parse: parseSearchSearch,
    good: [
      {},
      { q: '{ .a = "b & c" } | by(name)', view: "groups", range: "24h" },
      {
        q: "{}",
        view: "scatter",
        of: "spans",
        colour: "group",
        least: "1000000",
        most: "20000000",
        from: "1",
        to: "2",
      },
      { q: "{}", least: "5" },
    ],
    bad: [
      { q: " " },
      { view: "list" },
      { view: "pie" },
      { of: "traces" },
      { colour: "outcome" },
      { least: "-1" },
      { least: "20", most: "10" },
      { most: "1e9" },
    ],
  },
  traces: {
    parse: parseTracesSearch,
    good: [{}, { service: "checkout+1", sort: "slowest" }],
    bad: [{ service: "" }, { sort: "newest" }],
  },
  trace: {
    parse: parseTraceSearch,
    good: [
      {},
      {
        span: "00f067aa0ba902b7",
        details: "open",
        closed: "00f067aa0ba902b7,b7ad6b7169203331",
        time: "5-900",
        find: "a b",
      },
      { view: "flame", by: "critical", focus: "00f067aa0ba902b7" },
      { view: "table", sort: "self", span: "00f067aa0ba902b7" },
      { span: "00f067aa0ba902b7*", opened: "00f067aa0ba902b7", path: "critical", alike: "apart" },
      { view: "compare", with: "00f067aa0ba902b7b7ad6b7169203331" },
      { view: "compare", with: "rest" },
    ],
    bad: [
      { details: "open" },
      { span: "xyz" },
      { time: "9-5" },
      { view: "all" },
      { view: "waterfall" },
      { closed: "," },
      { find: "" },
      { sort: "colour" },
      { by: "total" },
      { with: "a b" },
      { focus: "1" },
    ],
  },
} as const;

describe.each(Object.entries(VIEWS))("the URL of %s", (_, { parse, good, bad }) => {
  test("comes back as it was", () => {
    for (const search of good) expect(parse(parseSearch(printSearch(search)))).toEqual(search);
  });
  test("has no nonsense", () => {
    for (const search of bad) expect(parse({ ...search })).toEqual({});
  });
});

test("lengths that an answer is narrowed to come back", () => {
  const search = { of: "spans", least: "1000000" } as const;
  const lengths = lengthsOf(search);
  expect(lengths).toEqual({ of: "spans", least: 1_000_000n, most: null });
  expect(lengthsSearch(lengths)).toEqual({ least: "1000000" });
});

test("outcomes are listed once, in one order", () => {
  expect(parseOutcomes("timeout,error,error")).toEqual(["error", "timeout"]);
});

test("the state of a trace's page comes back", () => {
  const state: TraceState = {
    tab: "table",
    span: "00f067aa0ba902b7",
    details: true,
    closed: new Set(["b7ad6b7169203331"]),
    opened: new Set(["00f067aa0ba902b7"]),
    folded: false,
    focus: "b7ad6b7169203331",
    onlyCritical: true,
    marked: false,
    view: { from: 10, to: 20 },
    find: "x",
    by: "self",
    sort: "critical",
    other: "rest",
    below: "00f067aa0ba902b7",
  };
  expect(parseTraceState({ ...printTraceState(state) })).toEqual(state);
});

test("a box that is compared or listed is that of the address, and what is listed is its time", () => {
  const box = { since: time(5n), until: time(9n), min: nanos(400n), max: null };
  expect(boxCompared(parseFunctionSearch({ ...comparedBox(box) }))).toEqual(box);
  const listed = parseFunctionSearch({ ...listedBox(box), range: "6h" });
  expect(boxListed(listed)).toEqual(box);
  expect(rangeListed(listed)).toEqual({ kind: "between", from: 5n, to: 9n });
  expect(rangeListed(withoutFilters(listed))).toEqual({ kind: "last", length: "6h" });
  expect(withoutBox({ ...listed, version: "42" })).toEqual({ range: "6h", version: "42" });
});
