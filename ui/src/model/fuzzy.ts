/** What somebody means who types a few letters of it: each word that was typed, its letters in order, the best place for each. */

export interface FuzzyMatch {
  /** The higher, the better. */
  readonly score: number;
  /** Which characters of the text were meant, in order. */
  readonly at: readonly number[];
}

const START = 10;
const WORD = 8;
const NEXT = 7;
const SKIPPED = 1;
/** Skipping more than this many is no worse. */
const MOST_SKIPPED = 4;
/** Of two that fit alike the shorter one. */
const LENGTH = 0.05;
/** Longer texts are matched by their beginning. */
const MOST = 160;

/** Null where a word of the query is not in it. An empty query matches everything alike. */
export function fuzzy(query: string, text: string): FuzzyMatch | null {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== "");
  const shown = text.slice(0, MOST);
  let score = -shown.length * LENGTH;
  const at = new Set<number>();
  for (const word of words) {
    const found = matchWord(word, shown);
    if (found === null) return null;
    score += found.score;
    for (const place of found.at) at.add(place);
  }
  return { score, at: [...at].sort((left, right) => left - right) };
}

/** The best way to place the letters of a word, each after the one before it. */
function matchWord(word: string, text: string): FuzzyMatch | null {
  const lower = text.toLowerCase();
  if (lower.length !== text.length || word.length > text.length) return null;
  // For each letter of the word: how good it is where it ends at each place, and where the letter before it was.
  let before: (number | null)[] = Array.from({ length: text.length }, () => null);
  const from: number[][] = [];
  for (let letter = 0; letter < word.length; letter++) {
    const here: (number | null)[] = Array.from({ length: text.length }, () => null);
    const cameFrom: number[] = [];
    for (let place = letter; place < text.length; place++) {
      if (lower[place] !== word[letter]) continue;
      const bonus = bonusAt(text, place);
      if (letter === 0) {
        here[place] = bonus;
        continue;
      }
      for (let last = letter - 1; last < place; last++) {
        const reached = before[last];
        if (reached === null || reached === undefined) continue;
        const gap = place - last - 1;
        const score = reached + (gap === 0 ? Math.max(NEXT, bonus) : bonus - Math.min(gap, MOST_SKIPPED) * SKIPPED);
        const best = here[place];
        if (best === null || best === undefined || score > best) {
          here[place] = score;
          cameFrom[place] = last;
        }
      }
    }
    from.push(cameFrom);
    before = here;
  }
  return traced(before, from);
}

function traced(last: readonly (number | null)[], from: readonly (readonly number[])[]): FuzzyMatch | null {
  let end = -1;
  let score = Number.NEGATIVE_INFINITY;
  last.forEach((reached, place) => {
    if (reached === null || reached <= score) return;
    score = reached;
    end = place;
  });
  if (end < 0) return null;
  const at = [end];
  for (let letter = from.length - 1; letter > 0; letter--) at.unshift(from[letter]?.[at[0] ?? 0] ?? 0);
  return { score, at };
}

function bonusAt(text: string, place: number): number {
  if (place === 0) return START;
  const [before = "", here = ""] = [text[place - 1], text[place]];
  if (!/[\p{L}\p{N}]/u.test(before)) return WORD;
  return /\p{Lu}/u.test(here) && !/\p{Lu}/u.test(before) ? WORD : 0;
}

/** A text in pieces, those that were meant apart from the others. */
export function pieces(
  text: string,
  at: readonly number[],
): readonly { readonly text: string; readonly isMeant: boolean }[] {
  const meant = new Set(at);
  const found: { text: string; isMeant: boolean }[] = [];
  for (let place = 0; place < text.length; place++) {
    const isMeant = meant.has(place);
    const last = found.at(-1);
    if (last?.isMeant === isMeant) last.text += text[place];
    else found.push({ text: text[place] ?? "", isMeant });
  }
  return found;
}
