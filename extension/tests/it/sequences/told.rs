//! What a collector was told, in words that a test can compare.

use coldtrace_model::{
    AttributeValue, Cold, Outcome, PhaseKind, Span, SpanId, SpanOrigin, StatusCode,
};
use coldtrace_proto::span;
use coldtrace_proto::v1::fact::Kind;
use coldtrace_proto::v1::{ExportRequest, Fact, LogRecord, Phase, Signal};

/// Everything, each batch once.
pub(super) struct Told {
    requests: Vec<ExportRequest>,
}

impl Told {
    pub(super) fn new(requests: Vec<ExportRequest>) -> Self {
        let mut told: Vec<ExportRequest> = Vec::new();
        for request in requests {
            if told.iter().all(|one| one.batch_id != request.batch_id) {
                told.push(request);
            }
        }
        Self { requests: told }
    }

    /// `R1 started on_demand`, `R1 finished ok 11.2`, `R1 reported ok 11.6 billed 12 max 67 init 174.1`.
    pub(super) fn facts(&self) -> Vec<String> {
        let facts = self.requests.iter().flat_map(|request| &request.facts);
        facts.map(fact).collect()
    }

    /// `R1 init ok 174`; without a request for what nobody waited for.
    pub(super) fn phases(&self) -> Vec<String> {
        let phases = self.requests.iter().flat_map(|request| &request.phases);
        phases.map(phase).collect()
    }

    /// `R1: hello`; `-: hello` for a line of nobody's.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.requests.iter().flat_map(|request| &request.logs);
        lines.map(line).collect()
    }

    /// `R1 checkout`, and what is below it: `R1 init < checkout 174`. Failures end with their status.
    pub(super) fn spans(&self) -> Vec<String> {
        let spans = self.platform_spans();
        let name = |id: SpanId| {
            let found = spans.iter().find(|span| span.span_id == id);
            found.map_or_else(|| id.to_string(), |span| span.name.clone())
        };
        let of_one = |span: &Span| {
            let parent = span.parent_span_id.map(|id| format!(" < {}", name(id)));
            let status = match span.status.code {
                StatusCode::Error => format!(" {}", span.status.message),
                _ => String::new(),
            };
            let request = span.origin.request_id.as_ref().expect("a request");
            let millis = span.end.since(span.start).0 / 1_000_000;
            let parent = parent.unwrap_or_default();
            format!("{request} {}{parent} {millis}{status}", span.name)
        };
        spans.iter().map(of_one).collect()
    }

    /// The mark of a cold start on an invocation's own span.
    pub(super) fn is_marked_cold(&self, request_id: &str) -> bool {
        let span = self.span_of(request_id);
        let mark = span
            .attributes
            .iter()
            .find(|(key, _)| key == "faas.coldstart");
        mark.expect("it is marked").1 == AttributeValue::Bool(true)
    }

    /// An invocation's own span.
    pub(super) fn span_of(&self, request_id: &str) -> Span {
        let spans = self.platform_spans();
        let its = spans.into_iter().find(|span| {
            let names = span.origin.request_id.as_ref();
            names.is_some_and(|id| id.as_str() == request_id) && span.origin.phase == "invocation"
        });
        its.expect("its span was told")
    }

    /// The names that the sandbox was told under.
    pub(super) fn sandboxes(&self) -> Vec<&str> {
        let sandboxes = self.requests.iter().map(|request| &request.sandbox);
        let mut ids: Vec<&str> = sandboxes
            .flatten()
            .map(|sandbox| sandbox.id.as_str())
            .collect();
        ids.dedup();
        ids
    }

    /// What the extension says that was dropped.
    pub(super) fn dropped(&self) -> u64 {
        let stats = self
            .requests
            .iter()
            .filter_map(|request| request.stats.as_ref());
        stats
            .map(|stats| stats.dropped_items)
            .max()
            .unwrap_or_default()
    }

    fn platform_spans(&self) -> Vec<Span> {
        let payloads = self.requests.iter().flat_map(|request| &request.payloads);
        let platforms = payloads.filter(|payload| payload.platform);
        platforms
            .filter(|payload| payload.signal() == Signal::Traces)
            .flat_map(|payload| span::of_request(&payload.request, &SpanOrigin::default(), true))
            .collect()
    }
}

fn fact(fact: &Fact) -> String {
    let request_id = &fact.request_id;
    let kind = fact.kind.as_ref().expect("a fact is one of three");
    let mut words = vec![request_id.clone()];
    match kind {
        Kind::Started(started) => {
            words.push("started".to_owned());
            words.push(cold(started.cold).as_str().to_owned());
        }
        Kind::Finished(finished) => {
            words.push(format!("finished {}", outcome(finished.outcome).as_str()));
            words.push(millis(finished.duration_nano));
            let parts = [
                ("latency", finished.response_latency_nano),
                ("response", finished.response_duration_nano),
                ("overhead", finished.runtime_overhead_nano),
            ];
            words.extend(lengths(&parts));
            words.push(finished.error_type.clone());
        }
        Kind::Reported(reported) => {
            words.push(format!("reported {}", outcome(reported.outcome).as_str()));
            words.push(millis(reported.duration_nano));
            words.extend(lengths(&[("billed", reported.billed_nano)]));
            let memory = reported.max_memory_bytes.map(|bytes| bytes >> 20);
            words.extend(memory.map(|mib| format!("max {mib}")));
            let parts = [
                ("init", reported.init_nano),
                ("restore", reported.restore_nano),
                ("overhead", reported.extension_overhead_nano),
            ];
            words.extend(lengths(&parts));
            words.push(reported.error_type.clone());
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn phase(phase: &Phase) -> String {
    let kind = u8::try_from(phase.kind).ok();
    let kind = kind.and_then(PhaseKind::from_number).expect("a phase");
    let outcome = outcome(phase.outcome).as_str();
    let length = millis(phase.duration_nano);
    let told = format!(
        "{} {} {outcome} {length} {}",
        phase.request_id,
        kind.as_str(),
        phase.error_type
    );
    told.trim().to_owned()
}

fn line(line: &LogRecord) -> String {
    let owner = match line.request_id.as_str() {
        "" => "-",
        request_id => request_id,
    };
    format!("{owner}: {}", line.body)
}

fn lengths(parts: &[(&str, Option<u64>)]) -> Vec<String> {
    let told = parts.iter().filter_map(|(name, nanos)| {
        let nanos = (*nanos)?;
        Some(format!("{name} {}", millis(nanos)))
    });
    told.collect()
}

fn millis(nanos: u64) -> String {
    (nanos as f64 / 1e6).to_string()
}

fn outcome(number: u32) -> Outcome {
    let known = u8::try_from(number).ok().and_then(Outcome::from_number);
    known.expect("an outcome")
}

fn cold(number: u32) -> Cold {
    let known = u8::try_from(number).ok().and_then(Cold::from_number);
    known.expect("a kind of start")
}
