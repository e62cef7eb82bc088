/** How times are written: by the reader's clock or in UTC, as how long ago or as the time of day. Kept in the browser. */

import { useSyncExternalStore } from "react";

import { setZone, ZONES, type Zone, zone } from "../base/zone.ts";

export const TIME_FORMS = ["relative", "absolute"] as const;
/** Of those times that are written as how long ago it is. */
export type TimeForm = (typeof TIME_FORMS)[number];

export interface Times {
  readonly zone: Zone;
  readonly form: TimeForm;
}

const ZONE_KEY = "coldtrace.zone";
const FORM_KEY = "coldtrace.times";
const listeners = new Set<() => void>();

let times: Times = { zone: "local", form: "relative" };

/** Reads what is kept; called once, before anything is drawn, and where another tab changed it. */
export function applyTimes(): void {
  const zone = ZONES.find(one => one === localStorage.getItem(ZONE_KEY)) ?? "local";
  const form = TIME_FORMS.find(one => one === localStorage.getItem(FORM_KEY)) ?? "relative";
  times = { zone, form };
  setZone(zone);
  for (const listener of listeners) listener();
}

export function chooseZone(next: Zone): void {
  localStorage.setItem(ZONE_KEY, next);
  applyTimes();
}

export function chooseTimeForm(next: TimeForm): void {
  localStorage.setItem(FORM_KEY, next);
  applyTimes();
}

export const nextZone = (): void => chooseZone(zone() === "utc" ? "local" : "utc");
export const nextTimeForm = (): void => chooseTimeForm(times.form === "relative" ? "absolute" : "relative");

function subscribe(listener: () => void): () => void {
  const elsewhere = ({ key }: StorageEvent) => {
    if (key === ZONE_KEY || key === FORM_KEY) applyTimes();
  };
  listeners.add(listener);
  window.addEventListener("storage", elsewhere);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", elsewhere);
  };
}

export function useTimes(): Times {
  return useSyncExternalStore(subscribe, () => times);
}
