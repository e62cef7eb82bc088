/** Rules: of whom, what is bad for how long, and what is said of it. */

import type { Labels, Severity } from "./alert.ts";
import type { Unit } from "./reading.ts";

export interface Rule {
  readonly id: string;
  readonly origin: "file" | "api" | "starter";
  /** The file that it stands in. */
  readonly file: string | null;
  readonly definition: RuleDefinition;
  /** Alerts of it that are pending now. */
  readonly pending: number;
  readonly firing: number;
}

/** What stands in a rule file. */
export interface RuleDefinition {
  readonly name: string;
  readonly enabled: boolean;
  readonly severity: Severity;
  readonly for: string;
  readonly keep: string;
  readonly runbook: string | null;
  readonly labels: Labels;
  readonly channels: readonly string[];
  readonly scope: RuleScope;
  readonly by: By;
  readonly when: Condition;
}

export interface RuleScope {
  readonly functions: readonly string[];
  readonly except: readonly string[];
  readonly versions: readonly string[];
  readonly tags: Labels;
}

/** The condition, as it is written: `kind`, and what that kind has. */
export type Condition = Readonly<Record<string, unknown>>;

export const BYS = ["function", "version", "all"] as const;
export type By = (typeof BYS)[number];

export interface RuleFile {
  readonly file: string;
  /** Why what stands in it now is not in force. */
  readonly mistakes: readonly { readonly at: string; readonly message: string }[];
  readonly isLoaded: boolean;
}

export interface Rules {
  readonly rules: readonly Rule[];
  readonly files: readonly RuleFile[];
}

export const KINDS = {
  threshold: "a measure is too high or too low",
  ratio: "one measure divided by another is",
  absence: "a function is not invoked any more",
  burn_rate: "an error budget burns too fast",
  error_group: "an error is new, or came back",
  cold_start_budget: "too many wait too long for a start",
  deviation: "a measure is not as in earlier weeks",
} as const;
export type Kind = keyof typeof KINDS;

export const isKind = (text: unknown): text is Kind => typeof text === "string" && Object.hasOwn(KINDS, text);

interface MeasureWords {
  readonly words: string;
  readonly unit: Unit;
}

/** By the word in rules. */
export const MEASURES: Readonly<Record<string, MeasureWords>> = {
  p50: { words: "p50 duration", unit: "nanos" },
  p75: { words: "p75 duration", unit: "nanos" },
  p90: { words: "p90 duration", unit: "nanos" },
  p95: { words: "p95 duration", unit: "nanos" },
  p99: { words: "p99 duration", unit: "nanos" },
  max: { words: "longest duration", unit: "nanos" },
  mean: { words: "mean duration", unit: "nanos" },
  error_rate: { words: "error rate", unit: "share" },
  errors: { words: "errors", unit: "count" },
  timeout_rate: { words: "timeout rate", unit: "share" },
  timeouts: { words: "timeouts", unit: "count" },
  oom_rate: { words: "out-of-memory rate", unit: "share" },
  ooms: { words: "out-of-memory errors", unit: "count" },
  lost_rate: { words: "rate of lost invocations", unit: "share" },
  lost: { words: "lost invocations", unit: "count" },
  throttles: { words: "throttles", unit: "count" },
  invocations: { words: "invocations a minute", unit: "per_minute" },
  cold_start_rate: { words: "cold-start rate", unit: "share" },
  cold_starts: { words: "cold starts", unit: "count" },
  init_p50: { words: "p50 init time", unit: "nanos" },
  init_p90: { words: "p90 init time", unit: "nanos" },
  init_p95: { words: "p95 init time", unit: "nanos" },
  init_p99: { words: "p99 init time", unit: "nanos" },
  memory_share: { words: "memory used of configured", unit: "share" },
  billed: { words: "billed time a minute", unit: "nanos" },
  cost: { words: "cost", unit: "nano_dollars_per_hour" },
};

/** What is written for a threshold in a unit. */
export const UNIT_EXAMPLES: Readonly<Record<Unit, string>> = {
  count: "100",
  per_minute: "100",
  share: "5%",
  nanos: "800ms",
  bytes: "512MiB",
  nano_dollars_per_hour: "$0.50",
  times: "2.5",
};

export const unitOf = (measure: string): Unit => MEASURES[measure]?.unit ?? "count";
export const measureWords = (measure: string): string => MEASURES[measure]?.words ?? measure;

/** Units whose measures can be divided by each other. */
const FAMILIES: readonly (readonly Unit[])[] = [
  ["count", "per_minute"],
  ["share"],
  ["nanos"],
  ["nano_dollars_per_hour"],
];

/** Measures by which this one can be divided so that it says something. */
export function divisorsOf(measure: string): string[] {
  const family = FAMILIES.find(units => units.includes(unitOf(measure))) ?? [];
  return Object.keys(MEASURES).filter(other => other !== measure && family.includes(unitOf(other)));
}

export const UNSCOPED: RuleScope = { functions: [], except: [], versions: [], tags: {} };

export function kindOf({ when }: RuleDefinition): Kind {
  return isKind(when.kind) ? when.kind : "threshold";
}

/** What stands in a rule, as people write it: a share that is a number as a percentage. Empty where nothing stands. */
export function written(value: unknown, unit?: Unit): string {
  if (typeof value === "number" && unit === "share") return `${Number((value * 100).toPrecision(12))}%`;
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
