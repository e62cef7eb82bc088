/** A rule while somebody writes it: every field a text, as it is typed. */

import type { Labels, Severity } from "./alert.ts";
import {
  type By,
  type Condition,
  divisorsOf,
  isKind,
  type Kind,
  type RuleDefinition,
  UNIT_EXAMPLES,
  unitOf,
  written,
} from "./rule.ts";

export interface BurnDraft {
  readonly long: string;
  readonly short: string;
  readonly factor: string;
}

export interface RuleDraft {
  readonly name: string;
  readonly enabled: boolean;
  readonly severity: Severity;
  readonly for: string;
  readonly keep: string;
  readonly runbook: string;
  /** `name = value`, with commas between. */
  readonly labels: string;
  readonly channels: readonly string[];
  /** With commas between. */
  readonly functions: string;
  readonly except: string;
  readonly versions: string;
  readonly tags: string;
  readonly by: By;
  readonly kind: Kind;
  readonly measure: string;
  readonly to: string;
  readonly side: "above" | "below";
  readonly threshold: string;
  readonly clear: string;
  readonly window: string;
  readonly atLeast: string;
  readonly seenWithin: string;
  readonly objective: string;
  /** Empty where an invocation is good if it did not fail. */
  readonly fasterThan: string;
  readonly windows: readonly BurnDraft[];
  readonly isNew: boolean;
  readonly isRegressed: boolean;
  readonly init: string;
  readonly share: string;
  readonly factor: string;
  readonly direction: "above" | "below" | "both";
  readonly weeks: string;
}

const USUAL_WINDOWS: readonly BurnDraft[] = [
  { long: "1h", short: "5m", factor: "14.4" },
  { long: "6h", short: "30m", factor: "6" },
];

export const EMPTY_DRAFT: RuleDraft = {
  name: "",
  enabled: true,
  severity: "warning",
  for: "0",
  keep: "2m",
  runbook: "",
  labels: "",
  channels: [],
  functions: "",
  except: "",
  versions: "",
  tags: "",
  by: "function",
  kind: "threshold",
  measure: "p95",
  to: "invocations",
  side: "above",
  threshold: "800ms",
  clear: "",
  window: "5m",
  atLeast: "",
  seenWithin: "1d",
  objective: "99.9%",
  fasterThan: "",
  windows: USUAL_WINDOWS,
  isNew: true,
  isRegressed: true,
  init: "800ms",
  share: "1%",
  factor: "2",
  direction: "above",
  weeks: "4",
};

/** As another kind of rule, with what makes no sense in that kind replaced. */
export function withKind(draft: RuleDraft, kind: Kind): RuleDraft {
  const isFitting = kind !== "ratio" || divisorsOf(draft.measure).includes(draft.to);
  const ratio = { measure: "errors", to: "invocations", threshold: "5%", clear: "" };
  return { ...draft, kind, ...(!isFitting && ratio) };
}

/** With another measure: a threshold in another unit means nothing any more, nor does what can't be divided. */
export function withMeasure(draft: RuleDraft, measure: string): RuleDraft {
  if (draft.kind === "ratio") {
    const divisors = divisorsOf(measure);
    return { ...draft, measure, to: divisors.includes(draft.to) ? draft.to : (divisors[0] ?? draft.to) };
  }
  const isSame = unitOf(measure) === unitOf(draft.measure);
  return isSame ? { ...draft, measure } : { ...draft, measure, threshold: UNIT_EXAMPLES[unitOf(measure)], clear: "" };
}

/** What the server is sent: only what the kind has, and what was filled in. */
export function definitionOf(draft: RuleDraft): RuleDefinition {
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    severity: draft.severity,
    for: draft.for.trim() === "" ? "0" : draft.for.trim(),
    keep: draft.keep.trim() === "" ? "0" : draft.keep.trim(),
    runbook: draft.runbook.trim() === "" ? null : draft.runbook.trim(),
    labels: pairsOf(draft.labels),
    channels: draft.channels,
    scope: {
      functions: wordsOf(draft.functions),
      except: wordsOf(draft.except),
      versions: wordsOf(draft.versions),
      tags: pairsOf(draft.tags),
    },
    by: draft.by,
    when: { kind: draft.kind, ...conditionOf(draft) },
  };
}

function conditionOf(draft: RuleDraft): Condition {
  const { measure, to, side, window, kind } = draft;
  const atLeast = filled({ at_least: draft.atLeast });
  const bound = filled({ [side]: draft.threshold, clear: draft.clear });
  switch (kind) {
    case "threshold":
      return { measure, ...bound, window, ...atLeast };
    case "ratio":
      return { of: measure, to, ...bound, window, ...atLeast };
    case "absence":
      return { window, ...filled({ seen_within: draft.seenWithin }) };
    case "burn_rate":
      return {
        ...filled({ objective: draft.objective }),
        good: draft.fasterThan.trim() === "" ? "success" : { faster_than: draft.fasterThan.trim() },
        windows: draft.windows.map(({ factor, ...pair }) => ({ ...pair, factor: quantity(factor) })),
        ...atLeast,
      };
    case "error_group":
      return { new: draft.isNew, regressed: draft.isRegressed, window, ...atLeast };
    case "cold_start_budget":
      return { ...filled({ init: draft.init, share: draft.share }), window, ...atLeast };
    case "deviation":
      return {
        measure,
        ...filled({ factor: draft.factor }),
        direction: draft.direction,
        window,
        ...filled({ weeks: draft.weeks }),
        ...atLeast,
      };
  }
}

/** Without what was left empty. */
function filled(fields: Readonly<Record<string, string>>): Condition {
  const some = Object.entries(fields).filter(([, text]) => text.trim() !== "");
  return Object.fromEntries(some.map(([key, text]) => [key, quantity(text)]));
}

/** A number where it is nothing but digits; with a unit it stays a text. */
function quantity(text: string): string | number {
  const trimmed = text.trim();
  return /^[0-9]+(\.[0-9]+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

export function draftOf({ labels, scope, when, runbook, ...rule }: RuleDefinition): RuleDraft {
  const kind = isKind(when.kind) ? when.kind : EMPTY_DRAFT.kind;
  const measure = written(when.measure) || written(when.of) || EMPTY_DRAFT.measure;
  const side = when.below === undefined ? "above" : "below";
  const unit = kind === "ratio" ? "times" : unitOf(measure);
  return {
    ...EMPTY_DRAFT,
    ...rule,
    runbook: runbook ?? "",
    labels: pairsText(labels),
    functions: scope.functions.join(", "),
    except: scope.except.join(", "),
    versions: scope.versions.join(", "),
    tags: pairsText(scope.tags),
    kind,
    measure,
    to: written(when.to) || EMPTY_DRAFT.to,
    side,
    threshold: when[side] === undefined ? EMPTY_DRAFT.threshold : written(when[side], unit),
    clear: written(when.clear, unit),
    window: written(when.window) || EMPTY_DRAFT.window,
    atLeast: written(when.at_least),
    seenWithin: written(when.seen_within) || EMPTY_DRAFT.seenWithin,
    objective: written(when.objective, "share") || EMPTY_DRAFT.objective,
    fasterThan: isTable(when.good) ? written(when.good.faster_than) : "",
    windows: Array.isArray(when.windows) ? when.windows.map(burnOf) : EMPTY_DRAFT.windows,
    isNew: when.new !== false,
    isRegressed: when.regressed !== false,
    init: written(when.init) || EMPTY_DRAFT.init,
    share: written(when.share, "share") || EMPTY_DRAFT.share,
    factor: written(when.factor) || EMPTY_DRAFT.factor,
    direction: DIRECTIONS.find(one => one === when.direction) ?? "above",
    weeks: written(when.weeks) || EMPTY_DRAFT.weeks,
  };
}

const DIRECTIONS = ["above", "below", "both"] as const;

function burnOf(pair: unknown): BurnDraft {
  const { long, short, factor } = isTable(pair) ? pair : {};
  return { long: written(long), short: written(short), factor: written(factor) };
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `a, b` */
function wordsOf(list: string): string[] {
  const words = list.split(/[,\n]/).map(word => word.trim());
  return words.filter(word => word !== "");
}

/** `team = payments, tier = 1`. What has no `=` is a name without a value, of which the server says what it thinks. */
export function pairsOf(list: string): Labels {
  const pairs = wordsOf(list).map(pair => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, ""] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return Object.fromEntries(pairs);
}

function pairsText(pairs: Labels): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
}

/** Keys of the API by which its mistakes name a field. */
const FIELDS = new Set(
  [
    "name severity for keep runbook labels channels scope functions except versions tags by when kind",
    "measure of to above below clear window at_least seen_within objective good faster_than windows long short factor",
    "new regressed init share direction weeks",
  ].flatMap(keys => keys.split(" ")),
);

/** The field that a mistake is about, by what the server says of its place; null where it is about none. */
export function fieldOf(at: string, rule: string): string | null {
  // The rule's own name may hold any word.
  const place = rule === "" ? at : at.replaceAll(rule, "");
  const words: readonly string[] = place.match(/[a-z_]+/g) ?? [];
  if (words.includes("windows")) return "windows";
  const field = words.findLast(word => FIELDS.has(word)) ?? null;
  return field === "good" ? "faster_than" : field;
}

/** What the form asks of every rule. */
const GENERAL = "name severity for keep runbook labels channels functions except versions tags by kind".split(" ");

/** What it asks of each kind. */
const KIND_FIELDS: Readonly<Record<Kind, string>> = {
  threshold: "measure above below clear window at_least",
  ratio: "of to above below clear window at_least",
  absence: "window seen_within",
  burn_rate: "objective faster_than windows at_least",
  error_group: "new regressed window at_least",
  cold_start_budget: "init share window at_least",
  deviation: "measure factor direction window weeks at_least",
};

/** What the server says is wrong, by the field of the form that shows it. */
export interface Refusal {
  readonly at: Readonly<Record<string, readonly string[]>>;
  /** What no field shows. */
  readonly elsewhere: readonly string[];
}

interface Mistake {
  readonly at: string;
  readonly message: string;
}

export const NO_REFUSAL: Refusal = { at: {}, elsewhere: [] };

export function refusalOf(mistakes: readonly Mistake[], { name, kind }: RuleDraft): Refusal {
  const shown = new Set([...GENERAL, ...KIND_FIELDS[kind].split(" ")]);
  const at: Record<string, string[]> = {};
  const elsewhere: string[] = [];
  for (const mistake of mistakes) {
    const field = fieldOf(mistake.at, name);
    if (field !== null && shown.has(field)) at[field] = [...(at[field] ?? []), mistake.message];
    else elsewhere.push(mistake.at === "" ? mistake.message : `${mistake.at}: ${mistake.message}`);
  }
  return { at, elsewhere };
}
