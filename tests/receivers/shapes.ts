// What Slack and PagerDuty take, in the types of their own packages. The test writes bodies that arrived into a file beside
// this one, as values of these types, and has both compiled.

import type { EventPayloadV2 } from "@pagerduty/pdjs/build/src/events";
import type { KnownBlock, MessageAttachment } from "@slack/types";

export interface SlackMessage {
  text: string;
  blocks: KnownBlock[];
  attachments: (Omit<MessageAttachment, "blocks"> & { blocks: KnownBlock[] })[];
}

/** The package leaves out who sends, which PagerDuty documents. */
interface Client {
  client: string;
  client_url?: string;
}

export type PagerDutyTrigger = EventPayloadV2 & Client & { event_action: "trigger"; dedup_key: string };

/** What ends is named by its key alone. */
export type PagerDutyResolve = Omit<EventPayloadV2, "payload"> & Client & { event_action: "resolve"; dedup_key: string };

// That these refuse anything at all.
// @ts-expect-error a header has plain text
export const styled: KnownBlock = { type: "header", text: { type: "mrkdwn", text: "*x*" } };
// @ts-expect-error no such field
export const unknown: KnownBlock = { type: "section", text: { type: "mrkdwn", text: "x" }, colour: "#000000" };
// @ts-expect-error no such severity
export const severity: EventPayloadV2["payload"]["severity"] = "fatal";
