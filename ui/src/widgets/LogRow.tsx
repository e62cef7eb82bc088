/** A logged line in a list: when, how severe, whose, what; opened, all that is known of it. */

import { type JSX, memo, type ReactNode, useId, useState } from "react";

import { formatClock, formatDay, formatExact } from "../base/format.ts";
import { now } from "../base/time.ts";
import { fieldsOf, headline, linesBelow, plain, saidIn } from "../model/log-line.ts";
import { type Log, severityText } from "../model/trace.ts";
import { Attributes } from "./Attributes.tsx";
import { Copy } from "./Copy.tsx";
import { useTimes } from "./times.ts";

interface LogRowProps {
  readonly line: Log;
  /** The ways to what it belongs to. */
  readonly links: (line: Log) => ReactNode;
}

export const LogRow = memo(function LogRow({ line, links }: LogRowProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const details = useId();
  useTimes();
  const level = severityText(line.severity) || saidIn(line.body).level;
  const below = linesBelow(line.body);
  const day = formatDay(line.time) === formatDay(now()) ? "" : `${formatDay(line.time).slice(5)} `;
  return (
    <li className={`line log-${level || "none"}`}>
      <button
        type="button"
        className="line-head"
        data-row="line"
        aria-expanded={isOpen}
        aria-controls={details}
        onClick={() => setOpen(!isOpen)}
      >
        <time title={formatExact(line.time)}>
          {day}
          {formatClock(line.time)}
        </time>{" "}
        <span className="log-level">{level || line.source}</span> <span className="line-of">{line.service}</span>{" "}
        <span className="line-text">
          {headline(line.body)}
          {below > 0 && <span className="faint"> +{below}</span>}
        </span>
      </button>
      {isOpen && (
        <div className="line-details" id={details}>
          <Body of={line} />
          {line.attributes.length > 0 && <Attributes of={line.attributes} />}
          <p className="line-links">
            {links(line)}
            <span className="faint">{line.source}</span>
            <Copy text={plain(line.body)} what="line" />
          </p>
        </div>
      )}
    </li>
  );
});

function Body({ of }: { readonly of: Log }): JSX.Element {
  const fields = fieldsOf(of.body);
  if (fields === null) {
    return (
      <pre className="stack" tabIndex={0}>
        {plain(of.body).trim()}
      </pre>
    );
  }
  return <Attributes of={fields.map(({ key, value }) => ({ key, value: { kind: "string" as const, value } }))} />;
}
