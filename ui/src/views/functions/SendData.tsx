/** What to do when there is nothing yet: how to send something, or where else to look. */

import type { JSX } from "react";

import { type LengthName, type Range, rangeText } from "../../model/range.ts";
import { Command } from "../../widgets/Copy.tsx";
import { Notice } from "../../widgets/Notice.tsx";

const LONGEST: LengthName = "14d";

interface SendDataProps {
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

export function SendData({ range, onRange }: SendDataProps): JSX.Element {
  const host = location.hostname;
  const longest = range.kind === "last" && range.length === LONGEST;
  return (
    <Notice title={`No function was invoked in ${rangeText(range)}`}>
      {!longest && (
        <p>
          <button type="button" className="button" onClick={() => onRange({ kind: "last", length: LONGEST })}>
            Look at the last 14 days
          </button>
        </p>
      )}
      <div className="steps">
        <section>
          <h3>One invocation, now</h3>
          <p>Paste this into a terminal, then read again with r.</p>
          <Command text={oneInvocation(host)} />
        </section>
        <section>
          <h3>A Lambda function</h3>
          <p>Attach the extension as a layer and tell it where the collector is. The function itself needs nothing.</p>
          <Command text={`COLDTRACE_ENDPOINT=http://${host}:4317`} />
        </section>
        <section>
          <h3>Any OpenTelemetry SDK</h3>
          <p>A server span with a request id or a faas attribute becomes an invocation.</p>
          <Command
            text={`export OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:4318\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
          />
        </section>
      </div>
    </Notice>
  );
}

/** One span of a function, as OTLP has it in JSON. */
function oneInvocation(host: string): string {
  const attribute = (key: string, value: unknown) => ({ key, value });
  const span = {
    traceId: "TRACE",
    spanId: "SPAN",
    name: "hello",
    kind: 2,
    startTimeUnixNano: "START",
    endTimeUnixNano: "END",
    attributes: [
      attribute("faas.invocation_id", { stringValue: "REQUEST" }),
      attribute("faas.coldstart", { boolValue: true }),
    ],
  };
  const resource = { attributes: [attribute("service.name", { stringValue: "hello" })] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
    .replace("TRACE", "'$(openssl rand -hex 16)'")
    .replace("SPAN", "'$(openssl rand -hex 8)'")
    .replace("REQUEST", "'$(openssl rand -hex 8)'")
    .replace("START", "'$(date +%s)'000000000")
    .replace("END", "'$(date +%s)'042000000");
  return `curl http://${host}:4318/v1/traces -H 'content-type: application/json' -d '${body}'`;
}
