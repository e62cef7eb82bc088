/** A rule in a sentence. */

import { type Condition, kindOf, measureWords, type RuleDefinition, type RuleScope } from "./rule.ts";

/** `Fires when p95 duration over 5m is above 800ms, for 2m, of each function that is called checkout*.` */
export function ruleWords(rule: RuleDefinition): string {
  const pending = /^0?[a-z]*$/.test(rule.for) ? "" : ` for ${rule.for}`;
  return `Fires when ${conditionWords(rule)}${pending}, ${whose(rule)}.`;
}

function conditionWords(rule: RuleDefinition): string {
  const { when } = rule;
  const window = text(when.window);
  switch (kindOf(rule)) {
    case "threshold":
      return `${measureWords(text(when.measure))} over ${window} is ${boundWords(when)}`;
    case "ratio":
      return `${measureWords(text(when.of))} divided by ${measureWords(text(when.to))} over ${window} is ${boundWords(when)}`;
    case "absence":
      return `a function that was invoked within ${text(when.seen_within) || "1d"} is not invoked for ${window}`;
    case "burn_rate":
      return `the error budget of ${text(when.objective)} ${goodWords(when.good)} burns ${burnWords(when.windows)}`;
    case "error_group":
      return `an error ${newWords(when)}${when.at_least === undefined ? "" : `, seen at least ${text(when.at_least)} times in ${window}`}`;
    case "cold_start_budget":
      return `more than ${text(when.share)} of invocations over ${window} wait longer than ${text(when.init)} for a start`;
    case "deviation":
      return `${measureWords(text(when.measure))} over ${window} is ${deviationWords(when)} as at this hour of the ${text(when.weeks) || "4"} weeks before`;
  }
}

function boundWords(when: Condition): string {
  const clear = when.clear === undefined ? "" : ` (until it is back at ${text(when.clear)})`;
  return when.below === undefined ? `above ${text(when.above)}${clear}` : `below ${text(when.below)}${clear}`;
}

function goodWords(good: unknown): string {
  if (typeof good === "object" && good !== null && "faster_than" in good)
    return `faster than ${text(good.faster_than)}`;
  return "without an error";
}

function burnWords(windows: unknown): string {
  if (!Array.isArray(windows) || windows.length === 0) return "14.4 times too fast over 1h, or 6 times over 6h";
  return windows
    .map(
      (pair: Condition, at) =>
        `${text(pair.factor)} times${at === 0 ? " too fast" : ""} over ${text(pair.long)} and ${text(pair.short)}`,
    )
    .join(", or ");
}

function newWords(when: Condition): string {
  if (when.new !== false && when.regressed !== false) return "is new or came back";
  return when.new === false ? "came back" : "is new";
}

function deviationWords(when: Condition): string {
  const factor = text(when.factor);
  if (when.direction === "below") return `less than 1/${factor} of what it was, taken the same`;
  if (when.direction === "both") return `${factor} times as much or as little`;
  return `more than ${factor} times as much`;
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

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
