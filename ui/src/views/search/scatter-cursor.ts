/** Which point of the chart is pointed at, by mouse, finger or key, and which box is drawn. */

import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";

import { type Box, boxOf, moved, nearest, type Scatter } from "../../model/scatter.ts";

export interface ScatterCursor {
  /** The point; null where there is none. */
  readonly at: number | null;
  /** What is chosen to be looked at alone. */
  readonly box: Box | null;
  readonly clear: () => void;
  readonly handlers: {
    readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
    readonly onFocus: () => void;
    readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerUp: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerCancel: () => void;
    readonly onPointerLeave: (event: PointerEvent<HTMLElement>) => void;
  };
}

interface ScatterActions {
  readonly onOpen: (at: number) => void;
  readonly onNarrow: (box: Box) => void;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

interface Pressed {
  readonly left: number;
  readonly top: number;
  readonly place: Place;
  drags: boolean;
}

/** In pixels; a hand that trembles drags nothing. */
const LEAST_DRAG = 5;
/** As far as a point is meant. */
const REACH = 24;

export function useScatterCursor({ points }: Scatter, { onOpen, onNarrow }: ScatterActions): ScatterCursor {
  const [pointed, point] = useState<number | null>(null);
  const [box, draw] = useState<Box | null>(null);
  /** The point where choosing by key began. */
  const [anchor, hold] = useState<number | null>(null);
  const pressed = useRef<Pressed | null>(null);
  const at = pointed === null || pointed >= points.length ? null : pointed;
  const clear = () => {
    draw(null);
    hold(null);
  };

  const keyed = ({ key, shiftKey }: KeyboardEvent<HTMLElement>): boolean => {
    const to = moved(points, at, key);
    if (to !== null) {
      point(to);
      const from = shiftKey ? (anchor ?? at) : null;
      hold(from);
      const [one, other] = [from === null ? undefined : points[from], points[to]];
      draw(one !== undefined && other !== undefined && from !== to ? boxOf(one, other) : null);
    } else if (key === "Enter" && box !== null) narrow(box);
    else if (key === "Enter" && at !== null) onOpen(at);
    else if (key === "Escape" && box !== null) clear();
    else return false;
    return true;
  };
  const narrow = (chosen: Box) => {
    clear();
    point(null);
    onNarrow(chosen);
  };
  const placeOf = (event: PointerEvent<HTMLElement>): Place => {
    const area = event.currentTarget.getBoundingClientRect();
    return {
      x: inside((event.clientX - area.left) / area.width),
      y: inside(1 - (event.clientY - area.top) / area.height),
    };
  };
  const nearestTo = (event: PointerEvent<HTMLElement>): number | null => {
    const area = event.currentTarget.getBoundingClientRect();
    const where = { x: event.clientX - area.left, y: event.clientY - area.top };
    return nearest(points, area, where, REACH);
  };

  return {
    at,
    box,
    clear,
    handlers: {
      onKeyDown: event => {
        if (event.ctrlKey || event.metaKey || event.altKey || !keyed(event)) return;
        event.preventDefault();
      },
      onFocus: () => {
        if (at === null && pressed.current === null) point(points.length - 1);
      },
      onPointerDown: event => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        pressed.current = { left: event.clientX, top: event.clientY, place: placeOf(event), drags: false };
        clear();
        point(nearestTo(event));
      },
      onPointerMove: event => {
        const start = pressed.current;
        if (start === null) {
          if (box === null) point(nearestTo(event));
          return;
        }
        // A finger scrolls the page, and points.
        if (event.pointerType === "touch") return;
        const far = Math.hypot(event.clientX - start.left, event.clientY - start.top);
        if (far >= LEAST_DRAG) start.drags = true;
        if (start.drags) draw(boxOf(start.place, placeOf(event)));
      },
      onPointerUp: event => {
        const start = pressed.current;
        pressed.current = null;
        if (start === null) return;
        if (start.drags) return narrow(boxOf(start.place, placeOf(event)));
        const found = nearestTo(event);
        point(found);
        // By finger the first touch tells, and a button beside it opens.
        if (found !== null && event.pointerType !== "touch") onOpen(found);
      },
      onPointerCancel: () => {
        pressed.current = null;
        clear();
      },
      onPointerLeave: event => {
        if (event.pointerType !== "mouse" || pressed.current !== null || box !== null) return;
        if (document.activeElement !== event.currentTarget) point(null);
      },
    },
  };
}

const inside = (part: number): number => Math.min(1, Math.max(0, part));
