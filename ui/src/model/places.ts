/** Where somebody was lately, as the browser keeps it. */

export interface Place {
  /** Path and search. */
  readonly href: string;
  readonly title: string;
}

const MOST = 30;

/** What another version, or somebody's hand, left there is passed over. */
export function parsePlaces(text: string | null): readonly Place[] {
  if (text === null) return [];
  try {
    const raw: unknown = JSON.parse(text);
    return Array.isArray(raw) ? raw.filter(isPlace).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function isPlace(raw: unknown): raw is Place {
  if (typeof raw !== "object" || raw === null) return false;
  const { href, title } = raw as Partial<Record<keyof Place, unknown>>;
  // Of this service alone: what begins with two slashes is another one's.
  return typeof title === "string" && typeof href === "string" && /^\/(?![/\\])/.test(href);
}

/** The latest first; each path once, with the search that it had last. */
export function withPlace(places: readonly Place[], place: Place): readonly Place[] {
  return [place, ...places.filter(one => pathOf(one) !== pathOf(place))].slice(0, MOST);
}

export const pathOf = ({ href }: Place): string => href.split("?")[0] ?? href;
