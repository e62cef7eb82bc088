/** Which part of a drawing is seen, and how large: moved, zoomed around a point, and fitted. */

import type { Point } from "./map-layout.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A point of the drawing is seen at `x + scale * point`. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const LEAST = 0.15;
export const MOST = 2;
const ROOM = 24;

/** All of it, in the middle, never larger than it is. */
export function fitted(drawing: Size, window: Size): View {
  const across = (window.width - 2 * ROOM) / Math.max(1, drawing.width);
  const down = (window.height - 2 * ROOM) / Math.max(1, drawing.height);
  const scale = Math.min(1, Math.max(LEAST, Math.min(across, down)));
  return {
    scale,
    x: (window.width - drawing.width * scale) / 2,
    y: (window.height - drawing.height * scale) / 2,
  };
}

/** Larger or smaller by a factor; what is seen at the point stays there. */
export function zoomed(view: View, factor: number, at: Point): View {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

export function moved(view: View, x: number, y: number): View {
  return { ...view, x: view.x + x, y: view.y + y };
}

/** A box in the middle. */
export function around(corner: Point, box: Size, scale: number, window: Size): View {
  return {
    scale,
    x: window.width / 2 - (corner.x + box.width / 2) * scale,
    y: window.height / 2 - (corner.y + box.height / 2) * scale,
  };
}

/** Moved as little as is needed to see a box. */
export function seeing(view: View, corner: Point, box: Size, window: Size): View {
  const shift = (from: number, length: number, whole: number) => {
    if (from < ROOM) return ROOM - from;
    const over = from + length - (whole - ROOM);
    return over > 0 ? -over : 0;
  };
  const { scale } = view;
  const x = shift(view.x + corner.x * scale, box.width * scale, window.width);
  const y = shift(view.y + corner.y * scale, box.height * scale, window.height);
  return x === 0 && y === 0 ? view : moved(view, x, y);
}
