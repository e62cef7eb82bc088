/** How many invocations came when, and how many of them failed; the numbers stand beside it. */

import type { JSX } from "react";

import type { Overview } from "../../api/overview.ts";
import { formatNanos, plural } from "../../base/format.ts";
import { type TrendPoint, trendBars } from "../../model/overview.ts";

interface TrendProps {
  readonly points: readonly TrendPoint[];
  /** The time of the whole chart. */
  readonly of: Pick<Overview, "from" | "to" | "step">;
}

export function Trend({ points, of }: TrendProps): JSX.Element {
  const { from, to, step } = of;
  const most = Math.max(0, ...points.map(one => one.invocations));
  const failed = points.filter(one => one.errors > 0).length;
  const steps = formatNanos(Number(step));
  const text =
    `At most ${plural(most, "invocation")} in ${steps}; ` +
    (failed === 0 ? "none failed" : `some failed in ${failed} of ${plural(points.length, "step")}`);
  const bars = trendBars(points, step, from, to);
  return (
    <svg className="trend" viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={text}>
      <title>{text}</title>
      <path d={bars.map(({ at, width, height }) => bar(at, width, height)).join("")} />
      <path className="trend-bad" d={bars.map(({ at, width, failed }) => bar(at, width, failed)).join("")} />
    </svg>
  );
}

/** One path for all: many functions have many steps. */
function bar(at: number, width: number, height: number): string {
  if (height === 0) return "";
  return `M${at.toFixed(4)} 1h${(width * 0.82).toFixed(4)}v${(-height).toFixed(4)}h${(-width * 0.82).toFixed(4)}z`;
}
