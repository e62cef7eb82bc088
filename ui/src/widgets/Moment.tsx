import type { JSX } from "react";

import { formatAgo, formatClock, formatDay, formatExact } from "../base/format.ts";
import { type Time, toMillis } from "../base/time.ts";
import { useNow } from "./now.ts";

interface MomentProps {
  readonly at: Time;
  /** `ago` says how long ago; `clock` the time of day, with the date where it was not today. */
  readonly form: "ago" | "clock";
}

/** A moment, exact on hover. */
export function Moment({ at, form }: MomentProps): JSX.Element {
  const now = useNow();
  const today = formatDay(at) === formatDay(now);
  const clock = today ? formatClock(at) : `${formatDay(at)} ${formatClock(at)}`;
  const ago = formatAgo(at, now);
  return (
    <time
      dateTime={new Date(toMillis(at)).toISOString()}
      title={`${formatDay(at)} ${formatClock(at)} (${ago})\n${formatExact(at)}`}
    >
      {form === "ago" ? ago : clock}
    </time>
  );
}
