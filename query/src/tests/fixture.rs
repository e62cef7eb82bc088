//! Data for the API's tests, written as the collector writes it: every fact a row of its own, in a part of its own.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use coldtrace_model::{
    ByteSize, Cold, FactSet, Invocation, LogRecord, Nanos, Outcome, Phase, PhaseKind, RequestId,
    Resource, SandboxId, Span, SpanId, SpanKind, TraceId, UnixNanos, joined,
};
use coldtrace_proto::faas::Known;
use coldtrace_proto::span as otlp;
use coldtrace_proto::stored::{self, Split};
use coldtrace_proto::wire::SpanView;
use coldtrace_store::Store;
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{
    InvocationRow, LogRow, Owner, PhaseRow, ResourceRow, ScopeRow, SpanRow,
};
use coldtrace_testkit::{at, invocation, phase, resource, span, trace_id};
use prost::Message as _;

/// Twenty years: the tests' times are fixed, and their day must not have passed.
const KEEP_DAYS: u16 = 7_300;

/// Writes to a store.
pub(super) struct Data<'a> {
    store: &'a Store,
    tenant: &'static str,
}

impl<'a> Data<'a> {
    /// As the tenant that is read.
    pub(super) fn of(store: &'a Store) -> Self {
        let tenant = "default";
        Self { store, tenant }
    }

    /// As somebody else.
    pub(super) fn of_a_stranger(store: &'a Store) -> Self {
        Self::of_tenant(store, "stranger")
    }

    pub(super) fn of_tenant(store: &'a Store, tenant: &'static str) -> Self {
        Self { store, tenant }
    }

    fn owner(&self) -> Owner<'static> {
        Owner {
            tenant: self.tenant,
            keep_days: KEEP_DAYS,
        }
    }

    async fn write(&self, blocks: Blocks, what: &str) {
        for (number, block) in blocks.finish().iter().enumerate() {
            let token = format!("{}-{what}-{number}", self.tenant);
            let written = self.store.writer().insert(block, &token).await;
            written.expect("the engine takes it");
        }
    }

    pub(super) async fn spans(&self, what: &str, spans: &[Span]) {
        let mut blocks = Blocks::default();
        for span in spans {
            self.push_span(&mut blocks, span);
        }
        self.write(blocks, what).await;
    }

    fn push_span(&self, blocks: &mut Blocks, span: &Span) {
        let owner = self.owner();
        let (ts, service) = (span.start.0, span.resource.service());
        let links: Vec<[u8; 16]> = span
            .links
            .iter()
            .map(|link| *link.trace_id.as_bytes())
            .collect();
        let resource = otlp::resource_from_model(&span.resource);
        let resource_raw = stored::resource_raw(&resource);
        let scope_raw = stored::scope_raw(&otlp::scope_from_model(&span.scope));
        let attrs: Vec<(&str, Cow<'_, str>)> = span
            .resource
            .attributes
            .iter()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?.into())))
            .collect();
        blocks.push_resource(&ResourceRow {
            owner,
            ts,
            resource_id: key(&resource_raw),
            service,
            schema_url: &span.resource.schema_url,
            attrs: &attrs,
            raw: &resource_raw,
        });
        blocks.push_scope(&ScopeRow {
            owner,
            ts,
            scope_id: key(&scope_raw),
            schema_url: &span.scope.schema_url,
            raw: &scope_raw,
        });
        let bytes = otlp::from_model(span).encode_to_vec();
        let view = SpanView::read(&bytes).expect("a span");
        let mut split = Split::default();
        split.span(&view, &mut Known::default()).expect("a span");
        blocks.push_span(&SpanRow {
            owner,
            ts,
            trace_id: *span.trace_id.as_bytes(),
            span_id: *span.span_id.as_bytes(),
            parent_span_id: span.parent_span_id.map_or([0; 8], |id| *id.as_bytes()),
            flags: span.flags,
            service,
            name: span.name.as_bytes(),
            kind: span.kind as u8,
            duration_ns: span.end.0.wrapping_sub(span.start.0) as i64,
            status: span.status.code as u8,
            status_message: span.status.message.as_bytes(),
            request_id: text_of(span.origin.request_id.as_ref().map(RequestId::as_str)),
            sandbox_id: text_of(span.origin.sandbox_id.as_ref().map(SandboxId::as_str)),
            phase: &span.origin.phase,
            http_status: 0,
            resource_id: key(&resource_raw),
            scope_id: key(&scope_raw),
            attr_keys: split.keys(),
            attr_values: split.values(),
            attr_types: split.types(),
            extra: split.extra(),
            link_trace_ids: &links,
        });
    }

    /// One row that tells all that the invocation says; what it does not say loses every merge.
    pub(super) async fn fact(&self, what: &str, told: &Invocation) {
        let mut blocks = Blocks::default();
        self.push_fact(&mut blocks, told);
        self.write(blocks, what).await;
    }

    pub(super) async fn facts(&self, what: &str, told: &[Invocation]) {
        let mut blocks = Blocks::default();
        for told in told {
            self.push_fact(&mut blocks, told);
        }
        self.write(blocks, what).await;
    }

    fn push_fact(&self, blocks: &mut Blocks, told: &Invocation) {
        let nanos = |length: Option<Nanos>| length.unwrap_or_default().0;
        let bytes = |size: Option<ByteSize>| size.unwrap_or_default().0;
        let trace = |id: Option<TraceId>| id.map_or([0; 16], |id| *id.as_bytes());
        let (duration, runtime_duration) = match told.facts {
            FactSet::FINISHED => (None, told.duration),
            _ => (told.duration, None),
        };
        blocks.push_invocation(&InvocationRow {
            owner: self.owner(),
            function: &told.function,
            ts: told.filed_at.0,
            request_id: told.request_id.as_str(),
            facts: told.facts,
            platform: told.platform.number(),
            sandbox_id: text_of(told.sandbox_id.as_ref().map(SandboxId::as_str)),
            instance: &told.instance,
            version: &told.version,
            runtime: &told.runtime,
            architecture: told.architecture.number(),
            region: &told.region,
            account: &told.account,
            memory_bytes: bytes(told.memory),
            start_unix_ns: told.start.0,
            platform_start_unix_ns: 0,
            deadline_unix_ns: told.deadline.unwrap_or_default().0,
            outcome: told.outcome.number(),
            cold: told.cold.number(),
            trigger: told.trigger.number(),
            duration_ns: nanos(duration),
            runtime_duration_ns: nanos(runtime_duration),
            billed_ns: nanos(told.billed),
            init_ns: nanos(told.init),
            restore_ns: nanos(told.restore),
            response_latency_ns: nanos(told.response_latency),
            response_duration_ns: nanos(told.response_duration),
            runtime_overhead_ns: nanos(told.runtime_overhead),
            extension_overhead_ns: nanos(told.extension_overhead),
            produced_bytes: bytes(told.produced),
            max_memory_bytes: bytes(told.max_memory),
            error_type: &told.error_type,
            platform_trace_id: trace(told.platform_trace_id),
            platform_span_id: told.platform_span_id.map_or([0; 8], |id| *id.as_bytes()),
            sdk_trace_id: trace(told.sdk_trace_id),
        });
    }

    pub(super) async fn phase(&self, function: &str, sandbox_id: &str, phase: &Phase) {
        let mut blocks = Blocks::default();
        blocks.push_phase(&PhaseRow {
            owner: self.owner(),
            function,
            ts: phase.start.0,
            sandbox_id,
            kind: phase.kind.number(),
            duration_ns: phase.duration.0,
            outcome: phase.outcome.number(),
            error_type: &phase.error_type,
            request_id: text_of(phase.request_id.as_ref().map(RequestId::as_str)),
        });
        let (kind, start) = (phase.kind.as_str(), phase.start.0);
        let what = format!("{kind} of {sandbox_id} at {start}");
        self.write(blocks, &what).await;
    }

    pub(super) async fn logs(&self, service: &str, sandbox_id: &str, lines: &[LogRecord]) {
        let mut blocks = Blocks::default();
        for line in lines {
            blocks.push_log(&LogRow {
                owner: self.owner(),
                ts: line.time.0,
                service,
                source: &line.source,
                sandbox_id,
                request_id: text_of(line.request_id.as_ref().map(RequestId::as_str)),
                trace_id: line.trace_id.map_or([0; 16], |id| *id.as_bytes()),
                span_id: line.span_id.map_or([0; 8], |id: SpanId| *id.as_bytes()),
                severity: line.severity,
                body: line.body.as_bytes(),
                resource_id: 0,
                scope_id: 0,
                attr_keys: &joined_of("level"),
                attr_values: &joined_of("info"),
                attr_types: &[],
                extra: &[],
            });
        }
        self.write(blocks, &format!("logs of {service}")).await;
    }
}

fn text_of(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

fn key(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A line that names nothing but its time.
pub(super) fn line(millis: f64, body: &str) -> LogRecord {
    LogRecord {
        time: at(millis),
        severity: 9,
        body: body.to_owned(),
        request_id: None,
        trace_id: None,
        span_id: None,
        source: "function".to_owned(),
        attributes: Vec::new(),
    }
}

/// An order at the shop: checkout calls inventory under one SDK trace; mailer, without an SDK, runs into its time limit;
/// and a service that links to the order's trace without being called by it.
pub(super) async fn an_order(store: &Store) {
    let data = Data::of(store);
    checkout(&data).await;
    inventory(&data).await;
    mailer(&data).await;
    let report = span("nightly report")
        .service("reports")
        .trace(0x30)
        .id(0x31);
    let report = report.at(5_000.0, 5_400.0).link(0x20, 0x21).link(0xff, 1);
    // It names the same unknown trace as the report does: that joins nothing.
    let stranger = span("other report").service("reports").trace(0x40).id(0x41);
    let stranger = stranger.at(6_000.0, 6_100.0).link(0xff, 1);
    let both = [report.build(), stranger.build()];
    data.spans("reports", &both).await;
    // What others have under the same ids is theirs.
    let others = Data::of_a_stranger(store);
    let theirs = span("theirs").trace(0x20).id(0x29).request("order-1");
    others
        .spans("theirs", &[theirs.at(10.0, 20.0).build()])
        .await;
    let theirs = invocation("order-1").function("theirs").started(0.0);
    others.fact("theirs", &theirs.build()).await;
}

async fn checkout(data: &Data<'_>) {
    let known = invocation("order-1").sandbox("sandbox-a").started(0.0);
    let known = known.platform_span(0x10, 0x11);
    let started = known.clone().deadline(3_000.0).cold(Cold::OnDemand);
    data.fact("started", &started.build()).await;
    let finished = known.clone().with(|told| {
        told.facts = FactSet::FINISHED;
        told.outcome = Outcome::Ok;
        told.start = UnixNanos(0);
        told.duration = Some(Nanos::from_millis(251));
        told.response_latency = Some(Nanos::from_millis(240));
        told.produced = Some(ByteSize(512));
    });
    data.fact("finished", &finished.build()).await;
    let reported = known.with(|told| {
        told.facts = FactSet::REPORTED;
        told.outcome = Outcome::Ok;
        told.start = UnixNanos(0);
        told.duration = Some(Nanos::from_millis(250));
        told.billed = Some(Nanos::from_millis(250));
        told.init = Some(Nanos::from_millis(180));
        told.max_memory = Some(ByteSize::from_mib(70));
    });
    data.fact("reported", &reported.build()).await;
    // The same request, as a plain OTLP span tells it: filed later, under the service's name.
    let twin = invocation("order-1").function("checkout-service");
    let twin = twin.started(3.0).from_span().sdk_trace(0x20);
    data.fact("twin", &twin.build()).await;
    let waited = Phase {
        request_id: RequestId::parse("order-1").ok(),
        ..phase(PhaseKind::Init, -200.0, -20.0)
    };
    data.phase("checkout", "sandbox-a", &waited).await;

    let lambda = resource("checkout");
    let handler = span("handler").trace(0x20).id(0x21).at(2.0, 240.0);
    let handler = handler.kind(SpanKind::Server).request("order-1");
    let handler = handler
        .resource(&lambda)
        .sandbox("sandbox-a")
        .scope("otel-lambda")
        .attribute("faas.invocation_id", "order-1")
        .attribute("zeta", 3.5)
        .attribute("alpha", i64::MAX)
        .attribute("shaky", f64::NAN)
        .attribute("really", true)
        .event("charged", 200.0)
        .build();
    let call = span("POST inventory").trace(0x20).id(0x22).under(0x21);
    let call = call
        .resource(&lambda)
        .sandbox("sandbox-a")
        .kind(SpanKind::Client);
    let call = call.at(10.0, 150.0).build();
    data.spans("checkout", &[handler.clone(), call]).await;
    // A batch that came twice, past the window in which resends are recognised.
    data.spans("checkout again", &[handler]).await;
    let line = |millis: f64, request_id: Option<&str>, body: &str| LogRecord {
        time: at(millis),
        severity: 9,
        body: body.to_owned(),
        request_id: request_id.and_then(|id| RequestId::parse(id).ok()),
        trace_id: request_id.is_none().then_some(trace_id(0x20)),
        span_id: None,
        source: "function".to_owned(),
        attributes: Vec::new(),
    };
    let lines = [
        line(4.0, Some("order-1"), "order 1: 2 items"),
        line(5.0, None, "by its trace"),
        line(6.0, Some("another"), "not of this one"),
    ];
    data.logs("checkout", "sandbox-a", &lines).await;
}

async fn inventory(data: &Data<'_>) {
    let told = invocation("stock-1").function("inventory");
    let told = told.sandbox("sandbox-b").started(20.0);
    let told = told.platform_span(0x10, 0x12).ended(Outcome::Error, 140.0);
    let told = told.with(|told| told.runtime = "nodejs20.x".to_owned());
    data.fact("inventory", &told.build()).await;
    let handler = span("inventory").service("inventory").trace(0x20).id(0x23);
    let handler = handler.under(0x22).at(25.0, 135.0).kind(SpanKind::Server);
    let handler = handler.request("stock-1").sandbox("sandbox-b");
    let handler = handler.failed("no price").build();
    data.spans("inventory", &[handler]).await;
}

async fn mailer(data: &Data<'_>) {
    let told = invocation("mail-1").function("mailer");
    let told = told.sandbox("sandbox-c").started(900.0);
    let told = told
        .platform_span(0x10, 0x13)
        .ended(Outcome::Timeout, 3_900.0);
    data.fact("mailer", &told.build()).await;
}

/// Invocations of one function, a few of them at the same time, in two of three of them the same length.
pub(super) fn many(count: usize) -> Vec<Invocation> {
    let one = |number: usize| {
        let start = (number / 3) as f64;
        let length = (number % 2 * 5 + 1) as f64;
        let told = invocation(&format!("many-{number}")).function("many");
        told.started(start)
            .ended(Outcome::Ok, start + length)
            .build()
    };
    (0..count).map(one).collect()
}

/// A trace of so many spans, all under its root.
pub(super) fn wide(trace: u128, spans: u64) -> Vec<Span> {
    let shared: Arc<Resource> = resource("wide");
    let one = |number: u64| {
        let begun = span(&format!("span {number}")).resource(&shared);
        let begun = begun.trace(trace).id(number);
        match number {
            1 => begun.at(0.0, 1_000.0).build(),
            _ => begun.under(1).at(number as f64 / 1_000.0, 900.0).build(),
        }
    };
    (1..=spans).map(one).collect()
}

/// One attribute's key or value as a column has it.
fn joined_of(text: &str) -> Vec<u8> {
    let mut whole = Vec::new();
    joined::add(text.as_bytes(), &mut whole);
    whole
}
