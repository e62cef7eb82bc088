/** The span under the cursor, or the whole trace, as JSON to read, copy and take along. */

import { type JSX, useMemo, useState } from "react";
import { printSpan } from "../../api/print-span.ts";
import { tracePath } from "../../api/trace-address.ts";
import { formatCount } from "../../base/format.ts";
import { curlOf } from "../../model/curl.ts";
import { otlpOf } from "../../model/otlp.ts";
import type { Trace } from "../../model/trace.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Command, copy, useCopied } from "../../widgets/Copy.tsx";
import { download } from "./download.ts";

/** What of a whole trace is shown to read: a page of a hundred thousand spans helps nobody. */
const SHOWN = 50;

const FORMS = [
  { value: "otlp", label: "OTLP", title: "As any backend of OpenTelemetry takes it" },
  { value: "api", label: "API", title: "As this API tells it, with what was rebuilt" },
] as const;
type Form = (typeof FORMS)[number]["value"];

interface RawViewProps {
  readonly trace: Trace;
  /** The request that the page is about; null for a trace. */
  readonly requestId: string | null;
  readonly cursor: number | null;
}

export function RawView({ trace, requestId, cursor }: RawViewProps): JSX.Element {
  const [form, setForm] = useState<Form>("otlp");
  const [isWhole, setWhole] = useState(cursor === null);
  const span = isWhole ? null : cursor;
  const cut = span === null && trace.spans.length > SHOWN;
  const text = useMemo(() => textOf(trace, span, form, SHOWN), [trace, span, form]);
  const [copied, setCopied] = useCopied();
  const path = tracePath(trace, requestId);
  const id = trace.traceIds[0]?.slice(0, 8) ?? requestId?.slice(0, 8) ?? "";
  const name = span === null ? `trace-${id}` : `span-${trace.spans[span]?.spanId}`;
  const whole = () => (cut ? textOf(trace, span, form, trace.spans.length) : text);
  return (
    <section className="panel raw-view" aria-label="JSON">
      <header>
        <Choice
          label="What is shown"
          value={isWhole || cursor === null ? "trace" : "span"}
          options={[
            {
              value: "span",
              label: "Span",
              title: cursor === null ? "Choose a span first" : "The span under the cursor",
            },
            { value: "trace", label: "Trace", title: "All of its spans" },
          ]}
          onChange={what => setWhole(what === "trace")}
        />
        <Choice label="In which form" value={form} options={FORMS} onChange={setForm} />
        <button type="button" className="button" onClick={() => copy(whole()).then(setCopied)}>
          {copied ? "Copied" : "Copy"}
        </button>
        <button type="button" className="button" onClick={() => download(`${name}.${form}.json`, whole())}>
          Download
        </button>
        {!isWhole && cursor === null && <span className="faint">No span is chosen: this is the trace.</span>}
        {cut && (
          <span className="faint">
            The first {SHOWN} of {formatCount(trace.spans.length)} spans; a copy and a download have all.
          </span>
        )}
      </header>
      <pre className="raw-text" tabIndex={0}>
        <code>{text}</code>
      </pre>
      {path !== null && (
        <details>
          <summary>The same from a terminal</summary>
          <Command text={curlOf(window.location.origin, path, [])} />
        </details>
      )}
    </section>
  );
}

function textOf(trace: Trace, span: number | null, form: Form, most: number): string {
  const spans = span === null ? trace.spans.slice(0, most) : trace.spans.slice(span, span + 1);
  if (form === "otlp") return JSON.stringify(otlpOf(trace, spans), null, 2);
  const printed = spans.map(printSpan);
  return JSON.stringify(span === null ? printed : printed[0], null, 2);
}
