/** The state of a trace's page: kept here while somebody moves about, written to the URL as soon as there is a pause. */

import { useCallback, useEffect, useRef, useState } from "react";

import { parseTraceState, printTraceState, type TraceSearch, type TraceState } from "./url.ts";

/** Browsers limit how often the address may change; a key that is held down would be too often. */
const PAUSE_MS = 250;

export type ChangeState = (change: Partial<TraceState>) => void;

/** How a step is written: another view is a step that back undoes, a moved cursor is none. */
export type WriteSearch = (search: TraceSearch, how: { readonly replace: boolean }) => void;

export function useTraceState(search: TraceSearch, write: WriteSearch): [TraceState, ChangeState] {
  const [state, setState] = useState(() => parseTraceState({ ...search }));
  const inUrl = useRef(search);
  const latest = useRef(write);
  useEffect(() => {
    latest.current = write;
  });
  useEffect(() => {
    const printed = printTraceState(state);
    if (isSame(printed, inUrl.current)) return;
    const isStep = stepOf(printed) !== stepOf(inUrl.current);
    const put = () => {
      inUrl.current = printed;
      latest.current(printed, { replace: !isStep });
    };
    if (isStep) {
      put();
      return;
    }
    const timer = setTimeout(put, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  // Somebody else changed the address: a link, the back button.
  useEffect(() => {
    if (isSame(search, inUrl.current)) return;
    inUrl.current = search;
    setState(parseTraceState({ ...search }));
  }, [search]);
  const change = useCallback<ChangeState>(some => setState(known => ({ ...known, ...some })), []);
  return [state, change];
}

const isSame = (one: TraceSearch, other: TraceSearch): boolean => textOf(one) === textOf(other);

const textOf = (search: TraceSearch): string => JSON.stringify(search);

/** What somebody goes to on purpose, and back from. */
const stepOf = (search: TraceSearch): string =>
  JSON.stringify([search.view, search.focus, search.with, search.by, search.sort]);
