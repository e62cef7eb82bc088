/** Which range of time a list shows. */

import { type FormEvent, type JSX, useState } from "react";

import { formatClock, formatDay, formatMinute } from "../base/format.ts";
import { fromMillis, now, type Time } from "../base/time.ts";
import { bounds, LENGTHS, type LengthName, type Range } from "../model/range.ts";
import { Choice } from "./Choice.tsx";

interface RangePickerProps {
  readonly range: Range;
  readonly onChange: (range: Range) => void;
}

type Chosen = LengthName | "custom";

const NAMES = Object.keys(LENGTHS) as LengthName[];

export function RangePicker({ range, onChange }: RangePickerProps): JSX.Element {
  const [editing, setEditing] = useState(false);
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
          range={range}
          onChange={changed => {
            setEditing(false);
            onChange(changed);
          }}
        />
      )}
    </div>
  );
}

function RangeForm({ range, onChange }: RangePickerProps): JSX.Element {
  const ends = bounds(range, now());
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const from = moment(fields.get("from"));
    const to = moment(fields.get("to"));
    if (from !== null && to !== null && from < to) onChange({ kind: "between", from, to });
  };
  return (
    <form className="range-form" onSubmit={submit}>
      <label>
        From
        <input type="datetime-local" name="from" step="1" required defaultValue={fieldValue(ends.from)} />
      </label>
      <label>
        To
        <input type="datetime-local" name="to" step="1" required defaultValue={fieldValue(ends.to)} />
      </label>
      <button type="submit" className="button">
        Show
      </button>
    </form>
  );
}

/** In the reader's time zone, as the fields are. */
function moment(value: FormDataEntryValue | null): Time | null {
  const millis = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(millis) ? null : fromMillis(millis);
}

function fieldValue(at: Time): string {
  return `${formatDay(at)}T${formatClock(at).slice(0, 8)}`;
}

function spoken(from: Time, to: Time): string {
  const end = formatDay(from) === formatDay(to) ? "" : `${formatDay(to)} `;
  return `${formatDay(from)} ${formatMinute(from)} – ${end}${formatMinute(to)}`;
}
