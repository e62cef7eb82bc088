/** What each kind of channel asks for. Of what is secret an empty field means that it stays. */

import { type FormEvent, type JSX, type ReactNode, useState } from "react";

import { ApiError } from "../../api/request.ts";
import { CHANNEL_KINDS, type Channel, type ChannelKind } from "../../model/channel.ts";
import {
  type ChannelDefinition,
  type ChannelDraft,
  channelDraft,
  channelOf,
  mistakesOf,
} from "../../model/channel-draft.ts";
import { Check, SelectField, TextField } from "../../widgets/fields.tsx";
import { Refused } from "../../widgets/Refused.tsx";

interface ChannelFormProps {
  readonly kind: ChannelKind;
  /** Null for a new one. */
  readonly of: Channel | null;
  /** Only a new one may be of another kind. */
  readonly onKind?: (kind: ChannelKind) => void;
  readonly saving: { readonly error: Error | null; readonly isPending: boolean; readonly isSuccess: boolean };
  readonly onSave: (channel: ChannelDefinition) => void;
  readonly children?: ReactNode;
}

const KIND_OPTIONS = (Object.keys(CHANNEL_KINDS) as ChannelKind[]).map(value => ({
  value,
  label: `${CHANNEL_KINDS[value].name}: ${CHANNEL_KINDS[value].about}`,
}));

const SIGNINGS = [
  { value: "hmac", label: "a shared key (HMAC)" },
  { value: "ed25519", label: "a key pair (ed25519)" },
] as const;

export function ChannelForm({ kind, of, onKind, saving, onSave, children }: ChannelFormProps): JSX.Element {
  const [draft, setDraft] = useState(() => channelDraft(of));
  const change = (changes: Partial<ChannelDraft>) => setDraft(old => ({ ...old, ...changes }));
  const mistakes = mistakesOf(saving.error instanceof ApiError ? saving.error.mistakes : [], kind);
  const at = (field: string) => mistakes.at[field];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(channelOf(draft, kind, of));
  };
  return (
    <form className="panel form form-narrow" onSubmit={submit} aria-label="Channel">
      <TextField
        label="Name"
        value={draft.name}
        onChange={name => change({ name })}
        placeholder="oncall"
        hint="rules name it by this"
        mistakes={at("name")}
        isRequired
      />
      {onKind !== undefined && (
        <SelectField label="Kind" value={kind} options={KIND_OPTIONS} onChange={onKind} mistakes={at("kind")} />
      )}
      {kind === "pagerduty" ? (
        <TextField
          label="Routing key"
          type="password"
          value={draft.routingKey}
          onChange={routingKey => change({ routingKey })}
          placeholder={of === null ? "" : "stays as it is"}
          hint="of an integration of type Events API v2"
          mistakes={at("routing_key")}
          isRequired={of === null}
        />
      ) : (
        <TextField
          label={kind === "slack" ? "Address of the incoming webhook" : "Address"}
          type="url"
          value={draft.url}
          onChange={url => change({ url })}
          placeholder={kind === "slack" && of !== null ? `stays as it is (${of.url}/…)` : URLS[kind]}
          {...(kind === "slack" && { hint: "its path is a secret and is not shown again" })}
          mistakes={at("url")}
          isRequired={of === null || kind !== "slack"}
        />
      )}
      {kind === "webhook" && of === null && (
        <SelectField
          label="Signed with"
          value={draft.signing}
          options={SIGNINGS}
          onChange={signing => change({ signing })}
          hint="by Standard Webhooks; the key is made and shown once"
          mistakes={at("signing")}
        />
      )}
      {kind !== "slack" && kind !== "pagerduty" && (
        <TextField
          label="Headers"
          value={draft.headers}
          onChange={headers => change({ headers })}
          lines={2}
          placeholder={of === null ? "authorization: Bearer …" : "stay as they are"}
          hint="sent with each message, one a line; their values are secrets"
          mistakes={at("headers")}
        />
      )}
      {kind !== "alertmanager" && <Grouping draft={draft} change={change} at={at} />}
      <div className="form-field">
        <Check
          label="Rules that name no channel use it"
          value={draft.isDefault}
          onChange={isDefault => change({ isDefault })}
        />
        <Check label="It is used" value={draft.enabled} onChange={enabled => change({ enabled })} />
      </div>
      <Refused error={saving.error} what="saved" mistakes={mistakes.elsewhere} />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={saving.isPending}>
          {saving.isPending ? "Saving" : "Save"}
        </button>
        {of !== null && saving.isSuccess && (
          <span role="status" className="form-done">
            Saved.
          </span>
        )}
        {children}
      </div>
    </form>
  );
}

const URLS: Readonly<Record<Exclude<ChannelKind, "pagerduty">, string>> = {
  webhook: "https://tickets.example.com/hooks/coldtrace",
  slack: "https://hooks.slack.com/services/…",
  alertmanager: "http://alertmanager:9093",
  alertmanager_webhook: "https://receiver.example.com/alertmanager",
};

interface GroupingProps {
  readonly draft: ChannelDraft;
  readonly change: (changes: Partial<ChannelDraft>) => void;
  readonly at: (field: string) => readonly string[] | undefined;
}

function Grouping({ draft, change, at }: GroupingProps): JSX.Element {
  return (
    <details className="grouping">
      <summary>Which alerts share a message, and how often it is said again</summary>
      <div className="form-grid">
        <TextField
          label="Together if they share"
          value={draft.groupBy}
          onChange={groupBy => change({ groupBy })}
          placeholder="alertname, function"
          hint="labels"
          mistakes={at("group_by")}
        />
        <TextField
          label="Said again after"
          value={draft.repeat}
          onChange={repeat => change({ repeat })}
          placeholder="4h"
          mistakes={at("repeat")}
        />
        <TextField
          label="The first waits for others"
          value={draft.groupWait}
          onChange={groupWait => change({ groupWait })}
          placeholder="0s"
          mistakes={at("group_wait")}
        />
        <TextField
          label="At most one message each"
          value={draft.groupInterval}
          onChange={groupInterval => change({ groupInterval })}
          placeholder="1m"
          mistakes={at("group_interval")}
        />
      </div>
    </details>
  );
}
