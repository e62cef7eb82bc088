/** Moments as people type or paste them: from a log line, from a chat, from memory. */

import { after, DAY, HOUR, MILLISECOND, MINUTE, nanos, SECOND, type Time, time } from "../base/time.ts";
import { clockOf, momentAt, zone } from "../base/zone.ts";

const UNITS: Readonly<Record<string, bigint>> = {
  s: SECOND,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
  d: DAY,
  w: 7n * DAY,
};

/** By how many digits a number of a Unix time has: in seconds, milli-, micro- and nanoseconds. */
const EPOCH: Readonly<Record<number, bigint>> = { 10: SECOND, 13: MILLISECOND, 16: 1_000n, 19: 1n };

/** What is understood, for who typed something else. */
export const UNDERSTOOD = "2026-11-23 14:03, 14:03:22, 2h ago, now, or a Unix time";

/** Null where it is none. What says no zone is by the clock that the reader chose. */
export function parseMoment(text: string, now: Time): Time | null {
  const typed = text.trim().toLowerCase();
  if (typed === "now") return now;
  return ago(typed, now) ?? epoch(typed) ?? dated(typed) ?? today(typed, now);
}

function ago(typed: string, now: Time): Time | null {
  const found = /^(?:now\s*)?-\s*(\d{1,6})\s*([a-z]+)$/.exec(typed) ?? /^(\d{1,6})\s*([a-z]+) ago$/.exec(typed);
  const unit = UNITS[found?.[2] ?? ""];
  return found === null || unit === undefined ? null : after(now, -BigInt(found[1] ?? "0") * unit);
}

function epoch(typed: string): Time | null {
  const unit = /^\d+$/.test(typed) ? EPOCH[typed.length] : undefined;
  return unit === undefined ? null : time(BigInt(typed) * unit);
}

const DATED =
  /^(\d{4})-(\d\d)-(\d\d)(?:[t ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(z|utc|[+-]\d\d:?\d\d)?)?$/;

function dated(typed: string): Time | null {
  const found = DATED.exec(typed);
  if (found === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(part => Number(part ?? 0));
  const offset = found[8] === undefined ? null : offsetOf(found[8]);
  const whole = momentAt({ year, month, day, hour, minute, second }, offset === null ? zone() : "utc");
  if (whole === null) return null;
  return after(whole, BigInt((found[7] ?? "").padEnd(9, "0")) - (offset ?? 0n));
}

/** How far a clock is ahead that says so. */
function offsetOf(text: string): bigint {
  if (text === "z" || text === "utc") return 0n;
  const [, sign, hours = "0", minutes = "0"] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
  const length = BigInt(hours) * HOUR + BigInt(minutes) * MINUTE;
  return sign === "-" ? -length : length;
}

/** A time of day is the last one of it. */
function today(typed: string, now: Time): Time | null {
  const found = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(typed);
  if (found === null) return null;
  const [hour = 0, minute = 0, second = 0] = found.slice(1).map(part => Number(part ?? 0));
  const at = (day: Time) => {
    const { year, month, day: date } = clockOf(day);
    return momentAt({ year, month, day: date, hour, minute, second });
  };
  const moment = at(now);
  return moment !== null && moment > now ? at(after(now, nanos(-DAY))) : moment;
}
