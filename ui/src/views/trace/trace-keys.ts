/** What the keys do on a trace's page. */

import type { RefObject } from "react";

import { nextOf } from "../../model/find.ts";
import { hasError, isCritical, rowOf } from "../../model/layout.ts";
import { around, panned, type View, zoomed } from "../../model/view.ts";
import { type Binding, useKeys } from "../../widgets/keys.ts";
import type { Look } from "./TraceExplorer.tsx";
import type { TraceState } from "./url.ts";

interface TraceKeys extends Look {
  readonly state: TraceState;
  readonly goTo: (index: number, details?: boolean) => void;
  readonly toggle: (index: number) => void;
  readonly setView: (view: View | null) => void;
  readonly close: () => void;
  readonly grid: RefObject<HTMLDivElement | null>;
  readonly panel: RefObject<HTMLElement | null>;
}

/** How many rows a page is, by key. */
const PAGE = 20;

export function useTraceKeys(trace: TraceKeys): void {
  useKeys("Spans", [...moves(trace), ...folds(trace), ...jumps(trace)]);
  useKeys("Time", views(trace));
}

function moves(trace: TraceKeys): Binding[] {
  const { rows, cursor, goTo, grid, panel } = trace;
  const row = cursor === null ? -1 : rowOf(rows, cursor);
  const toRow = (wanted: number) => {
    const index = rows[Math.min(Math.max(wanted, 0), rows.length - 1)];
    if (index !== undefined) goTo(index);
    focusGrid(grid, panel);
  };
  return [
    { keys: ["j", "ArrowDown"], does: "next span", run: () => toRow(row + 1) },
    { keys: ["k", "ArrowUp"], does: "previous span", run: () => toRow(row - 1) },
    { keys: ["PageDown"], does: "further down", run: () => toRow(row + PAGE) },
    { keys: ["PageUp"], does: "further up", run: () => toRow(row - PAGE) },
    { keys: ["g g", "Home"], does: "first span", run: () => toRow(0) },
    { keys: ["G", "End"], does: "last span", run: () => toRow(rows.length - 1) },
  ];
}

/** Somebody who reads the details and goes on by key stays in them. */
function focusGrid(grid: TraceKeys["grid"], panel: TraceKeys["panel"]): void {
  if (panel.current?.contains(document.activeElement)) return;
  grid.current?.focus({ preventScroll: true });
}

function folds(trace: TraceKeys): Binding[] {
  const { layout, cursor, closed, state, goTo, toggle, close, panel } = trace;
  const has = cursor !== null && (layout.size[cursor] ?? 1) > 1;
  const collapse = () => {
    if (cursor === null) return;
    if (has && !closed.has(cursor)) toggle(cursor);
    else goTo(layout.parent[cursor] ?? -1);
  };
  const expand = () => {
    if (cursor === null || !has) return;
    if (closed.has(cursor)) toggle(cursor);
    else goTo(cursor + 1);
  };
  const open = () => {
    goTo(cursor ?? 0, true);
    // The panel is there after the next paint.
    requestAnimationFrame(() => requestAnimationFrame(() => panel.current?.focus({ preventScroll: true })));
  };
  return [
    { keys: ["h", "ArrowLeft"], does: "collapse, or go to the parent", run: collapse },
    { keys: ["l", "ArrowRight"], does: "expand, or go to the first child", run: expand },
    { keys: ["Enter"], does: "open the details", run: open },
    ...(state.details ? [{ keys: ["Escape"], does: "close the details", run: close }] : []),
  ];
}

function jumps(trace: TraceKeys): Binding[] {
  const { layout, cursor, found, goTo, grid, panel } = trace;
  const jump = (step: 1 | -1, wanted: (index: number) => boolean) => {
    const from = cursor ?? (step === 1 ? -1 : layout.count);
    const index = nextOf(layout.count, from, step, wanted);
    if (index !== null) goTo(index);
    focusGrid(grid, panel);
  };
  const critical = (index: number) => isCritical(layout, index);
  const failed = (index: number) => hasError(layout, index);
  const bindings: Binding[] = [
    { keys: ["c"], does: "next on the critical path", run: () => jump(1, critical) },
    { keys: ["C"], does: "previous on the critical path", run: () => jump(-1, critical) },
    { keys: ["e"], does: "next error", run: () => jump(1, failed) },
    { keys: ["E"], does: "previous error", run: () => jump(-1, failed) },
  ];
  if (found === null) return bindings;
  const matching = (index: number) => found[index] === 1;
  return [
    ...bindings,
    { keys: ["n"], does: "next match", run: () => jump(1, matching) },
    { keys: ["N"], does: "previous match", run: () => jump(-1, matching) },
  ];
}

function views(trace: TraceKeys): Binding[] {
  const { layout, view, cursor, setView } = trace;
  const { length } = layout;
  const middle =
    cursor === null ? (view.from + view.to) / 2 : Math.min(Math.max(layout.start[cursor] ?? 0, view.from), view.to);
  const toSpan = () => {
    if (cursor !== null) setView(around(layout.start[cursor] ?? 0, layout.end[cursor] ?? 0, length));
  };
  return [
    { keys: ["z"], does: "zoom to the span", run: toSpan },
    { keys: ["0"], does: "see the whole", run: () => setView(null) },
    { keys: ["w", "+"], does: "closer", run: () => setView(zoomed(view, 1 / 1.5, middle, length)) },
    { keys: ["s", "-"], does: "further away", run: () => setView(zoomed(view, 1.5, middle, length)) },
    { keys: ["a"], does: "earlier", run: () => setView(panned(view, -0.2, length)) },
    { keys: ["d"], does: "later", run: () => setView(panned(view, 0.2, length)) },
  ];
}
