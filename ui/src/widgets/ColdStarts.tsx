/** Cold starts as charts: when they were and how long they took, and the phases that they are made of. */

import { type JSX, useCallback, useMemo } from "react";

import type { ColdStartsInRange } from "../api/cold-starts.ts";
import { formatCount, formatDuration, formatMinute, formatShare, plural, share } from "../base/format.ts";
import { longest } from "../base/time.ts";
import { type ColdPhase, type ColdPoint, coldInSteps, phaseText } from "../model/cold-starts.ts";
import { type Steps, startOf, stepsOf } from "../model/steps.ts";
import { type Surface, tokenColours } from "./Canvas.tsx";
import { Named, StepChart } from "./StepChart.tsx";
import { type Column, PlainTable } from "./Table.tsx";
import "./cold-starts.css";

const INIT_HEIGHT = 84;
const COUNT_HEIGHT = 56;
const GAP = 14;
const HEIGHT = INIT_HEIGHT + GAP + COUNT_HEIGHT;
/** Narrower steps stand without a gap between them. */
const GAPPED = 4;

export function ColdOverTime({ of: { of, from, to } }: { readonly of: ColdStartsInRange }): JSX.Element {
  const steps = useMemo(() => stepsOf(from, to, of.step), [from, to, of.step]);
  const points = useMemo(() => coldInSteps(steps, of.points), [steps, of.points]);
  const longestInit = longest(of.points.map(point => point.initP95 ?? 0n));
  const most = Math.max(0, ...of.points.map(point => point.coldStarts));
  const draw = useCallback(
    (surface: Surface) => drawCold(surface, points, Math.max(1, Number(longestInit)), Math.max(1, most)),
    [points, longestInit, most],
  );
  const stops = points.flatMap((point, step) => (point === undefined ? [] : [step]));
  return (
    <StepChart
      label="Cold starts over time"
      steps={steps}
      stops={stops}
      told={step => told(points[step], steps, step)}
      draw={draw}
      height={HEIGHT}
      marks={[
        { text: longestInit === 0n ? "" : formatDuration(longestInit), top: 6, hint: "The longest init p95 of a step" },
        { text: "0", top: INIT_HEIGHT - 4 },
        { text: formatCount(most), top: INIT_HEIGHT + GAP + 6, hint: "The most cold starts of a step" },
      ]}
      legend={
        <ul className="legend" aria-hidden="true">
          <Named className="cold-p95" name="init p95" />
          <Named className="cold-p50" name="init p50" />
          <Named className="cold-count" name="cold starts" />
        </ul>
      }
    />
  );
}

/** `14:05 – 14:10: 12 cold starts of 340 invocations (3.5 %); init p50 312 ms, p95 640 ms`. */
function told(point: ColdPoint | undefined, steps: Steps, step: number): string {
  if (point === undefined) return "";
  const { coldStarts, invocations, initP50, initP95 } = point;
  const times = `${formatMinute(startOf(steps, step))} – ${formatMinute(startOf(steps, step + 1))}`;
  const count = `${plural(coldStarts, "cold start")} of ${plural(invocations, "invocation")} (${formatShare(coldStarts, invocations)})`;
  const init =
    initP50 === null || initP95 === null ? "" : `; init p50 ${formatDuration(initP50)}, p95 ${formatDuration(initP95)}`;
  return `${times}: ${count}${init}`;
}

function drawCold(
  { context, width }: Surface,
  points: readonly (ColdPoint | undefined)[],
  longestInit: number,
  most: number,
): void {
  const colours = tokenColours({ cold: "--cold", line: "--line" });
  const each = width / points.length;
  const wide = (left: number, step: number) =>
    Math.max(1, Math.round((step + 1) * each) - left - (each >= GAPPED ? 1 : 0));
  context.fillStyle = colours.line;
  context.fillRect(0, 0, width, 1);
  context.fillRect(0, INIT_HEIGHT - 1, width, 1);
  context.fillRect(0, HEIGHT - 1, width, 1);
  context.fillStyle = colours.cold;
  points.forEach((point, step) => {
    if (point === undefined) return;
    const left = Math.round(step * each);
    const up = (length: bigint) => (Number(length) / longestInit) * (INIT_HEIGHT - 2);
    if (point.initP95 !== null && point.initP50 !== null) {
      context.globalAlpha = 0.3;
      context.fillRect(left, INIT_HEIGHT - 1 - up(point.initP95), wide(left, step), up(point.initP95));
      context.globalAlpha = 1;
      context.fillRect(left, INIT_HEIGHT - 1 - up(point.initP50), wide(left, step), 2);
    }
    if (point.coldStarts === 0) return;
    const height = Math.max(2, (point.coldStarts / most) * (COUNT_HEIGHT - 2));
    context.globalAlpha = 0.75;
    context.fillRect(left, HEIGHT - 1 - height, wide(left, step), height);
    context.globalAlpha = 1;
  });
}

/** What a cold start is made of, the phases on one scale. */
export function ColdPhases({ phases }: { readonly phases: readonly ColdPhase[] }): JSX.Element {
  if (phases.length === 0) {
    return <p className="cold-untold">No phase of these starts was told: the extension tells them.</p>;
  }
  const most = longest(phases.map(({ p95 }) => p95));
  const columns: Column<ColdPhase>[] = [
    { id: "phase", title: "Phase", narrow: "head", cell: one => phaseText(one.phase) },
    {
      id: "bar",
      title: "p50 and p95",
      narrow: "hide",
      cell: one => (
        <svg className="cold-phase-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect className="cold-p95" y={1} width={Math.max(0.6, share(one.p95, most) * 100)} height={6} />
          <rect className="cold-p50" y={1} width={Math.max(0.6, share(one.p50, most) * 100)} height={6} />
        </svg>
      ),
    },
    { id: "p50", title: "p50", align: "end", cell: one => formatDuration(one.p50) },
    { id: "p95", title: "p95", align: "end", cell: one => formatDuration(one.p95) },
    {
      id: "seen",
      title: "Seen",
      hint: "In so many invocations it was told",
      align: "end",
      cell: one => formatCount(one.seen),
    },
  ];
  return (
    <div className="cold-phases">
      <PlainTable label="Phases of cold starts" columns={columns} rows={phases} keyOf={one => one.phase} />
    </div>
  );
}
