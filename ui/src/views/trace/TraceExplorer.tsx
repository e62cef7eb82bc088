/** A trace to walk through: the answer, its views, the details of the span under the cursor. */

import { type JSX, type ReactNode, useCallback, useMemo, useRef } from "react";

import { coloursOf } from "../../model/colours.ts";
import { firstSpan, hiding, isCriticalBelow, isGroup, servicesOf } from "../../model/layout.ts";
import type { Trace } from "../../model/trace.ts";
import type { View } from "../../model/view.ts";
import { copy, useCopied } from "../../widgets/Copy.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { Crumbs } from "./Crumbs.tsx";
import { Findings } from "./Findings.tsx";
import { GroupDetails } from "./GroupDetails.tsx";
import { useLook } from "./look.ts";
import { SpanDetails } from "./SpanDetails.tsx";
import { useTraceState, type WriteSearch } from "./state.ts";
import { PANEL, Tabs, tabId } from "./Tabs.tsx";
import { TimeAnswer } from "./TimeAnswer.tsx";
import { TraceView } from "./TraceView.tsx";
import { useTraceKeys } from "./trace-keys.ts";
import "./trace-views.css";
import { printTraceState, type TraceSearch, type TraceState } from "./url.ts";
import { useUsual } from "./usual.ts";
import { Legend, ViewTools } from "./ViewTools.tsx";
import { Warnings } from "./Warnings.tsx";

interface TraceExplorerProps {
  readonly trace: Trace;
  /** The request that the page is about; null for the whole journey. */
  readonly requestId: string | null;
  /** What offsets count from: nanoseconds since the trace's start. */
  readonly zero: number;
  readonly search: TraceSearch;
  readonly write: WriteSearch;
  readonly head: ReactNode;
  readonly reasons?: (show: (span: number) => void) => ReactNode;
  readonly foot?: (show: (spanId: string) => void) => ReactNode;
}

export function TraceExplorer(props: TraceExplorerProps): JSX.Element {
  const { trace, requestId, zero, search, write, head, reasons, foot } = props;
  const [state, change] = useTraceState(search, write);
  const look = useLook(trace, state);
  const usual = useUsual(trace);
  const { layout, shown, cursor, focus, idOf, indexOf } = look;
  const list = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const focusList = () => list.current?.focus({ preventScroll: true });

  const goTo = useCallback(
    (entry: number, details?: boolean) => {
      const index = entry < 0 ? undefined : firstSpan(layout, entry);
      if (index === undefined || trace.spans[index] === undefined) return;
      const id = (one: number) => trace.spans[firstSpan(layout, one)]?.spanId ?? "";
      const above = hiding(layout, entry, shown);
      const closed = new Set(above.filter(one => !isGroup(layout, one)).map(id));
      const opened = above.filter(one => isGroup(layout, one)).map(id);
      const isOutside = focus !== null && (index < focus || index >= focus + (layout.size[focus] ?? 1));
      change({
        span: idOf(entry),
        ...(details !== undefined && { details }),
        ...(closed.size > 0 && { closed: new Set([...state.closed].filter(one => !closed.has(one))) }),
        ...(opened.length > 0 && { opened: new Set([...state.opened, ...opened]) }),
        ...(isOutside && { focus: null, view: null }),
        ...(state.onlyCritical && !isCriticalBelow(layout, index) && { onlyCritical: false }),
      });
    },
    [trace, layout, shown, focus, idOf, state.closed, state.opened, state.onlyCritical, change],
  );
  const toggle = useCallback(
    (entry: number) => {
      const id = trace.spans[firstSpan(layout, entry)]?.spanId ?? "";
      if (isGroup(layout, entry)) change({ opened: toggled(state.opened, id) });
      else change({ closed: toggled(state.closed, id) });
    },
    [trace, layout, state.closed, state.opened, change],
  );
  const open = useCallback((entry: number) => goTo(entry, true), [goTo]);
  const setView = useCallback((next: View | null) => change({ view: next }), [change]);
  const setFocus = useCallback(
    (index: number | null) =>
      change({ focus: index === null ? null : (trace.spans[index]?.spanId ?? null), view: null }),
    [trace, change],
  );
  const close = () => {
    change({ details: false });
    focusList();
  };
  const [copied, setCopied] = useCopied();
  const copyLink = () => copy(linkTo(state)).then(setCopied);
  useTraceKeys({ ...look, state, change, goTo, toggle, setFocus, setView, close, copyLink, list, panel });

  const span = cursor === null ? undefined : trace.spans[firstSpan(layout, cursor)];
  const hasDetails = state.tab !== "journey" && state.tab !== "raw" && state.tab !== "compare";
  const openDetails = hasDetails && state.details && span !== undefined && cursor !== null;
  const colours = useMemo(() => coloursOf(servicesOf(trace)), [trace]);
  const colourOf = useCallback((service: string) => colours.get(service) ?? 0, [colours]);
  const showId = (id: string) => goTo(indexOf(id) ?? -1, true);
  const hasSpans = trace.spans.length > 0;
  const view = { trace, requestId, zero, look, usual, state, change, goTo, toggle, setFocus, setView, list };
  return (
    <div className={openDetails ? "trace with-details" : "trace"}>
      <div className="trace-top">
        {head}
        {reasons?.(open)}
        <Warnings trace={trace} />
      </div>
      <div className="answers">
        <TimeAnswer trace={trace} requestId={requestId} colourOf={colourOf} show={open} />
        <Findings trace={trace} requestId={requestId} show={open} />
      </div>
      {hasSpans && (
        <section className="waterfall-section" aria-label="The trace">
          <div className="trace-views-head">
            <Tabs shown={state.tab} onChange={tab => change({ tab })} />
            <button type="button" className="link copy-link" title="Copy a link to what is seen (y)" onClick={copyLink}>
              <Icon name="link" /> Copy link
            </button>
            <output className="faint">{copied && "Copied the link"}</output>
            {state.tab === "waterfall" && <Legend marked={state.marked && usual.operations?.isTelling === true} />}
          </div>
          <ViewTools {...view} field={field} onDone={focusList} />
          {focus !== null && <Crumbs trace={trace} layout={layout} focus={focus} onFocus={setFocus} />}
          <div className="waterfall-and-details">
            <div id={PANEL} role="tabpanel" aria-labelledby={tabId(state.tab)} className="trace-view">
              <TraceView {...view} />
            </div>
            {openDetails &&
              (isGroup(layout, cursor) ? (
                <GroupDetails
                  layout={layout}
                  entry={cursor}
                  span={span}
                  zero={zero}
                  open={shown.opened.has(cursor)}
                  panel={panel}
                  onToggle={() => toggle(cursor)}
                  onShow={open}
                  close={close}
                />
              ) : (
                <SpanDetails
                  trace={trace}
                  span={span}
                  index={cursor}
                  colour={colourOf(span.service)}
                  usual={usual.operations}
                  zero={zero}
                  panel={panel}
                  onShow={open}
                  onFocus={setFocus}
                  close={close}
                />
              ))}
          </div>
        </section>
      )}
      {(state.tab === "waterfall" || !hasSpans) && foot?.(showId)}
    </div>
  );
}

/** The page as it is now; the address may follow a moment later. */
function linkTo(state: TraceState): string {
  const search = new URLSearchParams(Object.entries(printTraceState(state)));
  return `${window.location.origin}${window.location.pathname}${search.size === 0 ? "" : `?${search}`}`;
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}
