/** What comes over the wire of alerts, parsed as {@link file://./schemas.ts} does it. */

import * as z from "zod/mini";

import type { AlertDetail, Transition, Why } from "../model/alert.ts";
import type { Backtest, Episode } from "../model/backtest.ts";
import {
  type Attempt,
  CHANNEL_KINDS,
  type Channel,
  type ChannelKind,
  type CreatedChannel,
  DELIVERY_STATES,
  type Delivery,
  type DeliveryDetail,
} from "../model/channel.ts";
import { UNITS } from "../model/reading.ts";
import {
  BYS,
  type Rule,
  type RuleDefinition,
  type RuleFile,
  type RuleScope,
  type Rules,
  UNSCOPED,
} from "../model/rule.ts";
import { type Matcher, OPS, type Silence } from "../model/silence.ts";
import { alert, labels, reading, severity } from "./active-alerts.ts";
import { nanosText, timeText, type Wire } from "./schemas.ts";

const text = z.string();
const nullableText = z.nullable(text);
const texts = z.array(text);
const number = z.number();
/** Whatever its kind has. */
const open = z.record(text, z.unknown());

/** What the description gives a default: it may be left out, and its type says that it is there. */
const or = <Value>(schema: z.ZodMiniType<Value, Value>, otherwise: Value) =>
  z._default(schema, otherwise as never) as unknown as z.ZodMiniType<Value, Value>;

const why = z.pipe(
  z.object({
    history: z.array(z.object({ at: timeText, value: z.nullable(number) })),
    causes: z.array(z.object({ key: text, value: nullableText, of_bad: number, of_rest: number })),
    path: z.array(z.object({ what: text, before: nanosText, now: nanosText })),
    examples: z.array(z.object({ request_id: text, duration: z.nullable(nanosText), outcome: text, href: text })),
    links: z.array(z.object({ title: text, href: text })),
  }),
  z.transform(
    ({ causes, examples, ...wire }): Why => ({
      ...wire,
      causes: causes.map(({ of_bad, of_rest, ...cause }) => ({ ...cause, ofBad: of_bad, ofRest: of_rest })),
      examples: examples.map(({ request_id, ...example }) => ({ ...example, requestId: request_id })),
    }),
  ),
) satisfies Wire<"AlertWhy", Why>;

const transition = z.pipe(
  z.object({
    id: text,
    alert: text,
    rule: text,
    rule_name: text,
    change: z.enum(["firing", "resolved"]),
    severity,
    at: timeText,
    since: timeText,
    labels,
    summary: text,
    runbook: nullableText,
    reading,
    why,
  }),
  z.transform(({ rule_name, ...wire }): Transition => ({ ...wire, ruleName: rule_name })),
) satisfies Wire<"Transition", Transition>;

export const alertDetail = z.object({ alert, transition: z.nullable(transition) }) satisfies Wire<
  "AlertDetail",
  AlertDetail
>;

const paged = { total: number, next_cursor: nullableText };

export const transitionList = z.object({ transitions: z.array(transition), ...paged });

const scope = z.pipe(
  z.object({
    functions: z.exactOptional(texts),
    except: z.exactOptional(texts),
    versions: z.exactOptional(texts),
    tags: z.exactOptional(labels),
  }),
  z.transform(
    ({ functions, except, versions, tags }): RuleScope => ({
      functions: functions ?? [],
      except: except ?? [],
      versions: versions ?? [],
      tags: tags ?? {},
    }),
  ),
);

export const ruleDefinition = z.pipe(
  z.object({
    name: text,
    enabled: or(z.boolean(), true),
    severity: or(severity, "warning"),
    for: or(text, "0"),
    keep: or(text, "2m"),
    runbook: z.exactOptional(nullableText),
    labels: z.exactOptional(labels),
    channels: z.exactOptional(texts),
    scope: z.exactOptional(scope),
    by: or(z.enum(BYS), "function"),
    when: open,
  }),
  z.transform(
    ({ runbook, labels, channels, scope, ...wire }): RuleDefinition => ({
      ...wire,
      runbook: runbook ?? null,
      labels: labels ?? {},
      channels: channels ?? [],
      scope: scope ?? UNSCOPED,
    }),
  ),
) satisfies Wire<"RuleDefinition", RuleDefinition>;

export const rule = z.pipe(
  z.object({
    rule: text,
    origin: z.enum(["file", "api", "starter"]),
    file: nullableText,
    definition: ruleDefinition,
    created: z.nullable(timeText),
    updated: z.nullable(timeText),
    pending: number,
    firing: number,
  }),
  z.transform(
    ({ rule, origin, file, definition, pending, firing }): Rule => ({
      id: rule,
      origin,
      file,
      definition,
      pending,
      firing,
    }),
  ),
) satisfies Wire<"Rule", Rule>;

const ruleFile = z.pipe(
  z.object({ file: text, loaded: z.nullable(timeText), mistakes: z.array(z.object({ at: text, message: text })) }),
  z.transform(({ loaded, ...wire }): RuleFile => ({ ...wire, isLoaded: loaded !== null })),
) satisfies Wire<"RuleFile", RuleFile>;

export const ruleList = z.object({ rules: z.array(rule), files: z.array(ruleFile) }) satisfies Wire<"RuleList", Rules>;

const episode = z.object({
  labels,
  from: timeText,
  to: z.nullable(timeText),
  peak: z.nullable(number),
  summary: text,
}) satisfies Wire<"Episode", Episode>;

export const backtest = z.object({
  from: timeText,
  to: timeText,
  step: nanosText,
  episodes: z.array(episode),
  total: number,
  firing: nanosText,
  series: z.array(z.object({ labels, values: z.array(z.nullable(number)) })),
  threshold: z.nullable(number),
  unit: z.enum(UNITS),
}) satisfies Wire<"Backtest", Backtest>;

const matcher = z.object({ name: text, op: z.enum(OPS), value: text }) satisfies Wire<"Matcher", Matcher>;

export const silence = z.pipe(
  z.object({
    silence: text,
    matchers: z.array(matcher),
    starts: timeText,
    ends: timeText,
    comment: text,
    created_by: text,
    created: timeText,
    state: z.enum(["pending", "active", "expired"]),
  }),
  z.transform(
    ({ silence, created_by, created: _, ...wire }): Silence => ({ ...wire, id: silence, createdBy: created_by }),
  ),
) satisfies Wire<"Silence", Silence>;

export const silenceList = z.object({ silences: z.array(silence) });

const CHANNEL_KIND_NAMES = Object.keys(CHANNEL_KINDS) as [ChannelKind, ...ChannelKind[]];

export const channel = z.pipe(
  z.object({
    channel: text,
    name: text,
    kind: z.enum(CHANNEL_KIND_NAMES),
    is_default: z.boolean(),
    url: text,
    settings: open,
    secrets: texts,
    disabled: nullableText,
    created: timeText,
    updated: timeText,
    waiting: number,
  }),
  z.transform(
    ({ channel, is_default, created: _, updated: _updated, ...wire }): Channel => ({
      ...wire,
      id: channel,
      isDefault: is_default,
    }),
  ),
) satisfies Wire<"Channel", Channel>;

export const channelList = z.object({ channels: z.array(channel) });

export const createdChannel = z.pipe(
  z.object({ channel, shown_once: z.nullable(labels) }),
  z.transform(({ channel, shown_once }): CreatedChannel => ({ channel, shownOnce: shown_once })),
) satisfies Wire<"CreatedChannel", CreatedChannel>;

const delivery = z.pipe(
  z.object({
    delivery: text,
    channel: text,
    channel_name: text,
    state: z.enum(DELIVERY_STATES),
    summary: text,
    transitions: texts,
    created: timeText,
    attempts: number,
    next_attempt: z.nullable(timeText),
    last_status: z.nullable(number),
    last_error: nullableText,
  }),
  z.transform(
    (wire): Delivery => ({
      id: wire.delivery,
      channel: wire.channel,
      channelName: wire.channel_name,
      state: wire.state,
      summary: wire.summary,
      created: wire.created,
      attempts: wire.attempts,
      nextAttempt: wire.next_attempt,
      lastStatus: wire.last_status,
      lastError: wire.last_error,
    }),
  ),
) satisfies Wire<"Delivery", Delivery>;

export const deliveryList = z.object({ deliveries: z.array(delivery), ...paged });

const attempt = z.object({
  number,
  at: timeText,
  took: nanosText,
  status: z.nullable(number),
  answer: text,
  error: nullableText,
  headers: labels,
}) satisfies Wire<"DeliveryAttempt", Attempt>;

export const deliveryDetail = z.object({
  delivery,
  body: nullableText,
  attempts: z.array(attempt),
}) satisfies Wire<"DeliveryDetail", DeliveryDetail>;
