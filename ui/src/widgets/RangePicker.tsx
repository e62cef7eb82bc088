/** Which range of time a list shows. */

import { type FormEvent, type JSX, type KeyboardEvent, useId, useState } from "react";

import { formatClock, formatDay, formatMinute } from "../base/format.ts";
import { now, type Time } from "../base/time.ts";
import { zoneName } from "../base/zone.ts";
import { parseMoment, UNDERSTOOD } from "../model/moment-text.ts";
import { bounds, LENGTHS, type LengthName, type Range } from "../model/range.ts";
import { Choice } from "./Choice.tsx";
import { useOfferedRange } from "./page-range.ts";
import { useTimes } from "./times.ts";

interface RangePickerProps {
  readonly range: Range;
  readonly onChange: (range: Range) => void;
}

type Chosen = LengthName | "custom";

const NAMES = Object.keys(LENGTHS) as LengthName[];

export function RangePicker({ range, onChange }: RangePickerProps): JSX.Element {
  const [editing, setEditing] = useState(false);
  const { zone } = useTimes();
  useOfferedRange({ range, onChange });
  const custom = range.kind === "between";
  const chosen: Chosen = custom || editing ? "custom" : range.length;
  const options = [
    ...NAMES.map((name): { value: Chosen; label: string; title: string } => ({
      value: name,
      label: name,
      title: `The last ${LENGTHS[name].label}`,
    })),
    { value: "custom" as const, label: custom ? spoken(range.from, range.to) : "custom", title: "Between two moments" },
  ];
  const choose = (value: Chosen) => {
    setEditing(value === "custom" && !editing);
    if (value !== "custom") onChange({ kind: "last", length: value });
  };
  return (
    <div className="range">
      <Choice label="Range of time" value={chosen} options={options} onChange={choose} />
      {editing && (
        <RangeForm
          // In another zone the same moments are written otherwise.
          key={zone}
          range={range}
          close={() => setEditing(false)}
          onChange={changed => {
            setEditing(false);
            onChange(changed);
          }}
        />
      )}
    </div>
  );
}

interface RangeFormProps extends RangePickerProps {
  readonly close: () => void;
}

/** Its ends are typed, or pasted from where they were seen. */
function RangeForm({ range, onChange, close }: RangeFormProps): JSX.Element {
  const [ends, setEnds] = useState(() => {
    const { from, to } = bounds(range, now());
    return { from: typed(from), to: typed(to) };
  });
  const [isTold, tell] = useState(false);
  const said = useId();
  const moments = { from: parseMoment(ends.from, now()), to: parseMoment(ends.to, now()) };
  const mistake = mistakeOf(moments.from, moments.to);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { from, to } = moments;
    if (mistake === null && from !== null && to !== null) onChange({ kind: "between", from, to });
    else tell(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  const field = (name: "from" | "to", isFirst: boolean) => ({
    name,
    value: ends[name],
    spellCheck: false,
    autoComplete: "off",
    autoFocus: isFirst,
    "aria-invalid": isTold && mistake !== null && (moments[name] === null || mistake === BACKWARDS),
    "aria-describedby": said,
    onChange: (event: { readonly target: { readonly value: string } }) =>
      setEnds({ ...ends, [name]: event.target.value }),
  });
  return (
    <form className="range-form" onSubmit={submit} onKeyDown={onKeyDown}>
      <label>
        From
        <input {...field("from", true)} />
      </label>
      <label>
        To
        <input {...field("to", false)} />
      </label>
      <button type="submit" className="button">
        Show
      </button>
      <p id={said} role="status" className={isTold && mistake !== null ? "bad" : "faint"}>
        {isTold && mistake !== null ? mistake : `In ${zoneName()}. As in ${UNDERSTOOD}.`}
      </p>
    </form>
  );
}

const BACKWARDS = "It ends before it begins.";

function mistakeOf(from: Time | null, to: Time | null): string | null {
  if (from === null || to === null) {
    return `The ${from === null ? "beginning" : "end"} is no time that is understood, such as ${UNDERSTOOD}.`;
  }
  return from < to ? null : BACKWARDS;
}

const typed = (at: Time): string => `${formatDay(at)} ${formatClock(at).slice(0, 8)}`;

function spoken(from: Time, to: Time): string {
  const end = formatDay(from) === formatDay(to) ? "" : `${formatDay(to)} `;
  return `${formatDay(from)} ${formatMinute(from)} – ${end}${formatMinute(to)}`;
}
