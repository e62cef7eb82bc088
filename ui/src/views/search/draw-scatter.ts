/** Points of a chart. What failed differs in its shape, so that colours can tell something else. */

import type { Scatter, ScatterPoint } from "../../model/scatter.ts";
import { type Surface, tokenColours } from "../../widgets/Canvas.tsx";
import { GROUP_TOKENS, OTHERS } from "./scatter-colours.ts";

/** In pixels. */
const RADIUS = 3.5;
const CROSS = 3.6;
/** Where many lie over each other, each lets the others through. */
const CROWD = 400;

/** @param colourOf the colour of each group by number; null where colours tell the outcome. */
export function drawScatter(
  { context, width, height }: Surface,
  { points, scale }: Scatter,
  colourOf: ReadonlyMap<string, number> | null,
): void {
  const tokens = tokenColours({ line: "--line", good: "--accent", bad: "--bad", ground: "--surface" });
  const groups = Object.values(tokenColours(GROUP_TOKENS));
  context.fillStyle = tokens.line;
  for (const mark of scale.marks) {
    context.fillRect(0, Math.min(height - 1, Math.round((1 - scale.place(mark)) * height)), width, 1);
  }
  context.fillRect(0, height - 1, width, 1);
  const colour = ({ group, failed }: ScatterPoint): string => {
    if (colourOf === null) return failed ? tokens.bad : tokens.good;
    return groups[colourOf.get(group) ?? OTHERS] ?? tokens.good;
  };
  context.globalAlpha = points.length > CROWD ? 0.6 : 0.85;
  context.lineWidth = 2;
  context.lineCap = "round";
  // What failed lies above.
  for (const isFailed of [false, true]) {
    for (const point of points) {
      if (point.failed !== isFailed) continue;
      const x = Math.min(width - RADIUS, Math.max(RADIUS, point.x * width));
      const y = Math.min(height - RADIUS, Math.max(RADIUS, (1 - point.y) * height));
      if (isFailed) drawCross(context, x, y, colour(point));
      else drawDot(context, x, y, colour(point));
    }
  }
  context.globalAlpha = 1;
}

function drawDot(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, RADIUS, 0, Math.PI * 2);
  context.fill();
}

function drawCross(context: CanvasRenderingContext2D, x: number, y: number, colour: string): void {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x - CROSS, y - CROSS);
  context.lineTo(x + CROSS, y + CROSS);
  context.moveTo(x + CROSS, y - CROSS);
  context.lineTo(x - CROSS, y + CROSS);
  context.stroke();
}
