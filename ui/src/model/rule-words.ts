/** A rule in a sentence. */

import type { Unit } from "./reading.ts";
import { type Condition, kindOf, measureWords, type RuleDefinition, type RuleScope, unitOf, written } from "./rule.ts";

/** `Fires when p95 duration over 5m is above 800ms, for 2m, of each function that is called checkout*.` */
export function ruleWords(rule: RuleDefinition): string {
  const pending = /^0?[a-z]*$/.test(rule.for) ? "" : ` for ${rule.for}`;
  return `Fires when ${conditionWords(rule)}${pending}, ${whose(rule)}.`;
}

function conditionWords(rule: RuleDefinition): string {
  const { when } = rule;
  const window = written(when.window);
  switch (kindOf(rule)) {
    case "threshold":
      return `${measureWords(written(when.measure))} over ${window} is ${boundWords(when, unitOf(written(when.measure)))}`;
    case "ratio":
      return `${measureWords(written(when.of))} divided by ${measureWords(written(when.to))} over ${window} is ${boundWords(when, "times")}`;
    case "absence":
      return `there is no invocation for ${window}, but was within ${written(when.seen_within) || "1d"}`;
    case "burn_rate":
      return `the error budget of ${written(when.objective, "share")} ${goodWords(when.good)} burns ${burnWords(when.windows)}`;
    case "error_group":
      return `an error ${newWords(when)}${when.at_least === undefined ? "" : `, seen at least ${written(when.at_least)} times in ${window}`}`;
    case "cold_start_budget":
      return `more than ${written(when.share, "share")} of invocations over ${window} wait longer than ${written(when.init)} for a start`;
    case "deviation":
      return `${measureWords(written(when.measure))} over ${window} is ${deviationWords(when)} what it was at this hour of the ${written(when.weeks) || "4"} weeks before`;
  }
}

function boundWords(when: Condition, unit: Unit): string {
  const side = when.below === undefined ? "above" : "below";
  const clear = when.clear === undefined ? "" : ` (until it is back at ${written(when.clear, unit)})`;
  return `${side} ${written(when[side], unit)}${clear}`;
}

function goodWords(good: unknown): string {
  if (typeof good === "object" && good !== null && "faster_than" in good)
    return `faster than ${written(good.faster_than)}`;
  return "without an error";
}

function burnWords(windows: unknown): string {
  if (!Array.isArray(windows) || windows.length === 0) return "14.4 times too fast over 1h, or 6 times over 6h";
  return windows
    .map(
      (pair: Condition, at) =>
        `${written(pair.factor)} times${at === 0 ? " too fast" : ""} over ${written(pair.long)} and ${written(pair.short)}`,
    )
    .join(", or ");
}

function newWords(when: Condition): string {
  if (when.new !== false && when.regressed !== false) return "is new or came back";
  return when.new === false ? "came back" : "is new";
}

function deviationWords(when: Condition): string {
  const factor = written(when.factor);
  if (when.direction === "below") return `less than 1/${factor} of`;
  if (when.direction === "both") return `more than ${factor} times, or less than 1/${factor} of,`;
  return `more than ${factor} times`;
}

function whose({ by, scope }: RuleDefinition): string {
  const each = {
    function: "of each function",
    version: "of each version of each function",
    all: "of all functions together",
  }[by];
  return `${each}${scopeWords(scope)}`;
}

function scopeWords({ functions, except, versions, tags }: RuleScope): string {
  const parts = [
    ...(functions.length > 0 ? [`called ${functions.join(" or ")}`] : []),
    ...(versions.length > 0 ? [`in version ${versions.join(" or ")}`] : []),
    ...Object.entries(tags).map(([name, value]) => `with ${name} = ${value}`),
    ...(except.length > 0 ? [`but not ${except.join(" or ")}`] : []),
  ];
  return parts.length === 0 ? "" : ` ${parts.join(", ")}`;
}
