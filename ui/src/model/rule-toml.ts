/** A rule as it stands in a rule file. What is as it would be anyway is left out. */

import type { RuleDefinition, RuleScope } from "./rule.ts";

/** In the order in which the form asks; what else there is comes after. */
const WHEN_ORDER = ["kind", "measure", "of", "to", "above", "below", "clear"];

export function ruleToml(rule: RuleDefinition): string {
  const scope = scopeOf(rule.scope);
  const lines = [
    "[[rule]]",
    line("name", rule.name),
    ...(rule.enabled ? [] : [line("enabled", false)]),
    line("severity", rule.severity),
    ...(isNone(rule.for) ? [] : [line("for", rule.for)]),
    ...(rule.keep === "" || rule.keep === "2m" ? [] : [line("keep", rule.keep)]),
    ...(rule.runbook === null || rule.runbook === "" ? [] : [line("runbook", rule.runbook)]),
    ...(isEmpty(rule.labels) ? [] : [line("labels", rule.labels)]),
    ...(rule.channels.length === 0 ? [] : [line("channels", rule.channels)]),
    ...(isEmpty(scope) ? [] : [line("scope", scope)]),
    ...(rule.by === "function" ? [] : [line("by", rule.by)]),
    "",
    "[rule.when]",
    ...Object.entries(rule.when)
      .filter(([, value]) => value !== undefined && value !== null)
      .sort(([one], [other]) => rank(one) - rank(other))
      .map(([key, value]) => line(key, value)),
  ];
  return `${lines.join("\n")}\n`;
}

function rank(key: string): number {
  const at = WHEN_ORDER.indexOf(key);
  return at < 0 ? WHEN_ORDER.length : at;
}

const isNone = (length: string): boolean => length === "" || /^0[a-z]*$/.test(length);

const isEmpty = (table: object): boolean => Object.keys(table).length === 0;

function scopeOf({ functions, except, versions, tags }: RuleScope): Readonly<Record<string, unknown>> {
  return {
    ...(functions.length > 0 && { functions }),
    ...(except.length > 0 && { except }),
    ...(versions.length > 0 && { versions }),
    ...(!isEmpty(tags) && { tags }),
  };
}

const line = (key: string, value: unknown): string => `${keyText(key)} = ${valueText(value)}`;

function valueText(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  const fields = Object.entries(value as object).filter(([, field]) => field !== undefined && field !== null);
  if (fields.length === 0) return "{}";
  return `{ ${fields.map(([key, field]) => line(key, field)).join(", ")} }`;
}

const keyText = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key));

/** TOML's basic strings are JSON's, but for one control character. */
const quoted = (text: string): string => JSON.stringify(text).replaceAll("\u007f", "\\u007f");
