/** How many invocations ran at once, step by step: as the chart above, on the same range. */

import { type JSX, useCallback, useMemo } from "react";

import { formatCount, formatMinute } from "../../base/format.ts";
import type { Axis, FunctionSandboxes } from "../../model/sandboxes.ts";
import { type Steps, startOf, stepAt, stepsOf } from "../../model/steps.ts";
import { Canvas, type Surface, tokenColours } from "../../widgets/Canvas.tsx";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";

const HEIGHT = 60;
/** Narrower steps stand without a gap between them. */
const GAPPED = 4;

interface ConcurrencyProps {
  readonly points: NonNullable<FunctionSandboxes["concurrency"]>;
  readonly step: FunctionSandboxes["step"];
  readonly range: Axis;
}

export function Concurrency({ points, step, range: { from, to } }: ConcurrencyProps): JSX.Element {
  const steps = useMemo(() => stepsOf(from, to, step), [from, to, step]);
  const draw = useCallback((surface: Surface) => drawConcurrency(surface, points, steps), [points, steps]);
  const peak = points.reduce<(typeof points)[number] | undefined>(
    (most, one) => (one.most > (most?.most ?? 0) ? one : most),
    undefined,
  );
  const text =
    peak === undefined
      ? "Nothing ran."
      : `How many ran at once, over time: at most ${formatCount(peak.most)}, first at ${formatMinute(peak.start)}.`;
  return (
    <div className="steps-chart concurrency">
      <div className="steps-lengths" aria-hidden="true">
        <span title="The most at once" style={{ top: 6 }}>
          {formatCount(peak?.most ?? 0)}
        </span>
        <span style={{ top: HEIGHT - 4 }}>0</span>
      </div>
      <div className="concurrency-plot" role="img" aria-label={text}>
        <Canvas className="steps-canvas" draw={draw} height={HEIGHT} />
      </div>
      <TimeMarks from={steps.first} to={startOf(steps, steps.count)} />
    </div>
  );
}

function drawConcurrency({ context, width }: Surface, points: ConcurrencyProps["points"], steps: Steps): void {
  const colours = tokenColours({ accent: "--accent", line: "--line" });
  const most = Math.max(1, ...points.map(point => point.most));
  const each = width / steps.count;
  context.fillStyle = colours.line;
  context.fillRect(0, 0, width, 1);
  context.fillRect(0, HEIGHT - 1, width, 1);
  for (const point of points) {
    const at = stepAt(steps, point.start);
    if (at < 0 || at >= steps.count) continue;
    const height = (point.most / most) * (HEIGHT - 1);
    const wide = Math.max(1, each - (each >= GAPPED ? 1 : 0));
    context.globalAlpha = 0.3;
    context.fillStyle = colours.accent;
    context.fillRect(at * each, HEIGHT - 1 - height, wide, height);
    context.globalAlpha = 1;
    context.fillRect(at * each, HEIGHT - 1 - height, wide, 2);
  }
}
