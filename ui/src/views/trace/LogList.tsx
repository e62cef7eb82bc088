import type { JSX } from "react";

import { formatCount, formatExact, formatOffset } from "../../base/format.ts";
import { between, type Time } from "../../base/time.ts";
import { saidIn } from "../../model/log-line.ts";
import { type Log, severityText } from "../../model/trace.ts";

interface LogListProps {
  readonly logs: readonly Log[];
  readonly total: number;
  /** When the invocation started: what the offsets count from. */
  readonly zero: Time;
  readonly show: (spanId: string) => void;
}

/** What was written while the invocation ran. */
export function LogList({ logs, total, zero, show }: LogListProps): JSX.Element {
  const count = logs.length === total ? formatCount(total) : `${formatCount(logs.length)} of ${formatCount(total)}`;
  return (
    <section className="logs" aria-labelledby="logs-title">
      <h2 id="logs-title">
        Logs <span className="note">{count}</span>
      </h2>
      {logs.length === 0 ? (
        <p className="faint">Nothing was logged during this invocation.</p>
      ) : (
        <ol>
          {logs.map((log, at) => (
            <LogLine key={at} log={log} zero={zero} show={show} />
          ))}
        </ol>
      )}
    </section>
  );
}

function LogLine({ log, zero, show }: { readonly log: Log } & Pick<LogListProps, "zero" | "show">): JSX.Element {
  const { spanId } = log;
  const said = saidIn(log.body);
  const level = severityText(log.severity) || said.level;
  return (
    <li className={`log log-${level || "none"}`}>
      <time title={formatExact(log.time)}>{formatOffset(Number(between(zero, log.time)))}</time>
      <span className="log-level">{level || log.source}</span>
      <pre>{said.text.trimEnd()}</pre>
      {spanId !== null && (
        <button type="button" className="link" onClick={() => show(spanId)}>
          span
        </button>
      )}
    </li>
  );
}
