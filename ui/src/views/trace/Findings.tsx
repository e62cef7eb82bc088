import { type JSX, useMemo } from "react";

import { formatDuration, plural } from "../../base/format.ts";
import { findingsOf } from "../../model/findings.ts";
import type { Finding, Trace } from "../../model/trace.ts";

/** The list stays an answer, not a second trace. */
const SHOWN = 5;

interface FindingsProps {
  readonly trace: Trace;
  /** The request that is asked about; null for the whole journey. */
  readonly requestId: string | null;
  /** Goes to a span. */
  readonly show: (span: number) => void;
}

/** What would make it faster, the greatest gain first. */
export function Findings({ trace, requestId, show }: FindingsProps): JSX.Element | null {
  const found = useMemo(() => findingsOf(trace, requestId), [trace, requestId]);
  if (found.length === 0) return null;
  const rest = found.length - SHOWN;
  return (
    <section className="answer findings" aria-labelledby="findings-title">
      <h2 id="findings-title">What would make it faster</h2>
      <ol>
        {found.slice(0, SHOWN).map(finding => (
          <li key={`${finding.kind} ${finding.evidence[0]}`}>
            <button
              type="button"
              onClick={() => show(finding.evidence[0] ?? finding.span)}
              title="Show the first span of it"
            >
              <Gain of={finding} />
              <span className="finding-text">
                <strong>{finding.title}</strong> {finding.text}
              </span>
            </button>
          </li>
        ))}
      </ol>
      {rest > 0 && <p className="faint">and {plural(rest, "smaller one")}</p>}
    </section>
  );
}

function Gain({ of }: { readonly of: Finding }): JSX.Element {
  if (of.kind === "recursion") return <span className="finding-gain" />;
  return (
    <span className="finding-gain">
      {of.confidence === "low" && <span className="faint">up to </span>}
      {formatDuration(of.gain)}
    </span>
  );
}
