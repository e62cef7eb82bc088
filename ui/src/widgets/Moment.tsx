import type { JSX } from "react";

import { formatAgo, formatClock, formatDay, formatExact, formatMinute } from "../base/format.ts";
import { type Time, toMillis } from "../base/time.ts";
import { useNow } from "./now.ts";

interface MomentProps {
  readonly at: Time;
  /** `ago` says how long ago; `clock` the time of day, `minute` that to the minute, with the date where it is not today. */
  readonly form: "ago" | "clock" | "minute";
}

/** A moment, exact on hover. */
export function Moment({ at, form }: MomentProps): JSX.Element {
  const now = useNow();
  const today = formatDay(at) === formatDay(now);
  const day = today ? "" : `${formatDay(at)} `;
  const ago = formatAgo(at, now);
  return (
    <time
      dateTime={new Date(toMillis(at)).toISOString()}
      title={`${formatDay(at)} ${formatClock(at)} (${ago})\n${formatExact(at)}`}
    >
      {form === "ago" ? ago : `${day}${form === "clock" ? formatClock(at) : formatMinute(at)}`}
    </time>
  );
}
