/** Which step of a chart is pointed at, by mouse, finger or key, and which are chosen to be looked at alone. */

import { type FocusEvent, type KeyboardEvent, type PointerEvent, useRef, useState } from "react";

import type { Time } from "../../base/time.ts";
import type { Range } from "../../model/range.ts";
import { rangeBetween, type Steps, startOf, stepAt } from "../../model/steps.ts";
import { LENGTHS_HEIGHT } from "./draw-steps.ts";

export interface StepCursor {
  /** Null where nothing is pointed at. */
  readonly at: number | null;
  /** The first and the last that are chosen, where it is more than the one that is pointed at. */
  readonly chosen: readonly [number, number] | null;
  /** Of a heatmap; null beside it. */
  readonly row: number | null;
  readonly byKey: boolean;
  /** Looks at what is pointed at, or chosen, alone. */
  readonly take: () => void;
  /** Compares what is chosen with the rest. */
  readonly compare: () => void;
  readonly handlers: {
    readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
    readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
    readonly onBlur: () => void;
    readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerMove: (event: PointerEvent<HTMLElement>) => void;
    readonly onPointerUp: () => void;
    readonly onPointerCancel: () => void;
    readonly onPointerLeave: (event: PointerEvent<HTMLElement>) => void;
  };
}

/** Moments, not numbers of steps: as time goes on, a step moves. */
interface Pointed {
  readonly at: Time;
  /** Where choosing began. */
  readonly anchor: Time | null;
  readonly row: number | null;
  readonly byKey: boolean;
}

/** In pixels; a hand that trembles drags nothing. */
const LEAST_DRAG = 4;
const PAGE = 10;

/** What can be done with steps. */
interface StepActions {
  readonly onRange: (range: Range) => void;
  readonly onCompare: (stretch: Range) => void;
}

/** @param rows of the heatmap; 0 where there is none. */
export function useStepCursor(steps: Steps, rows: number, { onRange, onCompare }: StepActions): StepCursor {
  const [pointed, point] = useState<Pointed | null>(null);
  const pressed = useRef<{ readonly x: number; readonly at: number; drags: boolean } | null>(null);
  const inside = (step: number) => Math.min(steps.count - 1, Math.max(0, step));
  const indexOf = (moment: Time) => inside(stepAt(steps, moment));
  const at = pointed === null ? null : indexOf(pointed.at);
  const anchor = pointed?.anchor == null ? null : indexOf(pointed.anchor);
  const row = pointed?.row == null || rows === 0 ? null : Math.min(rows - 1, pointed.row);

  const take = () => {
    if (at === null) return;
    onRange(rangeBetween(steps, anchor ?? at, at));
    point(null);
  };
  const compare = () => {
    if (at === null || anchor === null) return;
    onCompare(rangeBetween(steps, anchor, at));
    point(null);
  };
  const place = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const up = 1 - (event.clientY - box.top) / LENGTHS_HEIGHT;
    return {
      step: inside(Math.floor(((event.clientX - box.left) / box.width) * steps.count)),
      row: up >= 0 && up < 1 ? Math.floor(up * rows) : null,
    };
  };
  const byPointer = (step: number, from: number | null, row: number | null) =>
    point({ at: startOf(steps, step), anchor: from === null ? null : startOf(steps, from), row, byKey: false });

  const keyed = ({ key, shiftKey }: KeyboardEvent<HTMLElement>): boolean => {
    const to = moved(key, at, steps.count);
    if (to !== null) {
      const from = shiftKey ? (anchor ?? at) : null;
      point({ at: startOf(steps, inside(to)), anchor: from === null ? null : startOf(steps, from), row, byKey: true });
    } else if (key === "Enter") take();
    else if (key === "w" && anchor !== null) compare();
    else if (key === "Escape") point(anchor === null || pointed === null ? null : { ...pointed, anchor: null });
    else if (rows > 0 && pointed !== null && (key === "ArrowUp" || key === "ArrowDown")) {
      const next = row === null ? Math.floor(rows / 2) : row + (key === "ArrowUp" ? 1 : -1);
      point({ ...pointed, row: Math.min(rows - 1, Math.max(0, next)), byKey: true });
    } else return false;
    return true;
  };

  return {
    at,
    chosen: at === null || anchor === null ? null : [Math.min(at, anchor), Math.max(at, anchor)],
    row,
    byKey: pointed?.byKey ?? false,
    take,
    compare,
    handlers: {
      onKeyDown: event => {
        if (event.ctrlKey || event.metaKey || event.altKey || !keyed(event)) return;
        event.preventDefault();
      },
      onFocus: event => {
        const last = startOf(steps, steps.count - 1);
        if (anchor === null && event.currentTarget.matches(":focus-visible"))
          point({ at: last, anchor: null, row: null, byKey: true });
      },
      // What is chosen stays: what to do with it stands beside the chart.
      onBlur: () => point(anchor === null ? null : pointed),
      onPointerDown: event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const { step, row } = place(event);
        pressed.current = { x: event.clientX, at: step, drags: false };
        byPointer(step, null, row);
      },
      onPointerMove: event => {
        const start = pressed.current;
        if (start === null && anchor !== null) return;
        const { step, row } = place(event);
        if (start !== null && Math.abs(event.clientX - start.x) >= LEAST_DRAG) start.drags = true;
        byPointer(step, start?.drags ? start.at : null, row);
      },
      onPointerUp: () => {
        pressed.current = null;
      },
      onPointerCancel: () => {
        pressed.current = null;
        point(null);
      },
      onPointerLeave: event => {
        // A finger that is lifted leaves, too: what it pointed at stays told.
        if (event.pointerType === "mouse" && pressed.current === null && anchor === null) point(null);
      },
    },
  };
}

/** Where a key leads; null where it leads nowhere. */
function moved(key: string, at: number | null, count: number): number | null {
  const from = at ?? count;
  switch (key) {
    case "ArrowLeft":
      return from - 1;
    case "ArrowRight":
      return from + 1;
    case "PageUp":
      return from - PAGE;
    case "PageDown":
      return from + PAGE;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
