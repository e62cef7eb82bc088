/**
 * The rows of a trace. Only those that are seen are in the page, and the bars are drawn on one canvas.
 *
 * The canvas lies in what is scrolled and covers the rows that are in the page, a little more than what is seen. So the
 * browser scrolls both together, and nothing is drawn until that margin is used up.
 */

import { type CSSProperties, type JSX, type RefObject, useCallback, useEffect, useLayoutEffect, useState } from "react";

import { type Layout, rowOf } from "../../model/layout.ts";
import { ticks } from "../../model/ticks.ts";
import type { Trace } from "../../model/trace.ts";
import type { View } from "../../model/view.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { useNarrow } from "../../widgets/media.ts";
import { drawBars } from "./draw-bars.ts";
import { TimeAxis } from "./TimeAxis.tsx";
import { WaterfallRow } from "./WaterfallRow.tsx";

const ROW = 24;
/** On a phone the bar is below the name. */
const NARROW_ROW = 40;
/** Rows beyond what is seen, on both sides: what a quick flick of the wheel passes before the next frame. */
const MARGIN = 16;
/** What is in the page changes by this many rows at once. */
const STEP = 8;
const TICKS = { wide: 7, narrow: 3 };

interface WaterfallProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly rows: Int32Array;
  readonly closed: ReadonlySet<number>;
  readonly cursor: number | null;
  readonly view: View;
  readonly zero: number;
  readonly found: Uint8Array | null;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly onOpen: (index: number) => void;
  readonly onToggle: (index: number) => void;
  readonly onView: (view: View | null) => void;
}

export function Waterfall(props: WaterfallProps): JSX.Element {
  const { trace, layout, rows, closed, cursor, view, zero, found, grid, onOpen, onToggle, onView } = props;
  const narrow = useNarrow();
  const rowHeight = narrow ? NARROW_ROW : ROW;
  const { first, last } = useWindow(grid, rows.length, rowHeight);
  const cursorRow = cursor === null ? null : rowOf(rows, cursor);
  useCursorInSight(grid, cursorRow, rowHeight);

  const marks = ticks(view.from - zero, view.to - zero, narrow ? TICKS.narrow : TICKS.wide).map(at => at + zero);
  const draw = useCallback(
    (surface: Surface) =>
      drawBars(surface, { layout, rows, first, last, closed, view, zero, found, rowHeight, narrow }),
    [layout, rows, first, last, closed, view, zero, found, rowHeight, narrow],
  );
  const shown = rows.subarray(first, last);
  return (
    <div className="waterfall">
      <TimeAxis layout={layout} rows={rows} view={view} zero={zero} marks={marks} onView={onView} />
      <div
        ref={grid}
        className="grid"
        role="treegrid"
        tabIndex={0}
        aria-label="Spans"
        aria-rowcount={rows.length}
        aria-activedescendant={cursorRow === null ? undefined : rowId(rows[cursorRow] ?? 0)}
      >
        <div className="grid-rows" role="presentation" style={{ height: rows.length * rowHeight }}>
          {Array.from(shown, (index, at) => (
            <WaterfallRow
              key={index}
              id={rowId(index)}
              span={trace.spans[index] as Trace["spans"][number]}
              index={index}
              row={first + at}
              top={(first + at) * rowHeight}
              layout={layout}
              border={trace.spans[layout.parent[index] ?? -1]?.service !== trace.spans[index]?.service}
              closed={closed.has(index)}
              current={index === cursor}
              dim={found !== null && found[index] === 0}
              zero={zero}
              onOpen={onOpen}
              onToggle={onToggle}
            />
          ))}
          <div
            className="grid-bars"
            style={{ transform: `translateY(${first * rowHeight}px)` } satisfies CSSProperties}
          >
            <Canvas className="bars" draw={draw} height={(last - first) * rowHeight} />
          </div>
        </div>
      </div>
    </div>
  );
}

const rowId = (index: number): string => `span-${index}`;

/** Which rows are in the page: those that are seen and a margin. */
function useWindow(grid: RefObject<HTMLDivElement | null>, count: number, rowHeight: number) {
  const [start, setStart] = useState(0);
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const measure = () => {
      setStart(Math.floor(element.scrollTop / rowHeight / STEP) * STEP);
      setHeight(element.clientHeight);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [grid, rowHeight]);
  const first = Math.max(0, Math.min(start, count - 1) - MARGIN);
  const last = Math.min(count, start + Math.ceil(height / rowHeight) + STEP + MARGIN);
  return { first, last };
}

/** Scrolls so that the cursor's row is seen, in the grid and in the page. */
function useCursorInSight(grid: RefObject<HTMLDivElement | null>, row: number | null, rowHeight: number): void {
  useEffect(() => {
    const element = grid.current;
    if (element === null || row === null) return;
    const top = row * rowHeight;
    const bottom = top + rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    if (!element.contains(document.activeElement)) return;
    const inPage = element.getBoundingClientRect().top + top - element.scrollTop;
    const beyond = inPage + rowHeight + ROW - window.innerHeight;
    if (beyond > 0) window.scrollBy(0, beyond);
    else if (inPage < TOP) window.scrollBy(0, inPage - TOP);
  }, [grid, row, rowHeight]);
}

/** What covers the top of the page: its header and the time axis. */
const TOP = 130;
