/** The whole trace in a strip: a line a row, squeezed to the height there is. */

import { ERROR, isCritical, type Layout, PHASE } from "../../model/layout.ts";
import type { Surface } from "../../widgets/Canvas.tsx";
import { palette } from "./palette.ts";

const ROOM = 3;
const THICKEST = 4;

export function drawMinimap({ context, width, height }: Surface, layout: Layout, rows: Int32Array): void {
  const colours = palette();
  const scale = width / layout.length;
  const lines = height - 2 * ROOM;
  const thickness = Math.min(THICKEST, Math.max(1, lines / rows.length - 1));
  const step = Math.min(thickness + 2, (lines - thickness) / Math.max(1, rows.length - 1));
  // With more rows than pixels only the longest bars of a pixel row can be seen; drawing them all would take a second.
  const least = rows.length > 5_000 ? 1 / scale : 0;
  for (let row = 0; row < rows.length; row++) {
    const index = rows[row] as number;
    const start = layout.start[index] as number;
    const length = (layout.end[index] as number) - start;
    const flags = layout.flags[index] as number;
    if (length < least && !(flags & ERROR) && !isCritical(layout, index)) continue;
    context.globalAlpha = isCritical(layout, index) ? 1 : 0.45;
    context.fillStyle = flags & PHASE ? colours.cold : (colours.services[layout.colour[index] as number] as string);
    const top = ROOM + row * step;
    const right = Math.max(start * scale + 1, (start + length) * scale);
    context.fillRect(start * scale, top, right - start * scale, thickness);
    if (!(flags & ERROR)) continue;
    context.globalAlpha = 1;
    context.fillStyle = colours.bad;
    context.fillRect(right - 2, top, 2, Math.max(thickness, 2));
  }
  context.globalAlpha = 1;
}
