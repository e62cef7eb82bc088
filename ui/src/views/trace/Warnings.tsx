import type { JSX } from "react";

import { formatCount, plural } from "../../base/format.ts";
import type { Trace } from "../../model/trace.ts";

/** What is not quite as it came: what was repaired, what is not shown. */
export function Warnings({ trace }: { readonly trace: Trace }): JSX.Element | null {
  const { warnings, spans, spansTotal } = trace;
  const cut = spansTotal > spans.length;
  if (warnings.length === 0 && !cut) return null;
  return (
    <div className="warnings">
      {cut && (
        <p>
          Shown are {formatCount(spans.length)} of {plural(spansTotal, "span")}.
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
