/** What the platform reported of an invocation, figure by figure, and as the line that it writes. */

import type { JSX, ReactNode } from "react";

import { formatBytes, formatDollars, formatDuration } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import type { Invocation } from "../../model/invocation.ts";
import { reportLine } from "../../model/report-line.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { Moment } from "../../widgets/Moment.tsx";

export function Report({ of }: { readonly of: Invocation }): JSX.Element {
  const line = reportLine(of);
  const isReported = of.facts.includes("reported");
  return (
    <details className="panel report">
      <summary>
        Report <span className="note">{isReported ? "as the platform told it" : "none came from the platform"}</span>
      </summary>
      <dl className="report-figures">
        {figuresOf(of).map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {line !== null && (
        <div className="command">
          <pre tabIndex={0}>
            <code>{line}</code>
          </pre>
          <Copy text={line} what="report" />
        </div>
      )}
    </details>
  );
}

/** Absent is not zero: what is not known is left out. */
function figuresOf(of: Invocation): [string, ReactNode][] {
  const length = (value: Nanos | null) => (value === null ? null : formatDuration(value));
  const size = (value: bigint | null) => (value === null ? null : formatBytes(value));
  const all: [string, ReactNode][] = [
    ["Duration", length(of.duration)],
    ["Billed", length(of.billed)],
    ["Cost", of.cost === null ? null : formatDollars(of.cost)],
    ["Init", length(of.init)],
    ["Restore", length(of.restore)],
    ["Memory size", size(of.memoryBytes)],
    ["Most memory used", size(of.maxMemoryBytes)],
    ["Response after", length(of.responseLatency)],
    ["Response took", length(of.responseDuration)],
    ["Response", size(of.producedBytes)],
    ["Runtime overhead", length(of.runtimeOverhead)],
    ["Extensions' overhead", length(of.extensionOverhead)],
    ["Deadline", of.deadline === null ? null : <Moment at={of.deadline} form="clock" />],
    ["Account", of.account],
    ["Log stream", of.instance],
    ["Told by", of.facts.map(fact => FACT_TEXT[fact]).join(", ")],
  ];
  return all.filter(([, value]) => value !== null && value !== "");
}

const FACT_TEXT: Readonly<Record<Invocation["facts"][number], string>> = {
  started: "its start",
  finished: "its end",
  reported: "the platform's report",
  from_span: "a span",
};
