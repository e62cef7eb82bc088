/** What of each list stands in a file: what its page shows, and the ids that lead back. */

import type { Alert, Transition } from "./alert.ts";
import type { Channel, Delivery } from "./channel.ts";
import { type ColdPart, coldShare } from "./cold-starts.ts";
import type { ErrorGroup } from "./errors.ts";
import { messageOf, versionsText } from "./errors.ts";
import { bytes, count, type ExportColumn, length, moment, money, part, text, yes } from "./export.ts";
import type { FunctionSummary } from "./function.ts";
import type { Invocation } from "./invocation.ts";
import { plain } from "./log-line.ts";
import type { Rule } from "./rule.ts";
import type { MapEdge } from "./service-map.ts";
import { printMatchers, type Silence } from "./silence.ts";
import type { ToldFinding } from "./told-findings.ts";
import { type Log, severityText, type TraceSummary } from "./trace.ts";
import type { TraceMatch } from "./trace-search.ts";

type Columns<Row> = readonly ExportColumn<Row>[];

export const FUNCTION_COLUMNS: Columns<FunctionSummary> = [
  text("function", "Function", one => one.name),
  text("platform", "Platform", one => one.platform),
  text("runtime", "Runtime", one => one.runtime),
  text("architecture", "Architecture", one => one.architecture),
  bytes("memory", "Memory", one => (one.memoryBytes === 0n ? null : one.memoryBytes)),
  count("invocations", "Invocations", one => one.invocations),
  count("failed", "Failed", one => one.errors),
  count("timeouts", "Timeouts", one => one.timeouts),
  count("out_of_memory", "OOM", one => one.ooms),
  count("cold_starts", "Cold", one => one.coldStarts),
  part("cold", "Cold share", one => coldShare(one)),
  length("init_p50", "Init p50", one => one.initP50),
  length("p50", "p50", one => one.p50),
  length("p95", "p95", one => one.p95),
  length("max", "Max", one => one.max),
  money("cost", "Cost", one => one.cost),
  moment("last_seen", "Last seen", one => one.lastSeen),
];

export const COLD_COLUMNS: Columns<ColdPart> = [
  text("function", "Function", one => one.function),
  text("version", "Version", one => one.version),
  text("runtime", "Runtime", one => one.runtime),
  text("architecture", "Architecture", one => one.architecture),
  bytes("memory", "Memory", one => one.memoryBytes),
  count("invocations", "Invocations", one => one.invocations),
  count("cold_starts", "Cold", one => one.coldStarts),
  part("cold", "Cold share", one => coldShare(one)),
  length("init_p50", "Init p50", one => one.initP50),
  length("init_p95", "Init p95", one => one.initP95),
];

export const INVOCATION_COLUMNS: Columns<Invocation> = [
  moment("start", "Started", one => one.start),
  text("function", "Function", one => one.function),
  text("version", "Version", one => one.version),
  text("outcome", "Outcome", one => one.outcome),
  text("start_kind", "Start", one => one.cold),
  length("duration", "Duration", one => one.duration),
  length("init", "Init", one => one.init ?? one.restore),
  length("billed", "Billed", one => one.billed),
  money("cost", "Cost", one => one.cost),
  bytes("memory_used", "Memory", one => one.maxMemoryBytes),
  bytes("memory", "Memory size", one => one.memoryBytes),
  text("error_type", "Error", one => one.errorType),
  text("request_id", "Request id", one => one.requestId),
  text("trace_id", "Trace id", one => one.sdkTraceId ?? one.platformTraceId),
];

export const TRACE_COLUMNS: Columns<TraceSummary> = [
  moment("start", "Started", one => one.start),
  text("root", "Trace", one => one.rootName),
  text("root_service", "Of", one => one.rootService),
  length("duration", "Duration", one => one.duration),
  count("spans", "Spans", one => one.spans),
  count("errors", "Errors", one => one.errors),
  text("services", "Services", one => one.services.join(", ")),
  count("invocations", "Invocations", one => one.requestIds.length),
  text("trace_id", "Trace id", one => one.traceId),
];

export const MATCH_COLUMNS: Columns<TraceMatch> = [
  moment("start", "Started", one => one.start),
  text("root", "Trace", one => one.rootName),
  text("root_service", "Of", one => one.rootService),
  length("duration", "Duration", one => one.duration),
  count("matched", "Matched spans", one => one.spansets.reduce((all, { matched }) => all + matched, 0)),
  count("spans", "Spans", one => one.spans),
  count("errors", "Errors", one => one.errors),
  text("trace_id", "Trace id", one => one.traceId),
];

export const ERROR_COLUMNS: Columns<ErrorGroup> = [
  text("function", "Function", one => one.function),
  text("type", "Error", one => one.type),
  text("message", "Message", one => messageOf(one)),
  text("outcome", "Outcome", one => one.outcome),
  text("state", "State", one => one.state),
  count("count", "Count", one => one.count),
  part("of_invocations", "Of invocations", one => one.share),
  text("versions", "Versions", one => versionsText(one.versions)),
  moment("first_seen", "First seen", one => one.firstSeen),
  moment("last_seen", "Last seen", one => one.lastSeen),
  text("group", "Group", one => one.group),
];

export const FINDING_COLUMNS: Columns<ToldFinding> = [
  text("function", "Function", one => one.function),
  text("kind", "Kind", one => one.kind),
  text("title", "Finding", one => one.title),
  text("text", "What it says", one => one.text),
  money("gain_monthly", "Less a month", one => one.gain.monthly),
  yes("is_there", "Still there", one => one.isThere),
  moment("first_seen", "First seen", one => one.firstSeen),
  moment("last_seen", "Last seen", one => one.lastSeen),
];

export const LOG_COLUMNS: Columns<Log> = [
  moment("time", "Time", one => one.time),
  text("severity", "Severity", one => severityText(one.severity)),
  text("service", "Of", one => one.service),
  text("body", "Line", one => plain(one.body)),
  text("source", "Source", one => one.source),
  text("request_id", "Request id", one => one.requestId),
  text("trace_id", "Trace id", one => one.traceId),
  text("span_id", "Span id", one => one.spanId),
];

export const EDGE_COLUMNS: Columns<MapEdge> = [
  text("from", "From", one => one.from),
  text("to", "To", one => one.to),
  text("kind", "Kind", one => one.kind),
  count("calls", "Calls", one => one.calls),
  count("errors", "Errors", one => one.errors),
  length("p50", "p50", one => one.p50),
  length("p95", "p95", one => one.p95),
  yes("is_estimated", "Estimated", one => one.isEstimated),
];

export const ALERT_COLUMNS: Columns<Alert> = [
  text("severity", "Severity", one => one.severity),
  text("phase", "State", one => one.phase),
  text("summary", "Alert", one => one.summary),
  text("rule", "Rule", one => one.ruleName),
  text("labels", "Labels", one => labelsText(one.labels)),
  yes("silenced", "Silenced", one => one.silencedBy.length > 0),
  moment("since", "Since", one => one.since),
  text("alert_id", "Id", one => one.id),
];

export const TRANSITION_COLUMNS: Columns<Transition> = [
  moment("at", "At", one => one.at),
  text("change", "Change", one => one.change),
  text("severity", "Severity", one => one.severity),
  text("rule", "Rule", one => one.ruleName),
  text("labels", "Labels", one => labelsText(one.labels)),
  moment("since", "Since", one => one.since),
  text("alert_id", "Id", one => one.alert),
];

export const RULE_COLUMNS: Columns<Rule> = [
  text("name", "Rule", one => one.definition.name),
  yes("enabled", "On", one => one.definition.enabled),
  text("severity", "Severity", one => one.definition.severity),
  text("for", "For", one => one.definition.for),
  text("channels", "Channels", one => one.definition.channels.join(", ")),
  count("pending", "Pending", one => one.pending),
  count("firing", "Firing", one => one.firing),
  text("origin", "From", one => one.file ?? one.origin),
  text("rule_id", "Id", one => one.id),
];

export const SILENCE_COLUMNS: Columns<Silence> = [
  text("matchers", "Alerts", one => printMatchers(one.matchers)),
  text("state", "State", one => one.state),
  moment("starts", "From", one => one.starts),
  moment("ends", "Until", one => one.ends),
  text("comment", "Why", one => one.comment),
  text("created_by", "Who", one => one.createdBy),
];

export const CHANNEL_COLUMNS: Columns<Channel> = [
  text("name", "Channel", one => one.name),
  text("kind", "Kind", one => one.kind),
  text("url", "Address", one => one.url),
  yes("is_default", "Default", one => one.isDefault),
  count("waiting", "Waiting", one => one.waiting),
  text("disabled", "Not used, because", one => one.disabled),
];

export const DELIVERY_COLUMNS: Columns<Delivery> = [
  moment("created", "Made", one => one.created),
  text("state", "State", one => one.state),
  text("channel", "Channel", one => one.channelName),
  text("summary", "Message", one => one.summary),
  count("attempts", "Attempts", one => one.attempts),
  count("last_status", "Answer", one => one.lastStatus),
  text("last_error", "Error", one => one.lastError),
  text("delivery_id", "Id", one => one.id),
];

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
