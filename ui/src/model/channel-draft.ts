/** A channel while somebody writes it: every field a text, as it is typed. */

import type { Channel, ChannelKind } from "./channel.ts";

export interface ChannelDraft {
  readonly name: string;
  readonly isDefault: boolean;
  readonly enabled: boolean;
  readonly url: string;
  readonly routingKey: string;
  readonly signing: "hmac" | "ed25519";
  /** `name: value`, one a line. */
  readonly headers: string;
  /** With commas between. */
  readonly groupBy: string;
  readonly groupWait: string;
  readonly groupInterval: string;
  readonly repeat: string;
}

/** What the server is sent: a secret that is undefined stays as it is. */
export interface ChannelDefinition {
  readonly name: string;
  readonly kind: ChannelKind;
  readonly isDefault: boolean;
  readonly enabled: boolean;
  readonly url: string | undefined;
  readonly routingKey: string | undefined;
  readonly signing: "hmac" | "ed25519" | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

export function channelDraft(of: Channel | null): ChannelDraft {
  const setting = (name: string) => {
    const value = of?.settings[name];
    return typeof value === "string" ? value : "";
  };
  const groupBy = of?.settings.group_by;
  return {
    name: of?.name ?? "",
    isDefault: of?.isDefault ?? true,
    enabled: of === null || of.disabled === null,
    // Of a Slack hook no more than the host is known.
    url: of === null || of.kind === "slack" ? "" : of.url,
    routingKey: "",
    signing: "hmac",
    headers: "",
    groupBy: Array.isArray(groupBy) ? groupBy.join(", ") : "",
    groupWait: setting("group_wait"),
    groupInterval: setting("group_interval"),
    repeat: setting("repeat"),
  };
}

export function channelOf(draft: ChannelDraft, kind: ChannelKind, of: Channel | null): ChannelDefinition {
  const isWeb = kind !== "slack" && kind !== "pagerduty";
  return {
    name: draft.name.trim(),
    kind,
    isDefault: draft.isDefault,
    enabled: draft.enabled,
    url: kind === "pagerduty" ? undefined : given(draft.url),
    routingKey: kind === "pagerduty" ? given(draft.routingKey) : undefined,
    signing: kind === "webhook" && of === null ? draft.signing : undefined,
    headers: isWeb && draft.headers.trim() !== "" ? headersOf(draft.headers) : undefined,
    settings: settingsOf(draft, of),
  };
}

const given = (text: string): string | undefined => (text.trim() === "" ? undefined : text.trim());

/** What this form knows nothing of stays. */
function settingsOf(draft: ChannelDraft, of: Channel | null): Readonly<Record<string, unknown>> {
  const labels = draft.groupBy.split(",").map(label => label.trim());
  const settings: Readonly<Record<string, unknown>> = {
    ...of?.settings,
    group_by: draft.groupBy.trim() === "" ? undefined : labels.filter(label => label !== ""),
    group_wait: given(draft.groupWait),
    group_interval: given(draft.groupInterval),
    repeat: given(draft.repeat),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function headersOf(lines: string): Record<string, string> {
  const pairs = lines.split("\n").flatMap(line => {
    const at = line.indexOf(":");
    const name = (at < 0 ? line : line.slice(0, at)).trim();
    return name === "" ? [] : [[name, at < 0 ? "" : line.slice(at + 1).trim()]];
  });
  return Object.fromEntries(pairs);
}

const FIELDS: Readonly<Record<ChannelKind, readonly string[]>> = {
  webhook: ["name", "kind", "url", "signing", "headers", "group_by", "group_wait", "group_interval", "repeat"],
  slack: ["name", "kind", "url", "group_by", "group_wait", "group_interval", "repeat"],
  pagerduty: ["name", "kind", "routing_key", "group_by", "group_wait", "group_interval", "repeat"],
  alertmanager: ["name", "kind", "url", "headers"],
  alertmanager_webhook: ["name", "kind", "url", "headers", "group_by", "group_wait", "group_interval", "repeat"],
};

interface Mistakes {
  readonly at: Readonly<Record<string, readonly string[]>>;
  readonly elsewhere: readonly string[];
}

/** What the server says is wrong, by the field that shows it. */
export function mistakesOf(
  mistakes: readonly { readonly at: string; readonly message: string }[],
  kind: ChannelKind,
): Mistakes {
  const at: Record<string, string[]> = {};
  const elsewhere: string[] = [];
  for (const mistake of mistakes) {
    const words: readonly string[] = mistake.at.match(/[a-z_]+/g) ?? [];
    const field = FIELDS[kind].find(name => words.includes(name));
    if (field !== undefined) at[field] = [...(at[field] ?? []), mistake.message];
    else elsewhere.push(mistake.at === "" ? mistake.message : `${mistake.at}: ${mistake.message}`);
  }
  return { at, elsewhere };
}
