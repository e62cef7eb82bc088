/** The view of a trace that is shown. */

import { type JSX, type RefObject, useCallback } from "react";

import { firstSpan } from "../../model/layout.ts";
import type { Trace } from "../../model/trace.ts";
import type { View } from "../../model/view.ts";
import { CompareView } from "./CompareView.tsx";
import { FlameView } from "./FlameView.tsx";
import { JourneyView } from "./JourneyView.tsx";
import { LogsView } from "./LogsView.tsx";
import type { Look } from "./look.ts";
import { RawView } from "./RawView.tsx";
import type { ChangeState } from "./state.ts";
import { TableView } from "./TableView.tsx";
import type { TraceState } from "./url.ts";
import type { Usual } from "./usual.ts";
import { Waterfall } from "./Waterfall.tsx";

export interface TraceViewProps {
  readonly trace: Trace;
  readonly requestId: string | null;
  readonly zero: number;
  readonly look: Look;
  readonly usual: Usual;
  readonly state: TraceState;
  readonly change: ChangeState;
  readonly goTo: (entry: number, details?: boolean) => void;
  readonly toggle: (entry: number) => void;
  readonly setFocus: (index: number | null) => void;
  readonly setView: (view: View | null) => void;
  readonly list: RefObject<HTMLDivElement | null>;
}

export function TraceView(props: TraceViewProps): JSX.Element {
  const { trace, requestId, zero, look, usual, state, change, goTo, toggle, setFocus, setView, list } = props;
  const { layout, rows, shown, found, view, cursor, focus, order } = look;
  const open = useCallback((entry: number) => goTo(entry, true), [goTo]);
  switch (state.tab) {
    case "waterfall":
      return (
        <Waterfall
          trace={trace}
          layout={layout}
          rows={rows}
          shown={shown}
          cursor={cursor}
          view={view}
          zero={zero}
          found={found}
          usual={state.marked ? usual.operations : null}
          grid={list}
          onOpen={open}
          onToggle={toggle}
          onView={setView}
        />
      );
    case "flame":
      return (
        <FlameView
          trace={trace}
          layout={layout}
          by={state.by}
          cursor={cursor}
          focus={focus}
          found={found}
          onBy={by => change({ by })}
          onCursor={goTo}
          onFocus={setFocus}
        />
      );
    case "table":
      return (
        <TableView
          trace={trace}
          layout={layout}
          order={order ?? new Int32Array(0)}
          sort={state.sort}
          cursor={cursor}
          zero={zero}
          list={list}
          onSort={sort => change({ sort })}
          onOpen={open}
        />
      );
    case "logs":
      return (
        <LogsView
          trace={trace}
          layout={layout}
          zero={zero}
          find={state.find}
          focus={focus}
          cursor={cursor}
          onOpen={open}
        />
      );
    case "journey":
      return <JourneyView trace={trace} current={requestId} />;
    case "raw":
      return (
        <RawView trace={trace} requestId={requestId} cursor={cursor === null ? null : firstSpan(layout, cursor)} />
      );
    case "compare":
      return (
        <CompareView
          trace={trace}
          requestId={requestId}
          other={state.other}
          onOther={other => change({ other })}
          show={index => {
            change({ tab: "waterfall" });
            open(index);
          }}
        />
      );
  }
}
