/** A new silence: which alerts, for how long, and why. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type FormEvent, type JSX, useState } from "react";

import { activeAlertsQuery } from "../../api/active-alerts.ts";
import { useSilence } from "../../api/alerts.ts";
import { plural } from "../../base/format.ts";
import { after, HOUR, now } from "../../base/time.ts";
import { fieldText, momentOfField, zoneName } from "../../base/zone.ts";
import {
  isMatched,
  LENGTHS,
  type Matcher,
  OP_WORDS,
  OPS,
  parseMatchers,
  type SilenceLength,
} from "../../model/silence.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { TextField } from "../../widgets/fields.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { useTitle } from "../../widgets/title.ts";
import { PartHead } from "./AlertsHead.tsx";

const route = getRouteApi("/alerts/silences/new");

const NO_MATCHER: Matcher = { name: "", op: "=", value: "" };

const LENGTH_OPTIONS = [
  ...(Object.keys(LENGTHS) as SilenceLength[]).map(value => ({ value, label: LENGTHS[value].label })),
  { value: "until" as const, label: "until" },
];

export function NewSilencePage(): JSX.Element {
  useTitle("New silence");
  const { match = "" } = route.useSearch();
  const navigate = useNavigate();
  const save = useSilence();
  const [matchers, setMatchers] = useState(() => (match === "" ? [NO_MATCHER] : parseMatchers(match)));
  const [length, setLength] = useState<SilenceLength | "until">("1h");
  const [until, setUntil] = useState(() => fieldText(after(now(), HOUR * 2n)).slice(0, 16));
  const [comment, setComment] = useState("");
  const [createdBy, setCreatedBy] = useState("");
  const given = matchers.filter(one => one.name.trim() !== "");
  const set = (index: number, changes: Partial<Matcher>) =>
    setMatchers(all => all.map((one, at) => (at === index ? { ...one, ...changes } : one)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const ends = length === "until" ? momentOfField(until) : after(now(), LENGTHS[length].length);
    if (ends === null) return;
    const silence = { matchers: given, ends, comment: comment.trim(), createdBy: createdBy.trim() };
    save.mutate(silence, { onSuccess: () => navigate({ to: "/alerts/silences" }) });
  };
  return (
    <>
      <PartHead title="New silence" of="/alerts/silences" />
      <form className="panel form form-narrow" onSubmit={submit}>
        <div className="form-field" role="group" aria-label="Which alerts">
          <span className="form-label">Nobody is told of alerts whose labels are all as these say</span>
          {matchers.map((matcher, index) => (
            <div className="form-row matcher-row" key={index}>
              <input
                aria-label={`Label ${index + 1}`}
                value={matcher.name}
                placeholder="function"
                spellCheck={false}
                onChange={event => set(index, { name: event.target.value })}
              />
              <select
                aria-label={`How ${index + 1}`}
                value={matcher.op}
                onChange={event => set(index, { op: OPS.find(op => op === event.target.value) ?? "=" })}
              >
                {OPS.map(op => (
                  <option key={op} value={op}>
                    {OP_WORDS[op]}
                  </option>
                ))}
              </select>
              <input
                aria-label={`Value ${index + 1}`}
                value={matcher.value}
                placeholder="checkout"
                spellCheck={false}
                onChange={event => set(index, { value: event.target.value })}
              />
              <button
                type="button"
                className="button square"
                aria-label={`Remove ${index + 1}`}
                disabled={matchers.length === 1}
                onClick={() => setMatchers(all => all.filter((_, at) => at !== index))}
              >
                <Icon name="close" />
              </button>
            </div>
          ))}
          <button type="button" className="link" onClick={() => setMatchers(all => [...all, NO_MATCHER])}>
            and another label
          </button>
          <Matched matchers={given} />
        </div>
        <div className="form-field">
          <span className="form-label">For</span>
          <div className="form-row">
            <Choice label="For how long" value={length} options={LENGTH_OPTIONS} onChange={setLength} />
            {length === "until" && (
              <input
                type="datetime-local"
                aria-label="Until"
                title={`By the clock of ${zoneName()}`}
                required
                value={until}
                onChange={event => setUntil(event.target.value)}
              />
            )}
          </div>
        </div>
        <TextField
          label="Why"
          value={comment}
          onChange={setComment}
          placeholder="The warehouse's database moves"
          hint="for those who wonder later"
        />
        <TextField label="Who" value={createdBy} onChange={setCreatedBy} placeholder="your name" />
        <Refused error={save.error} what="silenced" />
        <div className="form-actions">
          <button type="submit" className="button button-main" disabled={save.isPending || given.length === 0}>
            {save.isPending ? "Silencing" : "Silence"}
          </button>
          {given.length === 0 && <span className="faint">At least one label is needed.</span>}
        </div>
      </form>
    </>
  );
}

/** How many alerts that are active now it would silence. */
function Matched({ matchers }: { readonly matchers: readonly Matcher[] }): JSX.Element | null {
  const query = useQuery(activeAlertsQuery());
  if (query.data === undefined || matchers.length === 0) return null;
  const told = query.data.alerts.map(one => isMatched(one.labels, matchers));
  if (told.includes(null)) return null;
  const count = told.filter(matched => matched).length;
  return (
    <p className="form-hint" role="status">
      {count === 0 ? "No alert that is active now matches." : `${plural(count, "alert")} of those that are active now.`}
    </p>
  );
}
