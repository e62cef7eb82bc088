/** What can be said of an invocation in a sentence each, the most telling first: why it failed, what was slow about it. */

import { formatBytes, formatDuration } from "../base/format.ts";
import { between } from "../base/time.ts";
import { attributeText } from "./attribute.ts";
import { type Invocation, isFailure } from "./invocation.ts";
import { requestsOf } from "./requests.ts";
import type { Span, Trace } from "./trace.ts";

export interface Reason {
  readonly kind: "failure" | "cold" | "missing";
  /** What it is, in a word or two. */
  readonly title: string;
  readonly text: string;
  /** Where it can be seen. */
  readonly span: number | null;
}

export function reasons(invocation: Invocation, trace: Trace): Reason[] {
  const raised = exceptions(invocation, trace);
  return [
    ...limits(invocation, raised.length > 0),
    ...raised,
    ...coldStart(invocation, trace),
    ...missing(invocation, trace),
  ];
}

/** What the platform says. The class of an error adds nothing where the exception itself is known. */
function limits(invocation: Invocation, raised: boolean): Reason[] {
  const { outcome, deadline, start, maxMemoryBytes, memoryBytes, errorType } = invocation;
  if (outcome === "timeout") {
    const limit = deadline === null ? "its time limit" : `its limit of ${formatDuration(between(start, deadline))}`;
    return [{ kind: "failure", title: "Time limit", text: `The platform ended it at ${limit}.`, span: null }];
  }
  if (outcome === "oom") {
    const used = maxMemoryBytes === null ? "" : `${formatBytes(maxMemoryBytes)} used`;
    const limit = memoryBytes === null ? "" : ` of ${formatBytes(memoryBytes)}`;
    const text = used === "" ? "The platform ended it for its memory." : `${used}${limit}; the platform ended it.`;
    return [{ kind: "failure", title: "Out of memory", text, span: null }];
  }
  if (outcome === "lost") {
    const text = "It started, and nothing was heard of it again.";
    return [{ kind: "failure", title: "Lost", text, span: null }];
  }
  return isFailure(outcome) && errorType !== "" && !raised
    ? [{ kind: "failure", title: "Error type", text: errorType, span: null }]
    : [];
}

/** The exception that was recorded closest to where it was raised, per message. */
function exceptions(invocation: Invocation, trace: Trace): Reason[] {
  const found = new Map<string, Reason & { readonly depth: number }>();
  const requests = requestsOf(trace);
  trace.spans.forEach((span, index) => {
    const text = exceptionText(span);
    if (text === null) return;
    const request = requests[index] ?? null;
    const own = request === null || request === invocation.requestId;
    const known = found.get(text);
    if (known !== undefined && known.depth >= span.depth) return;
    const title = own ? "Exception" : `Exception in ${span.service}`;
    found.set(text, { kind: "failure", title, text, span: index, depth: span.depth });
  });
  return [...found.values()].slice(0, 3);
}

/** What a failed span says of it: in its status, or of its exception; null where it says nothing. */
export function failureText(span: Span): string | null {
  return span.statusMessage === "" ? exceptionText(span) : span.statusMessage;
}

function exceptionText(span: Span): string | null {
  const event = span.events.find(one => one.name === "exception");
  if (event === undefined) return null;
  const type = attributeText(event.attributes, "exception.type");
  const message = attributeText(event.attributes, "exception.message");
  return [type, message].filter(part => part !== undefined && part !== "").join(": ") || null;
}

function coldStart(invocation: Invocation, trace: Trace): Reason[] {
  const waited = invocation.init ?? invocation.restore;
  if (invocation.cold === "reset") return reset(invocation, trace);
  if (waited === null || invocation.cold === "warm") return [];
  const phase = invocation.init === null ? "restore" : "init";
  const seen = trace.spans.findIndex(span => span.phase === phase && span.requestId === invocation.requestId);
  const index = seen < 0 ? trace.spans.findIndex(span => span.phase === phase) : seen;
  const text =
    phase === "init"
      ? `${formatDuration(waited)} went into starting the sandbox before the handler ran.`
      : `${formatDuration(waited)} went into restoring the sandbox's snapshot before the handler ran.`;
  return [{ kind: "cold", title: "Cold start", text, span: index < 0 ? null : index }];
}

/** The platform bills this init as a part of the invocation, and tells its length nowhere else. */
function reset({ requestId }: Invocation, trace: Trace): Reason[] {
  const index = trace.spans.findIndex(span => span.phase === "init" && span.requestId === requestId);
  const init = trace.spans[index];
  if (init === undefined) return [];
  const length = formatDuration(between(init.start, init.end));
  const text = `The invocation before it ended the process: ${length} went into starting it again before the handler ran.`;
  return [{ kind: "cold", title: "Reset", text, span: index }];
}

function missing(invocation: Invocation, trace: Trace): Reason[] {
  const requests = requestsOf(trace);
  // Work that nothing can be said of may be the function's own.
  const isOwn = (index: number) => (requests[index] ?? invocation.requestId) === invocation.requestId;
  if (trace.spans.some((span, index) => span.phase === "" && isOwn(index))) return [];
  const told = trace.spans.length === 0 ? "No span arrived." : "The function sent no span of its own.";
  const text = `${told} What is shown is the platform's account.`;
  return [{ kind: "missing", title: "No spans", text, span: null }];
}
