/** What a step of time says of itself. */

import { formatCount, formatDay, formatDuration, formatMinute, formatNanos, plural } from "../../base/format.ts";
import { between, DAY, HOUR, MINUTE, type Nanos, type Time } from "../../base/time.ts";
import { countWithin, lengthsOf } from "../../model/heatmap.ts";
import { type Steps, startOf, sumBetween } from "../../model/steps.ts";
import type { Charted } from "./StepsPlot.tsx";
import type { StepCursor } from "./step-cursor.ts";

export interface Said {
  readonly text: string;
  readonly tone: "strong" | "bad" | "cold" | "quiet" | "";
}

/** Of the step under the cursor, or of those that are chosen; nothing where there is none. */
export function saidOf(steps: Steps, charted: Charted, cursor: StepCursor): Said[] {
  if (cursor.at === null) return [];
  const [first, last] = cursor.chosen ?? [cursor.at, cursor.at];
  const { heat } = charted;
  if (heat !== null && cursor.rows !== null) {
    const [low, high] = cursor.rows;
    const inside = countWithin(heat, { first, last, low, high });
    const { min, max } = lengthsOf(heat, low, high);
    return [
      { text: `${plural(inside, "invocation")} in the box`, tone: "strong" },
      { text: timesOf(steps, first, last), tone: "" },
      { text: `${formatDuration(min)} – ${formatDuration(max)}`, tone: "" },
    ];
  }
  const { invocations, errors, coldStarts } = sumBetween(charted.points, first, last);
  const said: (Said | null)[] = [
    { text: timesOf(steps, first, last), tone: "strong" },
    { text: plural(invocations, "invocation"), tone: "" },
    errors > 0 ? { text: `${formatCount(errors)} failed`, tone: "bad" } : null,
    coldStarts > 0 ? { text: plural(coldStarts, "cold start"), tone: "cold" } : null,
    ...(cursor.chosen === null ? lengthsAt(charted, cursor) : []),
  ];
  return said.filter(one => one !== null);
}

function lengthsAt({ points, heat }: Charted, { at, row }: StepCursor): Said[] {
  const point = points[at ?? -1];
  if (at === null || point === undefined || point.durations.length === 0) return [];
  const { p50, p95, p99, max, billed } = point;
  const words = [
    `p50 ${formatDuration(p50)}`,
    `p95 ${formatDuration(p95)}`,
    `p99 ${formatDuration(p99)}`,
    `max ${formatDuration(max)}`,
    ...(billed > 0n ? [`billed ${formatDuration(billed)}`] : []),
  ];
  const said = words.map((text): Said => ({ text, tone: "quiet" }));
  const box = row === null ? undefined : heat?.rows[row];
  if (heat === null || row === null || box === undefined) return said;
  const count = heat.counts[at * heat.rows.length + row] ?? 0;
  const text = `${formatCount(count)} took ${formatNanos(box.low)} – ${formatNanos(box.high)}`;
  return [{ text, tone: "strong" }, ...said];
}

/** The length of a step, which is of whole minutes, hours or days: `20 min`. */
export function stepText(step: Nanos): string {
  if (step % DAY === 0n) return `${step / DAY}\u00a0d`;
  return step % HOUR === 0n ? `${step / HOUR}\u00a0h` : `${step / MINUTE}\u00a0min`;
}

/** `14:03 – 14:07`, with the day where the chart shows more than one. */
function timesOf(steps: Steps, first: number, last: number): string {
  const from = startOf(steps, first);
  const to = startOf(steps, last + 1);
  const long = between(steps.from, steps.to) > DAY;
  const day = (moment: Time) => formatDay(moment).slice(5);
  const before = long ? `${day(from)} ` : "";
  const after = long && day(from) !== day(to) ? `${day(to)} ` : "";
  return `${before}${formatMinute(from)} – ${after}${formatMinute(to)}`;
}
