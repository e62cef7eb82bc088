import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { operationsQuery } from "../../api/operations.ts";
import { traceQuery } from "../../api/queries.ts";
import { formatCount, formatDuration } from "../../base/format.ts";
import { between } from "../../base/time.ts";
import type { Trace } from "../../model/trace.ts";
import { CopyLink, Id } from "../../widgets/Copy.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";

/** What a trace is, where no invocation says it. */
interface TraceHeaderProps {
  readonly trace: Trace;
  readonly traceId: string;
  /** The span at and below which it is shown alone. */
  readonly below: string | null;
}

export function TraceHeader({ trace, traceId, below }: TraceHeaderProps): JSX.Element {
  const root = trace.spans[0];
  const failed = trace.spans.filter(span => span.status === "error").length;
  const services = new Set(trace.spans.map(span => span.service)).size;
  return (
    <header className="invocation-head">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/traces">Traces</Link>
        {below !== null && (
          <Link to="/traces/$traceId" params={{ traceId }}>
            The whole trace
          </Link>
        )}
      </nav>
      <h1 className="verdict">
        <span>
          {root?.name ?? "Trace"} took {formatDuration(between(trace.start, trace.end))}
        </span>
      </h1>
      <p className="byline">
        <strong>{root?.service}</strong>
        <Moment at={trace.start} form="clock" />
        <Id text={traceId} what="trace id" />
        <CopyLink />
        <ShowQuery of={[traceQuery(traceId, below), operationsQuery(trace)]} what="trace" />
      </p>
      <dl className="figures">
        <Figure title="Spans">{formatCount(trace.spansTotal)}</Figure>
        <Figure title="Services">{formatCount(services)}</Figure>
        <Figure title="Failed spans" tone={failed > 0 ? "bad" : "quiet"}>
          {formatCount(failed)}
        </Figure>
        {trace.traceIds.length > 1 && <Figure title="Trace ids">{formatCount(trace.traceIds.length)}</Figure>}
      </dl>
    </header>
  );
}
