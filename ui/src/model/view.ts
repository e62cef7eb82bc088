/** The stretch of a trace's time that is looked at, in nanoseconds since its start. */

export interface View {
  readonly from: number;
  readonly to: number;
}

/** Closer than this nothing can be told apart. */
const CLOSEST = 1_000;

export const whole = (length: number): View => ({ from: 0, to: length });

export const isWhole = (view: View, length: number): boolean => view.from <= 0 && view.to >= length;

/** Inside the trace, and not too close; ends that are swapped are turned round. */
export function fitted(view: View, length: number): View {
  const from = Math.min(view.from, view.to);
  const to = Math.max(view.from, view.to);
  const width = Math.min(length, Math.max(CLOSEST, to - from));
  const start = Math.min(Math.max(0, from), length - width);
  return { from: start, to: start + width };
}

/** Closer (factor below 1) or further, keeping the place `at` where it is. */
export function zoomed(view: View, factor: number, at: number, length: number): View {
  const scaled = { from: at - (at - view.from) * factor, to: at + (view.to - at) * factor };
  return fitted(scaled, length);
}

/** Moved by a part of what is seen. */
export function panned(view: View, part: number, length: number): View {
  const width = view.to - view.from;
  const from = Math.min(Math.max(0, view.from + width * part), Math.max(0, length - width));
  return { from, to: from + width };
}

/** A span with a little room on both sides. */
export function around(start: number, end: number, length: number): View {
  const room = Math.max((end - start) * 0.1, CLOSEST);
  return fitted({ from: start - room, to: end + room }, length);
}
