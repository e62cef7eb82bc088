/** The chart itself: a canvas with its axes; what is pointed at lies over it. */

import { type JSX, type RefObject, useCallback } from "react";

import { formatCount, formatRound } from "../../base/format.ts";
import type { Time } from "../../base/time.ts";
import type { Box } from "../../model/comparison.ts";
import type { FunctionPoint } from "../../model/function-detail.ts";
import type { Heatmap } from "../../model/heatmap.ts";
import type { Invocation } from "../../model/invocation.ts";
import type { LengthScale } from "../../model/length-scale.ts";
import type { Release } from "../../model/releases.ts";
import { type Steps, startOf, stepsWithin } from "../../model/steps.ts";
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
  /** Those that failed, one by one, of a heatmap. */
  readonly failures: readonly Invocation[];
}

interface StepsPlotProps {
  readonly of: Charted;
  readonly steps: Steps;
  readonly cursor: StepCursor;
  /** What is compared with the rest, and what is listed. */
  readonly marked: readonly Box[];
  readonly releases: readonly Release[];
  readonly plot: RefObject<HTMLDivElement | null>;
  /** What the cursor's step says, for those who can't see it. */
  readonly text: string;
}

/** Below its line: the lowest length stands above it. */
const LABEL = 4;

export function StepsPlot({ of, steps, cursor, marked, releases, plot, text }: StepsPlotProps): JSX.Element {
  const draw = useCallback((surface: Surface) => drawSteps(surface, of, steps), [of, steps]);
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
        {marked.map(box => (
          <Marked key={`${box.since} ${box.until} ${box.min} ${box.max}`} box={box} steps={steps} of={of} />
        ))}
        <Releases of={releases} steps={steps} />
        {cursor.at !== null && (
          <div className={cursorClass(cursor)} style={placed(steps, [first, last])}>
            {of.heat !== null && cursor.row !== null && (
              <Rows of={cursor.rows ?? [cursor.row, cursor.row]} all={of.heat.rows.length} />
            )}
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

function cursorClass({ chosen, rows }: StepCursor): string {
  if (chosen === null) return "step-cursor";
  return rows === null ? "step-cursor chosen" : "step-cursor boxed";
}

interface RowsProps {
  readonly of: readonly [number, number];
  readonly all: number;
}

/** The box of a heatmap that is pointed at, or drawn. */
function Rows({ of: [low, high], all }: RowsProps): JSX.Element {
  const each = LENGTHS_HEIGHT / all;
  return (
    <div className="step-box" style={{ top: LENGTHS_HEIGHT - (high + 1) * each, height: (high - low + 1) * each }} />
  );
}

interface MarkedProps {
  readonly box: Box;
  readonly steps: Steps;
  readonly of: Charted;
}

/** Lengths are seen where the heatmap shows them. */
function Marked({ box, steps, of }: MarkedProps): JSX.Element | null {
  const within = stepsWithin(steps, box.since, box.until);
  if (within === null) return null;
  const isPart = of.heat !== null && (box.min !== null || box.max !== null);
  const top = box.max === null ? 0 : (1 - of.scale.place(Number(box.max))) * LENGTHS_HEIGHT;
  const bottom = box.min === null ? LENGTHS_HEIGHT : (1 - of.scale.place(Number(box.min))) * LENGTHS_HEIGHT;
  const vertical = isPart ? { top, bottom: "auto", height: Math.max(2, bottom - top) } : {};
  return <div className="step-compared" style={{ ...placed(steps, within), ...vertical }} />;
}

interface ReleasesProps {
  readonly of: readonly Release[];
  readonly steps: Steps;
}

/** Where versions were seen first; the table of versions says the same in words. */
function Releases({ of, steps }: ReleasesProps): JSX.Element {
  const whole = Number(steps.step) * steps.count;
  const place = (moment: Time) => Number(moment - steps.first) / whole;
  return (
    <>
      {of.map(({ version, at }) => (
        <div key={version} className="release" style={{ left: percent(place(at)) }} aria-hidden="true">
          <span className={place(at) > 0.8 ? "release-left" : undefined}>{version}</span>
        </div>
      ))}
    </>
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;
