import type { JSX } from "react";

import { formatCount, formatDuration, plural } from "../../base/format.ts";
import { type ErrorInRange, endOf } from "../../model/error-detail.ts";
import { barsOf } from "../../model/errors.ts";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";

/** A bar for each step of the range; the most of a step stands beside it. */
export function ErrorChart({ of }: { readonly of: ErrorInRange }): JSX.Element {
  const { series } = of.group;
  const most = Math.max(0, ...series);
  const width = 1 / Math.max(1, series.length);
  const text = `${plural(of.group.count, "error")}, at most ${formatCount(most)} in ${formatDuration(of.step)}`;
  return (
    <div className="error-chart">
      <span className="error-most" title={`The most in ${formatDuration(of.step)}`}>
        {formatCount(most)}
      </span>
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={text}>
        {barsOf(series).map(({ at, height }) => (
          <rect key={at} x={at} y={1 - height} width={width * 0.85} height={height} />
        ))}
      </svg>
      <TimeMarks from={of.start} to={endOf(of)} />
    </div>
  );
}
