import type { JSX } from "react";

import { formatAgo, formatClock, formatDay, formatExact, formatIso, formatMinute } from "../base/format.ts";
import type { Time } from "../base/time.ts";
import { zone } from "../base/zone.ts";
import { useNow } from "./now.ts";
import { useTimes } from "./times.ts";

interface MomentProps {
  readonly at: Time;
  /** `ago` says how long ago, where that was chosen; `clock` the time of day, `minute` that to the minute, with the date where it is not today. */
  readonly form: "ago" | "clock" | "minute";
}

/** A moment; on hover its other forms, exact. */
export function Moment({ at, form }: MomentProps): JSX.Element {
  const now = useNow();
  const times = useTimes();
  const today = formatDay(at) === formatDay(now);
  const day = today ? "" : `${formatDay(at)} `;
  const ago = formatAgo(at, now);
  const isRelative = form === "ago" && times.form === "relative";
  return (
    <time dateTime={formatIso(at)} title={otherForms(at, ago)}>
      {isRelative ? ago : `${day}${form === "clock" ? formatClock(at) : formatMinute(at)}`}
    </time>
  );
}

function otherForms(at: Time, ago: string): string {
  const here = zone() === "utc" ? "" : `${formatDay(at)} ${formatClock(at)}\n`;
  return `${here}${formatExact(at)}\n${ago}`;
}
