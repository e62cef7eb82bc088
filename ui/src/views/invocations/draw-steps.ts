/** Lengths above, counts below; the time of both is the same. */

import { between } from "../../base/time.ts";
import type { FunctionPoint } from "../../model/function-detail.ts";
import type { Heatmap } from "../../model/heatmap.ts";
import type { Invocation } from "../../model/invocation.ts";
import type { LengthScale } from "../../model/length-scale.ts";
import type { Steps } from "../../model/steps.ts";
import { type Surface, tokenColours } from "../../widgets/Canvas.tsx";
import type { Charted } from "./StepsPlot.tsx";

export const LENGTHS_HEIGHT = 160;
export const COUNTS_HEIGHT = 44;
const GAP = 16;
export const PLOT_HEIGHT = LENGTHS_HEIGHT + GAP + COUNTS_HEIGHT;

/** Narrower steps stand without a gap between them. */
const GAPPED = 4;
/** What there is but once is still seen. */
const FAINTEST = 0.14;
/** A step that stands alone is a line as wide as itself, or wide enough to be seen. */
const LEAST = 3;
/** Half of the width of a failure's cross. */
const CROSS = 3;

type Colours = Readonly<Record<"accent" | "faint" | "line" | "strong" | "bad" | "cold" | "surface", string>>;

interface Plot {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  /** Of a step. */
  readonly each: number;
  readonly points: Charted["points"];
  readonly colours: Colours;
}

export function drawSteps({ context, width }: Surface, { points, scale, heat, failures }: Charted, steps: Steps): void {
  const colours = tokenColours({
    accent: "--accent",
    faint: "--faint",
    line: "--line",
    strong: "--line-strong",
    bad: "--bad",
    cold: "--cold",
    surface: "--surface",
  });
  const plot: Plot = { context, width, each: width / points.length, points, colours };
  drawGround(plot, scale);
  if (heat === null) drawPercentiles(plot, scale);
  else {
    drawHeat(plot, heat);
    drawFailures(plot, scale, failures, steps);
  }
  drawCounts(plot);
}

const y = (scale: LengthScale, length: number): number => (1 - scale.place(length)) * LENGTHS_HEIGHT;

function drawGround({ context, width, colours }: Plot, scale: LengthScale): void {
  context.fillStyle = colours.line;
  for (const mark of scale.marks) {
    context.fillRect(0, Math.min(LENGTHS_HEIGHT - 1, Math.round(y(scale, mark))), width, 1);
  }
  context.fillRect(0, PLOT_HEIGHT - 1, width, 1);
}

type Percentile = "p50" | "p95" | "p99";

function drawPercentiles(plot: Plot, scale: LengthScale): void {
  const { context, colours } = plot;
  for (const run of runs(plot.points)) {
    const line = (of: Percentile) => lineOf(plot, scale, run, of);
    context.fillStyle = colours.accent;
    fillBetween(context, line("p99"), line("p95"), 0.07);
    fillBetween(context, line("p95"), line("p50"), 0.16);
    stroke(context, line("p99"), colours.faint, 1);
    stroke(context, line("p95"), colours.accent, 2);
    stroke(context, line("p50"), colours.accent, 1);
  }
}

/** Steps side by side in which something ended: from the first of them up to the last, excluded. */
function runs(points: readonly (FunctionPoint | undefined)[]): [number, number][] {
  const found: [number, number][] = [];
  for (let at = 0; at < points.length; at++) {
    if ((points[at]?.durations.length ?? 0) === 0) continue;
    const last = found.at(-1);
    if (last?.[1] === at) last[1] = at + 1;
    else found.push([at, at + 1]);
  }
  return found;
}

type Place = readonly [x: number, y: number];

/** Through the middles of steps, and level to the outer ends. */
function lineOf({ points, each }: Plot, scale: LengthScale, [from, to]: [number, number], of: Percentile): Place[] {
  const heights = points.slice(from, to).map(point => y(scale, Number(point?.[of] ?? 0)));
  const middles = heights.map((height, at): Place => [(from + at + 0.5) * each, height]);
  const least = Math.max(0, LEAST - each) / 2;
  const first: Place = [from * each - least, heights[0] ?? 0];
  const last: Place = [to * each + least, heights.at(-1) ?? 0];
  return [first, ...middles, last];
}

function trace(context: CanvasRenderingContext2D, places: readonly Place[]): void {
  for (const [x, y] of places) context.lineTo(x, y);
}

function fillBetween(
  context: CanvasRenderingContext2D,
  above: readonly Place[],
  below: readonly Place[],
  opacity: number,
): void {
  context.globalAlpha = opacity;
  context.beginPath();
  trace(context, above);
  trace(context, below.toReversed());
  context.fill();
  context.globalAlpha = 1;
}

function stroke(context: CanvasRenderingContext2D, places: readonly Place[], colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  trace(context, places);
  context.stroke();
}

/** The more lengths stand in a box, the stronger it is; by root, so that what is rare can be told from nothing. */
function drawHeat({ context, points, each, colours }: Plot, { rows, counts, most }: Heatmap): void {
  const height = LENGTHS_HEIGHT / rows.length;
  context.fillStyle = colours.accent;
  for (let step = 0; step < points.length; step++) {
    // From pixel to pixel: edges in between would draw a net over the boxes.
    const left = Math.round(step * each);
    const right = Math.max(left + 1, Math.round((step + 1) * each));
    for (let row = 0; row < rows.length; row++) {
      const count = counts[step * rows.length + row] as number;
      if (count === 0) continue;
      const top = Math.round(LENGTHS_HEIGHT - (row + 1) * height);
      const bottom = Math.round(LENGTHS_HEIGHT - row * height);
      context.globalAlpha = FAINTEST + (1 - FAINTEST) * Math.sqrt(count / most);
      context.fillRect(left, top, right - left, bottom - top);
    }
  }
  context.globalAlpha = 1;
}

/** A cross each, over the boxes that they stand in: of many that went well a few that failed would not be seen. */
function drawFailures(plot: Plot, scale: LengthScale, failures: readonly Invocation[], steps: Steps): void {
  const { context, width, colours } = plot;
  const whole = Number(steps.step) * steps.count;
  const crosses = new Path2D();
  for (const { start, duration } of failures) {
    if (duration === null) continue;
    const x = (Number(between(steps.first, start)) / whole) * width;
    // At an edge it would be half of one.
    const top = Math.min(LENGTHS_HEIGHT - CROSS, Math.max(CROSS + 1, y(scale, Number(duration))));
    crosses.moveTo(x - CROSS, top - CROSS);
    crosses.lineTo(x + CROSS, top + CROSS);
    crosses.moveTo(x + CROSS, top - CROSS);
    crosses.lineTo(x - CROSS, top + CROSS);
  }
  context.lineCap = "round";
  context.strokeStyle = colours.surface;
  context.lineWidth = 4;
  context.stroke(crosses);
  context.strokeStyle = colours.bad;
  context.lineWidth = 1.8;
  context.stroke(crosses);
}

/** From below: those that failed, those that waited for a start, the others. */
function drawCounts({ context, points, each, colours }: Plot): void {
  const most = Math.max(1, ...points.map(point => point?.invocations ?? 0));
  const scale = (COUNTS_HEIGHT - 1) / most;
  points.forEach((point, step) => {
    if (point === undefined) return;
    const left = step * each;
    const width = Math.max(1, each - (each >= GAPPED ? 1 : 0));
    const { invocations, errors } = point;
    const cold = Math.min(point.coldStarts, invocations - errors);
    let bottom = PLOT_HEIGHT - 1;
    for (const [count, colour] of [
      [errors, colours.bad],
      [cold, colours.cold],
      [invocations - errors - cold, colours.strong],
    ] as const) {
      if (count <= 0) continue;
      const height = Math.max(1.5, count * scale);
      context.fillStyle = colour;
      context.fillRect(left, bottom - height, width, height);
      bottom -= height;
    }
  });
}
