/** The chart itself: a canvas with its axes; what is pointed at lies over it. */

import { type JSX, type RefObject, useCallback } from "react";

import { formatCount, formatRound } from "../../base/format.ts";
import type { FunctionPoint } from "../../model/function-detail.ts";
import type { Heatmap } from "../../model/heatmap.ts";
import type { LengthScale } from "../../model/length-scale.ts";
import { type Steps, startOf } from "../../model/steps.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";
import { COUNTS_HEIGHT, drawSteps, LENGTHS_HEIGHT, PLOT_HEIGHT } from "./draw-steps.ts";
import type { StepCursor } from "./step-cursor.ts";

/** What a chart shows: of every step what happened in it. */
export interface Charted {
  readonly points: readonly (FunctionPoint | undefined)[];
  readonly scale: LengthScale;
  /** Null where percentiles are shown. */
  readonly heat: Heatmap | null;
}

interface StepsPlotProps {
  readonly of: Charted;
  readonly steps: Steps;
  readonly cursor: StepCursor;
  /** The first and the last of those that are compared with the rest. */
  readonly compared: readonly [number, number] | null;
  readonly plot: RefObject<HTMLDivElement | null>;
  /** What the cursor's step says, for those who can't see it. */
  readonly text: string;
}

/** Below its line: the lowest length stands above it. */
const LABEL = 4;

export function StepsPlot({ of, steps, cursor, compared, plot, text }: StepsPlotProps): JSX.Element {
  const draw = useCallback((surface: Surface) => drawSteps(surface, of), [of]);
  const most = Math.max(0, ...of.points.map(point => point?.invocations ?? 0));
  const [first, last] = cursor.chosen ?? [cursor.at ?? 0, cursor.at ?? 0];
  return (
    <div className="steps-chart">
      <div className="steps-lengths" aria-hidden="true">
        {of.scale.marks.map(length => (
          <span key={length} style={{ top: (1 - of.scale.place(length)) * LENGTHS_HEIGHT }}>
            {formatRound(length)}
          </span>
        ))}
        <span style={{ top: PLOT_HEIGHT - COUNTS_HEIGHT + LABEL }} title="The most invocations of a step">
          {formatCount(most)}
        </span>
      </div>
      <div
        className="steps-plot"
        ref={plot}
        role="slider"
        tabIndex={0}
        data-own-arrows
        aria-label="Steps of time"
        aria-valuemin={1}
        aria-valuemax={steps.count}
        aria-valuenow={(cursor.at ?? steps.count - 1) + 1}
        aria-valuetext={text === "" ? "none" : text}
        {...cursor.handlers}
      >
        <Canvas className="steps-canvas" draw={draw} height={PLOT_HEIGHT} />
        {compared !== null && <div className="step-compared" style={placed(steps, compared)} />}
        {cursor.at !== null && (
          <div
            className={cursor.chosen === null ? "step-cursor" : "step-cursor chosen"}
            style={placed(steps, [first, last])}
          >
            {of.heat !== null && cursor.row !== null && <Box row={cursor.row} rows={of.heat.rows.length} />}
          </div>
        )}
      </div>
      <TimeMarks from={steps.first} to={startOf(steps, steps.count)} />
    </div>
  );
}

const placed = ({ count }: Steps, [first, last]: readonly [number, number]) => ({
  left: percent(first / count),
  width: percent((last - first + 1) / count),
});

/** The box of a heatmap that is pointed at. */
function Box({ row, rows }: { readonly row: number; readonly rows: number }): JSX.Element {
  const height = LENGTHS_HEIGHT / rows;
  return <div className="step-box" style={{ top: LENGTHS_HEIGHT - (row + 1) * height, height }} />;
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;
