/** The text of a query while it is typed: places in it, what is put into it, what is added behind it. */

/** A stretch of a text, in UTF-16 units as fields of a page have them. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A text and where the caret stands in it. */
export interface Typed {
  readonly text: string;
  readonly at: number;
}

export type SuggestionKind = "step" | "intrinsic" | "scope" | "attribute" | "operator" | "constant" | "value";

/** Something that may stand at a place of a query. */
export interface Suggestion {
  /** As a query has it. */
  readonly text: string;
  readonly kind: SuggestionKind;
  /** On how many spans, or resources, it was seen; null for words of the language. */
  readonly count: number | null;
}

/** What may stand at a place, and what it would replace. */
export interface Completion {
  /** What was asked about. */
  readonly typed: Typed;
  readonly replaced: Stretch;
  readonly suggestions: readonly Suggestion[];
}

/** From characters, as the API counts them, to units. */
export function unitsAt(text: string, characters: number): number {
  let units = 0;
  let passed = 0;
  for (const character of text) {
    if (passed === characters) break;
    units += character.length;
    passed += 1;
  }
  return units;
}

/** From units to characters. */
export const charactersAt = (text: string, units: number): number => [...text.slice(0, units)].length;

/** A stretch of characters as one of units. */
export function stretchOf(text: string, characters: Stretch): Stretch {
  return { from: unitsAt(text, characters.from), to: unitsAt(text, characters.to) };
}

/** A text around a stretch of it, whose end may lie behind the text. */
export function around(text: string, { from, to }: Stretch): readonly [before: string, within: string, behind: string] {
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}

/** The text with the suggestion in it, and the caret where one goes on. */
export function completed({ typed: { text }, replaced }: Completion, { text: word, kind }: Suggestion): Typed {
  const [before, , behind] = around(text, replaced);
  const isApart = kind === "operator" || word === "{";
  const gap = isApart && before !== "" && !/[\s(]$/.test(before) ? " " : "";
  const goesOn = isApart || (kind !== "scope" && kind !== "step" && isInBraces(before));
  const isLast = word === "}" || word === "(";
  const space = goesOn && !isLast && !/^\s/.test(behind) ? " " : "";
  // A space that stands there already is stepped over.
  const step = goesOn && !isLast && space === "" ? 1 : 0;
  const head = `${before}${gap}${word}${space}`;
  return { text: `${head}${behind}`, at: head.length + step };
}

/** Whether the innermost that is open at a text's end is a brace. */
function isInBraces(text: string): boolean {
  const open: string[] = [];
  for (const [symbol] of text.matchAll(/"(?:[^"\\]|\\.)*"?|`[^`]*`?|[{}()]/g)) {
    if (symbol === "{" || symbol === "(") open.push(symbol);
    else if (symbol === "}" || symbol === ")") open.pop();
  }
  return open.at(-1) === "{";
}

/** What was suggested before some more was typed, as far as it still fits; null where the place is another. */
export function carried(completion: Completion, { text, at }: Typed): Completion | null {
  const { typed, replaced, suggestions } = completion;
  const before = typed.text.slice(0, typed.at);
  const more = text.slice(typed.at, at);
  const isMore = at >= typed.at && text.slice(0, typed.at) === before && typed.text.slice(typed.at) === text.slice(at);
  if (!isMore || /[\s{}()|&=<>!~]/.test(more)) return null;
  const word = text.slice(replaced.from, at).toLowerCase();
  const fitting = suggestions.filter(one => one.text.toLowerCase().includes(word) && one.text.toLowerCase() !== word);
  return {
    typed: { text, at },
    replaced: { from: replaced.from, to: replaced.to + more.length },
    suggestions: fitting,
  };
}

/** What the language has at its very end: hints. */
const HINTS = /\s+with\s*\([^()]*\)\s*$/;

/** A query with one step more. */
export function withStep(query: string, step: string): string {
  const hints = HINTS.exec(query)?.[0] ?? "";
  const steps = query.slice(0, query.length - hints.length).trim();
  return `${steps === "" ? step : `${steps} | ${step}`}${hints.trimEnd()}`;
}

/** Where one more field is selected: in the last step, if that selects already. */
export function withSelected(query: string, field: string): string {
  const last = /\|\s*select\(([^()"`]*)\)\s*$/.exec(query);
  if (last === null) return withStep(query, `select(${field})`);
  return `${query.slice(0, last.index)}| select(${last[1]?.trim()}, ${field})`;
}
