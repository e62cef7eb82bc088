/** What a rule asks for, in plain words. */

import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";

import { channelsQuery } from "../../api/alerts.ts";
import { SEVERITIES } from "../../model/alert.ts";
import { BYS, type By, KINDS, type Kind } from "../../model/rule.ts";
import { type Refusal, type RuleDraft, withKind } from "../../model/rule-draft.ts";
import { Check, SelectField, TextField } from "../../widgets/fields.tsx";
import { ConditionFields } from "./ConditionFields.tsx";

export interface FieldsProps {
  readonly draft: RuleDraft;
  readonly change: (changes: Partial<RuleDraft>) => void;
  readonly refusal: Refusal;
}

const KIND_OPTIONS = (Object.keys(KINDS) as Kind[]).map(value => ({ value, label: KINDS[value] }));
const SEVERITY_OPTIONS = SEVERITIES.map(value => ({ value, label: value }));
const BY_WORDS: Readonly<Record<By, string>> = {
  function: "each function",
  version: "each version of each function",
  all: "all of them together",
};
const BY_OPTIONS = BYS.map(value => ({ value, label: BY_WORDS[value] }));

export function RuleFields({ draft, change, refusal: { at, elsewhere } }: FieldsProps): JSX.Element {
  return (
    <>
      <div className="form-grid">
        <TextField
          label="Name"
          value={draft.name}
          onChange={name => change({ name })}
          placeholder="checkout is slow"
          mistakes={at.name}
          isRequired
          wide
        />
        <SelectField
          label="Severity"
          value={draft.severity}
          options={SEVERITY_OPTIONS}
          onChange={severity => change({ severity })}
          mistakes={at.severity}
        />
        <div className="form-field">
          <Check label="It is on" value={draft.enabled} onChange={enabled => change({ enabled })} />
        </div>
      </div>
      <h2>What is bad</h2>
      <div className="form-grid">
        <SelectField
          label="It fires when"
          value={draft.kind}
          options={KIND_OPTIONS}
          onChange={kind => change(withKind(draft, kind))}
          mistakes={at.kind}
          wide
        />
        <ConditionFields draft={draft} change={change} refusal={{ at, elsewhere }} />
        <TextField
          label="Bad for, before it fires"
          value={draft.for}
          onChange={value => change({ for: value })}
          hint="whole minutes; 0 fires at once"
          mistakes={at.for}
        />
        <TextField
          label="Good for, before it ends"
          value={draft.keep}
          onChange={keep => change({ keep })}
          hint="so that it does not come and go"
          mistakes={at.keep}
        />
      </div>
      <h2>Of whom</h2>
      <div className="form-grid">
        <SelectField
          label="An alert for"
          value={draft.by}
          options={BY_OPTIONS}
          onChange={by => change({ by })}
          mistakes={at.by}
        />
        <TextField
          label="Functions"
          value={draft.functions}
          onChange={functions => change({ functions })}
          placeholder="all"
          hint="names with commas between; * stands for any text"
          mistakes={at.functions}
        />
        <TextField
          label="But not"
          value={draft.except}
          onChange={except => change({ except })}
          placeholder="*-canary"
          mistakes={at.except}
        />
        <TextField
          label="Versions"
          value={draft.versions}
          onChange={versions => change({ versions })}
          placeholder="all"
          mistakes={at.versions}
        />
        <TextField
          label="Tags"
          value={draft.tags}
          onChange={tags => change({ tags })}
          placeholder="team = payments"
          hint="attributes that a function's invocations have"
          mistakes={at.tags}
          wide
        />
      </div>
      <h2>Who is told, and of what</h2>
      <div className="form-grid">
        <Channels draft={draft} change={change} mistakes={at.channels} />
        <TextField
          label="Labels"
          value={draft.labels}
          onChange={labels => change({ labels })}
          placeholder="team = payments"
          hint="what silences and receivers go by"
          mistakes={at.labels}
        />
        <TextField
          label="Runbook"
          value={draft.runbook}
          onChange={runbook => change({ runbook })}
          placeholder="https://wiki.example.org/slow"
          hint="what to do, linked in every message"
          mistakes={at.runbook}
        />
      </div>
    </>
  );
}

interface ChannelsProps extends Pick<FieldsProps, "draft" | "change"> {
  readonly mistakes: readonly string[] | undefined;
}

/** Those that are there, and those that the rule names and that are not. */
function Channels({ draft, change, mistakes }: ChannelsProps): JSX.Element {
  const query = useQuery(channelsQuery());
  const known = (query.data ?? []).map(one => one.name);
  const names = [...new Set([...known, ...draft.channels])];
  const toggle = (name: string) => {
    const has = draft.channels.includes(name);
    change({ channels: has ? draft.channels.filter(one => one !== name) : [...draft.channels, name] });
  };
  return (
    <div className="form-field wide" role="group" aria-label="Channels">
      <span className="form-label">Channels</span>
      {names.length === 0 && <p className="form-hint">There is none yet: nobody would be told.</p>}
      <div className="chips">
        {names.map(name => (
          <button
            type="button"
            key={name}
            className="chip"
            aria-pressed={draft.channels.includes(name)}
            onClick={() => toggle(name)}
          >
            {name}
            {query.data !== undefined && !known.includes(name) && <span className="bad">is not there</span>}
          </button>
        ))}
      </div>
      {mistakes?.map(mistake => (
        <p key={mistake} className="form-mistake">
          {mistake}
        </p>
      ))}
      {names.length > 0 && draft.channels.length === 0 && (
        <p className="form-hint">None is chosen: those that are default are used.</p>
      )}
    </div>
  );
}
