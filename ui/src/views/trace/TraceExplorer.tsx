/** A trace to walk through: the answer, the waterfall, the details of the span under the cursor. */

import { type JSX, type ReactNode, useCallback, useDeferredValue, useMemo, useRef } from "react";

import { coloursOf } from "../../model/colours.ts";
import { matches } from "../../model/find.ts";
import { closedAbove, layOut, visibleRows } from "../../model/layout.ts";
import type { Trace } from "../../model/trace.ts";
import { fitted, type View, whole } from "../../model/view.ts";
import { Findings } from "./Findings.tsx";
import { SpanDetails } from "./SpanDetails.tsx";
import { type ChangeState, useTraceState } from "./state.ts";
import { TimeAnswer } from "./TimeAnswer.tsx";
import { useTraceKeys } from "./trace-keys.ts";
import type { TraceSearch, TraceState } from "./url.ts";
import { Warnings } from "./Warnings.tsx";
import { Waterfall } from "./Waterfall.tsx";
import { WaterfallTools } from "./WaterfallTools.tsx";

interface TraceExplorerProps {
  readonly trace: Trace;
  /** The request that the page is about; null for the whole journey. */
  readonly requestId: string | null;
  /** What offsets count from: nanoseconds since the trace's start. */
  readonly zero: number;
  readonly search: TraceSearch;
  readonly write: (search: TraceSearch) => void;
  readonly head: ReactNode;
  readonly reasons?: (show: (span: number) => void) => ReactNode;
  readonly foot?: (show: (spanId: string) => void) => ReactNode;
}

export function TraceExplorer(props: TraceExplorerProps): JSX.Element {
  const { trace, requestId, zero, search, write, head, reasons, foot } = props;
  const [state, change] = useTraceState(search, write);
  const looked = useLook(trace, state);
  const { layout, rows, closed, view, cursor, found } = looked;
  const grid = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);

  const goTo = useCallback(
    (index: number, details?: boolean) => {
      const span = trace.spans[index];
      if (span === undefined) return;
      const hiding = new Set(closedAbove(layout, index, closed).map(above => trace.spans[above]?.spanId));
      change({
        span: span.spanId,
        ...(details !== undefined && { details }),
        ...(hiding.size > 0 && { closed: new Set([...state.closed].filter(id => !hiding.has(id))) }),
      });
    },
    [trace, layout, closed, state.closed, change],
  );
  const toggle = useCallback(
    (index: number) => change({ closed: toggled(trace, state.closed, index) }),
    [trace, state.closed, change],
  );
  const open = useCallback((index: number) => goTo(index, true), [goTo]);
  const setView = (next: View | null) => change({ view: next });
  const close = () => {
    change({ details: false });
    grid.current?.focus({ preventScroll: true });
  };
  useTraceKeys({ ...looked, state, goTo, toggle, setView, close, grid, panel });

  const span = cursor === null ? undefined : trace.spans[cursor];
  const openDetails = state.details && span !== undefined;
  const colours = useMemo(() => coloursOf(trace.spans.map(one => one.service)), [trace]);
  const showId = (id: string) => goTo(looked.indexOf(id) ?? -1, true);
  return (
    <div className={openDetails ? "trace with-details" : "trace"}>
      <div className="trace-top">
        {head}
        {reasons?.(open)}
        <Warnings trace={trace} />
      </div>
      <div className="answers">
        <TimeAnswer trace={trace} requestId={requestId} colourOf={service => colours.get(service) ?? 0} show={open} />
        <Findings trace={trace} requestId={requestId} show={open} />
      </div>
      {trace.spans.length > 0 && (
        <section className="waterfall-section" aria-labelledby="waterfall-title">
          <WaterfallTools
            field={field}
            find={state.find}
            found={found}
            total={trace.spans.length}
            onFind={find => change({ find })}
            onDone={() => grid.current?.focus({ preventScroll: true })}
            onWhole={state.view === null ? null : () => setView(null)}
          />
          <div className="waterfall-and-details">
            <Waterfall
              trace={trace}
              layout={layout}
              rows={rows}
              closed={closed}
              cursor={cursor}
              view={view}
              zero={zero}
              found={found}
              grid={grid}
              onOpen={open}
              onToggle={toggle}
              onView={setView}
            />
            {openDetails && (
              <SpanDetails
                trace={trace}
                span={span}
                colour={colours.get(span.service) ?? 0}
                zero={zero}
                panel={panel}
                close={close}
              />
            )}
          </div>
        </section>
      )}
      {foot?.(showId)}
    </div>
  );
}

/** What is seen of a trace in a state: indexes instead of ids. */
function useLook(trace: Trace, state: TraceState) {
  const layout = useMemo(() => layOut(trace), [trace]);
  const indexes = useMemo(() => new Map(trace.spans.map((span, index) => [span.spanId, index])), [trace]);
  const closed = useMemo(() => {
    const known = [...state.closed].map(id => indexes.get(id)).filter(index => index !== undefined);
    return new Set(known);
  }, [state.closed, indexes]);
  const rows = useMemo(() => visibleRows(layout, closed), [layout, closed]);
  // While somebody types, the rows may lag behind the letters.
  const find = useDeferredValue(state.find);
  const found = useMemo(() => matches(trace, find), [trace, find]);
  const { length } = layout;
  const view = useMemo(() => (state.view === null ? whole(length) : fitted(state.view, length)), [state.view, length]);
  const cursor = (state.span === null ? null : indexes.get(state.span)) ?? null;
  return { layout, closed, rows, found, view, cursor, indexOf: (id: string) => indexes.get(id) ?? null };
}

export type Look = ReturnType<typeof useLook>;
export type { ChangeState };

function toggled(trace: Trace, closed: ReadonlySet<string>, index: number): ReadonlySet<string> {
  const id = trace.spans[index]?.spanId ?? "";
  const next = new Set(closed);
  if (!next.delete(id)) next.add(id);
  return next;
}
