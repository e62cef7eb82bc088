/** One clock for the whole page, so that everything that says "ago" says it of the same moment. */

import { useSyncExternalStore } from "react";

import { now, type Time } from "../base/time.ts";

/** "12 s ago" may be this much late. */
const STEP_MS = 5_000;

let current = now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = setInterval(tick, STEP_MS);
    // Nobody moved it on meanwhile.
    current = now();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  current = now();
  for (const listener of listeners) listener();
}

export function useNow(): Time {
  return useSyncExternalStore(subscribe, () => current);
}
