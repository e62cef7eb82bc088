import type { JSX } from "react";

import { formatCount, plural } from "../../base/format.ts";
import type { Trace } from "../../model/trace.ts";

/** What is not quite as it came: what was repaired, what is not shown. */
export function Warnings({ trace }: { readonly trace: Trace }): JSX.Element | null {
  const { warnings, spans, spansTotal } = trace;
  const cut = spansTotal > spans.length;
  const running = trace.invocations.filter(({ outcome }) => outcome === "running").length;
  if (warnings.length === 0 && !cut && running === 0) return null;
  return (
    <div className="warnings">
      {running > 0 && (
        <p role="status">
          {running === 1 ? "Still running" : `${formatCount(running)} invocations are still running`}: what comes is
          shown as it arrives.
        </p>
      )}
      {trace.folds.length > 0 && (
        <p>
          <strong>Folded.</strong> Of {plural(spansTotal, "span")} {formatCount(spans.length)} are shown: where siblings
          are alike, the longest stand for all. Their details lead to the others.
        </p>
      )}
      {cut && trace.folds.length === 0 && (
        <p>
          <strong>A part of it.</strong> Shown are {formatCount(spans.length)} of {plural(spansTotal, "span")}.
        </p>
      )}
      {warnings.length > 0 && (
        <details>
          <summary>{plural(warnings.length, "repair")} to this trace</summary>
          <ul>
            {warnings.map(warning => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
