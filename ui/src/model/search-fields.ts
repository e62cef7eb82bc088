/** Fields to split or to show by, chosen from what is suggested. */

import type { Suggestion } from "./query-text.ts";

const word = (text: string): Suggestion => ({ text, kind: "intrinsic", count: null });

/** Of every span, and worth to be looked at. */
const FIRST = ["name", "resource.service.name", "status", "kind", "rootName", "statusMessage"];
/** They tell every span from every other. */
const SINGLE = /^(?:span:(?:id|parentID)|trace:id|nestedSet.*|parent|link:.*|event:timeSinceStart)$/;
const LIKELY = 14;

export interface FieldChoice {
  readonly likely: readonly Suggestion[];
  readonly other: readonly Suggestion[];
}

/** The best known first, then attributes as frequent as they are; what tells single spans is left out. */
export function fieldsToChoose(suggestions: readonly Suggestion[]): FieldChoice {
  const fields = suggestions.filter(
    ({ kind, text }) => kind === "attribute" || (kind === "intrinsic" && !SINGLE.test(text)),
  );
  const first = FIRST.map(text => fields.find(one => one.text === text) ?? word(text));
  const rest = fields.filter(({ text }) => !FIRST.includes(text));
  const attributes = rest.filter(one => one.kind === "attribute").sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
  const others = rest.filter(one => one.kind !== "attribute");
  const all = [...first, ...attributes];
  return { likely: all.slice(0, LIKELY), other: [...all.slice(LIKELY), ...others] };
}
