/** The question behind a finding: from the API's path to what a page can show. */

import { between, time } from "../base/time.ts";
import { ORDERS, type Order, OUTCOMES, type Outcome } from "./invocation.ts";
import { LENGTHS, type Range } from "./range.ts";

export type Question =
  /** A list of invocations that a page has, too. */
  | {
      readonly kind: "invocations";
      /** Null for those of all functions. */
      readonly function: string | null;
      readonly outcomes: readonly Outcome[];
      readonly cold: boolean | null;
      readonly sort: Order;
      /** Null where it names none. */
      readonly range: Range | null;
    }
  /** Traces by a query, as the search finds them. */
  | {
      readonly kind: "search";
      readonly query: string;
      /** Null where it names none. */
      readonly range: Range | null;
    }
  /** Something else that the API answers. */
  | { readonly kind: "path"; readonly path: string };

const LIST = "/api/v1/invocations";
const SEARCH = "/api/v1/search";
/** All that a page of invocations can be asked. A list that is filtered by more is another list. */
const KNOWN = new Set(["function", "outcome", "cold", "sort", "from", "to"]);

export function questionOf(path: string): Question {
  const [place = "", text = ""] = path.split("?", 2);
  const asked = new URLSearchParams(text);
  const query = asked.get("q");
  if (place === SEARCH && query !== null) {
    return { kind: "search", query, range: rangeAsked(asked.get("from"), asked.get("to")) };
  }
  return (place === LIST ? invocations(asked) : null) ?? { kind: "path", path };
}

function invocations(asked: URLSearchParams): Question | null {
  const names = (asked.get("outcome") ?? "").split(",").filter(name => name !== "");
  const outcomes = OUTCOMES.filter(outcome => names.includes(outcome));
  const sort = ORDERS.find(order => order === (asked.get("sort") ?? "newest"));
  const cold = asked.get("cold");
  const understood =
    [...asked.keys()].every(name => KNOWN.has(name)) &&
    outcomes.length === new Set(names).size &&
    (cold === null || cold === "true" || cold === "false");
  if (!understood || sort === undefined) return null;
  return {
    kind: "invocations",
    function: asked.get("function"),
    outcomes,
    cold: cold === null ? null : cold === "true",
    sort,
    range: rangeAsked(asked.get("from"), asked.get("to")),
  };
}

/** Null where it names none, or none that makes sense. */
export function rangeAsked(from: string | null, to: string | null): Range | null {
  const isMoment = (text: string | null) => text !== null && /^[0-9]{1,19}$/.test(text);
  if (from === null || to === null || !isMoment(from) || !isMoment(to)) return null;
  return { kind: "between", from: time(BigInt(from)), to: time(BigInt(to)) };
}

/** The range to show an answer in: what the page shows as "the last hour" stays that, and goes on with the time. */
export function rangeFor(asked: Range | null, shown: Range): Range {
  if (asked === null || asked.kind === "last") return asked ?? shown;
  const same = shown.kind === "last" && between(asked.from, asked.to) === LENGTHS[shown.length].length;
  return same ? shown : asked;
}
