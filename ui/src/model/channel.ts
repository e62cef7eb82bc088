/** Channels: where alerts are delivered to, and what became of each message. */

import type { Nanos, Time } from "../base/time.ts";

export const CHANNEL_KINDS = {
  webhook: { name: "Webhook", about: "JSON, signed by Standard Webhooks" },
  slack: { name: "Slack", about: "an incoming webhook of Slack" },
  pagerduty: { name: "PagerDuty", about: "Events API v2" },
  alertmanager: { name: "Alertmanager", about: "its v2 API, which groups and silences itself" },
  alertmanager_webhook: { name: "Alertmanager webhook", about: "what takes webhooks of Alertmanager" },
} as const;
export type ChannelKind = keyof typeof CHANNEL_KINDS;

export const isChannelKind = (text: unknown): text is ChannelKind =>
  typeof text === "string" && Object.hasOwn(CHANNEL_KINDS, text);

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: ChannelKind;
  /** Whether rules that name no channel use it. */
  readonly isDefault: boolean;
  readonly url: string;
  /** How messages are grouped, and what its kind has. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of secrets that are set. */
  readonly secrets: readonly string[];
  /** Why nothing is delivered to it; null if it is used. */
  readonly disabled: string | null;
  /** How many messages wait for it. */
  readonly waiting: number;
}

/** A channel, and what is shown this once. */
export interface CreatedChannel {
  readonly channel: Channel;
  readonly shownOnce: Readonly<Record<string, string>> | null;
}

export const DELIVERY_STATES = ["waiting", "delivered", "failed", "cancelled"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export interface Delivery {
  /** The message's, the same at every attempt. */
  readonly id: string;
  readonly channel: string;
  readonly channelName: string;
  readonly state: DeliveryState;
  readonly summary: string;
  readonly created: Time;
  readonly attempts: number;
  readonly nextAttempt: Time | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

export interface DeliveryDetail {
  readonly delivery: Delivery;
  /** Without secrets; null once it is dropped. */
  readonly body: string | null;
  /** The latest first. */
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly number: number;
  readonly at: Time;
  readonly took: Nanos;
  readonly status: number | null;
  readonly answer: string;
  readonly error: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of the last attempt: `204`, `no answer: connection refused`. */
export function lastText({ lastStatus, lastError }: Delivery): string {
  if (lastError !== null) return lastError;
  return lastStatus === null ? "" : `answer ${lastStatus}`;
}

/** JSON as people read it; anything else as it is. */
export function prettyBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
