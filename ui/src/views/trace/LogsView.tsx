/** What was written during a trace, in the order of time, each line with the span that it was written in. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type JSX, memo, useDeferredValue, useMemo } from "react";

import { traceLogsQuery } from "../../api/trace-logs.ts";
import { formatCount, formatExact, formatOffset, plural } from "../../base/format.ts";
import type { Layout } from "../../model/layout.ts";
import { saidIn } from "../../model/log-line.ts";
import { spanTitle } from "../../model/span-text.ts";
import { severityText, type Trace } from "../../model/trace.ts";
import { type PlacedLine, placed } from "../../model/trace-logs.ts";
import { Waiting } from "../../widgets/Notice.tsx";

/** More than these are counted. */
const SHOWN = 2_000;

interface LogsViewProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly zero: number;
  readonly find: string;
  readonly focus: number | null;
  readonly cursor: number | null;
  readonly onOpen: (index: number) => void;
}

export function LogsView({ trace, layout, zero, find, focus, cursor, onOpen }: LogsViewProps): JSX.Element {
  const query = useQuery(traceLogsQuery(trace));
  const lines = query.data?.lines;
  const all = useMemo(() => placed(trace, layout, lines ?? []), [trace, layout, lines]);
  const wanted = useDeferredValue(find.trim().toLowerCase());
  if (query.data === undefined) {
    return <Waiting error={query.error} what="lines" rows={8} retry={query.refetch} />;
  }
  const isIn = ({ span }: PlacedLine) =>
    focus === null || (span !== null && span >= focus && span < focus + (layout.size[focus] ?? 1));
  const has = ({ line }: PlacedLine) =>
    wanted === "" || line.body.toLowerCase().includes(wanted) || line.service.toLowerCase().includes(wanted);
  const some = all.filter(line => isIn(line) && has(line));
  return (
    <section className="panel trace-logs" aria-label="Logs">
      <p className="faint" aria-live="polite">
        {some.length === all.length
          ? plural(all.length, "line")
          : `${formatCount(some.length)} of ${plural(all.length, "line")}`}
        {some.length > SHOWN && `; the first ${formatCount(SHOWN)} are shown`}
        {query.data.missing.map(text => ` · ${text}`)}{" "}
        {trace.requestIds.length === 1 && (
          <Link to="/logs" search={{ request: trace.requestIds[0] ?? "" }}>
            with every filter
          </Link>
        )}
      </p>
      {some.length === 0 ? (
        <p className="trace-none">{all.length === 0 ? "Nothing was logged during this trace." : "No line matches."}</p>
      ) : (
        <ol>
          {some.slice(0, SHOWN).map((line, at) => (
            <Line key={at} of={line} trace={trace} layout={layout} zero={zero} cursor={cursor} onOpen={onOpen} />
          ))}
        </ol>
      )}
    </section>
  );
}

interface LineProps extends Pick<LogsViewProps, "trace" | "layout" | "zero" | "cursor" | "onOpen"> {
  readonly of: PlacedLine;
}

const Line = memo(function Line({ of, trace, layout, zero, cursor, onOpen }: LineProps): JSX.Element {
  const { line, at, span, isNamed } = of;
  const said = saidIn(line.body);
  const level = severityText(line.severity) || said.level;
  const found = span === null ? undefined : trace.spans[span];
  return (
    <li className={`log log-${level || "none"}${span !== null && span === cursor ? " current" : ""}`}>
      <time title={formatExact(line.time)}>{formatOffset(at - zero)}</time>
      <span className="log-level">{level || line.source}</span>
      <pre>{said.text.trimEnd()}</pre>
      {span !== null && found !== undefined ? (
        <button
          type="button"
          className="log-span"
          onClick={() => onOpen(span)}
          title={isNamed ? "The span that the line names" : "The line names no span: this one was open then"}
        >
          <span className={`dot service-${layout.colour[span] ?? 0}`} />
          <span className={isNamed ? "" : "faint"}>{spanTitle(found)}</span>
        </button>
      ) : (
        <span className="log-span faint">{line.service}</span>
      )}
    </li>
  );
});
