/** A rule as it is typed, as it is sent, as TOML and in a sentence. */

import { describe, expect, test } from "vitest";

import { KINDS, type Kind, type RuleDefinition, UNSCOPED } from "./rule.ts";
import {
  definitionOf,
  draftOf,
  EMPTY_DRAFT,
  fieldOf,
  pairsOf,
  refusalOf,
  withKind,
  withMeasure,
} from "./rule-draft.ts";
import { ruleToml } from "./rule-toml.ts";
import { ruleWords } from "./rule-words.ts";

const PLAIN: Omit<RuleDefinition, "when"> = {
  name: "slow",
  enabled: true,
  severity: "warning",
  for: "0",
  keep: "2m",
  runbook: null,
  labels: {},
  channels: [],
  scope: UNSCOPED,
  by: "function",
};

const CHECKOUT: RuleDefinition = {
  name: 'checkout is "slow"',
  enabled: false,
  severity: "critical",
  for: "2m",
  keep: "5m",
  runbook: "https://wiki.example.org/slow",
  labels: { team: "payments", "on call": "a\\b" },
  channels: ["oncall"],
  scope: { functions: ["checkout*", "cart"], except: ["*-canary"], versions: ["42"], tags: { tier: "1" } },
  by: "version",
  when: { at_least: 20, kind: "threshold", window: "5m", measure: "p95", clear: "600ms", above: "800ms" },
};

const BURNS: RuleDefinition = {
  ...PLAIN,
  name: "budget",
  when: {
    kind: "burn_rate",
    objective: 0.999,
    good: { faster_than: "500ms" },
    windows: [{ long: "1h", short: "5m", factor: 14.4 }],
  },
};

describe("as TOML", () => {
  test("everything that is not as it would be anyway stands there", () => {
    expect(ruleToml(CHECKOUT)).toBe(`[[rule]]
name = "checkout is \\"slow\\""
enabled = false
severity = "critical"
for = "2m"
keep = "5m"
runbook = "https://wiki.example.org/slow"
labels = { team = "payments", "on call" = "a\\\\b" }
channels = ["oncall"]
scope = { functions = ["checkout*", "cart"], except = ["*-canary"], versions = ["42"], tags = { tier = "1" } }
by = "version"

[rule.when]
kind = "threshold"
measure = "p95"
above = "800ms"
clear = "600ms"
at_least = 20
window = "5m"
`);
  });

  test("what is as it would be anyway does not", () => {
    expect(ruleToml(BURNS)).toBe(`[[rule]]
name = "budget"
severity = "warning"

[rule.when]
kind = "burn_rate"
objective = 0.999
good = { faster_than = "500ms" }
windows = [{ long = "1h", short = "5m", factor = 14.4 }]
`);
  });

  test("a text ends where it should", () => {
    const text = ruleToml({ ...PLAIN, name: 'a"\n[[rule]]\u007f', when: { kind: "absence" } });
    expect(text).toContain('name = "a\\"\\n[[rule]]\\u007f"\n');
  });
});

describe("as it is typed", () => {
  test.each([CHECKOUT, BURNS])("$name comes back as it was", rule => {
    const objective = rule === BURNS ? { objective: "99.9%" } : {};
    expect(definitionOf(draftOf(rule))).toEqual({ ...rule, when: { ...rule.when, ...objective } });
  });

  test.each(Object.keys(KINDS) as Kind[])("%s is sent with nothing of another kind, and comes back", kind => {
    const sent = definitionOf({ ...EMPTY_DRAFT, name: "x", kind });
    expect(sent.when.kind).toBe(kind);
    expect(Object.keys(sent.when).includes("objective")).toBe(kind === "burn_rate");
    expect(definitionOf(draftOf(sent))).toEqual(sent);
  });

  test("a number is a number, a quantity with its unit a text, nothing is left out", () => {
    const of = (threshold: string) => definitionOf({ ...EMPTY_DRAFT, threshold, atLeast: " " }).when;
    expect(of(" 100 ").above).toBe(100);
    expect(of("0.05").above).toBe(0.05);
    expect(of("5%").above).toBe("5%");
    expect(of("1e9").above).toBe("1e9");
    expect(Object.keys(of("5%"))).not.toContain("at_least");
  });

  test("a share that is a number is a percentage again", () => {
    const draft = draftOf({ ...PLAIN, when: { kind: "threshold", measure: "error_rate", below: 0.07, window: "5m" } });
    expect([draft.side, draft.threshold]).toEqual(["below", "7%"]);
    expect(draftOf(BURNS).objective).toBe("99.9%");
  });

  test("what makes no sense in another kind, or of another measure, is replaced", () => {
    const ratio = withKind(EMPTY_DRAFT, "ratio");
    expect([ratio.measure, ratio.to, ratio.threshold]).toEqual(["errors", "invocations", "5%"]);
    expect(withMeasure(ratio, "p95").to).toBe("p50");
    expect(withMeasure(ratio, "throttles").to).toBe("invocations");
    expect(withMeasure(EMPTY_DRAFT, "p99").threshold).toBe("800ms");
    expect(withMeasure(EMPTY_DRAFT, "cost").threshold).toBe("$0.50");
  });

  test("pairs keep what stands after the first equals sign", () => {
    expect(pairsOf("team = payments, query=a=b,\n tier")).toEqual({ team: "payments", query: "a=b", tier: "" });
  });
});

test("a rule is told in a sentence", () => {
  expect(ruleWords(CHECKOUT)).toBe(
    "Fires when p95 duration over 5m is above 800ms (until it is back at 600ms) for 2m, of each version of each " +
      "function called checkout* or cart, in version 42, with tier = 1, but not *-canary.",
  );
  expect(ruleWords(BURNS)).toBe(
    "Fires when the error budget of 99.9% faster than 500ms burns 14.4 times too fast over 1h and 5m, of each function.",
  );
  const of = (when: RuleDefinition["when"]) => ruleWords({ ...PLAIN, when });
  expect(of({ kind: "deviation", measure: "invocations", factor: 2, direction: "below", window: "30m" })).toBe(
    "Fires when invocations a minute over 30m is less than 1/2 of what it was at this hour of the 4 weeks before, of each function.",
  );
  expect(of({ kind: "absence", window: "30m" })).toBe(
    "Fires when there is no invocation for 30m, but was within 1d, of each function.",
  );
});

describe("what the server says is wrong", () => {
  test.each([
    ["when.above", "above"],
    ['line 7, rule "slow", when.window', "window"],
    ["when.windows[1].long", "windows"],
    ["when.good", "faster_than"],
    ["scope.functions", "functions"],
    ["name", "name"],
    ['rule "slow"', null],
    ["", null],
  ])("%s is about %s", (at, field) => {
    expect(fieldOf(at, "slow")).toBe(field);
  });

  test("no name of a rule is taken for a field", () => {
    expect(fieldOf('rule "window is above", when.clear', "window is above")).toBe("clear");
    expect(fieldOf('rule "window is above"', "window is above")).toBeNull();
  });

  test("it stands at the field that the form shows, or above all", () => {
    const mistakes = [
      { at: "when.above", message: "too high" },
      { at: "when.objective", message: "is of another kind" },
      { at: "", message: "too many rules" },
    ];
    expect(refusalOf(mistakes, { ...EMPTY_DRAFT, name: "slow" })).toEqual({
      at: { above: ["too high"] },
      elsewhere: ["when.objective: is of another kind", "too many rules"],
    });
  });
});
