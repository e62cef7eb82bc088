import type { Nanos, Time } from "../base/time.ts";
import type { Attribute } from "./attribute.ts";
import type { Invocation } from "./invocation.ts";

export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";
export type SpanStatus = "unset" | "ok" | "error";
export type Mark =
  | "orphan"
  | "adopted"
  | "cycle_cut"
  | "duplicate_removed"
  | "unfinished"
  | "ends_before_start"
  | "async"
  | "skew_corrected";

/** One span of a rebuilt trace; `parent`, `resource` and `scope` are indexes into the trace's lists. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** As the client sent it. */
  readonly parentSpanId: string | null;
  /** After repair. */
  readonly parent: number | null;
  readonly depth: number;
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  readonly start: Time;
  readonly end: Time;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  /** The platform's phase that this span is; empty for a client's own span. */
  readonly phase: string;
  readonly requestId: string | null;
  readonly sandboxId: string | null;
  readonly selfTime: Nanos;
  readonly criticalTime: Nanos;
  readonly marks: readonly Mark[];
  readonly attributes: readonly Attribute[];
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly resource: number;
  readonly scope: number;
  readonly traceState: string;
  readonly flags: number;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
}

export interface SpanEvent {
  readonly time: Time;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
}

export interface Resource {
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly schemaUrl: string;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly Attribute[];
  readonly droppedAttributes: number;
  readonly schemaUrl: string;
}

/** A stretch of time that the whole waited for one span. */
export interface Section {
  readonly span: number;
  readonly start: Time;
  readonly end: Time;
}

/** Something that costs time that it need not cost. */
export interface Finding {
  readonly kind:
    | "repeated_calls"
    | "serial_calls"
    | "retries"
    | "cold_start"
    | "timeout_suspect"
    | "queue_wait"
    | "recursion";
  readonly title: string;
  /** What was seen, and what its end would save. */
  readonly text: string;
  /** The span below which it happens, or which it is about. */
  readonly span: number;
  /** The first spans that show it, of so many. */
  readonly evidence: readonly number[];
  readonly evidenceTotal: number;
  readonly gain: Nanos;
  readonly confidence: "low" | "medium" | "high";
}

/** An invocation's place in a journey. */
export interface Hop {
  /** The span that sent it; null where that is not known. */
  readonly cause: number | null;
  /** How long what it took had lain; null where the sender waited for it, or is not known. */
  readonly waited: Nanos | null;
  /** From 1. */
  readonly attempt: number;
  readonly attempts: number;
}

/** Siblings that are alike and too many to be told one by one: the longest are told, and the first of these stands for all. */
export interface Fold {
  readonly span: number;
  /** How many it stands for, itself included. */
  readonly siblings: number;
  readonly errors: number;
  /** Spans that are not told: other siblings, and all that is below them. */
  readonly hidden: number;
  /** Sum of the siblings' durations. */
  readonly total: Nanos;
  readonly criticalTime: Nanos;
}

/** A rebuilt journey: spans in display order (a parent before its children, siblings by start). */
export interface Trace {
  readonly traceIds: readonly string[];
  readonly requestIds: readonly string[];
  readonly start: Time;
  readonly end: Time;
  readonly spans: readonly Span[];
  readonly spansTotal: number;
  readonly invocations: readonly Invocation[];
  /** One for each invocation, in their order. */
  readonly hops: readonly Hop[];
  readonly resources: readonly Resource[];
  readonly scopes: readonly Scope[];
  readonly criticalPath: readonly Section[];
  /** The greatest gain first. */
  readonly findings: readonly Finding[];
  /** Of a trace that is too large to be told whole. */
  readonly folds: readonly Fold[];
  readonly warnings: readonly string[];
}

export interface Log {
  readonly time: Time;
  /** OTLP's number, 0 if not known. */
  readonly severity: number;
  readonly body: string;
  readonly source: string;
  readonly service: string;
  readonly requestId: string | null;
  readonly traceId: string | null;
  readonly spanId: string | null;
  readonly attributes: readonly Attribute[];
}

export interface InvocationDetail {
  readonly invocation: Invocation;
  /** What became of it, in a sentence. */
  readonly verdict: string;
  readonly trace: Trace;
  readonly logs: readonly Log[];
  readonly logsTotal: number;
}

/** One line of the list of traces. */
export interface TraceSummary {
  readonly traceId: string;
  readonly start: Time;
  readonly duration: Nanos;
  readonly rootService: string;
  readonly rootName: string;
  readonly services: readonly string[];
  readonly spans: number;
  readonly errors: number;
  readonly requestIds: readonly string[];
}

/** What a mark means, in words for the reader. */
export const MARK_TEXT: Readonly<Record<Mark, string>> = {
  orphan: "Its parent never arrived; shown as a root.",
  adopted: "The parent that it names says too little; placed by its request, its sandbox and its time.",
  cycle_cut: "Its parents formed a circle, which was cut here.",
  duplicate_removed: "It arrived more than once; the copies were removed.",
  unfinished: "It never ended; its end here is the end of what is known.",
  ends_before_start: "It claims to end before it starts.",
  async: "It outlives its parent, which did not wait for it.",
  skew_corrected: "Its clock was off; it was moved to fit into its parent.",
};

export const PHASE_TEXT: Readonly<Record<string, string>> = {
  invocation: "invocation",
  init: "init (cold start)",
  extension_init: "extensions' init",
  runtime_init: "runtime init",
  restore: "restore",
  runtime_overhead: "runtime overhead",
  extension_overhead: "extensions' overhead",
};

/** The level's name of an OTLP severity number; empty if not known. */
export function severityText(severity: number): "" | "trace" | "debug" | "info" | "warn" | "error" | "fatal" {
  if (severity < 1) return "";
  if (severity < 5) return "trace";
  if (severity < 9) return "debug";
  if (severity < 13) return "info";
  if (severity < 17) return "warn";
  return severity < 21 ? "error" : "fatal";
}
