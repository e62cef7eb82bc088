/** Queries that a browser keeps: what was asked lately, and what was saved under a name. */

export interface AskedQuery {
  readonly query: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

export interface SavedQuery {
  readonly name: string;
  readonly query: string;
}

export interface KeptQueries {
  /** The latest first. */
  readonly asked: readonly AskedQuery[];
  /** By name. */
  readonly saved: readonly SavedQuery[];
}

export const NOTHING_KEPT: KeptQueries = { asked: [], saved: [] };

/** As many as somebody looks through. */
const MOST_ASKED = 30;
const MOST_SAVED = 200;

/** What another version, or somebody's hand, left there is passed over. */
export function parseKept(text: string | null): KeptQueries {
  if (text === null) return NOTHING_KEPT;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return NOTHING_KEPT;
  }
  const { asked, saved } = isObject(raw) ? raw : {};
  return {
    asked: Array.isArray(asked) ? asked.filter(isAsked).slice(0, MOST_ASKED) : [],
    saved: Array.isArray(saved) ? saved.filter(isSaved).slice(0, MOST_SAVED) : [],
  };
}

const isObject = (raw: unknown): raw is Record<string, unknown> => typeof raw === "object" && raw !== null;
const isAsked = (raw: unknown): raw is AskedQuery =>
  isObject(raw) && typeof raw.query === "string" && typeof raw.at === "number" && Number.isFinite(raw.at);
const isSaved = (raw: unknown): raw is SavedQuery =>
  isObject(raw) && typeof raw.query === "string" && typeof raw.name === "string";

export const printKept = (kept: KeptQueries): string => JSON.stringify(kept);

/** Each stands there once, at its latest. */
export function withAsked(kept: KeptQueries, query: string, at: number): KeptQueries {
  const others = kept.asked.filter(one => one.query !== query);
  return { ...kept, asked: [{ query, at }, ...others].slice(0, MOST_ASKED) };
}

export function withoutAsked(kept: KeptQueries, query: string): KeptQueries {
  return { ...kept, asked: kept.asked.filter(one => one.query !== query) };
}

/** A name that is there already means the new query. */
export function withSaved(kept: KeptQueries, name: string, query: string): KeptQueries {
  const others = kept.saved.filter(one => one.name !== name);
  const saved = [...others, { name, query }].sort((left, right) => left.name.localeCompare(right.name));
  return { ...kept, saved: saved.slice(0, MOST_SAVED) };
}

export function withoutSaved(kept: KeptQueries, name: string): KeptQueries {
  return { ...kept, saved: kept.saved.filter(one => one.name !== name) };
}
