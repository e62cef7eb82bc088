/**
 * The wheel above a waterfall: with ctrl or command it zooms at the pointer, which is also what browsers send for a pinch on a
 * touchpad; with shift, or sideways, it moves through time. Else it scrolls the rows, as everywhere.
 */

import { type RefObject, useEffect, useRef } from "react";

import { isWhole, panned, type View, zoomed } from "../../model/view.ts";

interface Wheel {
  readonly view: View;
  /** Of the whole. */
  readonly length: number;
  /** Null for the whole. */
  readonly onView: (view: View | null) => void;
}

/** A notch of a wheel is some hundred pixels: it makes things by a quarter larger, as on the map. */
const ZOOM = 0.0022;
/** Where a wheel turns by lines, or by pages. */
const LINE = 16;
const PAGE = 400;

/** @param area where it is turned. @param bars what shows the time, as wide as what is seen of it. */
export function useWheel(area: RefObject<HTMLElement | null>, bars: RefObject<HTMLElement | null>, wheel: Wheel): void {
  const latest = useRef(wheel);
  /** What was turned to, until it is shown; and the frame in which that is asked for. */
  const wanted = useRef<View | null>(null);
  const frame = useRef(0);
  useEffect(() => {
    latest.current = wheel;
    if (frame.current === 0) wanted.current = null;
  }, [wheel]);
  useEffect(() => {
    const element = area.current;
    if (element === null) return;
    // A touchpad tells more than once in a frame, and a trace is drawn once.
    const show = () => {
      frame.current = 0;
      const { length, onView } = latest.current;
      const view = wanted.current;
      if (view !== null) onView(isWhole(view, length) ? null : view);
    };
    const onWheel = (event: WheelEvent) => {
      const box = bars.current?.getBoundingClientRect();
      if (box === undefined || box.width === 0) return;
      const { length } = latest.current;
      const view = wanted.current ?? latest.current.view;
      const next = turned(view, length, event, box);
      if (next === null) return;
      event.preventDefault();
      wanted.current = next;
      if (frame.current === 0) frame.current = requestAnimationFrame(show);
    };
    // React listens so that the page can't be kept from scrolling.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      element.removeEventListener("wheel", onWheel);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [area, bars]);
}

type Turn = Pick<WheelEvent, "ctrlKey" | "metaKey" | "shiftKey" | "deltaX" | "deltaY" | "deltaMode" | "clientX">;

/** What is seen after a turn; null where the wheel is the page's. */
export function turned(view: View, length: number, turn: Turn, box: Pick<DOMRect, "left" | "width">): View | null {
  const unit = [1, LINE, PAGE][turn.deltaMode] ?? 1;
  if (turn.ctrlKey || turn.metaKey) {
    const part = Math.min(1, Math.max(0, (turn.clientX - box.left) / box.width));
    const at = view.from + part * (view.to - view.from);
    return zoomed(view, Math.exp(turn.deltaY * unit * ZOOM), at, length);
  }
  // With shift, some systems turn the wheel sideways themselves.
  const isSideways = Math.abs(turn.deltaX) > Math.abs(turn.deltaY);
  if ((!isSideways && !turn.shiftKey) || isWhole(view, length)) return null;
  const pixels = (isSideways ? turn.deltaX : turn.deltaY) * unit;
  return panned(view, pixels / box.width, length);
}
