/** What each kind of rule asks for. */

import type { JSX } from "react";

import { divisorsOf, MEASURES, UNIT_EXAMPLES, unitOf } from "../../model/rule.ts";
import { type BurnDraft, type RuleDraft, withMeasure } from "../../model/rule-draft.ts";
import { Check, SelectField, TextField } from "../../widgets/fields.tsx";
import type { FieldsProps } from "./RuleFields.tsx";

const MEASURE_OPTIONS = Object.entries(MEASURES).map(([value, { words }]) => ({ value, label: words }));
const SIDES = [
  { value: "above", label: "is above" },
  { value: "below", label: "is below" },
] as const;
const DIRECTIONS = [
  { value: "above", label: "more than usual" },
  { value: "below", label: "less than usual" },
  { value: "both", label: "more or less than usual" },
] as const;

export function ConditionFields(props: FieldsProps): JSX.Element {
  switch (props.draft.kind) {
    case "threshold":
      return (
        <>
          <Measure {...props} label="Measure" />
          <Bound {...props} />
          <Window {...props} />
          <AtLeast {...props} />
        </>
      );
    case "ratio":
      return (
        <>
          <Measure {...props} label="Measure" />
          <Divisor {...props} />
          <Bound {...props} />
          <Window {...props} />
          <AtLeast {...props} />
        </>
      );
    case "absence":
      return (
        <>
          <Text {...props} of="window" at="window" label="Not invoked for" hint={WINDOW_HINT} />
          <Text
            {...props}
            of="seenWithin"
            at="seen_within"
            label="But was within"
            hint="who is gone longer is not missed"
          />
        </>
      );
    case "burn_rate":
      return (
        <>
          <Text {...props} of="objective" at="objective" label="Share that is to be good" hint="such as 99.9%" />
          <Text
            {...props}
            of="fasterThan"
            at="faster_than"
            label="Good is faster than"
            placeholder="without an error"
            hint="such as 500ms; if empty, what did not fail is good"
          />
          <Windows {...props} />
          <AtLeast {...props} />
        </>
      );
    case "error_group":
      return (
        <>
          <div className="form-field wide">
            <Check
              label="It was never seen before"
              value={props.draft.isNew}
              onChange={isNew => props.change({ isNew })}
            />
            <Check
              label="It had gone and came back"
              value={props.draft.isRegressed}
              onChange={isRegressed => props.change({ isRegressed })}
            />
            {[...(props.refusal.at.new ?? []), ...(props.refusal.at.regressed ?? [])].map(mistake => (
              <p key={mistake} className="form-mistake">
                {mistake}
              </p>
            ))}
          </div>
          <Text {...props} of="atLeast" at="at_least" label="Seen at least" placeholder="1" hint="times" />
          <Text {...props} of="window" at="window" label="Over when none came for" hint={WINDOW_HINT} />
        </>
      );
    case "cold_start_budget":
      return (
        <>
          <Text {...props} of="init" at="init" label="Waiting longer than" hint="for a sandbox to start" />
          <Text {...props} of="share" at="share" label="Share of invocations" hint="such as 1%" />
          <Window {...props} />
          <AtLeast {...props} />
        </>
      );
    case "deviation":
      return (
        <>
          <Measure {...props} label="Measure" />
          <SelectField
            label="Is"
            value={props.draft.direction}
            options={DIRECTIONS}
            onChange={direction => props.change({ direction })}
            mistakes={props.refusal.at.direction}
          />
          <Text {...props} of="factor" at="factor" label="By a factor of" />
          <Text
            {...props}
            of="weeks"
            at="weeks"
            label="Weeks that are looked back"
            hint="the median of the same hour"
          />
          <Window {...props} />
          <AtLeast {...props} />
        </>
      );
  }
}

const WINDOW_HINT = "whole minutes up to 2h, or whole hours from 3h to 7d";

type TextKey = "window" | "atLeast" | "seenWithin" | "objective" | "fasterThan" | "init" | "share" | "factor" | "weeks";

interface TextProps extends FieldsProps {
  readonly of: TextKey;
  /** The key that mistakes have. */
  readonly at: string;
  readonly label: string;
  readonly hint?: string;
  readonly placeholder?: string;
}

function Text({ draft, change, refusal, of, at, ...rest }: TextProps): JSX.Element {
  const set = (value: string) => change({ [of]: value } as Pick<RuleDraft, TextKey>);
  return <TextField value={draft[of]} onChange={set} mistakes={refusal.at[at]} {...rest} />;
}

const Window = (props: FieldsProps): JSX.Element => (
  <Text {...props} of="window" at="window" label="Over" hint={WINDOW_HINT} />
);

const AtLeast = (props: FieldsProps): JSX.Element => (
  <Text
    {...props}
    of="atLeast"
    at="at_least"
    label="With at least so many invocations"
    placeholder="1"
    hint="of fewer nothing is said"
  />
);

function Measure({ draft, change, refusal, label }: FieldsProps & { readonly label: string }): JSX.Element {
  return (
    <SelectField
      label={label}
      value={draft.measure}
      options={MEASURE_OPTIONS}
      onChange={measure => change(withMeasure(draft, measure))}
      mistakes={refusal.at.measure ?? refusal.at.of}
    />
  );
}

function Divisor({ draft, change, refusal }: FieldsProps): JSX.Element {
  // What it is divided by now is shown, whether it makes sense or not.
  const divisors = new Set([...divisorsOf(draft.measure), draft.to]);
  return (
    <SelectField
      label="Divided by"
      value={draft.to}
      options={MEASURE_OPTIONS.filter(({ value }) => divisors.has(value))}
      onChange={to => change({ to })}
      mistakes={refusal.at.to}
    />
  );
}

function Bound({ draft, change, refusal: { at } }: FieldsProps): JSX.Element {
  const example = UNIT_EXAMPLES[draft.kind === "ratio" ? "times" : unitOf(draft.measure)];
  return (
    <>
      <SelectField label="Bad if it" value={draft.side} options={SIDES} onChange={side => change({ side })} />
      <TextField
        label="Threshold"
        value={draft.threshold}
        onChange={threshold => change({ threshold })}
        hint={`such as ${example}${unitOf(draft.measure) === "nano_dollars_per_hour" ? " an hour" : ""}`}
        mistakes={at.above ?? at.below}
      />
      <TextField
        label="Good again at"
        value={draft.clear}
        onChange={clear => change({ clear })}
        placeholder="the threshold"
        hint="what fires ends there"
        mistakes={at.clear}
      />
    </>
  );
}

function Windows({ draft, change, refusal: { at } }: FieldsProps): JSX.Element {
  const set = (index: number, changes: Partial<BurnDraft>) =>
    change({ windows: draft.windows.map((pair, place) => (place === index ? { ...pair, ...changes } : pair)) });
  return (
    <div className="form-field wide" role="group" aria-label="Windows">
      <span className="form-label">Too fast is, in a long window and in a short one that ends with it</span>
      {draft.windows.map((pair, index) => (
        <div className="form-row" key={index}>
          <input
            aria-label={`Factor ${index + 1}`}
            value={pair.factor}
            onChange={event => set(index, { factor: event.target.value })}
          />
          <span>times over</span>
          <input
            aria-label={`Long window ${index + 1}`}
            value={pair.long}
            onChange={event => set(index, { long: event.target.value })}
          />
          <span>and</span>
          <input
            aria-label={`Short window ${index + 1}`}
            value={pair.short}
            onChange={event => set(index, { short: event.target.value })}
          />
          {draft.windows.length > 1 && (
            <button
              type="button"
              className="link"
              onClick={() => change({ windows: draft.windows.filter((_, place) => place !== index) })}
            >
              remove
            </button>
          )}
        </div>
      ))}
      <button
        type="button"
        className="link"
        onClick={() => change({ windows: [...draft.windows, { long: "1d", short: "2h", factor: "3" }] })}
      >
        or over another pair
      </button>
      {at.windows?.map(mistake => (
        <p key={mistake} className="form-mistake">
          {mistake}
        </p>
      ))}
    </div>
  );
}
