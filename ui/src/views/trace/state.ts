/** The state of a trace's page: kept here while somebody moves about, written to the URL as soon as there is a pause. */

import { useCallback, useEffect, useRef, useState } from "react";

import { parseTraceState, printTraceState, type TraceSearch, type TraceState } from "./url.ts";

/** Browsers limit how often the address may change; a key that is held down would be too often. */
const PAUSE_MS = 250;

export type ChangeState = (change: Partial<TraceState>) => void;

export function useTraceState(search: TraceSearch, write: (search: TraceSearch) => void): [TraceState, ChangeState] {
  const [state, setState] = useState(() => parseTraceState({ ...search }));
  const inUrl = useRef(textOf(search));
  const latest = useRef(write);
  useEffect(() => {
    latest.current = write;
  });
  useEffect(() => {
    const printed = printTraceState(state);
    if (textOf(printed) === inUrl.current) return;
    const timer = setTimeout(() => {
      inUrl.current = textOf(printed);
      latest.current(printed);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  // Somebody else changed the address: a link, the back button.
  useEffect(() => {
    if (textOf(search) === inUrl.current) return;
    inUrl.current = textOf(search);
    setState(parseTraceState({ ...search }));
  }, [search]);
  const change = useCallback<ChangeState>(some => setState(known => ({ ...known, ...some })), []);
  return [state, change];
}

const textOf = (search: TraceSearch): string => JSON.stringify(search);
