/** How a service is set up, as far as it concerns who sends and who reads: keys, limits, addresses. */

import { DAY, type Nanos, nanos, type Time } from "../base/time.ts";

export const KEY_SCOPES = ["ingest", "read", "write", "admin"] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export const SCOPE_TEXT: Readonly<Record<KeyScope, string>> = {
  ingest: "send",
  read: "read what its tenant sent",
  write: "read, and decide who is alerted of what",
  admin: "read, decide who is alerted of what, make and end keys, and set limits",
};

export const KEY_STATES = ["valid", "expired", "revoked"] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** Who may do what, since when and until when. Its secret is shown once, when it is made. */
export interface Key {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly scope: KeyScope;
  readonly state: KeyState;
  readonly created: Time;
  readonly rotated: Time | null;
  readonly expires: Time | null;
  readonly revoked: Time | null;
}

export interface CreatedKey {
  readonly key: Key;
  readonly secret: string;
}

export const KEEP_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365] as const;

/** What a tenant may have; null where nothing is said of it. */
export interface Limits {
  readonly keepDays: number | null;
  /** Unpacked. */
  readonly bytesPerSecond: number | null;
  readonly spansPerSecond: number | null;
  /** Of the collector's log, in percent. */
  readonly logShare: number | null;
}

export interface ServiceSettings {
  readonly version: string;
  readonly tenant: string;
  /** Of who asks; null where no key is demanded. */
  readonly scope: KeyScope | null;
  readonly demandsKeys: boolean;
  /** Where functions send to; null where it is not known here. */
  readonly otlpGrpc: string | null;
  readonly otlpHttp: string | null;
  readonly limits: Limits;
  /** For how many days data is kept where the limits say nothing. */
  readonly keepDays: number;
  /** Null while nothing was ever received. */
  readonly received: Received | null;
}

export interface Received {
  readonly first: Time;
  readonly last: Time;
}

/** Whether who asks may see and change keys and limits. */
export const mayAdminister = ({ demandsKeys, scope }: ServiceSettings): boolean => !demandsKeys || scope === "admin";

/** How long a new key lasts. */
export const LIFETIMES = {
  never: { label: "until it is revoked", length: null },
  "30d": { label: "30 days", length: nanos(30n * DAY) },
  "90d": { label: "90 days", length: nanos(90n * DAY) },
  "365d": { label: "a year", length: nanos(365n * DAY) },
} as const satisfies Readonly<Record<string, { readonly label: string; readonly length: Nanos | null }>>;

export type Lifetime = keyof typeof LIFETIMES;
export const LIFETIME_NAMES = Object.keys(LIFETIMES) as Lifetime[];

/** What ends with a key, in sentences. */
export function endsWith(key: Key, keys: readonly Key[]): string {
  const others = keys.filter(one => one.id !== key.id && one.state === "valid" && one.scope === key.scope);
  const who =
    key.scope === "ingest"
      ? "What sends with it is refused within two seconds, and what it sends then is lost unless it is sent again with another key."
      : "Who reads with it, in a browser too, is refused within two seconds.";
  const last =
    key.scope === "admin" && others.length === 0
      ? " It is the last key of scope admin: after that, keys are made on the service's machine alone, by coldtrace keys create."
      : "";
  return `${who}${last} It can't be undone.`;
}

/** What each field of limits says, as it is typed. */
export interface LimitsDraft {
  readonly keepDays: string;
  readonly bytesPerSecond: string;
  readonly spansPerSecond: string;
  readonly logShare: string;
}

export type LimitsMistakes = Partial<Record<keyof LimitsDraft, string>>;

export function draftOf(limits: Limits): LimitsDraft {
  const text = (value: number | null) => (value === null ? "" : String(value));
  return {
    keepDays: text(limits.keepDays),
    bytesPerSecond: limits.bytesPerSecond === null ? "" : printSize(limits.bytesPerSecond),
    spansPerSecond: text(limits.spansPerSecond),
    logShare: text(limits.logShare),
  };
}

/** What was typed, as limits; or what is wrong with it. */
export function limitsOf(draft: LimitsDraft): { readonly limits: Limits } | { readonly mistakes: LimitsMistakes } {
  const bytes = parseSize(draft.bytesPerSecond);
  const spans = parseWhole(draft.spansPerSecond);
  const share = parseWhole(draft.logShare);
  const mistakes: LimitsMistakes = {
    ...(bytes === undefined && { bytesPerSecond: "A size, such as 5 MB or 800 kB; empty for none." }),
    ...(spans === undefined && { spansPerSecond: "A whole number of 1 or more; empty for none." }),
    ...((share === undefined || (share !== null && share > 100)) && { logShare: "From 1 to 100; empty for none." }),
  };
  if (bytes === undefined || spans === undefined || share === undefined || Object.keys(mistakes).length > 0) {
    return { mistakes };
  }
  const keepDays = KEEP_DAYS.find(days => String(days) === draft.keepDays) ?? null;
  return { limits: { keepDays, bytesPerSecond: bytes, spansPerSecond: spans, logShare: share } };
}

const SIZES: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** Undefined where it is no size, null where it is none. As everywhere, 1 MB is 1024 kB. */
function parseSize(text: string): number | null | undefined {
  const typed = text.trim().toLowerCase();
  if (typed === "") return null;
  const found = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/.exec(typed);
  const unit = SIZES[(found?.[2] ?? "b").replace("i", "")];
  if (found === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(found[1]) * unit);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** In the largest unit that it is a whole number of, so that nothing is lost. */
function printSize(bytes: number): string {
  const unit = ["gb", "mb", "kb"].find(name => bytes % (SIZES[name] ?? 1) === 0) ?? "b";
  const name = unit === "kb" ? "kB" : unit.toUpperCase();
  return `${bytes / (SIZES[unit] ?? 1)} ${name}`;
}

function parseWhole(text: string): number | null | undefined {
  const typed = text.trim().replaceAll(/[ ,_]/g, "");
  if (typed === "") return null;
  const value = Number(typed);
  return /^\d+$/.test(typed) && value > 0 && Number.isSafeInteger(value) ? value : undefined;
}
