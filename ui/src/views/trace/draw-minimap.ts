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
    if (flags & ERROR) context.fillStyle = colours.bad;
    else if (flags & PHASE) context.fillStyle = colours.cold;
    else context.fillStyle = colours.services[layout.colour[index] as number] as string;
    context.fillRect(start * scale, ROOM + row * step, Math.max(1, length * scale), thickness);
  }
  context.globalAlpha = 1;
}
