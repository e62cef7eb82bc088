/** An invocation in a sentence, in the backend's words (`crates/analysis/src/verdict.rs`), from what the made-up trace has. */

import type { components } from "../src/api/generated/openapi.ts";
import { formatNanos } from "../src/base/format.ts";

type Schemas = components["schemas"];
type Verdict = Schemas["Verdict"];
type Part = Verdict["parts"][number];

/** A part that is less of the whole is not named in the sentence. */
const LEAST_SHARE = 0.25;

const WORDS: Readonly<Record<Part["category"], string>> = {
  queue_wait: "its message to be taken",
  init: "its sandbox to start",
  extension_init: "extensions to start",
  runtime_init: "runtime and module to load",
  restore: "its snapshot to be restored",
  handler: "its own work",
  downstream: "",
  runtime_overhead: "the runtime to end",
  extension_overhead: "extensions to end",
};

export function verdict(invocation: Schemas["Invocation"], trace: Schemas["Trace"]): Verdict {
  const parts = partsOf(invocation, trace.spans);
  return { text: sentence(invocation, trace.spans, parts), parts };
}

function partsOf(invocation: Schemas["Invocation"], spans: readonly Schemas["Span"][]): Part[] {
  // Of each span: the call that it is part of, none where it is the function's own; undefined where it is another's.
  const callOf: (string | undefined)[] = [];
  const parts = new Map<string, Part>();
  for (const span of spans) {
    const isOwn = span.request_id === invocation.request_id && (span.phase === "invocation" || span.phase === "init");
    const above = isOwn ? "" : span.parent === null ? undefined : callOf[span.parent];
    const isCall = span.kind === "client" || span.kind === "producer";
    const about = above === "" && isCall ? span.name : above;
    callOf.push(about);
    if (about === undefined || span.critical_time === "0") continue;
    const category = about === "" ? categoryOf(span) : "downstream";
    const length = BigInt(parts.get(`${category} ${about}`)?.length ?? "0") + BigInt(span.critical_time);
    parts.set(`${category} ${about}`, { category, about, length: String(length) });
  }
  return [...parts.values()].sort((left, right) => Number(right.length) - Number(left.length));
}

function categoryOf({ phase }: Schemas["Span"]): Part["category"] {
  const known = Object.keys(WORDS) as Part["category"][];
  return known.find(one => one === phase) ?? "handler";
}

function sentence(of: Schemas["Invocation"], spans: readonly Schemas["Span"][], parts: readonly Part[]): string {
  const waited = Number(of.init ?? of.restore ?? "0");
  const took =
    of.duration === null ? null : lengthText(Number(of.duration) + waited) + (waited > 0 ? " with its start" : "");
  const after = took === null ? "" : ` after ${took}`;
  const error = of.error_type === "" ? "" : ` (${of.error_type})`;
  switch (of.outcome) {
    case "running":
      return "Still running, or nobody told its end.";
    case "lost":
      return "Started, and never heard of again.";
    case "oom":
      return `Ran out of memory: ${megabytes(of.max_memory_bytes)} of ${megabytes(of.memory_bytes)} MB.`;
    case "timeout":
      return `Ran into its time limit${after}${suspect(of, spans) ?? mostly(parts)}.`;
    case "init_error":
      return `Its sandbox could not be started${error}.`;
    case "crash":
      return `Its process ended${after}${error}.`;
    case "error":
      return `Failed${after}${error}${mostly(parts)}.`;
    case "ok":
      return took === null ? "Ended well; nobody told how long it took." : `Took ${took}${mostly(parts)}.`;
  }
}

/** What was open when the time was up. */
function suspect({ request_id }: Schemas["Invocation"], spans: readonly Schemas["Span"][]): string | null {
  const open = spans.find(
    span => span.kind === "client" && span.request_id === request_id && span.marks.includes("unfinished"),
  );
  if (open === undefined) return null;
  return `, while ${open.name} had not answered for ${lengthText(Number(open.end) - Number(open.start))}`;
}

function mostly(parts: readonly Part[]): string {
  const whole = parts.reduce((sum, part) => sum + Number(part.length), 0);
  const large = parts.filter(part => Number(part.length) >= whole * LEAST_SHARE);
  const words = large.map(
    ({ category, about, length }) => `${lengthText(Number(length))} for ${about === "" ? WORDS[category] : about}`,
  );
  return words.length === 0 ? "" : `: ${words.join(", ")}`;
}

const megabytes = (bytes: string | null): string => String(BigInt(bytes ?? "0") / (1024n * 1024n));

/** `3 s`, `2.8 s`, `642 ms`: digits that say nothing are left out. */
function lengthText(length: number): string {
  return formatNanos(length)
    .replaceAll("\u00a0", " ")
    .replace(/(\.[0-9]*?)0+(?= )/, (_, digits: string) => (digits === "." ? "" : digits));
}
