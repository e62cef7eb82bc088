import { type JSX, useMemo } from "react";

import { formatDuration, formatShare, plural } from "../../base/format.ts";
import { nanos } from "../../base/time.ts";
import type { Trace } from "../../model/trace.ts";
import { type Share, whereTimeWent } from "../../model/where-time-went.ts";

/** The list stays a list, not a second waterfall. */
const SHOWN = 6;

interface TimeAnswerProps {
  readonly trace: Trace;
  /** The request whose time it is; null for the whole journey. */
  readonly requestId: string | null;
  /** The number of a service's colour. */
  readonly colourOf: (service: string) => number;
  readonly show: (span: number) => void;
}

/** Where the time went: what was waited for, largest first. */
export function TimeAnswer({ trace, requestId, colourOf, show }: TimeAnswerProps): JSX.Element | null {
  const { shares, total, paths } = useMemo(() => whereTimeWent(trace, requestId), [trace, requestId]);
  // One share is the whole, which the page says already.
  if (shares.length < 2) return null;
  const rest = shares.slice(SHOWN);
  const restCritical = nanos(rest.reduce((sum, one) => sum + one.critical, 0n));
  return (
    <section className="answer" aria-labelledby="answer-title">
      <h2 id="answer-title">
        Where the time went
        <span className="note">
          {formatDuration(total)} on {paths > 1 ? `${paths} critical paths` : "the critical path"}
        </span>
      </h2>
      <ol>
        {shares.slice(0, SHOWN).map(share => (
          <li key={share.span}>
            <button type="button" onClick={() => show(share.span)} title="Show its longest span">
              <ShareLine of={share} total={total} colour={colourOf(share.service)} />
            </button>
          </li>
        ))}
      </ol>
      {rest.length > 0 && (
        <p className="faint">
          {plural(rest.length, "smaller one")}: {formatDuration(restCritical)}
        </p>
      )}
    </section>
  );
}

interface ShareLineProps {
  readonly of: Share;
  readonly total: bigint;
  readonly colour: number;
}

function ShareLine({ of, total, colour }: ShareLineProps): JSX.Element {
  const part = Number(of.critical) / Math.max(1, Number(total));
  const cold = of.phase !== "" && of.phase !== "invocation";
  return (
    <>
      <span className="answer-share">{formatShare(Number(of.critical), Number(total))}</span>
      <span className="answer-length">{formatDuration(of.critical)}</span>
      <svg className="answer-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className="answer-base" width={100} height={10} />
        <rect className={cold ? "answer-cold" : `service-${colour}`} width={Math.max(0.5, part * 100)} height={10} />
      </svg>
      <span className="answer-name">
        <span className={of.failed ? "bad" : ""}>{of.title}</span>
        {of.target !== "" && <span className="quiet"> {of.target}</span>}
        {of.count > 1 && <span className="faint"> ×{of.count}</span>}
        <span className="sub">{of.phase === "invocation" ? `${of.service}, the invocation itself` : of.service}</span>
      </span>
    </>
  );
}
