/** Half, nearly all, the worst: three lengths of a function on a scale that all functions share. */

import type { JSX } from "react";

import { formatDuration } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import type { FunctionSummary } from "../../model/function.ts";

const WIDTH = 120;
const HEIGHT = 14;
const ROOM = 4;

export type Scale = (length: Nanos) => number;

/** Logarithmic, from the quickest half to the slowest of all. */
export function spreadScale(functions: readonly FunctionSummary[]): Scale {
  const logarithm = (length: Nanos) => Math.log(Math.max(1, Number(length)));
  const low = Math.min(...functions.map(one => logarithm(one.p50)));
  const high = Math.max(...functions.map(one => logarithm(one.max)), low + 1);
  return length => ROOM + ((logarithm(length) - low) / (high - low)) * (WIDTH - 2 * ROOM);
}

export function Spread({ of, scale }: { readonly of: FunctionSummary; readonly scale: Scale }): JSX.Element {
  const [p50, p95, max] = [scale(of.p50), scale(of.p95), scale(of.max)];
  const middle = HEIGHT / 2;
  const text = `p50 ${formatDuration(of.p50)}, p95 ${formatDuration(of.p95)}, max ${formatDuration(of.max)}`;
  return (
    <svg
      className="spread"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      <line className="spread-base" x1={0} x2={WIDTH} y1={middle} y2={middle} />
      <line className="spread-max" x1={p95} x2={max} y1={middle} y2={middle} />
      <line className="spread-p95" x1={p50} x2={p95} y1={middle} y2={middle} />
      <line className="spread-tick" x1={max} x2={max} y1={middle - 4} y2={middle + 4} />
      <circle className="spread-p50" cx={p50} cy={middle} r={3} />
    </svg>
  );
}
