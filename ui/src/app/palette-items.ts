/** What the palette offers: where one can go, and what can be done. */

import type { FunctionSummary } from "../model/function.ts";
import { fuzzy } from "../model/fuzzy.ts";
import type { KeptQueries } from "../model/kept-queries.ts";
import { type Pasted, recognised } from "../model/pasted.ts";
import type { Place } from "../model/places.ts";
import { LENGTHS, type LengthName } from "../model/range.ts";
import { copy } from "../widgets/Copy.tsx";
import { currentKeys } from "../widgets/keys.ts";
import { pageRange } from "../widgets/page-range.ts";
import { chooseTheme, THEMES, theme } from "../widgets/theme.ts";
import { chooseTimeForm, chooseZone, type Times } from "../widgets/times.ts";
import { PAGES } from "./Pages.tsx";

export const GROUPS = ["Id", "Recent", "Page", "Function", "Query", "Action", "On this page"] as const;
export type GroupName = (typeof GROUPS)[number];

export interface PaletteItem {
  readonly id: string;
  readonly group: GroupName;
  readonly title: string;
  /** Quietly behind it. */
  readonly note?: string;
  /** Other words for the same. */
  readonly words?: string;
  /** What a key does the same by. */
  readonly keys?: string;
  /** Where it leads; absent where something is done. */
  readonly href?: string;
  readonly run?: () => void;
}

export interface RankedItem {
  readonly item: PaletteItem;
  /** Which characters of the title were meant. */
  readonly at: readonly number[];
}

/** In the order in which they are seen. */
export interface Offer {
  readonly items: readonly RankedItem[];
  /** What is wrong with what was pasted. */
  readonly mistake: string | null;
}

export interface Known {
  readonly functions: readonly FunctionSummary[];
  readonly places: readonly Place[];
  readonly queries: KeptQueries;
  readonly times: Times;
  /** Of what was there before the palette. */
  readonly bindings: readonly PaletteItem[];
}

/** As many as somebody looks through. */
const MOST = 60;
const MOST_RECENT = 6;

export function offerOf(query: string, known: Known): Offer {
  const pasted = recognised(query);
  const mistake = pasted?.kind === "mistaken" ? pasted.why : null;
  const ids = pasted === null ? [] : idItems(pasted).map(item => ({ item, at: [] }));
  if (query.trim() === "") return { items: unasked(known).map(item => ({ item, at: [] })), mistake };
  const isSure = pasted !== null && pasted.kind !== "unknown" && pasted.kind !== "mistaken";
  const others = ranked(query, itemsOf(known)).slice(0, MOST);
  return { items: isSure ? [...ids, ...others] : [...others, ...ids], mistake };
}

/** Nothing is typed yet: where one was, and the pages. */
function unasked(known: Known): readonly PaletteItem[] {
  const all = itemsOf(known);
  const of = (name: GroupName) => all.filter(({ group }) => group === name);
  return [...of("Recent").slice(0, MOST_RECENT), ...of("Page"), ...of("Action"), ...of("On this page")];
}

function ranked(query: string, items: readonly PaletteItem[]): readonly RankedItem[] {
  const found = items.flatMap(item => {
    const title = fuzzy(query, item.title);
    const words = title === null && item.words !== undefined ? fuzzy(query, `${item.title} ${item.words}`) : null;
    const match = title ?? words;
    if (match === null) return [];
    // Where the other words are meant, the title comes first where it is.
    const at = match.at.filter(place => place < item.title.length);
    return [{ item, at, score: match.score - (title === null ? 12 : 0) + BONUS[item.group] }];
  });
  const order = found.sort((left, right) => right.score - left.score);
  const seen = new Set<string>();
  return order.filter(({ item }) => {
    // What was seen lately and is offered as itself too stands there once.
    const to = item.href?.split("?")[0] ?? item.id;
    if (seen.has(to) && item.group !== "Query") return false;
    seen.add(to);
    return true;
  });
}

/** Of what fits alike. */
const BONUS: Readonly<Record<GroupName, number>> = {
  Id: 0,
  Page: 3,
  Function: 4,
  Recent: 1,
  Query: 0,
  Action: 1,
  "On this page": -1,
};

function itemsOf(known: Known): readonly PaletteItem[] {
  return [
    ...known.places.map(
      ({ href, title }): PaletteItem => ({ id: `recent ${href}`, group: "Recent", title, note: noteOf(href), href }),
    ),
    ...PAGES.map(
      ({ to, name, key }): PaletteItem => ({ id: `page ${to}`, group: "Page", title: name, keys: key, href: to }),
    ),
    ...MORE_PAGES,
    ...known.functions.map(functionItem),
    ...known.queries.saved.map(
      ({ name, query }): PaletteItem => ({
        id: `saved ${name}`,
        group: "Query",
        title: name,
        note: query,
        words: query,
        href: searchHref(query),
      }),
    ),
    ...known.queries.asked.map(
      ({ query }): PaletteItem => ({
        id: `asked ${query}`,
        group: "Query",
        title: query,
        note: "asked lately",
        href: searchHref(query),
      }),
    ),
    ...actions(known.times),
    ...known.bindings,
  ];
}

const MORE_PAGES: readonly PaletteItem[] = [
  ["/alerts/history", "History of alerts"],
  ["/alerts/rules", "Alert rules"],
  ["/alerts/silences", "Silences"],
  ["/alerts/channels", "Channels"],
  ["/alerts/deliveries", "Deliveries"],
].map(([href = "", title = ""]) => ({ id: `page ${href}`, group: "Page", title, href }));

const noteOf = (href: string): string => decoded(href.split("?")[0] ?? href);

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function functionItem({ name, runtime, platform }: FunctionSummary): PaletteItem {
  const href = `/functions/${encodeURIComponent(name)}`;
  return { id: `function ${name}`, group: "Function", title: name, note: runtime || platform, href };
}

const searchHref = (query: string): string => `/search?${new URLSearchParams({ q: query })}`;

function idItems(pasted: Pasted): readonly PaletteItem[] {
  switch (pasted.kind) {
    case "trace": {
      const span = pasted.spanId === null ? "" : `?span=${pasted.spanId}`;
      return [idItem("Open the trace", pasted.traceId, `/traces/${pasted.traceId}${span}`)];
    }
    case "request":
      return [
        idItem("Open the invocation", pasted.requestId, `/invocations/${pasted.requestId}`),
        idItem("Show the logs of the request", pasted.requestId, `/logs?request=${pasted.requestId}`),
      ];
    case "error":
      return [idItem("Open the group of errors", pasted.group, `/errors/${pasted.group}`)];
    case "unknown":
      return [idItem("Open the invocation", pasted.requestId, `/invocations/${encodeURIComponent(pasted.requestId)}`)];
    case "mistaken":
      return [];
  }
}

const idItem = (title: string, note: string, href: string): PaletteItem => ({
  id: `id ${href}`,
  group: "Id",
  title,
  note,
  href,
});

function actions({ zone, form }: Times): readonly PaletteItem[] {
  const action = (title: string, rest: Partial<PaletteItem>): PaletteItem => ({
    id: `action ${title}`,
    group: "Action",
    title,
    ...rest,
  });
  return [
    ...ranges().map(({ title, run }) => action(title, { words: "time last", run })),
    action("Copy a link to this page", { words: "url share", run: () => void copy(location.href) }),
    zone === "utc"
      ? action("Times by the clock here", { words: "utc local zone", keys: "U", run: () => chooseZone("local") })
      : action("Times in UTC", { words: "local zone clock", keys: "U", run: () => chooseZone("utc") }),
    form === "absolute"
      ? action("Times as how long ago", { words: "relative", keys: "A", run: () => chooseTimeForm("relative") })
      : action("Times as date and time", { words: "absolute", keys: "A", run: () => chooseTimeForm("absolute") }),
    ...THEMES.filter(one => one !== theme()).map(one =>
      action(one === "system" ? "Theme: as the system" : `Theme: ${one}`, {
        words: "colours mode",
        run: () => chooseTheme(one),
      }),
    ),
    action("New alert rule", { words: "create add alarm", href: "/alerts/rules/new" }),
    action("New silence", { words: "create add mute", href: "/alerts/silences/new" }),
    action("New channel", { words: "create add webhook slack pagerduty", href: "/alerts/channels/new" }),
    action("New key", { words: "create add api token", href: "/settings#keys-title" }),
    action("Attach a function", {
      words: "send data add lambda extension endpoint",
      href: "/start",
    }),
  ];
}

/** Where the page shows a range. */
function ranges(): readonly { readonly title: string; readonly run: () => void }[] {
  const shown = pageRange();
  if (shown === null) return [];
  const names = Object.keys(LENGTHS) as LengthName[];
  return names
    .filter(length => shown.range.kind !== "last" || shown.range.length !== length)
    .map(length => ({
      title: `Range: the last ${LENGTHS[length].label}`,
      run: () => shown.onChange({ kind: "last", length }),
    }));
}

/** Steps from row to row are for keys alone. */
const BY_KEY_ALONE = ["List", "Everywhere"];

/** What the page's own keys do, as things to choose. */
export function bindingItems(): readonly PaletteItem[] {
  return currentKeys()
    .filter(({ title }) => !BY_KEY_ALONE.includes(title))
    .flatMap(({ title, bindings }) =>
      bindings.map(
        ({ keys: [first = ""], does, run }): PaletteItem => ({
          id: `key ${title} ${does}`,
          group: "On this page",
          title: does.slice(0, 1).toUpperCase() + does.slice(1),
          note: title,
          keys: first,
          run,
        }),
      ),
    );
}
