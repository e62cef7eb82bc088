/** Attaching a function: where it sends to, with which key, and whether something came. */

import { after, between, HOUR, MINUTE, type Time } from "../base/time.ts";
import { LENGTHS, type LengthName, type Range } from "./range.ts";
import type { Received, ServiceSettings } from "./settings.ts";

export const START_TABS = ["lambda", "otlp", "platforms", "here"] as const;
export type StartTab = (typeof START_TABS)[number];

/** Of the settings what concerns who attaches a function. */
export type StartSettings = Pick<ServiceSettings, "scope" | "demandsKeys" | "otlpGrpc" | "otlpHttp">;

/** The shortest range up to now that has a moment in it; an hour around it where it is long ago. */
export function rangeOfLast(last: Time, now: Time): Range {
  const ago = between(last, now);
  const names = Object.keys(LENGTHS) as LengthName[];
  const length = names.find(name => LENGTHS[name].length > ago);
  if (length !== undefined) return { kind: "last", length };
  return { kind: "between", from: after(last, -HOUR), to: after(last, MINUTE) };
}

/** Where a function sends to, as snippets have it. */
export interface Target {
  readonly grpc: string;
  readonly http: string;
  /** A key, or what stands for one; null where none is demanded. */
  readonly key: string | null;
}

/** What stands in a snippet for what is not known here. */
export const UNKNOWN = { grpc: "https://COLLECTOR:4317", http: "https://COLLECTOR:4318", key: "KEY" } as const;

/** @param secret of a key that was made just now; null where none was. */
export function targetOf({ otlpGrpc, otlpHttp, demandsKeys }: StartSettings, secret: string | null): Target {
  return {
    grpc: otlpGrpc ?? UNKNOWN.grpc,
    http: otlpHttp ?? UNKNOWN.http,
    key: demandsKeys ? (secret ?? UNKNOWN.key) : null,
  };
}

const LOOPBACK = /^(localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0|\[::\])$/;

/** Whether it is an address of this machine alone, which nothing in a cloud can reach. */
export function isLoopback(address: string): boolean {
  return URL.canParse(address) && LOOPBACK.test(new URL(address).hostname);
}

/** Who can make a key for sending. */
export type KeyMaker = "nobody needs one" | "here" | "somebody else";

export function keyMaker({ demandsKeys, scope }: StartSettings): KeyMaker {
  if (!demandsKeys) return "nobody needs one";
  return scope === "admin" ? "here" : "somebody else";
}

/** What is waited for, or came. */
export type Arrival =
  /** Nothing was ever received. */
  | { readonly kind: "waiting" }
  /** Something was received before this page was opened, and nothing since. */
  | { readonly kind: "quiet"; readonly last: Time }
  | { readonly kind: "came"; readonly at: Time; readonly isFirst: boolean };

/** @param before as it was when the page was opened. */
export function arrivalOf(before: Received | null, now: Received | null): Arrival {
  if (now === null) return { kind: "waiting" };
  if (before === null) return { kind: "came", at: now.last, isFirst: true };
  return now.last > before.last ? { kind: "came", at: now.last, isFirst: false } : { kind: "quiet", last: now.last };
}
