/** Long lists of which only what is seen is in the page. */

import { type RefObject, useEffect, useLayoutEffect, useState } from "react";

/** Rows beyond what is seen, on both sides: what a quick flick of the wheel passes before the next frame. */
const MARGIN = 16;
/** What is in the page changes by this many rows at once. */
const STEP = 8;

/** Which rows are in the page: those that are seen and a margin. */
export function useWindow(list: RefObject<HTMLElement | null>, count: number, rowHeight: number) {
  const [start, setStart] = useState(0);
  const [height, setHeight] = useState(600);
  useLayoutEffect(() => {
    const element = list.current;
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
  }, [list, rowHeight]);
  const first = Math.max(0, Math.min(start, count - 1) - MARGIN);
  const last = Math.min(count, start + Math.ceil(height / rowHeight) + STEP + MARGIN);
  // Rows that go out lend their elements to those that come in: making new ones takes most of a frame.
  const slots = Math.ceil(height / rowHeight) + STEP + 2 * MARGIN;
  return { first, last, slotOf: (row: number) => row % slots };
}

/** Scrolls so that the cursor's row is seen, in the list and in the page. */
export function useCursorInSight(
  list: RefObject<HTMLElement | null>,
  row: number | null,
  rowHeight: number,
  /** What of the list covers its first rows. */
  head = 0,
): void {
  useEffect(() => {
    const element = list.current;
    if (element === null || row === null) return;
    const top = row * rowHeight;
    const bottom = top + rowHeight + head;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    if (!element.contains(document.activeElement)) return;
    const inPage = element.getBoundingClientRect().top + head + top - element.scrollTop;
    const beyond = inPage + rowHeight + ROOM - window.innerHeight;
    if (beyond > 0) window.scrollBy(0, beyond);
    else if (inPage < TOP) window.scrollBy(0, inPage - TOP);
  }, [list, row, rowHeight, head]);
}

/** Below the last row that is read. */
const ROOM = 24;
/** What covers the top of the page: its header and the time axis. */
const TOP = 130;
