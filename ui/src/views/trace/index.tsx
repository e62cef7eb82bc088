/** One invocation, or one trace: what took the time, the waterfall, the details of a span, the logs. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { JSX } from "react";

import { invocationQuery, isNotFound, traceQuery } from "../../api/queries.ts";
import { between } from "../../base/time.ts";
import type { InvocationDetail, Trace } from "../../model/trace.ts";
import { useKeys } from "../../widgets/keys.ts";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { useTitle } from "../../widgets/title.ts";
import { Attempts } from "./Attempts.tsx";
import { InvocationHeader } from "./InvocationHeader.tsx";
import { Journey } from "./Journey.tsx";
import { LogList } from "./LogList.tsx";
import { Payload } from "./Payload.tsx";
import { Reasons } from "./Reasons.tsx";
import { Report } from "./Report.tsx";
import type { WriteSearch } from "./state.ts";
import { TraceExplorer } from "./TraceExplorer.tsx";
import { TraceHeader } from "./TraceHeader.tsx";
import type { TraceSearch } from "./url.ts";

const invocationRoute = getRouteApi("/invocations/$requestId");
const traceRoute = getRouteApi("/traces/$traceId");

/** A step inside the page: the URL follows it, and the page stays where the reader has scrolled. */
const IN_PLACE = { resetScroll: false } as const;

export function InvocationPage(): JSX.Element {
  const { requestId } = invocationRoute.useParams();
  const search = invocationRoute.useSearch();
  const navigate = invocationRoute.useNavigate();
  const query = useQuery(invocationQuery(requestId));
  const name = query.data?.invocation.function;
  useTitle(name === undefined ? "Invocation" : `${name} ${requestId.slice(0, 8)}`);
  const goUp = () =>
    name === undefined
      ? navigate({ to: "/invocations" })
      : navigate({ to: "/functions/$function", params: { function: name } });
  useKeys("Page", [{ keys: ["u"], does: "up to the function's invocations", run: goUp }]);
  if (query.data === undefined) {
    if (query.error && isNotFound(query.error)) return <NoSuch what="invocation" id={requestId} />;
    return <Waiting error={query.error} what="invocation" rows={12} retry={query.refetch} />;
  }
  const write: WriteSearch = (next, how) => navigate({ search: next, ...IN_PLACE, ...how });
  // Another invocation of the same journey is another page, though the view stays.
  return <Invocation key={requestId} detail={query.data} search={search} write={write} />;
}

interface InvocationProps {
  readonly detail: InvocationDetail;
  readonly search: TraceSearch;
  readonly write: WriteSearch;
}

function Invocation({ detail, search, write }: InvocationProps): JSX.Element {
  const { invocation, verdict, trace, logs, logsTotal } = detail;
  return (
    <TraceExplorer
      trace={trace}
      requestId={invocation.requestId}
      zero={Number(between(trace.start, invocation.start))}
      search={search}
      write={write}
      head={
        <>
          <InvocationHeader invocation={invocation} verdict={verdict} trace={trace} />
          <Journey invocations={trace.invocations} hops={trace.hops} current={invocation.requestId} />
          <Attempts invocation={invocation} trace={trace} />
        </>
      }
      reasons={show => <Reasons invocation={invocation} trace={trace} show={show} />}
      foot={show => (
        <>
          <div className="invocation-more">
            <Report of={invocation} />
            <Payload invocation={invocation} trace={trace} />
          </div>
          <LogList logs={logs} total={logsTotal} zero={invocation.start} show={show} />
        </>
      )}
    />
  );
}

export function TracePage(): JSX.Element {
  const traceId = traceRoute.useParams().traceId.toLowerCase();
  const search = traceRoute.useSearch();
  const navigate = traceRoute.useNavigate();
  const below = search.below ?? null;
  const query = useQuery(traceQuery(traceId, below));
  useTitle(`Trace ${traceId.slice(0, 8)}`);
  useKeys("Page", [{ keys: ["u"], does: "up to the traces", run: () => navigate({ to: "/traces" }) }]);
  if (query.data === undefined) {
    if (query.error && isNotFound(query.error)) return <NoSuch what="trace" id={traceId} />;
    return <Waiting error={query.error} what="trace" rows={12} retry={query.refetch} />;
  }
  const write: WriteSearch = (next, how) => navigate({ search: next, ...IN_PLACE, ...how });
  return <PlainTrace key={`${traceId} ${below}`} trace={query.data} traceId={traceId} search={search} write={write} />;
}

interface PlainTraceProps {
  readonly trace: Trace;
  readonly traceId: string;
  readonly search: TraceSearch;
  readonly write: WriteSearch;
}

function PlainTrace({ trace, traceId, search, write }: PlainTraceProps): JSX.Element {
  return (
    <TraceExplorer
      trace={trace}
      requestId={null}
      zero={0}
      search={search}
      write={write}
      head={
        <>
          <TraceHeader trace={trace} traceId={traceId} below={search.below ?? null} />
          <Journey invocations={trace.invocations} hops={trace.hops} current={null} />
        </>
      }
    />
  );
}

function NoSuch({ what, id }: { readonly what: string; readonly id: string }): JSX.Element {
  return (
    <Notice title={`There is no such ${what}`}>
      <p>
        Nothing is stored under <code>{id}</code>. It may not have arrived yet, or it is older than what is kept.
      </p>
    </Notice>
  );
}
