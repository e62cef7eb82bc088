/** Which step of a chart is pointed at, by mouse, finger or key, and which are chosen to be looked at alone. */

import { type FocusEvent, type KeyboardEvent, type PointerEvent, useRef, useState } from "react";

import type { Time } from "../../base/time.ts";
import { type Heatmap, middleOf, rowHolding } from "../../model/heatmap.ts";
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
  /** The lowest and the highest row that are chosen of a heatmap; null where all are. */
  readonly rows: readonly [number, number] | null;
  readonly byKey: boolean;
  /** Looks at what is pointed at, or chosen, alone. */
  readonly take: () => void;
  /** Compares what is chosen with the rest. */
  readonly compare: () => void;
  /** Lists what is pointed at, or chosen. */
  readonly list: () => void;
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

/** Moments and lengths, not numbers of steps and rows: as time goes on, these move. */
interface Pointed {
  readonly at: Time;
  /** Where choosing began. */
  readonly anchor: Time | null;
  readonly length: number | null;
  /** Where choosing of lengths began; null where all of them are chosen. */
  readonly lengthAnchor: number | null;
  readonly byKey: boolean;
}

/** In pixels; a hand that trembles drags nothing. */
const LEAST_DRAG = 4;
const PAGE = 10;

/** What can be done with steps. */
interface StepActions {
  readonly onRange: (range: Range) => void;
  readonly onCompare: (chosen: Chosen) => void;
  readonly onList: (chosen: Chosen) => void;
}

/** Steps of time, and rows of a heatmap; null for all of them. */
export interface Chosen {
  readonly range: Range;
  readonly rows: readonly [number, number] | null;
}

export function useStepCursor(
  steps: Steps,
  heat: Heatmap | null,
  { onRange, onCompare, onList }: StepActions,
): StepCursor {
  const [pointed, point] = useState<Pointed | null>(null);
  const pressed = useRef<Press | null>(null);
  const inside = (step: number) => Math.min(steps.count - 1, Math.max(0, step));
  const indexOf = (moment: Time) => inside(stepAt(steps, moment));
  const at = pointed === null ? null : indexOf(pointed.at);
  const anchor = pointed?.anchor == null ? null : indexOf(pointed.anchor);
  const rows = heat?.rows.length ?? 0;
  const rowOf = (length: number | null | undefined) =>
    heat === null || length == null ? null : rowHolding(heat, length);
  const lengthOf = (row: number | null) => (heat === null || row === null ? null : middleOf(heat, row));
  const row = rowOf(pointed?.length);
  const rowAnchor = rowOf(pointed?.lengthAnchor);
  const isChosen = anchor !== null || rowAnchor !== null;
  const chosenRows: StepCursor["rows"] =
    row === null || rowAnchor === null ? null : [Math.min(row, rowAnchor), Math.max(row, rowAnchor)];

  const take = () => {
    if (at === null) return;
    onRange(rangeBetween(steps, anchor ?? at, at));
    point(null);
  };
  const compare = () => {
    if (at === null || !isChosen) return;
    onCompare({ range: rangeBetween(steps, anchor ?? at, at), rows: chosenRows });
    point(null);
  };
  const list = () => {
    if (at === null) return;
    // Of one box that is pointed at: itself.
    const pointedRow = !isChosen && row !== null ? ([row, row] as const) : null;
    onList({ range: rangeBetween(steps, anchor ?? at, at), rows: chosenRows ?? pointedRow });
    point(null);
  };
  const place = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const up = 1 - (event.clientY - box.top) / LENGTHS_HEIGHT;
    return {
      step: inside(Math.floor(((event.clientX - box.left) / box.width) * steps.count)),
      // Above the highest row a box that is drawn still ends there.
      row: rows === 0 || up < 0 ? null : Math.min(rows - 1, Math.floor(up * rows)),
    };
  };
  const byPointer = (step: number, row: number | null, from: Press | null) =>
    point({
      at: startOf(steps, step),
      anchor: from === null ? null : startOf(steps, from.at),
      // Once a box is drawn, what is beside the lengths is its edge.
      length: lengthOf(row ?? (from === null || from.row === null ? null : 0)),
      lengthAnchor: lengthOf(from?.row ?? null),
      byKey: false,
    });

  const keyed = ({ key, shiftKey }: KeyboardEvent<HTMLElement>): boolean => {
    const to = moved(key, at, steps.count);
    if (to !== null) {
      const from = shiftKey ? (anchor ?? at) : null;
      point({
        at: startOf(steps, inside(to)),
        anchor: from === null ? null : startOf(steps, from),
        length: lengthOf(row),
        lengthAnchor: shiftKey ? lengthOf(rowAnchor) : null,
        byKey: true,
      });
    } else if (key === "Enter") take();
    else if (key === "w" && isChosen) compare();
    else if (key === "i") list();
    else if (key === "Escape")
      point(!isChosen || pointed === null ? null : { ...pointed, anchor: null, lengthAnchor: null });
    else if (rows > 0 && pointed !== null && (key === "ArrowUp" || key === "ArrowDown")) {
      const next = row === null ? Math.floor(rows / 2) : row + (key === "ArrowUp" ? 1 : -1);
      const within = Math.min(rows - 1, Math.max(0, next));
      const from = shiftKey ? (rowAnchor ?? row ?? within) : null;
      point({
        ...pointed,
        length: lengthOf(within),
        lengthAnchor: lengthOf(from),
        anchor: shiftKey ? pointed.anchor : null,
        byKey: true,
      });
    } else return false;
    return true;
  };

  return {
    at,
    chosen: at === null || !isChosen ? null : [Math.min(at, anchor ?? at), Math.max(at, anchor ?? at)],
    row,
    rows: chosenRows,
    byKey: pointed?.byKey ?? false,
    take,
    compare,
    list,
    handlers: {
      onKeyDown: event => {
        if (event.ctrlKey || event.metaKey || event.altKey || !keyed(event)) return;
        event.preventDefault();
      },
      onFocus: event => {
        const last = startOf(steps, steps.count - 1);
        if (!isChosen && event.currentTarget.matches(":focus-visible"))
          point({ at: last, anchor: null, length: null, lengthAnchor: null, byKey: true });
      },
      // What is chosen stays: what to do with it stands beside the chart.
      onBlur: () => point(isChosen ? pointed : null),
      onPointerDown: event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const { step, row } = place(event);
        pressed.current = { x: event.clientX, y: event.clientY, at: step, row, drags: false };
        byPointer(step, row, null);
      },
      onPointerMove: event => {
        const start = pressed.current;
        if (start === null && isChosen) return;
        const { step, row } = place(event);
        if (start !== null && isDragged(start, event)) start.drags = true;
        byPointer(step, row, start?.drags ? start : null);
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
        if (event.pointerType === "mouse" && pressed.current === null && !isChosen) point(null);
      },
    },
  };
}

/** Where a pointer went down. */
interface Press {
  readonly x: number;
  readonly y: number;
  readonly at: number;
  /** Null beside a heatmap. */
  readonly row: number | null;
  drags: boolean;
}

function isDragged({ x, y, row }: Press, { clientX, clientY }: PointerEvent): boolean {
  return Math.abs(clientX - x) >= LEAST_DRAG || (row !== null && Math.abs(clientY - y) >= LEAST_DRAG);
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
