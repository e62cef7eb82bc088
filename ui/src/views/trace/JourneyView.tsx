/** The invocations that one request went through, on one axis of time: what each waited for and how long it ran. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatDuration, formatOffset, plural } from "../../base/format.ts";
import { between, type Nanos, nanos } from "../../base/time.ts";
import { COLD_TEXT, type Invocation, OUTCOME_TEXT } from "../../model/invocation.ts";
import { type JourneyStop, journeyOf } from "../../model/journey.ts";
import type { Trace } from "../../model/trace.ts";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";

interface JourneyViewProps {
  readonly trace: Trace;
  /** The request that the page is about; null for a trace. */
  readonly current: string | null;
}

export function JourneyView({ trace, current }: JourneyViewProps): JSX.Element {
  const { stops, from, length } = journeyOf(trace);
  if (stops.length === 0) {
    return (
      <div className="panel trace-none">
        <p>No invocation is known of this trace: it was sent without the request that it belongs to.</p>
      </div>
    );
  }
  return (
    <section className="panel journey-view" aria-label="Journey">
      <p className="faint">
        {plural(stops.length, "invocation")} in {formatDuration(nanos(BigInt(Math.round(length))))}
      </p>
      <ol>
        {stops.map(stop => (
          <li key={`${stop.invocation.requestId} ${stop.invocation.start}`}>
            <Stop
              stop={stop}
              current={current}
              length={length}
              at={Number(between(from, stop.invocation.start))}
              after={Number(between(stops[0]?.invocation.start ?? from, stop.invocation.start))}
            />
          </li>
        ))}
      </ol>
      <ul className="legend" aria-label="What the bars mean">
        <li>
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <path className="journey-waited" d="M1 6H25" />
          </svg>
          lay in a queue
        </li>
        <li>
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <rect className="journey-start" x={1} y={1.5} width={24} height={9} />
          </svg>
          start of the sandbox
        </li>
        <li>
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <rect className="journey-ran" x={1} y={1} width={24} height={10} />
          </svg>
          ran
        </li>
      </ul>
    </section>
  );
}

interface StopProps {
  readonly stop: JourneyStop;
  readonly current: string | null;
  readonly length: number;
  /** When it began, on the axis, and after the first. */
  readonly at: number;
  readonly after: number;
}

function Stop({ stop, current, length, at, after }: StopProps): JSX.Element {
  const { invocation, hop, waited, started, ran } = stop;
  const isCurrent = invocation.requestId === current;
  const percent = (value: number) => `${((value / length) * 100).toFixed(3)}%`;
  const failed = invocation.outcome !== "ok" && invocation.outcome !== "running";
  return (
    <Link
      className="journey-stop"
      to="/invocations/$requestId"
      params={{ requestId: invocation.requestId }}
      search={{}}
      aria-current={isCurrent ? "page" : undefined}
    >
      <span className="journey-name">
        <OutcomeShape outcome={invocation.outcome} />
        <strong>{invocation.function}</strong>
        {failed && <span className="bad">{OUTCOME_TEXT[invocation.outcome]}</span>}
        {hop !== null && hop.attempts > 1 && (
          <span className="sign">
            attempt {hop.attempt} of {hop.attempts}
          </span>
        )}
      </span>
      <span className="journey-told">{toldOf(invocation, waited, after)}</span>
      <svg className="journey-bar" aria-hidden="true">
        <line className="journey-zero" x1="0" x2="100%" y1="50%" y2="50%" />
        {waited > 0 && (
          <line
            className="journey-waited"
            x1={percent(at - started - waited)}
            x2={percent(at - started)}
            y1="50%"
            y2="50%"
          />
        )}
        {started > 0 && (
          <rect className="journey-start" x={percent(at - started)} y={4} width={percent(started)} height={10} />
        )}
        <rect
          className={failed ? "journey-ran failed" : "journey-ran"}
          x={percent(at)}
          y={3}
          width={ran === null ? 6 : percent(Math.max(ran, length / 500))}
          height={12}
        />
      </svg>
    </Link>
  );
}

function toldOf(invocation: Invocation, waited: number, after: number): string {
  const start: Nanos | null = invocation.init ?? invocation.restore;
  const ran =
    invocation.duration === null ? OUTCOME_TEXT[invocation.outcome] : `ran ${formatDuration(invocation.duration)}`;
  const parts = [
    after === 0 ? "first" : formatOffset(after),
    ...(waited > 0 ? [`lay ${formatDuration(nanos(BigInt(Math.round(waited))))}`] : []),
    ...(invocation.cold === "warm" || start === null
      ? []
      : [`${COLD_TEXT[invocation.cold]}, ${formatDuration(start)} before`]),
    ran,
  ];
  return parts.join(" · ");
}
