/** The frames of a flame graph, those above the one that is looked at over the whole width. */

import type { FlameFrame } from "../../model/span-flame.ts";
import type { Surface } from "../../widgets/Canvas.tsx";
import { tokenColours } from "../../widgets/Canvas.tsx";
import { palette } from "./palette.ts";

export const FLAME_ROW = 22;
/** In pixels: what is narrower is not drawn, and in less no name is read. */
const LEAST = 0.4;
const NAMED = 34;

export interface FlameDrawing {
  readonly frames: readonly FlameFrame[];
  /** Which part of the whole width is seen. */
  readonly from: number;
  readonly width: number;
  readonly current: number | null;
  readonly pointed: number | null;
  /** Per frame whether something of it matches; null where nothing is looked for. */
  readonly found: readonly boolean[] | null;
}

export function drawFlame({ context, width }: Surface, drawing: FlameDrawing): void {
  const colours = palette();
  const { ground, text, accent } = tokenColours({ ground: "--surface", text: "--text", accent: "--accent" });
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  drawing.frames.forEach((frame, place) => {
    const left = Math.max(0, ((frame.from - drawing.from) / drawing.width) * width);
    const right = Math.min(width, ((frame.from + frame.width - drawing.from) / drawing.width) * width);
    if (right - left < LEAST) return;
    const top = frame.depth * FLAME_ROW;
    const dim = drawing.found !== null && !drawing.found[place];
    const room = Math.max(1, right - left - 1);
    context.globalAlpha = dim ? 0.15 : place === drawing.pointed ? 0.55 : 0.34;
    context.fillStyle = frame.isPhase ? colours.cold : (colours.services[frame.colour] as string);
    context.fillRect(left, top, room, FLAME_ROW - 1);
    context.globalAlpha = dim ? 0.4 : 1;
    context.fillRect(left, top, Math.min(3, room), FLAME_ROW - 1);
    if (frame.failed > 0) {
      context.fillStyle = colours.bad;
      context.fillRect(left, top + FLAME_ROW - 3, room, 2);
    }
    if (room >= NAMED) {
      context.fillStyle = text;
      context.fillText(fitting(context, frame.name, room - 10), left + 7, top + FLAME_ROW / 2);
    }
    if (place === drawing.current) {
      context.globalAlpha = 1;
      context.strokeStyle = accent;
      context.lineWidth = 2;
      context.strokeRect(left + 1, top + 1, Math.max(1, room - 2), FLAME_ROW - 3);
      context.strokeStyle = ground;
    }
  });
  context.globalAlpha = 1;
}

/** As much of a text as there is room for. */
function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${text.slice(0, low)}…`;
}
