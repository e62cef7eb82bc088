/** Settings, keys and limits over the wire. */

import * as z from "zod/mini";

import {
  type CreatedKey,
  KEEP_DAYS,
  KEY_SCOPES,
  KEY_STATES,
  type Key,
  type Limits,
  type ServiceSettings,
} from "../model/settings.ts";
import { count, timeText, type Wire } from "./schemas.ts";

const text = z.string();
const scope = z.enum(KEY_SCOPES);

export const key = z.object({
  id: text,
  name: text,
  tenant: text,
  scope,
  state: z.enum(KEY_STATES),
  created: timeText,
  rotated: z.nullable(timeText),
  expires: z.nullable(timeText),
  revoked: z.nullable(timeText),
}) satisfies Wire<"Key", Key>;

export const keyList = z.object({ keys: z.array(key) }) satisfies Wire<"KeyList", { readonly keys: readonly Key[] }>;

export const createdKey = z.object({ key, secret: text }) satisfies Wire<"CreatedKey", CreatedKey>;

export const limits = z.pipe(
  z.object({
    keep_days: z.nullable(z.literal(KEEP_DAYS)),
    bytes_per_second: z.nullable(count),
    spans_per_second: z.nullable(count),
    log_share: z.nullable(z.number()),
  }),
  z.transform(
    (wire): Limits => ({
      keepDays: wire.keep_days,
      bytesPerSecond: wire.bytes_per_second,
      spansPerSecond: wire.spans_per_second,
      logShare: wire.log_share,
    }),
  ),
) satisfies Wire<"Limits", Limits>;

/** As the API takes them. */
export function limitsBody({ keepDays, bytesPerSecond, spansPerSecond, logShare }: Limits): unknown {
  const counted = (value: number | null) => (value === null ? null : String(value));
  return {
    keep_days: keepDays,
    bytes_per_second: counted(bytesPerSecond),
    spans_per_second: counted(spansPerSecond),
    log_share: logShare,
  };
}

export const serviceSettings = z.pipe(
  z.object({
    version: text,
    tenant: text,
    scope: z.nullable(scope),
    demands_keys: z.boolean(),
    otlp_grpc: z.nullable(text),
    otlp_http: z.nullable(text),
    limits,
    keep_days: z.number(),
    received: z.nullable(z.object({ first: timeText, last: timeText })),
  }),
  z.transform(
    ({ demands_keys, otlp_grpc, otlp_http, keep_days, ...wire }): ServiceSettings => ({
      ...wire,
      demandsKeys: demands_keys,
      otlpGrpc: otlp_grpc,
      otlpHttp: otlp_http,
      keepDays: keep_days,
    }),
  ),
) satisfies Wire<"ServiceSettings", ServiceSettings>;
