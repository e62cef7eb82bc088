/** The whole trace in a strip: a line a row, squeezed to the height there is. */

import { ERROR, isCritical, isGroup, type Layout, membersOf, PHASE } from "../../model/layout.ts";
import type { Surface } from "../../widgets/Canvas.tsx";
import { type Palette, palette } from "./palette.ts";

const ROOM = 3;
const THICKEST = 4;
/** With more bars than this only those that are a pixel long are drawn; all of them would take a second. */
const MANY = 5_000;

interface Strip {
  readonly context: CanvasRenderingContext2D;
  readonly colours: Palette;
  readonly layout: Layout;
  readonly scale: number;
  readonly thickness: number;
  /** What is shorter is not drawn; nanoseconds. */
  readonly least: number;
}

export function drawMinimap({ context, width, height }: Surface, layout: Layout, rows: Int32Array): void {
  const scale = width / layout.length;
  const lines = height - 2 * ROOM;
  const thickness = Math.min(THICKEST, Math.max(1, lines / rows.length - 1));
  const step = Math.min(thickness + 2, (lines - thickness) / Math.max(1, rows.length - 1));
  const least = layout.count > MANY ? 1 / scale : 0;
  const strip: Strip = { context, colours: palette(), layout, scale, thickness, least };
  for (let row = 0; row < rows.length; row++) {
    const entry = rows[row] as number;
    const top = ROOM + row * step;
    if (isGroup(layout, entry)) drawMembers(strip, entry, top);
    else drawLine(strip, entry, top);
  }
  context.globalAlpha = 1;
}

function drawLine({ context, colours, layout, scale, thickness, least }: Strip, index: number, top: number): void {
  const start = layout.start[index] as number;
  const length = (layout.end[index] as number) - start;
  const flags = layout.flags[index] as number;
  const critical = isCritical(layout, index);
  if (length < least && !(flags & ERROR) && !critical) return;
  context.globalAlpha = critical ? 1 : 0.45;
  context.fillStyle = flags & PHASE ? colours.cold : (colours.services[layout.colour[index] as number] as string);
  const right = Math.max(start * scale + 1, (start + length) * scale);
  context.fillRect(start * scale, top, right - start * scale, thickness);
  if (!(flags & ERROR)) return;
  context.globalAlpha = 1;
  context.fillStyle = colours.bad;
  context.fillRect(right - 2, top, 2, Math.max(thickness, 2));
}

/** All members in one line: of those in one pixel one. */
function drawMembers(strip: Strip, entry: number, top: number): void {
  const { context, colours, layout, scale, thickness } = strip;
  context.globalAlpha = 0.6;
  context.fillStyle = colours.services[layout.colour[entry] as number] as string;
  let drawn = Number.NEGATIVE_INFINITY;
  for (const member of membersOf(layout, entry)) {
    const left = (layout.start[member] as number) * scale;
    const right = Math.max(left + 1, (layout.end[member] as number) * scale);
    if (right <= drawn + 0.5) continue;
    context.fillRect(Math.max(left, drawn), top, right - Math.max(left, drawn), thickness);
    drawn = right;
  }
}
