/** From the start of its sandbox to the freeze: what of an invocation the platform told, stage by stage on one axis. */

import type { JSX } from "react";

import { formatDuration, formatOffset, formatPart } from "../../base/format.ts";
import { between, type Nanos, type Time } from "../../base/time.ts";
import type { Invocation } from "../../model/invocation.ts";
import { type InvocationLife as Life, lifeOf, limitUsed, type Stage } from "../../model/invocation-life.ts";
import type { Trace } from "../../model/trace.ts";
import { Meter } from "../../widgets/Meter.tsx";
import "./invocation.css";

interface InvocationLifeProps {
  readonly invocation: Invocation;
  readonly trace: Trace;
  /** How long the sandbox lay afterwards; null where that is not known. */
  readonly idle: Nanos | null;
}

/** What lies behind the freeze is drawn as this part of the whole, however long it was. */
const FROZEN = 0.1;

export function InvocationLife({ invocation, trace, idle }: InvocationLifeProps): JSX.Element | null {
  const life = lifeOf(invocation, trace);
  if (life.stages.length === 0) return null;
  const limit = limitUsed(invocation);
  return (
    <section className="life-of" aria-labelledby="life-title">
      <h2 id="life-title" className="hidden">
        From init to freeze
      </h2>
      <ol>
        {life.stages.map(stage => (
          <StageLine key={stage.phase} stage={stage} life={life} start={invocation.start} />
        ))}
        <Freeze life={life} idle={idle} />
      </ol>
      <p className="life-notes">
        {life.responded !== null && (
          <span>first byte of the response at {formatOffset(Number(between(invocation.start, life.responded)))}</span>
        )}
        {limit !== null && (
          <span>
            {formatPart(limit.part)} of its time limit of {formatDuration(limit.limit)}
            <Meter part={limit.part} />
          </span>
        )}
      </p>
    </section>
  );
}

interface StageLineProps {
  readonly stage: Stage;
  readonly life: Life;
  readonly start: Time;
}

function StageLine({ stage: { phase, title, from, to, isInner }, life, start }: StageLineProps): JSX.Element {
  const [left, right] = [place(life, from), place(life, to)];
  return (
    <li className={isInner ? "inner" : undefined}>
      <span className="life-stage">{title}</span>
      <svg className="life-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className={`life-${kindOf(phase)}`} x={left} width={Math.max(0.5, right - left)} height={10} />
      </svg>
      <span className="life-length">{formatDuration(between(from, to))}</span>
      <span className="life-offset">{formatOffset(Number(between(start, from)))}</span>
    </li>
  );
}

function Freeze({ life, idle }: { readonly life: Life; readonly idle: Nanos | null }): JSX.Element {
  if (life.frozen === null) {
    return (
      <li>
        <span className="life-stage">not over, or its end was not told</span>
      </li>
    );
  }
  const left = place(life, life.frozen);
  return (
    <li>
      <span className="life-stage">frozen</span>
      <svg className="life-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className="life-frozen" x={left} width={100 - left} y={3.5} height={3} />
      </svg>
      <span className="life-length">{idle === null ? "" : formatDuration(idle)}</span>
      <span className="life-offset">{idle === null ? "" : "until the next"}</span>
    </li>
  );
}

/** In percent of the axis, which ends behind the freeze. */
function place({ from, to }: Life, moment: Time): number {
  const whole = Math.max(1, Number(between(from, to)));
  return (Number(between(from, moment)) / whole) * 100 * (1 - FROZEN);
}

function kindOf(phase: string): "start" | "run" | "platform" {
  if (phase === "invocation") return "run";
  return phase.endsWith("overhead") ? "platform" : "start";
}
