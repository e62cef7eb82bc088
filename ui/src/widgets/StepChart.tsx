/** A chart of steps of time that is walked through, by mouse, finger or key; what a step says stands below it. */

import { type JSX, type KeyboardEvent, type PointerEvent, type ReactNode, useState } from "react";

import { type Steps, startOf } from "../model/steps.ts";
import { Canvas, type Surface } from "./Canvas.tsx";
import { TimeMarks } from "./TimeMarks.tsx";
import "./step-chart.css";

interface StepChartProps {
  readonly label: string;
  readonly steps: Steps;
  /** Steps that say something, the earliest first. */
  readonly stops: readonly number[];
  readonly told: (step: number) => string;
  readonly draw: (surface: Surface) => void;
  readonly height: number;
  /** Beside it: from the top, in pixels. */
  readonly marks: readonly { readonly text: string; readonly top: number; readonly hint?: string }[];
  readonly legend?: ReactNode;
}

export function StepChart({ label, steps, stops, told, draw, height, marks, legend }: StepChartProps): JSX.Element {
  const [at, point] = useState<number | null>(null);
  const pointed = at !== null && stops.includes(at) ? at : null;
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    point(Math.floor(((event.clientX - box.left) / box.width) * steps.count));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moved(event.key, stops, pointed);
    if (next === null) return;
    event.preventDefault();
    point(next);
  };
  return (
    <div className="step-chart">
      <div className="steps-chart">
        <div className="steps-lengths" aria-hidden="true">
          {marks.map(({ text, top, hint }) => (
            <span key={`${top} ${text}`} style={{ top }} title={hint}>
              {text}
            </span>
          ))}
        </div>
        <div
          className="step-chart-plot"
          role="slider"
          tabIndex={0}
          data-own-arrows
          aria-label={label}
          aria-valuemin={1}
          aria-valuemax={steps.count}
          aria-valuenow={(pointed ?? steps.count - 1) + 1}
          aria-valuetext={pointed === null ? "none" : told(pointed)}
          onPointerMove={onPointerMove}
          onPointerDown={onPointerMove}
          onPointerLeave={({ pointerType }) => {
            // A finger that is lifted leaves, too: what it pointed at stays told.
            if (pointerType === "mouse") point(null);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => point(null)}
        >
          <Canvas className="steps-canvas" draw={draw} height={height} />
          {pointed !== null && (
            <div
              className="step-cursor"
              style={{ left: percent(pointed / steps.count), width: percent(1 / steps.count) }}
            />
          )}
        </div>
        <TimeMarks from={steps.first} to={startOf(steps, steps.count)} />
      </div>
      {legend}
      <p className="step-chart-told">
        {pointed === null ? <span className="faint">Point at a step for its numbers.</span> : told(pointed)}
      </p>
    </div>
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;

/** The stop that a key leads to; null where it leads nowhere. */
function moved(key: string, stops: readonly number[], at: number | null): number | null {
  switch (key) {
    case "ArrowLeft":
      return stops.findLast(stop => at === null || stop < at) ?? at;
    case "ArrowRight":
      return stops.find(stop => at !== null && stop > at) ?? at ?? stops.at(-1) ?? null;
    case "Home":
      return stops[0] ?? null;
    case "End":
      return stops.at(-1) ?? null;
    default:
      return null;
  }
}

/** What a colour of the chart stands for, in its legend. */
export function Named({ className, name }: { readonly className: string; readonly name: string }): JSX.Element {
  return (
    <li>
      <svg viewBox="0 0 10 12" aria-hidden="true">
        <rect className={className} y={1} width={10} height={10} />
      </svg>
      {name}
    </li>
  );
}
