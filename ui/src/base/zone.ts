/** By whose clock times are written: the reader's, or UTC. All that writes or reads a time of day asks here. */

import { fromMillis, MINUTE, type Nanos, nanos, type Time, toMillis } from "./time.ts";

export const ZONES = ["local", "utc"] as const;
export type Zone = (typeof ZONES)[number];

let current: Zone = "local";

export const zone = (): Zone => current;

export function setZone(next: Zone): void {
  current = next;
}

/** `UTC`, or the reader's zone as its name is known: `Europe/Berlin`. */
export function zoneName(of: Zone = current): string {
  return of === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** What a clock and a calendar show. */
export interface Clock {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly milli: number;
}

export function clockOf(moment: Time, of: Zone = current): Clock {
  const date = new Date(toMillis(moment));
  const utc = of === "utc";
  return {
    year: utc ? date.getUTCFullYear() : date.getFullYear(),
    month: (utc ? date.getUTCMonth() : date.getMonth()) + 1,
    day: utc ? date.getUTCDate() : date.getDate(),
    hour: utc ? date.getUTCHours() : date.getHours(),
    minute: utc ? date.getUTCMinutes() : date.getMinutes(),
    second: utc ? date.getUTCSeconds() : date.getSeconds(),
    milli: date.getUTCMilliseconds(),
  };
}

/** When a clock shows that; null where no calendar has that day, or no day that hour. */
export function momentAt(shown: Omit<Clock, "milli">, of: Zone = current): Time | null {
  const { year, month, day, hour, minute, second } = shown;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  const millis = of === "utc" ? utc : new Date(year, month - 1, day, hour, minute, second).getTime();
  if (Number.isNaN(millis) || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(utc);
  return date.getUTCMonth() + 1 === month && date.getUTCDate() === day ? fromMillis(millis) : null;
}

/** How far the clock is ahead of UTC. */
export function zoneOffset(moment: Time): Nanos {
  if (current === "utc") return nanos(0n);
  return nanos(BigInt(-new Date(toMillis(moment)).getTimezoneOffset()) * MINUTE);
}

/** As a field of the type `datetime-local` has it, to the second. */
export function fieldText(moment: Time): string {
  const { year, month, day, hour, minute, second } = clockOf(moment);
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
}

/** What such a field says; null where it says nothing. */
export function momentOfField(text: string): Time | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?/.exec(text);
  if (found === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map(part => Number(part ?? 0));
  return momentAt({ year, month, day, hour, minute, second });
}

const two = (value: number): string => String(value).padStart(2, "0");
