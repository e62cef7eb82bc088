/** Lengths of time as people type them: `400ms`, `1.5 s`, `2 min`. */

import { HOUR, MICROSECOND, MILLISECOND, MINUTE, type Nanos, nanos, SECOND } from "../base/time.ts";

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: MICROSECOND,
  µs: MICROSECOND,
  ms: MILLISECOND,
  s: SECOND,
  m: MINUTE,
  min: MINUTE,
  h: HOUR,
};

/** Without a unit they are milliseconds, as platforms tell them; null where it is no length. */
export function lengthTyped(text: string): Nanos | null {
  const found = /^\s*(\d{1,9})(?:\.(\d{1,6}))?\s*([a-zµ]*)\s*$/i.exec(text);
  if (found === null) return null;
  const [, whole = "0", part = "", name = ""] = found;
  const unit = name === "" ? MILLISECOND : UNITS[name.toLowerCase()];
  if (unit === undefined) return null;
  return nanos(BigInt(whole) * unit + (BigInt(part === "" ? 0 : part) * unit) / 10n ** BigInt(part.length));
}
