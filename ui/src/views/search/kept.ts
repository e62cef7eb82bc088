/** What this browser keeps of queries. Where it keeps nothing (a private window, storage that is full), the page does until it is left. */

import { useSyncExternalStore } from "react";

import { type KeptQueries, NOTHING_KEPT, parseKept, printKept } from "../../model/kept-queries.ts";

const KEY = "coldtrace.queries";

interface State {
  readonly kept: KeptQueries;
  /** Whether they are there again when the page is opened again. */
  readonly isLasting: boolean;
}

const listeners = new Set<() => void>();
let state: State | null = null;

function read(): State {
  try {
    return { kept: parseKept(localStorage.getItem(KEY)), isLasting: true };
  } catch {
    return { kept: NOTHING_KEPT, isLasting: false };
  }
}

function current(): State {
  state ??= read();
  return state;
}

/** What other tabs changed meanwhile is not lost. */
export function changeKept(change: (kept: KeptQueries) => KeptQueries): void {
  const before = current();
  const known = before.isLasting ? read() : before;
  const kept = change(known.kept);
  let isLasting = true;
  try {
    localStorage.setItem(KEY, printKept(kept));
  } catch {
    isLasting = false;
  }
  state = { kept, isLasting };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== KEY && event.key !== null) return;
    state = read();
    listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", elsewhere);
  };
}

export function useKept(): State {
  return useSyncExternalStore(subscribe, current);
}
