/** What came in and what went out, where that is captured: secrets are replaced where the function runs. */

import type { JSX } from "react";

import { attributeText } from "../../model/attribute.ts";
import type { Invocation } from "../../model/invocation.ts";
import type { Trace } from "../../model/trace.ts";
import { Copy } from "../../widgets/Copy.tsx";

interface PayloadProps {
  readonly invocation: Invocation;
  readonly trace: Trace;
}

export function Payload({ invocation: { requestId }, trace }: PayloadProps): JSX.Element {
  const spans = trace.spans.filter(span => span.requestId === requestId);
  const text = (key: string) =>
    spans.map(span => attributeText(span.attributes, key)).find(found => found !== undefined);
  const [request, response] = [text("coldtrace.request"), text("coldtrace.response")];
  const isCaptured = request !== undefined || response !== undefined;
  return (
    <details className="panel payload">
      <summary>
        Payload <span className="note">{isCaptured ? "secrets are replaced" : "not captured"}</span>
      </summary>
      {isCaptured ? (
        <div className="payloads">
          <Body title="Request" text={request} />
          <Body title="Response" text={response} />
        </div>
      ) : (
        <p className="payload-none">
          The extension captures payloads where it is told to: <code>COLDTRACE_CAPTURE=errors</code> those of
          invocations that fail, <code>all</code> of every one.
        </p>
      )}
    </details>
  );
}

function Body({ title, text }: { readonly title: string; readonly text: string | undefined }): JSX.Element {
  return (
    <section aria-label={title}>
      <h3>
        {title}
        {text !== undefined && <Copy text={text} what={title.toLowerCase()} />}
      </h3>
      {text === undefined ? (
        <p className="faint">not captured</p>
      ) : (
        <pre tabIndex={0}>
          <code>{readable(text)}</code>
        </pre>
      )}
    </section>
  );
}

/** JSON with a line for each part; what was cut off, or is no JSON, as it is. */
function readable(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
