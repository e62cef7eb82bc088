/** Round moments below a chart. */

import type { JSX } from "react";

import { formatDay, formatMinute } from "../base/format.ts";
import { between, type Time } from "../base/time.ts";
import { clockMarks } from "../model/steps.ts";

const MOST = 6;
/** A name further to the side has no room. */
const EDGE = 0.04;

export function TimeMarks({ from, to }: { readonly from: Time; readonly to: Time }): JSX.Element {
  const length = Number(between(from, to));
  const marks = clockMarks(from, to, MOST)
    .map(moment => ({ moment, part: Number(between(from, moment)) / length }))
    .filter(({ part }) => part > EDGE && part < 1 - EDGE);
  return (
    <div className="steps-times" aria-hidden="true">
      {marks.map(({ moment, part }) => (
        <span key={String(moment)} style={{ left: `${(part * 100).toFixed(3)}%` }}>
          {markText(moment)}
        </span>
      ))}
    </div>
  );
}

/** A day where one begins. */
function markText(moment: Time): string {
  const minute = formatMinute(moment);
  return minute === "00:00" ? formatDay(moment).slice(5) : minute;
}
