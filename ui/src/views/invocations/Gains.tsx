/** What the end of a finding would bring. */

import type { JSX } from "react";

import { formatCount, formatDollars, formatDuration, formatPart, plural } from "../../base/format.ts";
import { dollars } from "../../base/money.ts";
import { failuresAvoided, type Gain, timeGain } from "../../model/function-findings.ts";

interface GainsProps {
  readonly finding: { readonly gain: Gain; readonly confidence: string };
  /** How many there were, where that is known. */
  readonly invocations?: number;
}

/** Failures first, then time; what would not change is left out. */
export function Gains({ finding: { gain, confidence }, invocations }: GainsProps): JSX.Element {
  const time = timeGain(gain);
  const upTo = confidence === "low" ? "up to " : "";
  const hint =
    invocations === undefined
      ? undefined
      : `${formatCount(failuresAvoided(gain, invocations))} of ${plural(invocations, "invocation")}`;
  return (
    <>
      {gain.failures > 0 && (
        <p title={hint}>
          <span className="faint">{upTo}</span>
          <strong>{formatPart(gain.failures)}</strong> fewer failures
        </p>
      )}
      {time !== null && (
        <>
          <p>
            <span className="faint">{upTo}</span>
            <strong>{formatDuration(time.length)}</strong>{" "}
            {time.of === "mean" ? "less on average" : `less at ${time.of}`}
          </p>
          {time.of === "p95" && (
            <p className="sub">
              p50 {formatDuration(gain.p50)}, p99 {formatDuration(gain.p99)}
            </p>
          )}
        </>
      )}
    </>
  );
}

/** In money; nothing where that would not change. */
export function Monthly({ of: { monthly } }: { readonly of: Gain }): JSX.Element | null {
  if (monthly === null || monthly === 0n) return null;
  return (
    <p>
      <strong>{formatDollars(monthly < 0n ? dollars(-monthly) : monthly)}</strong>{" "}
      {monthly < 0n ? "more a month" : "less a month"}
    </p>
  );
}
