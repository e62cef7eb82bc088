//! Rows as the writer takes them: borrowed, one struct a table, fields in the order of `migrations/0001_base.sql`.
//!
//! Not here: validation (the collector admits) and encoding ([`crate::native`]). Ids of all zeros and empty text mean
//! "none". Enumerations are the numbers of `coldtrace-model`. Times are Unix nanoseconds at most
//! [`coldtrace_model::UnixNanos::MAX_STORED`]; `bucket` and `day` are derived by the engine or the encoder.

use std::borrow::Cow;

use coldtrace_model::FactSet;

use crate::native::Partition;

/// A row's tenant and its class of retention: with the day they choose the partition.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Whose row it is.
    pub tenant: &'a str,
    /// After how many days it is dropped.
    pub keep_days: u16,
}

/// Names and values as text, for search.
pub type AttributeItems<'a> = &'a [(&'a str, Cow<'a, str>)];

/// A row of `spans`, but for its attributes: those are written one by one.
#[derive(Clone, Copy, Debug)]
pub struct SpanRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Start, Unix nanoseconds.
    pub ts: u64,
    /// Trace.
    pub trace_id: [u8; 16],
    /// Span.
    pub span_id: [u8; 8],
    /// Parent, zeros for a root.
    pub parent_span_id: [u8; 8],
    /// W3C's flags, and what is known of the parent.
    pub flags: u32,
    /// `Resource::service`.
    pub service: &'a str,
    /// Name.
    pub name: &'a [u8],
    /// `SpanKind`.
    pub kind: u8,
    /// End minus start, nanoseconds; negative where the clock stepped.
    pub duration_ns: i64,
    /// `StatusCode`.
    pub status: u8,
    /// Words for the status.
    pub status_message: &'a [u8],
    /// Normalised request id.
    pub request_id: &'a str,
    /// Sandbox whose extension shipped it.
    pub sandbox_id: &'a str,
    /// Platform phase.
    pub phase: &'a str,
    /// HTTP response status, 0 if none.
    pub http_status: u16,
    /// Key into `resources`.
    pub resource_id: u64,
    /// Key into `scopes`.
    pub scope_id: u64,
    /// The names of the attributes, [`coldtrace_model::joined`].
    pub attr_keys: &'a [u8],
    /// The attributes as texts, in the same order.
    pub attr_values: &'a [u8],
    /// Of which OTLP type each attribute is, as `coldtrace_proto::stored` writes it.
    pub attr_types: &'a [u8],
    /// The rest as OTLP bytes.
    pub extra: &'a [u8],
    /// The traces that the span's links name, each once.
    pub link_trace_ids: &'a [[u8; 16]],
}

/// A row of `resources`.
#[derive(Clone, Copy, Debug)]
pub struct ResourceRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// A time on the day for which it is written, Unix nanoseconds.
    pub ts: u64,
    /// Hash of schema URL and bytes.
    pub resource_id: u64,
    /// `Resource::service`.
    pub service: &'a str,
    /// `ResourceSpans.schema_url`.
    pub schema_url: &'a str,
    /// Every attribute as text.
    pub attrs: AttributeItems<'a>,
    /// OTLP bytes.
    pub raw: &'a [u8],
}

/// A row of `scopes`.
#[derive(Clone, Copy, Debug)]
pub struct ScopeRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// A time on the day for which it is written, Unix nanoseconds.
    pub ts: u64,
    /// Hash of schema URL and bytes.
    pub scope_id: u64,
    /// `ScopeSpans.schema_url`.
    pub schema_url: &'a str,
    /// OTLP bytes.
    pub raw: &'a [u8],
}

/// A row of `invocations`: one fact; what the fact does not say is 0 or empty and loses every merge.
#[derive(Clone, Copy, Debug)]
pub struct InvocationRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Function's name.
    pub function: &'a str,
    /// `InvocationRef::filed_at`, Unix nanoseconds.
    pub ts: u64,
    /// Request id.
    pub request_id: &'a str,
    /// Which fact it is.
    pub facts: FactSet,
    /// `Platform`.
    pub platform: u8,
    /// Sandbox.
    pub sandbox_id: &'a str,
    /// The platform's name of the instance.
    pub instance: &'a str,
    /// Function version.
    pub version: &'a str,
    /// Runtime.
    pub runtime: &'a str,
    /// `Architecture`.
    pub architecture: u8,
    /// Region.
    pub region: &'a str,
    /// Account.
    pub account: &'a str,
    /// Configured memory.
    pub memory_bytes: u64,
    /// Start, Unix nanoseconds.
    pub start_unix_ns: u64,
    /// Start by the platform's own account, Unix nanoseconds.
    pub platform_start_unix_ns: u64,
    /// Deadline, Unix nanoseconds.
    pub deadline_unix_ns: u64,
    /// `Outcome`.
    pub outcome: u8,
    /// `Cold`.
    pub cold: u8,
    /// `Trigger`.
    pub trigger: u8,
    /// Duration by the platform's account, or of the span.
    pub duration_ns: u64,
    /// Until the runtime was done.
    pub runtime_duration_ns: u64,
    /// Billed duration.
    pub billed_ns: u64,
    /// Init waited for.
    pub init_ns: u64,
    /// Restore waited for.
    pub restore_ns: u64,
    /// Start to first byte.
    pub response_latency_ns: u64,
    /// First to last byte.
    pub response_duration_ns: u64,
    /// Last byte to the runtime's next call.
    pub runtime_overhead_ns: u64,
    /// The runtime's end to the last extension's next call.
    pub extension_overhead_ns: u64,
    /// Response size.
    pub produced_bytes: u64,
    /// Most memory used.
    pub max_memory_bytes: u64,
    /// Class of error.
    pub error_type: &'a str,
    /// Trace of the platform's span.
    pub platform_trace_id: [u8; 16],
    /// The platform's span.
    pub platform_span_id: [u8; 8],
    /// Trace of the function's own spans.
    pub sdk_trace_id: [u8; 16],
}

/// A row of `phases`.
#[derive(Clone, Copy, Debug)]
pub struct PhaseRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Function's name.
    pub function: &'a str,
    /// Start, Unix nanoseconds.
    pub ts: u64,
    /// Sandbox.
    pub sandbox_id: &'a str,
    /// `PhaseKind`.
    pub kind: u8,
    /// Length.
    pub duration_ns: u64,
    /// `Outcome`.
    pub outcome: u8,
    /// Class of error.
    pub error_type: &'a str,
    /// The invocation that waited for it.
    pub request_id: &'a str,
}

/// A row of `sandboxes`.
#[derive(Clone, Copy, Debug)]
pub struct SandboxRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Function's name.
    pub function: &'a str,
    /// Sandbox.
    pub sandbox_id: &'a str,
    /// When it was seen, Unix nanoseconds.
    pub seen: u64,
    /// The extension's version.
    pub extension: &'a str,
    /// Bytes that the extension dropped so far.
    pub dropped_bytes: u64,
    /// Items that it dropped so far.
    pub dropped_items: u64,
    /// Sends that failed so far.
    pub failed_sends: u64,
}

/// A row of `logs`, but for its attributes: those are written one by one.
#[derive(Clone, Copy, Debug)]
pub struct LogRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// When written, Unix nanoseconds.
    pub ts: u64,
    /// Function's or service's name.
    pub service: &'a str,
    /// `function`, `extension`, `platform`, or `otlp`.
    pub source: &'a str,
    /// Sandbox.
    pub sandbox_id: &'a str,
    /// Request id.
    pub request_id: &'a str,
    /// Trace.
    pub trace_id: [u8; 16],
    /// Span.
    pub span_id: [u8; 8],
    /// OTLP severity number.
    pub severity: u8,
    /// Text.
    pub body: &'a [u8],
    /// Key into `resources`, 0 if none.
    pub resource_id: u64,
    /// Key into `scopes`, 0 if none.
    pub scope_id: u64,
    /// The names of the attributes, [`coldtrace_model::joined`].
    pub attr_keys: &'a [u8],
    /// The attributes as texts, in the same order.
    pub attr_values: &'a [u8],
    /// Of which OTLP type each attribute is, as `coldtrace_proto::stored` writes it.
    pub attr_types: &'a [u8],
    /// The rest as OTLP bytes.
    pub extra: &'a [u8],
}

// === impl InvocationRow ===

impl<'a> InvocationRow<'a> {
    /// A row that says nothing of the invocation with this key: it loses every merge.
    pub fn empty(owner: Owner<'a>, function: &'a str, ts: u64, request_id: &'a str) -> Self {
        Self {
            owner,
            function,
            ts,
            request_id,
            facts: FactSet::default(),
            platform: 0,
            sandbox_id: "",
            instance: "",
            version: "",
            runtime: "",
            architecture: 0,
            region: "",
            account: "",
            memory_bytes: 0,
            start_unix_ns: 0,
            platform_start_unix_ns: 0,
            deadline_unix_ns: 0,
            outcome: 0,
            cold: 0,
            trigger: 0,
            duration_ns: 0,
            runtime_duration_ns: 0,
            billed_ns: 0,
            init_ns: 0,
            restore_ns: 0,
            response_latency_ns: 0,
            response_duration_ns: 0,
            runtime_overhead_ns: 0,
            extension_overhead_ns: 0,
            produced_bytes: 0,
            max_memory_bytes: 0,
            error_type: "",
            platform_trace_id: [0; 16],
            platform_span_id: [0; 8],
            sdk_trace_id: [0; 16],
        }
    }
}

/// A row of `trace_index`: what a batch knows of a trace.
#[derive(Clone, Copy, Debug)]
pub struct TraceIndexRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Trace.
    pub trace_id: [u8; 16],
    /// Its first start, Unix nanoseconds.
    pub min_ts: u64,
    /// Its last end.
    pub max_end: u64,
    /// Whose spans it has.
    pub services: &'a [&'a [u8]],
    /// Which invocations it served.
    pub request_ids: &'a [&'a [u8]],
    /// Whether somebody else than a platform sent spans of it.
    pub has_own: bool,
}

/// A row of `request_traces`: a trace of an invocation.
#[derive(Clone, Copy, Debug)]
pub struct RequestTraceRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// Request.
    pub request_id: &'a [u8],
    /// Trace.
    pub trace_id: [u8; 16],
    /// The first start of what names both, Unix nanoseconds.
    pub min_ts: u64,
}

/// A row of `trace_links`: a trace whose span links to another.
#[derive(Clone, Copy, Debug)]
pub struct TraceLinkRow<'a> {
    /// Whose.
    pub owner: Owner<'a>,
    /// The trace that is linked to.
    pub trace_id: [u8; 16],
    /// The trace of the span that links.
    pub linked_by: [u8; 16],
    /// When that span began, Unix nanoseconds.
    pub ts: u64,
}

/// A row of `attribute_index`: in some five minutes of a day some span has some attribute.
#[derive(Clone, Copy, Debug)]
pub struct AttributeIndexRow {
    /// Day and class of retention.
    pub partition: Partition,
    /// The attribute and the five minutes, as `attribute_index` makes it.
    pub place: u64,
}
