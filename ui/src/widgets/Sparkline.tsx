import type { JSX } from "react";

import { barsOf } from "../model/errors.ts";

/** How many came when; the numbers stand beside it. */
export function Sparkline({ series }: { readonly series: readonly number[] }): JSX.Element {
  const width = 1 / Math.max(1, series.length);
  return (
    <svg className="sparkline" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      {barsOf(series).map(({ at, height }) => (
        <rect key={at} x={at} y={1 - height} width={width * 0.8} height={height} />
      ))}
    </svg>
  );
}
