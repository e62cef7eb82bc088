/** Numbers as people read them. Spaces between a number and its unit do not break. */

import type { Dollars } from "./money.ts";
import { between, DAY, HOUR, type Nanos, nanos, SECOND, type Time } from "./time.ts";
import { clockOf } from "./zone.ts";

const NBSP = "\u00a0";
const MINUS = "\u2212";

/** Three digits that matter, in the unit that fits: `412 µs`, `18.4 ms`, `1.24 s`, `2 min 03 s`. */
export function formatDuration(length: Nanos): string {
  return formatNanos(Number(length));
}

/** As {@link formatDuration}, of a plain number of nanoseconds. */
export function formatNanos(length: number): string {
  const size = Math.abs(length);
  const sign = length < 0 ? MINUS : "";
  if (size === 0) return "0";
  if (size < 999.5) return `${sign}${Math.round(size)}${NBSP}ns`;
  if (size < 999.5e3) return `${sign}${threeDigits(size / 1e3)}${NBSP}µs`;
  if (size < 999.5e6) return `${sign}${threeDigits(size / 1e6)}${NBSP}ms`;
  if (size < 59.95e9) return `${sign}${threeDigits(size / 1e9)}${NBSP}s`;
  const seconds = Math.round(size / 1e9);
  if (seconds < 3600) return `${sign}${pair(seconds, 60, "min", "s")}`;
  if (seconds < 86_400) return `${sign}${pair(Math.round(seconds / 60), 60, "h", "min")}`;
  return `${sign}${pair(Math.round(seconds / 3600), 24, "d", "h")}`;
}

/** Of a round length the digits that say nothing are left out: `50 ms`, `1.5 s`. */
export function formatRound(length: number): string {
  return formatNanos(length).replace(/^([0-9]+\.[0-9]*?)0+(?=\D*$)/, (_, digits: string) => digits.replace(/\.$/, ""));
}

/** A place on an axis that starts at zero: `+18.4 ms`. */
export function formatOffset(length: number): string {
  return length < 0 ? formatNanos(length) : `+${formatNanos(length)}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function pair(value: number, base: number, large: string, small: string): string {
  const rest = String(value % base).padStart(2, "0");
  return `${Math.floor(value / base)}${NBSP}${large}${NBSP}${rest}${NBSP}${small}`;
}

/** Three digits of what is less than a dollar, cents of what is more, as the backend writes money: `$0.0123`, `$1.24`, `$1,240`. */
export function formatDollars(amount: Dollars): string {
  const value = Math.abs(Number(amount)) / 1e9;
  const digits = decimals(value);
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${amount < 0n ? MINUS : ""}$${text}`;
}

function decimals(value: number): number {
  if (value === 0 || value >= 99.95) return 0;
  if (value >= 0.995) return 2;
  return Math.min(9, Math.max(2, 2 - Math.floor(Math.log10(value))));
}

/** Sizes as the platforms count them: 1 MB is 1024 kB. */
export function formatBytes(bytes: bigint): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = Number.isInteger(value) || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)}${NBSP}${units[unit]}`;
}

export function formatCount(count: bigint | number): string {
  return count.toLocaleString("en-US");
}

/** `3.8 %`; never `0 %` of something or `100 %` of less than all. */
export function formatShare(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return `<0.1${NBSP}%`;
  if (percent < 100 && percent > 99.9) return `>99.9${NBSP}%`;
  const text = percent < 9.95 && percent > 0 ? percent.toFixed(1).replace(/\.0$/, "") : percent.toFixed(0);
  return `${text === "100" && percent < 100 ? "99" : text}${NBSP}%`;
}

/** A part from 0 to 1, to the digits that the backend writes: `0.95 %`, `4.3 %`, `62 %`. */
export function formatPart(part: number): string {
  const percent = part * 100;
  if (percent === 0) return `0${NBSP}%`;
  const digits = percent < 0.995 ? 2 : percent < 9.95 ? 1 : 0;
  return `${percent.toFixed(digits)}${NBSP}%`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `14:03:22.184`, by the clock that the reader chose. */
export function formatClock(moment: Time): string {
  const { hour, minute, second, milli } = clockOf(moment);
  return `${two(hour)}:${two(minute)}:${two(second)}.${String(milli).padStart(3, "0")}`;
}

/** `2026-11-23`, likewise. */
export function formatDay(moment: Time): string {
  const { year, month, day } = clockOf(moment);
  return `${year}-${two(month)}-${two(day)}`;
}

/** `14:03`, likewise. */
export function formatMinute(moment: Time): string {
  return formatClock(moment).slice(0, 5);
}

/** To the nanosecond, in UTC: what can be pasted elsewhere. */
export function formatExact(moment: Time): string {
  const date = new Date(Number(moment / SECOND) * 1000);
  const fraction = String(moment % SECOND).padStart(9, "0");
  return `${date.toISOString().slice(0, 19).replace("T", " ")}.${fraction} UTC`;
}

/** As {@link formatExact}, as machines read it: `2026-11-23T14:03:22.184000000Z`. */
export function formatIso(moment: Time): string {
  return formatExact(moment).replace(" ", "T").replace(" UTC", "Z");
}

/** The page's clock, and another machine's, may be this much late. */
const AHEAD = 10n * SECOND;

/** `12 s ago`, `3 h ago`; `in 12 s` of what is to come. */
export function formatAgo(moment: Time, now: Time): string {
  const length = between(moment, now);
  if (length < -AHEAD) return formatAhead(nanos(-length));
  if (length < SECOND) return "just now";
  if (length < 60n * SECOND) return `${length / SECOND}${NBSP}s ago`;
  if (length < HOUR) return `${length / (60n * SECOND)}${NBSP}min ago`;
  if (length < 2n * DAY) return `${length / HOUR}${NBSP}h ago`;
  return `${length / DAY}${NBSP}d ago`;
}

/** `in 12 s`, `in 3 d`. */
function formatAhead(length: Nanos): string {
  if (length < 60n * SECOND) return `in ${length / SECOND}${NBSP}s`;
  if (length < HOUR) return `in ${length / (60n * SECOND)}${NBSP}min`;
  if (length < 2n * DAY) return `in ${length / HOUR}${NBSP}h`;
  return `in ${length / DAY}${NBSP}d`;
}

/** `one span`, `1,482 spans`. */
export function plural(count: bigint | number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${NBSP}${BigInt(count) === 1n ? one : many}`;
}

/** A sentence of the backend, with numbers that stay beside their units. */
export function unbroken(text: string): string {
  return text.replaceAll(/([0-9]) (?=(?:ns|µs|ms|s|min|h|d|MB|%)(?![0-9A-Za-z]))/g, `$1${NBSP}`);
}

/** The share of a length that another is, for bars: 0 to 1. */
export function share(part: Nanos | null, whole: Nanos | null): number {
  if (part === null || whole === null || whole <= 0n) return 0;
  return Math.min(1, Math.max(0, Number(part) / Number(whole)));
}

export const ZERO = nanos(0n);
