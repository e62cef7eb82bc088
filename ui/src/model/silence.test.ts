import { expect, test } from "vitest";

import { isMatched, type Matcher, matchersFor, parseMatchers, printMatchers } from "./silence.ts";

const LABELS = { alertname: "too slow", severity: "critical", function: "check & out" };

const matcher = (name: string, op: Matcher["op"], value: string): Matcher => ({ name, op, value });

test("what silences an alert matches it, and not another one", () => {
  const matchers = matchersFor(LABELS);
  expect(isMatched(LABELS, matchers)).toBe(true);
  expect(isMatched({ ...LABELS, function: "mailer" }, matchers)).toBe(false);
  // It is the same alert when its rule says that it is worse.
  expect(isMatched({ ...LABELS, severity: "info" }, matchers)).toBe(true);
});

test("it comes back from a URL", () => {
  const matchers = matchersFor(LABELS);
  expect(parseMatchers(printMatchers(matchers))).toEqual(matchers);
});

test("patterns match all of a value, and a label that is not there is empty", () => {
  expect(isMatched(LABELS, [matcher("function", "=~", "check.*")])).toBe(true);
  expect(isMatched(LABELS, [matcher("function", "=~", "heck")])).toBe(false);
  expect(isMatched(LABELS, [matcher("team", "=", "")])).toBe(true);
  expect(isMatched(LABELS, [matcher("team", "!~", ".+")])).toBe(true);
  expect(isMatched(LABELS, [matcher("severity", "!=", "critical")])).toBe(false);
});

test("nothing is matched by nothing, and what is no pattern here is not guessed", () => {
  expect(isMatched(LABELS, [])).toBe(false);
  expect(isMatched(LABELS, [matcher("function", "=~", "(?i)CHECK")])).toBeNull();
});
