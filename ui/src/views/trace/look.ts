/** What is seen of a trace in a state: entries of the layout instead of ids. */

import { useDeferredValue, useMemo } from "react";

import { matches } from "../../model/find.ts";
import { foldsOf, NO_FOLDS } from "../../model/folds.ts";
import { firstSpan, isGroup, layOut, rowsOf, type Shown, withGroups } from "../../model/layout.ts";
import { tableOrder } from "../../model/span-table.ts";
import type { Trace } from "../../model/trace.ts";
import { around, fitted, whole } from "../../model/view.ts";
import { isGroupId, type TraceState } from "./url.ts";

export function useLook(trace: Trace, state: TraceState) {
  const folds = useMemo(() => (state.folded ? foldsOf(trace) : NO_FOLDS), [trace, state.folded]);
  const layout = useMemo(() => layOut(trace, folds), [trace, folds]);
  const indexes = useMemo(() => new Finder(trace.spans), [trace]);
  const groups = useMemo(() => {
    const first = folds.names.map((_, group) => [firstSpan(layout, layout.count + group), layout.count + group]);
    return new Map(first as [number, number][]);
  }, [layout, folds]);
  const focus = (state.focus === null ? null : indexes.get(state.focus)) ?? null;
  const shown = useMemo((): Shown => {
    const closed = [...state.closed].map(id => indexes.get(id)).filter(index => index !== undefined);
    const opened = [...state.opened].map(id => groups.get(indexes.get(id) ?? -1)).filter(entry => entry !== undefined);
    return { closed: new Set(closed), opened: new Set(opened), focus, onlyCritical: state.onlyCritical };
  }, [state.closed, state.opened, state.onlyCritical, focus, indexes, groups]);
  const rows = useMemo(() => rowsOf(layout, shown), [layout, shown]);
  // While somebody types, the rows may lag behind the letters.
  const find = useDeferredValue(state.find);
  const matching = useMemo(() => matches(trace, find), [trace, find]);
  const found = useMemo(() => (matching === null ? null : withGroups(layout, matching)), [matching, layout]);
  const { length } = layout;
  const view = useMemo(() => {
    if (state.view !== null) return fitted(state.view, length);
    if (focus !== null) return around(layout.start[focus] ?? 0, layout.end[focus] ?? 0, length);
    return whole(length);
  }, [state.view, length, focus, layout]);
  const isTable = state.tab === "table";
  const order = useMemo(
    () => (isTable ? tableOrder(trace, layout, { sort: state.sort, found: matching, focus }) : null),
    [isTable, trace, layout, state.sort, matching, focus],
  );
  const cursor = useMemo(() => {
    if (state.span === null) return null;
    if (!isGroupId(state.span)) return indexes.get(state.span) ?? null;
    const first = indexes.get(state.span.slice(0, -1));
    return first === undefined ? null : (groups.get(first) ?? first);
  }, [state.span, indexes, groups]);
  const idOf = (entry: number): string => {
    const id = trace.spans[firstSpan(layout, entry)]?.spanId ?? "";
    return isGroup(layout, entry) ? `${id}*` : id;
  };
  const matched = useMemo(() => matching?.reduce((sum, one) => sum + one, 0) ?? null, [matching]);
  return {
    layout,
    shown,
    rows,
    found,
    matched,
    view,
    cursor,
    focus,
    order,
    idOf,
    indexOf: (id: string) => indexes.get(id),
  };
}

export type Look = ReturnType<typeof useLook>;

/**
 * Finds spans by their ids. A few ids are looked for one by one: a map of a hundred thousand would take longer than all else
 * that is done before the trace is seen. Where two spans have one id, the first counts.
 */
class Finder {
  readonly #spans: Trace["spans"];
  readonly #known = new Map<string, number>();

  constructor(spans: Trace["spans"]) {
    this.#spans = spans;
  }

  get(id: string): number | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#spans.findIndex(span => span.spanId === id);
    if (found === -1) return undefined;
    this.#known.set(id, found);
    return found;
  }
}
