/** For how long data is kept, and how much may be sent. */

import { type FormEvent, type JSX, useState } from "react";

import { useSetLimits } from "../../api/settings.ts";
import { formatBytes, formatCount, plural } from "../../base/format.ts";
import {
  draftOf,
  KEEP_DAYS,
  type Limits,
  type LimitsDraft,
  limitsOf,
  mayAdminister,
  type ServiceSettings,
} from "../../model/settings.ts";
import { SelectField, TextField } from "../../widgets/fields.tsx";
import { Refused } from "../../widgets/Refused.tsx";

export function LimitsPanel({ of }: { readonly of: ServiceSettings }): JSX.Element {
  return (
    <section className="panel setting" aria-labelledby="limits-title">
      <h2 id="limits-title">Retention and limits</h2>
      <p>
        Of the tenant {of.tenant}. {toldOf(of)}
      </p>
      {mayAdminister(of) && <LimitsForm key={JSON.stringify(of.limits)} of={of} />}
    </section>
  );
}

function toldOf({ limits, keepDays }: ServiceSettings): string {
  const { bytesPerSecond, spansPerSecond, logShare } = limits;
  const kept = `What it sends is kept for ${plural(limits.keepDays ?? keepDays, "day")}.`;
  const most = [
    bytesPerSecond === null ? null : `${formatBytes(BigInt(bytesPerSecond))} a second`,
    spansPerSecond === null ? null : `${formatCount(spansPerSecond)} spans a second`,
    logShare === null ? null : `${logShare}\u00a0% of the collector's log`,
  ].filter(text => text !== null);
  return most.length === 0 ? `${kept} How much it may send is not limited.` : `${kept} At most: ${most.join(", ")}.`;
}

function LimitsForm({ of }: { readonly of: ServiceSettings }): JSX.Element {
  const [draft, setDraft] = useState(() => draftOf(of.limits));
  const [isTold, tell] = useState(false);
  const save = useSetLimits();
  const read = limitsOf(draft);
  const mistakes = isTold && "mistakes" in read ? read.mistakes : {};
  const isChanged = "mistakes" in read || !isSame(read.limits, of.limits);
  const field = (name: keyof LimitsDraft) => ({
    value: draft[name],
    onChange: (value: string) => setDraft({ ...draft, [name]: value }),
    mistakes: mistakes[name] === undefined ? [] : [mistakes[name]],
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    tell(true);
    if ("limits" in read) save.mutate(read.limits);
  };
  const days = [
    { value: "", label: `as the service says (${plural(of.keepDays, "day")})` },
    ...KEEP_DAYS.map(one => ({ value: String(one), label: plural(one, "day") })),
  ];
  return (
    <form className="form limits-form" aria-label="Limits" onSubmit={submit}>
      <div className="form-grid">
        <SelectField
          label="Kept for"
          {...field("keepDays")}
          options={days}
          hint="Holds for what comes from then on. What is stored already goes when it was to go."
        />
        <TextField
          label="Bytes a second"
          {...field("bytesPerSecond")}
          placeholder="no limit"
          hint="unpacked, such as 5 MB; two seconds' worth may come at once"
        />
        <TextField
          label="Spans a second"
          {...field("spansPerSecond")}
          placeholder="no limit"
          hint="log records and facts count as well"
        />
        <TextField
          label="Share of the collector's log, in %"
          {...field("logShare")}
          placeholder="by the common rule"
          hint="of the room in which what was acknowledged waits to be stored"
        />
      </div>
      <Refused error={save.error} what="changed" />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={save.isPending || !isChanged}>
          {save.isPending ? "Changing" : "Change"}
        </button>
        <span className="faint" role="status">
          {!isChanged && save.isSuccess
            ? "Changed."
            : "Collectors go by it within two seconds; who sends more is told to come back, and nothing is dropped."}
        </span>
      </div>
    </form>
  );
}

const isSame = (one: Limits, other: Limits): boolean => JSON.stringify(one) === JSON.stringify(other);
