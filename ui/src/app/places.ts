/** Notes where somebody is, so that they find back. Nothing of it leaves the browser. */

import { type Place, parsePlaces, pathOf, withPlace } from "../model/places.ts";

const KEY = "coldtrace.places";
const OF_ALL = " · Coldtrace";

export function recentPlaces(): readonly Place[] {
  try {
    return parsePlaces(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/** Called once, where the page starts. A page has its name when it says it: what is on its way has none yet. */
export function notePlaces(): void {
  const title = document.querySelector("title");
  if (title !== null) new MutationObserver(note).observe(title, { childList: true });
}

function note(): void {
  const title = document.title.endsWith(OF_ALL) ? document.title.slice(0, -OF_ALL.length) : "";
  if (title !== "") keep({ href: `${location.pathname}${location.search}`, title });
}

/** The page that is shown has another search: that is where it is found again. */
export function noteSearch(): void {
  const here = { href: `${location.pathname}${location.search}`, title: "" };
  const known = recentPlaces().find(place => pathOf(place) === pathOf(here));
  if (known !== undefined) keep({ ...known, href: here.href });
}

function keep(place: Place): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(withPlace(recentPlaces(), place)));
  } catch {
    // A browser that keeps nothing has no recent places.
  }
}
