/** A drawing that is moved by dragging, zoomed by pinching or with ctrl and the wheel, and fitted until somebody does either. */

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

import { type MapLayout, NODE } from "../../model/map-layout.ts";
import { around, fitted, moved, type Size, seeing, type View, zoomed } from "../../model/map-view.ts";

export interface PanZoom {
  readonly view: View;
  /** Around the middle. */
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  /** Moves a node into view. */
  readonly show: (id: string) => void;
}

const WHEEL = 0.0022;
/** In pixels: less is a click. */
const SLACK = 4;
/** Names can't be read any more. */
const FAR = 0.4;
const NEAR = 0.8;

export function usePanZoom(window: RefObject<HTMLElement | null>, layout: MapLayout, node: string | null): PanZoom {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  /** Null as long as all is to be seen. */
  const [own, setOwn] = useState<View | null>(null);
  const whole = fitted(layout, size);
  const view = own ?? whole;
  const now = useRef(view);
  useEffect(() => {
    now.current = view;
  });

  useLayoutEffect(() => {
    const element = window.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [window]);

  useEffect(() => {
    const element = window.current;
    if (element === null) return;
    return listen(element, now, setOwn);
  }, [window]);

  const show = useCallback(
    (id: string) => {
      const corner = layout.places.get(id);
      if (corner === undefined || size.width === 0) return;
      const shown = seeing(now.current, corner, NODE, size);
      if (shown !== now.current) setOwn(shown);
    },
    [layout, size],
  );
  useEffect(() => {
    const corner = node === null ? undefined : layout.places.get(node);
    if (node === null || corner === undefined || size.width === 0) return;
    // What is too small to be read is looked at from nearer.
    if (now.current.scale < FAR) setOwn(around(corner, NODE, NEAR, size));
    else show(node);
  }, [node, layout, size, show]);

  const middle = { x: size.width / 2, y: size.height / 2 };
  return { view, zoom: factor => setOwn(zoomed(view, factor, middle)), fit: () => setOwn(null), show };
}

type Current = RefObject<View>;

function listen(element: HTMLElement, now: Current, set: (view: View) => void): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let isMoved = false;
  const at = ({ clientX, clientY }: MouseEvent) => {
    const box = element.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  };
  const change = (view: View) => {
    now.current = view;
    set(view);
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (pointers.size === 0) isMoved = false;
    pointers.set(event.pointerId, at(event));
  };
  const onMove = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const here = at(event);
    if (!isMoved && Math.hypot(here.x - before.x, here.y - before.y) < SLACK) return;
    if (!isMoved) element.setPointerCapture(event.pointerId);
    isMoved = true;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, here);
    if (other === undefined) change(moved(now.current, here.x - before.x, here.y - before.y));
    else {
      const [was, is] = [before, here].map(one => Math.hypot(one.x - other.x, one.y - other.y));
      change(zoomed(now.current, (is ?? 1) / Math.max(1, was ?? 1), other));
    }
  };
  const onUp = (event: PointerEvent) => pointers.delete(event.pointerId);
  // What was dragged was not meant as a click.
  const onClick = (event: MouseEvent) => {
    if (!isMoved) return;
    isMoved = false;
    event.preventDefault();
    event.stopPropagation();
  };
  // Without ctrl the wheel is the page's.
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    change(zoomed(now.current, Math.exp(-event.deltaY * WHEEL), at(event)));
  };
  element.addEventListener("pointerdown", onDown);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("pointerup", onUp);
  element.addEventListener("pointercancel", onUp);
  element.addEventListener("click", onClick, true);
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", onDown);
    element.removeEventListener("pointermove", onMove);
    element.removeEventListener("pointerup", onUp);
    element.removeEventListener("pointercancel", onUp);
    element.removeEventListener("click", onClick, true);
    element.removeEventListener("wheel", onWheel);
  };
}
