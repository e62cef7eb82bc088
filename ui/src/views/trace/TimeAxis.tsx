/** The whole trace in small, where a stretch of time is chosen by dragging, and the axis of what is seen. */

import { type JSX, type PointerEvent, useCallback, useRef, useState } from "react";

import { formatNanos, formatOffset } from "../../base/format.ts";
import type { Layout } from "../../model/layout.ts";
import { fitted, isWhole, type View } from "../../model/view.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { drawMinimap } from "./draw-minimap.ts";

interface TimeAxisProps {
  readonly layout: Layout;
  readonly rows: Int32Array;
  readonly view: View;
  readonly zero: number;
  /** Where the axis is marked. */
  readonly marks: readonly number[];
  /** Null for the whole. */
  readonly onView: (view: View | null) => void;
}

const HEIGHT = 36;
/** A tick further to the right has no room for its text. */
const LAST_TICK = 0.95;
/** In pixels; a hand that trembles drags nothing. */
const LEAST_DRAG = 4;

export function TimeAxis({ layout, rows, view, zero, marks, onView }: TimeAxisProps): JSX.Element {
  const draw = useCallback((surface: Surface) => drawMinimap(surface, layout, rows), [layout, rows]);
  const drag = useDrag(layout.length, onView);
  const seen = drag.chosen ?? view;
  const partly = !isWhole(seen, layout.length);
  const width = view.to - view.from;
  return (
    <div className="axis">
      <div className="axis-name">
        <span>Span</span>
        <span>Time</span>
      </div>
      <div className="axis-time">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the same can be done by key (z, 0, w, s, a, d) */}
        <div
          className="minimap"
          title="Drag to look closer, or turn the wheel with ctrl; double-click for the whole"
          onPointerDown={drag.start}
          onPointerMove={drag.move}
          onPointerUp={drag.end}
          onPointerCancel={drag.cancel}
          onDoubleClick={() => onView(null)}
        >
          <Canvas className="minimap-canvas" draw={draw} height={HEIGHT} />
          {partly && (
            <>
              <div className="shade" style={{ left: 0, width: percent(seen.from / layout.length) }} />
              <div className="shade" style={{ left: percent(seen.to / layout.length), right: 0 }} />
            </>
          )}
        </div>
        <div className="ticks" aria-hidden="true">
          {marks
            .filter(at => at - view.from <= width * LAST_TICK)
            .map(at => (
              <span key={at} style={{ left: percent((at - view.from) / width) }}>
                {at === zero ? "0" : formatOffset(at - zero)}
              </span>
            ))}
          {partly && <span className="ticks-width">{formatNanos(width)} seen</span>}
        </div>
      </div>
    </div>
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;

/** Choosing a stretch of the whole by dragging over it. */
function useDrag(length: number, onView: (view: View | null) => void) {
  const from = useRef<{ readonly x: number; readonly at: number } | null>(null);
  const [chosen, setChosen] = useState<View | null>(null);
  const place = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * length;
  };
  const cancel = () => {
    from.current = null;
    setChosen(null);
  };
  return {
    chosen,
    cancel,
    start: (event: PointerEvent<HTMLElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = { x: event.clientX, at: place(event) };
    },
    move: (event: PointerEvent<HTMLElement>) => {
      const start = from.current;
      if (start === null || Math.abs(event.clientX - start.x) < LEAST_DRAG) return;
      setChosen(fitted({ from: start.at, to: place(event) }, length));
    },
    end: () => {
      if (chosen !== null) onView(chosen);
      cancel();
    },
  };
}
