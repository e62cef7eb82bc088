/** What the keys do on a trace's page. */

import type { RefObject } from "react";

import { nextOf } from "../../model/find.ts";
import { firstSpan, hasBelow, hasError, isCritical, isGroup } from "../../model/layout.ts";
import { around, panned, type View, zoomed } from "../../model/view.ts";
import { type Binding, useKeys } from "../../widgets/keys.ts";
import type { Look } from "./look.ts";
import type { ChangeState } from "./state.ts";
import { TAB_NAMES } from "./Tabs.tsx";
import { TABS, type TraceState } from "./url.ts";

interface TraceKeys extends Look {
  readonly state: TraceState;
  readonly change: ChangeState;
  readonly goTo: (entry: number, details?: boolean) => void;
  readonly toggle: (entry: number) => void;
  readonly setFocus: (index: number | null) => void;
  readonly setView: (view: View | null) => void;
  readonly close: () => void;
  readonly copyLink: () => void;
  readonly list: RefObject<HTMLDivElement | null>;
  readonly panel: RefObject<HTMLElement | null>;
}

/** How many rows a page is, by key. */
const PAGE = 20;

export function useTraceKeys(trace: TraceKeys): void {
  const { tab } = trace.state;
  const isTree = tab === "waterfall";
  const isList = isTree || tab === "table";
  useKeys("Views of the trace", views(trace));
  useKeys("Spans", [
    ...(isList ? moves(trace) : []),
    ...(isTree ? folds(trace) : []),
    ...(isList ? jumps(trace) : []),
    ...details(trace),
  ]);
  useKeys("Time", isTree ? times(trace) : []);
}

function views({ change }: TraceKeys): Binding[] {
  return TABS.map((tab, at) => ({
    keys: [String(at + 1)],
    does: TAB_NAMES[tab].does,
    run: () => change({ tab }),
  }));
}

function moves(trace: TraceKeys): Binding[] {
  const { rows, order, cursor, goTo, list, panel } = trace;
  const entries = order ?? rows.entries;
  const row = cursor === null ? -1 : order === null ? (rows.at[cursor] ?? -1) : order.indexOf(cursor);
  const toRow = (wanted: number) => {
    const entry = entries[Math.min(Math.max(wanted, 0), entries.length - 1)];
    if (entry !== undefined) goTo(entry);
    focusList(list, panel);
  };
  return [
    { keys: ["j", "ArrowDown"], does: "next span", run: () => toRow(row + 1) },
    { keys: ["k", "ArrowUp"], does: "previous span", run: () => toRow(row - 1) },
    { keys: ["PageDown"], does: "further down", run: () => toRow(row + PAGE) },
    { keys: ["PageUp"], does: "further up", run: () => toRow(row - PAGE) },
    { keys: ["g g", "Home"], does: "first span", run: () => toRow(0) },
    { keys: ["G", "End"], does: "last span", run: () => toRow(entries.length - 1) },
  ];
}

/** Somebody who reads the details and goes on by key stays in them. */
function focusList(list: TraceKeys["list"], panel: TraceKeys["panel"]): void {
  if (panel.current?.contains(document.activeElement)) return;
  list.current?.focus({ preventScroll: true });
}

function folds(trace: TraceKeys): Binding[] {
  const { layout, cursor, shown, state, change, goTo, toggle } = trace;
  const has = cursor !== null && hasBelow(layout, cursor);
  const isOpen = cursor !== null && (isGroup(layout, cursor) ? shown.opened.has(cursor) : !shown.closed.has(cursor));
  const collapse = () => {
    if (cursor === null) return;
    if (has && isOpen) toggle(cursor);
    else if ((layout.above[cursor] ?? -1) >= 0) goTo(layout.above[cursor] ?? -1);
  };
  const expand = () => {
    if (cursor === null || !has) return;
    if (!isOpen) toggle(cursor);
    else if (isGroup(layout, cursor)) goTo(firstSpan(layout, cursor));
    else goTo(firstBelow(trace, cursor));
  };
  return [
    { keys: ["h", "ArrowLeft"], does: "collapse, or go to the parent", run: collapse },
    { keys: ["l", "ArrowRight"], does: "expand or unfold, or go to the first child", run: expand },
    { keys: ["x"], does: "fold alike siblings, or show each", run: () => change({ folded: !state.folded }) },
    { keys: ["p"], does: "the critical path alone, or all", run: () => change({ onlyCritical: !state.onlyCritical }) },
    { keys: ["m"], does: "marks of what is usual, or none", run: () => change({ marked: !state.marked }) },
  ];
}

/** What stands in the row below a span that is open. */
function firstBelow({ rows }: TraceKeys, cursor: number): number {
  return rows.entries[(rows.at[cursor] ?? 0) + 1] ?? cursor;
}

function details(trace: TraceKeys): Binding[] {
  const { layout, cursor, focus, state, goTo, setFocus, close, copyLink, panel } = trace;
  const open = () => {
    goTo(cursor ?? focus ?? 0, true);
    // The panel is there after the next paint.
    requestAnimationFrame(() => requestAnimationFrame(() => panel.current?.focus({ preventScroll: true })));
  };
  const up = () => setFocus(focus === null || (layout.parent[focus] ?? -1) < 0 ? null : (layout.parent[focus] ?? null));
  return [
    { keys: ["Enter"], does: "open the details", run: open },
    ...(cursor === null
      ? []
      : [
          { keys: ["f"], does: "this span and what is below it alone", run: () => setFocus(firstSpan(layout, cursor)) },
        ]),
    ...(focus === null
      ? []
      : [
          { keys: ["b"], does: "one further up", run: up },
          { keys: ["B"], does: "back to the whole trace", run: () => setFocus(null) },
        ]),
    { keys: ["y"], does: "copy a link to what is seen", run: copyLink },
    ...(state.details ? [{ keys: ["Escape"], does: "close the details", run: close }] : []),
  ];
}

function jumps(trace: TraceKeys): Binding[] {
  const { layout, cursor, found, order, goTo, list, panel } = trace;
  const jump = (step: 1 | -1, wanted: (index: number) => boolean) => {
    const count = order?.length ?? layout.count;
    // In the order in which they stand.
    const index = (at: number) => (order === null ? at : (order[at] ?? 0));
    const place = cursor === null ? -1 : order === null ? firstSpan(layout, cursor) : order.indexOf(cursor);
    const from = place === -1 ? (step === 1 ? -1 : count) : isOnGroup(trace) && step === 1 ? place - 1 : place;
    const next = nextOf(count, from, step, at => wanted(index(at)));
    if (next !== null) goTo(index(next));
    focusList(list, panel);
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

const isOnGroup = ({ layout, cursor }: TraceKeys): boolean => cursor !== null && isGroup(layout, cursor);

function times(trace: TraceKeys): Binding[] {
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
