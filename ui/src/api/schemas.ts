/**
 * What comes over the wire, parsed once into the model's types: decimal strings to bigints, snake_case to the model's names.
 *
 * Each schema is held to the type that is generated from the API's description (`satisfies Wire<...>`).
 */

import * as z from "zod/mini";

import { type Dollars, dollars } from "../base/money.ts";
import { type Nanos, nanos, type Time, time } from "../base/time.ts";
import type { Attribute } from "../model/attribute.ts";
import type { Cohort, ComparedItem, Comparison } from "../model/comparison.ts";
import { ERROR_STATES, type ErrorGroup, type FunctionErrors } from "../model/errors.ts";
import { CATEGORIES, type Frame, type PathComparison } from "../model/flame.ts";
import type { FunctionSummary } from "../model/function.ts";
import type { Bucket, FunctionDetail, FunctionPart, FunctionPoint, FunctionStart } from "../model/function-detail.ts";
import type { FunctionFinding, FunctionFindings, Gain } from "../model/function-findings.ts";
import type { FunctionPath, Between as PathBetween, PathPoint, PathSegment } from "../model/function-path.ts";
import type { Invocation } from "../model/invocation.ts";
import type { ConcurrencyPoint, FunctionSandboxes, Sandbox, SandboxRun, UnusedSandboxes } from "../model/sandboxes.ts";
import type { ToldFinding } from "../model/told-findings.ts";
import type {
  Finding,
  Fold,
  InvocationDetail,
  Log,
  Resource,
  Scope,
  Section,
  Span,
  Trace,
  TraceSummary,
} from "../model/trace.ts";
import { isAttributes, toAttributes } from "./attributes.ts";
import { isPath, timeSince } from "./blocks.ts";
import type { components } from "./generated/openapi.ts";

// The compiled form needs `new Function`, which the content security policy forbids.
z.config({ jitless: true });

type Schemas = components["schemas"];

/** A schema that takes what the API sends and gives what the model wants. */
export type Wire<Sent extends keyof Schemas, Model> = z.ZodMiniType<Model, Schemas[Sent]>;

export const timeText = z.pipe(
  z.string(),
  z.transform((text): Time => time(BigInt(text))),
);
export const nanosText = z.pipe(
  z.string(),
  z.transform((text): Nanos => nanos(BigInt(text))),
);
export const count = z.pipe(z.string(), z.transform(Number));
const bytes = z.pipe(
  z.string(),
  z.transform((text): bigint => BigInt(text)),
);
export const dollarsText = z.pipe(
  z.string(),
  z.transform((text): Dollars => dollars(BigInt(text))),
);
const text = z.string();
/** Names that say that there is none become empty, as where nothing was told. */
const name = z.pipe(
  z.string(),
  z.transform((name): string => (name === "unknown" || name === "other" ? "" : name)),
);
const nullableText = z.nullable(z.string());

export const problem = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    parameter: z.optional(z.string()),
    at: z.optional(z.object({ from: z.number(), to: z.number() })),
    mistakes: z.optional(z.array(z.object({ at: text, message: text }))),
  }),
});

export const functionSummary = z.pipe(
  z.object({
    function: text,
    platform: name,
    runtime: text,
    architecture: name,
    memory_bytes: bytes,
    invocations: count,
    cold_starts: count,
    errors: count,
    timeouts: count,
    ooms: count,
    lost: count,
    p50: nanosText,
    p95: nanosText,
    max: nanosText,
    init_p50: z.nullable(nanosText),
    last_seen: timeText,
    cost: z.nullable(dollarsText),
  }),
  z.transform(
    (wire): FunctionSummary => ({
      name: wire.function,
      platform: wire.platform,
      runtime: wire.runtime,
      architecture: wire.architecture,
      memoryBytes: wire.memory_bytes,
      invocations: wire.invocations,
      coldStarts: wire.cold_starts,
      errors: wire.errors,
      timeouts: wire.timeouts,
      ooms: wire.ooms,
      lost: wire.lost,
      p50: wire.p50,
      p95: wire.p95,
      max: wire.max,
      initP50: wire.init_p50,
      lastSeen: wire.last_seen,
      cost: wire.cost,
    }),
  ),
) satisfies Wire<"Function", FunctionSummary>;

export const functionList = z.object({ functions: z.array(functionSummary), total: z.number() });

const cold = z.enum(["warm", "on_demand", "provisioned", "snapstart", "reset"]);

const functionPart = z.pipe(
  z.object({
    version: nullableText,
    memory_bytes: z.nullable(bytes),
    architecture: z.nullable(name),
    invocations: count,
    cold_starts: count,
    errors: count,
    p50: nanosText,
    p95: nanosText,
    p99: nanosText,
    max: nanosText,
    billed: nanosText,
    cost: z.nullable(dollarsText),
    max_memory_bytes: z.nullable(bytes),
    first_seen: timeText,
    last_seen: timeText,
  }),
  z.transform(
    (wire): FunctionPart => ({
      version: wire.version,
      memoryBytes: wire.memory_bytes,
      architecture: wire.architecture ?? "",
      invocations: wire.invocations,
      coldStarts: wire.cold_starts,
      errors: wire.errors,
      p50: wire.p50,
      p95: wire.p95,
      p99: wire.p99,
      max: wire.max,
      billed: wire.billed,
      cost: wire.cost,
      maxMemoryBytes: wire.max_memory_bytes,
      firstSeen: wire.first_seen,
      lastSeen: wire.last_seen,
    }),
  ),
) satisfies Wire<"FunctionPart", FunctionPart>;

const functionStart = z.pipe(
  z.object({ cold, invocations: count, init_p50: z.nullable(nanosText), init_p95: z.nullable(nanosText) }),
  z.transform(
    (wire): FunctionStart => ({
      cold: wire.cold,
      invocations: wire.invocations,
      initP50: wire.init_p50,
      initP95: wire.init_p95,
    }),
  ),
) satisfies Wire<"FunctionStart", FunctionStart>;

const functionPoint = z.pipe(
  z.object({
    start: timeText,
    invocations: count,
    cold_starts: count,
    errors: count,
    timeouts: count,
    ooms: count,
    lost: count,
    p50: nanosText,
    p95: nanosText,
    p99: nanosText,
    max: nanosText,
    billed: nanosText,
    max_memory_bytes: z.nullable(bytes),
    durations: z.array(z.array(count)),
  }),
  z.transform(
    (wire): FunctionPoint => ({
      start: wire.start,
      invocations: wire.invocations,
      coldStarts: wire.cold_starts,
      errors: wire.errors,
      p50: wire.p50,
      p95: wire.p95,
      p99: wire.p99,
      max: wire.max,
      billed: wire.billed,
      maxMemoryBytes: wire.max_memory_bytes,
      durations: wire.durations.map(([end = 0, count = 0]): Bucket => ({ end, count })),
    }),
  ),
) satisfies Wire<"FunctionPoint", FunctionPoint>;

export const functionDetail = z.pipe(
  z.object({
    function: functionSummary,
    region: text,
    p99: nanosText,
    billed: nanosText,
    cost: z.nullable(dollarsText),
    prices_of: text,
    versions: z.array(functionPart),
    memory_sizes: z.array(functionPart),
    starts: z.array(functionStart),
    step: nanosText,
    points: z.array(functionPoint),
  }),
  z.transform(
    (wire): FunctionDetail => ({
      summary: wire.function,
      region: wire.region,
      p99: wire.p99,
      billed: wire.billed,
      cost: wire.cost,
      pricesOf: wire.prices_of,
      versions: wire.versions,
      memorySizes: wire.memory_sizes,
      starts: wire.starts,
      step: wire.step,
      points: wire.points,
    }),
  ),
) satisfies Wire<"FunctionDetail", FunctionDetail>;

export const gain = z.object({
  mean: nanosText,
  p50: nanosText,
  p95: nanosText,
  p99: nanosText,
  failures: z.number(),
  monthly: z.nullable(dollarsText),
}) satisfies Wire<"Gain", Gain>;

export const fault = {
  kind: z.enum([
    "timeouts",
    "error_regression",
    "memory_leak",
    "repeated_calls",
    "serial_calls",
    "retries",
    "slow_dependency",
    "cold_starts",
    "init_phase",
    "cpu_starved",
    "over_provisioned",
    "queue_wait",
    "recursion",
    "duplicate_processing",
  ]),
  title: text,
  text,
  about: text,
  seen: count,
  share: z.number(),
  gain,
  confidence: z.enum(["low", "medium", "high"]),
  examples: z.array(text),
  question: text,
};

const functionFinding = z.pipe(
  z.object({ ...fault, evidence: z.array(z.object({ name: text, text })) }),
  z.transform((wire): FunctionFinding => wire),
) satisfies Wire<"FunctionFinding", FunctionFinding>;

const toldFinding = z.pipe(
  z.object({ ...fault, function: text, first_seen: timeText, last_seen: timeText, is_there: z.boolean() }),
  z.transform(
    ({ first_seen, last_seen, is_there, ...wire }): ToldFinding => ({
      ...wire,
      firstSeen: first_seen,
      lastSeen: last_seen,
      isThere: is_there,
    }),
  ),
) satisfies Wire<"ToldFinding", ToldFinding>;

export const findingList = z.object({ findings: z.array(toldFinding), total: z.number() });

export const functionFindings = z.pipe(
  z.object({
    findings: z.array(functionFinding),
    invocations: count,
    sampled: z.number(),
    traces: z.number(),
    prices_of: text,
  }),
  z.transform(
    (wire): FunctionFindings => ({
      findings: wire.findings,
      invocations: wire.invocations,
      sampled: wire.sampled,
      traces: wire.traces,
      pricesOf: wire.prices_of,
    }),
  ),
) satisfies Wire<"FunctionFindings", FunctionFindings>;

const cohort = z.pipe(
  z.object({ invocations: count, p50: z.nullable(nanosText), p95: z.nullable(nanosText), mean: z.nullable(nanosText) }),
  z.transform((wire): Cohort => ({ invocations: wire.invocations, p50: wire.p50, p95: wire.p95 })),
) satisfies Wire<"Cohort", Cohort>;

const itemName = z.object({ key: text, value: nullableText });

const comparedItem = z.pipe(
  z.object({
    key: text,
    value: nullableText,
    selected: count,
    rest: count,
    share_selected: z.number(),
    share_rest: z.number(),
    lift: z.nullable(z.number()),
    z: z.number(),
    p: z.number(),
    explains: z.nullable(z.number()),
    also: z.array(itemName),
  }),
  z.transform(
    (wire): ComparedItem => ({
      key: wire.key,
      value: wire.value,
      shareSelected: wire.share_selected,
      shareRest: wire.share_rest,
      lift: wire.lift,
      explains: wire.explains,
      also: wire.also,
    }),
  ),
) satisfies Wire<"ComparedItem", ComparedItem>;

export const comparison = z.pipe(
  z.object({
    selected: cohort,
    rest: cohort,
    min_duration: z.nullable(nanosText),
    items: z.array(comparedItem),
    warnings: z.array(text),
  }),
  z.transform(
    (wire): Comparison => ({
      selected: wire.selected,
      rest: wire.rest,
      minDuration: wire.min_duration,
      items: wire.items,
      warnings: wire.warnings,
    }),
  ),
) satisfies Wire<"Comparison", Comparison>;

const pathFrame = z.pipe(
  z.object({
    parent: z.nullable(z.number()),
    category: z.enum(CATEGORIES),
    name: text,
    selected: nanosText,
    rest: nanosText,
    share_selected: z.number(),
    share_rest: z.number(),
  }),
  z.transform(
    (wire): Frame => ({
      parent: wire.parent,
      category: wire.category,
      name: wire.name,
      selected: wire.selected,
      rest: wire.rest,
    }),
  ),
);

const comparedPaths = z.object({ invocations: count, looked_at: z.number() });

export const pathComparison = z.pipe(
  z.object({ selected: comparedPaths, rest: comparedPaths, frames: z.array(pathFrame) }),
  z.transform(
    (wire): PathComparison => ({
      selected: wire.selected.looked_at,
      rest: wire.rest.looked_at,
      frames: wire.frames,
    }),
  ),
) satisfies Wire<"PathComparison", PathComparison>;

const outcome = z.enum(["running", "ok", "error", "init_error", "crash", "timeout", "oom", "lost"]);

export const invocation = z.pipe(
  z.object({
    request_id: text,
    function: text,
    start: timeText,
    outcome,
    cold,
    facts: z.array(z.enum(["started", "finished", "reported", "from_span"])),
    platform: name,
    sandbox_id: text,
    instance: text,
    version: text,
    runtime: text,
    architecture: name,
    region: text,
    account: text,
    memory_bytes: z.nullable(bytes),
    deadline: z.nullable(timeText),
    trigger: name,
    duration: z.nullable(nanosText),
    billed: z.nullable(nanosText),
    init: z.nullable(nanosText),
    restore: z.nullable(nanosText),
    response_latency: z.nullable(nanosText),
    response_duration: z.nullable(nanosText),
    runtime_overhead: z.nullable(nanosText),
    extension_overhead: z.nullable(nanosText),
    produced_bytes: z.nullable(bytes),
    max_memory_bytes: z.nullable(bytes),
    error_type: text,
    platform_trace_id: nullableText,
    platform_span_id: nullableText,
    sdk_trace_id: nullableText,
    cost: z.nullable(dollarsText),
  }),
  z.transform(
    (wire): Invocation => ({
      requestId: wire.request_id,
      function: wire.function,
      start: wire.start,
      outcome: wire.outcome,
      cold: wire.cold,
      facts: wire.facts,
      platform: wire.platform,
      sandboxId: wire.sandbox_id,
      instance: wire.instance,
      version: wire.version,
      runtime: wire.runtime,
      architecture: wire.architecture,
      region: wire.region,
      account: wire.account,
      memoryBytes: wire.memory_bytes,
      deadline: wire.deadline,
      trigger: wire.trigger,
      duration: wire.duration,
      billed: wire.billed,
      init: wire.init,
      restore: wire.restore,
      responseLatency: wire.response_latency,
      responseDuration: wire.response_duration,
      runtimeOverhead: wire.runtime_overhead,
      extensionOverhead: wire.extension_overhead,
      producedBytes: wire.produced_bytes,
      maxMemoryBytes: wire.max_memory_bytes,
      errorType: wire.error_type,
      platformTraceId: wire.platform_trace_id,
      sdkTraceId: wire.sdk_trace_id,
      cost: wire.cost,
    }),
  ),
) satisfies Wire<"Invocation", Invocation>;

export const errorGroup = z.pipe(
  z.object({
    group: text,
    function: text,
    type: text,
    message: text,
    seen: text,
    outcome,
    state: z.enum(ERROR_STATES),
    count,
    share: z.number(),
    cold: count,
    cold_share: z.number(),
    first_seen: timeText,
    first_version: text,
    last_seen: timeText,
    versions: z.array(z.object({ version: text, count })),
    examples: z.array(text),
    path: nullableText,
    series: z.array(count),
  }),
  z.transform(
    (wire): ErrorGroup => ({
      group: wire.group,
      function: wire.function,
      type: wire.type,
      message: wire.message,
      seen: wire.seen,
      outcome: wire.outcome,
      state: wire.state,
      count: wire.count,
      share: wire.share,
      coldShare: wire.cold_share,
      firstSeen: wire.first_seen,
      firstVersion: wire.first_version,
      lastSeen: wire.last_seen,
      versions: wire.versions,
      examples: wire.examples,
      path: wire.path,
      series: wire.series,
    }),
  ),
) satisfies Wire<"ErrorGroup", ErrorGroup>;

export const errorList = z.pipe(
  z.object({
    errors: z.array(errorGroup),
    total: z.number(),
    next_cursor: nullableText,
    start: timeText,
    step: nanosText,
  }),
  z.transform((wire): FunctionErrors => ({ errors: wire.errors, total: wire.total, step: wire.step })),
) satisfies Wire<"ErrorList", FunctionErrors>;

export const invocationList = z.object({
  invocations: z.array(invocation),
  total: z.number(),
  next_cursor: nullableText,
});

const sandboxRun = z.pipe(
  z.object({ request_id: text, start: timeText, duration: z.nullable(nanosText), outcome }),
  z.transform(({ request_id, ...wire }): SandboxRun => ({ ...wire, requestId: request_id })),
) satisfies Wire<"SandboxRun", SandboxRun>;

const sandbox = z.pipe(
  z.object({
    sandbox_id: text,
    version: nullableText,
    memory_bytes: z.nullable(bytes),
    cold,
    prepared: z.nullable(z.object({ kind: z.enum(["init", "restore"]), start: timeText, duration: nanosText })),
    invocations: count,
    errors: count,
    busy: nanosText,
    first: timeText,
    last: timeText,
    first_memory_bytes: z.nullable(bytes),
    last_memory_bytes: z.nullable(bytes),
    runs: z.array(sandboxRun),
  }),
  z.transform(
    (wire): Sandbox => ({
      id: wire.sandbox_id,
      version: wire.version,
      memoryBytes: wire.memory_bytes,
      cold: wire.cold,
      prepared: wire.prepared,
      invocations: wire.invocations,
      errors: wire.errors,
      busy: wire.busy,
      first: wire.first,
      last: wire.last,
      firstMemoryBytes: wire.first_memory_bytes,
      lastMemoryBytes: wire.last_memory_bytes,
      runs: wire.runs,
    }),
  ),
) satisfies Wire<"FunctionSandbox", Sandbox>;

const unusedSandboxes = z.object({
  sandboxes: count,
  prepared: nanosText,
  cost: z.nullable(dollarsText),
}) satisfies Wire<"UnusedSandboxes", UnusedSandboxes>;

const concurrencyPoint = z.object({ start: timeText, most: z.number() }) satisfies Wire<
  "ConcurrencyPoint",
  ConcurrencyPoint
>;

export const functionSandboxes = z.object({
  sandboxes: z.array(sandbox),
  total: count,
  unused: unusedSandboxes,
  step: nanosText,
  concurrency: z.nullable(z.array(concurrencyPoint)),
}) satisfies Wire<"FunctionSandboxes", FunctionSandboxes>;

const stretch = z.object({ from: timeText, to: timeText }) satisfies Wire<"Range", PathBetween>;

const pathSegment = z.pipe(
  z.object({
    category: z.enum(CATEGORIES),
    service: nullableText,
    name: nullableText,
    mean: nanosText,
    share: z.number(),
    share_invocations: z.nullable(z.number()),
    question: text,
  }),
  z.transform(({ share_invocations, ...wire }): PathSegment => ({ ...wire, shareInvocations: share_invocations })),
) satisfies Wire<"PathSegment", PathSegment>;

const pathPoint = z.pipe(
  z.object({
    start: timeText,
    invocations: count,
    looked_at: count,
    categories: z.array(z.object({ category: z.enum(CATEGORIES), mean: nanosText })),
  }),
  z.transform(({ looked_at, ...wire }): PathPoint => ({ ...wire, lookedAt: looked_at })),
) satisfies Wire<"PathPoint", PathPoint>;

export const functionPath = z.pipe(
  z.object({
    invocations: count,
    looked_at: count,
    mean: nanosText,
    segments: z.array(pathSegment),
    step: nanosText,
    points: z.array(pathPoint),
    missing: z.array(stretch),
    outdated: z.array(stretch),
  }),
  z.transform(({ looked_at, ...wire }): FunctionPath => ({ ...wire, lookedAt: looked_at })),
) satisfies Wire<"FunctionPath", FunctionPath>;

const traceSummary = z.pipe(
  z.object({
    trace_id: text,
    start: timeText,
    duration: nanosText,
    root_service: text,
    root_name: text,
    services: z.array(text),
    spans: count,
    errors: count,
    request_ids: z.array(text),
  }),
  z.transform(
    (wire): TraceSummary => ({
      traceId: wire.trace_id,
      start: wire.start,
      duration: wire.duration,
      rootService: wire.root_service,
      rootName: wire.root_name,
      services: wire.services,
      spans: wire.spans,
      errors: wire.errors,
      requestIds: wire.request_ids,
    }),
  ),
) satisfies Wire<"TraceSummary", TraceSummary>;

export const traceList = z.object({ traces: z.array(traceSummary), total: z.number(), next_cursor: nullableText });

// Attributes are most of a trace. They are checked by hand, as are spans: a schema costs ten times as much a value.
export const attributes = z.pipe(
  z.custom<Schemas["Attribute"][]>(isAttributes, { error: "expected attributes in OTLP's JSON form" }),
  z.transform((wire): readonly Attribute[] => toAttributes(wire)),
);

const resource = z.pipe(
  z.object({ attributes, dropped_attributes: z.number(), schema_url: text }),
  z.transform(
    (wire): Resource => ({
      attributes: wire.attributes,
      droppedAttributes: wire.dropped_attributes,
      schemaUrl: wire.schema_url,
    }),
  ),
) satisfies Wire<"Resource", Resource>;
const scope = z.pipe(
  z.object({ name: text, version: text, attributes, dropped_attributes: z.number(), schema_url: text }),
  z.transform(
    (wire): Scope => ({
      name: wire.name,
      version: wire.version,
      attributes: wire.attributes,
      droppedAttributes: wire.dropped_attributes,
      schemaUrl: wire.schema_url,
    }),
  ),
) satisfies Wire<"Scope", Scope>;
const finding = z.pipe(
  z.object({
    kind: z.enum([
      "repeated_calls",
      "serial_calls",
      "retries",
      "cold_start",
      "timeout_suspect",
      "queue_wait",
      "recursion",
    ]),
    title: text,
    text,
    span: z.number(),
    evidence: z.array(z.number()),
    evidence_total: z.number(),
    gain: nanosText,
    confidence: z.enum(["low", "medium", "high"]),
  }),
  z.transform(
    (wire): Finding => ({
      kind: wire.kind,
      title: wire.title,
      text: wire.text,
      span: wire.span,
      evidence: wire.evidence,
      evidenceTotal: wire.evidence_total,
      gain: wire.gain,
      confidence: wire.confidence,
    }),
  ),
) satisfies Wire<"Finding", Finding>;
/** What blocks were read into. */
const spans = z.custom<readonly Span[]>(Array.isArray, { error: "expected spans" });
/** By hand, as spans: a long trace has as many. */
const sections = z.pipe(
  z.custom<Schemas["TraceInBlocks"]["critical_path"]>(isPath, {
    error: "expected sections of the critical path",
  }),
  z.transform((wire): readonly Section[] => {
    const since = time(BigInt(wire.since));
    return wire.span.map((span, row) => ({
      span,
      start: timeSince(since, wire.start[row] ?? 0),
      end: timeSince(since, wire.end[row] ?? 0),
    }));
  }),
);

const hop = z.object({
  request_id: text,
  span: z.nullable(z.number()),
  cause: z.nullable(z.number()),
  waited: z.nullable(nanosText),
  attempt: z.number(),
  attempts: z.number(),
});

const fold = z.pipe(
  z.object({
    span: z.number(),
    siblings: z.number(),
    errors: z.number(),
    hidden: z.number(),
    total: nanosText,
    critical_time: nanosText,
  }),
  z.transform(({ critical_time, ...wire }): Fold => ({ ...wire, criticalTime: critical_time })),
) satisfies Wire<"Fold", Fold>;

export const trace = z.pipe(
  z.object({
    trace_ids: z.array(text),
    request_ids: z.array(text),
    start: timeText,
    end: timeText,
    spans,
    spans_total: z.number(),
    invocations: z.array(invocation),
    hops: z.array(hop),
    resources: z.array(resource),
    scopes: z.array(scope),
    critical_path: sections,
    findings: z.array(finding),
    folds: z.array(fold),
    warnings: z.array(text),
  }),
  z.transform(
    (wire): Trace => ({
      traceIds: wire.trace_ids,
      requestIds: wire.request_ids,
      start: wire.start,
      end: wire.end,
      spans: wire.spans,
      spansTotal: wire.spans_total,
      invocations: wire.invocations,
      hops: wire.hops.map(({ cause, waited, attempt, attempts }) => ({ cause, waited, attempt, attempts })),
      resources: wire.resources,
      scopes: wire.scopes,
      // A section of a span that was cut off can't be drawn.
      criticalPath: wire.critical_path.filter(one => one.span >= 0 && one.span < wire.spans.length),
      findings: wire.findings.filter(one => one.span < wire.spans.length),
      folds: wire.folds,
      warnings: wire.warnings,
    }),
  ),
);

export const log = z.pipe(
  z.object({
    time: timeText,
    severity: z.number(),
    body: text,
    source: text,
    service: text,
    request_id: nullableText,
    trace_id: nullableText,
    span_id: nullableText,
    attributes,
  }),
  z.transform(
    (wire): Log => ({
      time: wire.time,
      severity: wire.severity,
      body: wire.body,
      source: wire.source,
      service: wire.service,
      requestId: wire.request_id,
      traceId: wire.trace_id,
      spanId: wire.span_id,
      attributes: wire.attributes,
    }),
  ),
) satisfies Wire<"Log", Log>;

export const invocationDetail = z.pipe(
  z.object({ invocation, verdict: z.object({ text }), trace, logs: z.array(log), logs_total: z.number() }),
  z.transform(
    (wire): InvocationDetail => ({
      invocation: wire.invocation,
      verdict: wire.verdict.text,
      trace: wire.trace,
      logs: wire.logs,
      logsTotal: wire.logs_total,
    }),
  ),
);
