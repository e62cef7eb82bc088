//! Datadog's trace intake, `v0.4` and `v0.5`, as its tracers speak it to an agent.
//!
//! A tracer's *resource* is what OpenTelemetry calls a span's name, its *name* the operation: both are kept. Traces that the
//! tracer's sampler or a person rejected are dropped here, as an agent does. Numbers of fields and names of keys are
//! those of the published tracers.

use std::collections::BTreeMap;

use coldtrace_proto::otlp::common::KeyValue;
use coldtrace_proto::otlp::trace::{ResourceSpans, Span, Status};

use super::msgpack::Reader;
use super::{
    CLIENT, CONSUMER, ERROR, INTERNAL, PRODUCER, Problem, SERVER, exception, number, of_service,
    text,
};

/// The upper half of a 128-bit trace id, in hex.
const UPPER: &str = "_dd.p.tid";
const PRIORITY: &str = "_sampling_priority_v1";
/// Where a span came from; the collector knows Datadog's spans by it.
const ORIGIN: &str = "_dd.origin";
/// The fields of a span in `v0.5`, in their order.
const FIELDS: usize = 12;
/// Longer is a statement or an URL, not a name.
const LONGEST_NAME: usize = 100;

/// A span as the tracer tells it.
#[derive(Debug, Default)]
struct Told {
    service: String,
    name: String,
    resource: String,
    kind: String,
    trace_id: u64,
    span_id: u64,
    parent_id: u64,
    start: u64,
    duration: u64,
    error: u64,
    meta: Vec<(String, String)>,
    metrics: Vec<(String, f64)>,
}

/// What a request holds, as OTLP. `language` is the tracer's, as its header says.
pub(crate) fn v04(body: &[u8], language: &str) -> Result<Vec<ResourceSpans>, Problem> {
    let mut reader = Reader(body);
    let mut traces = Traces::default();
    for _ in 0..reader.array()? {
        let mut spans = Vec::new();
        for _ in 0..reader.array()? {
            spans.push(Told::named(&mut reader)?);
        }
        traces.add(spans);
    }
    Ok(traces.finish(language))
}

/// The same, of a request whose texts stand in a table.
pub(crate) fn v05(body: &[u8], language: &str) -> Result<Vec<ResourceSpans>, Problem> {
    let mut reader = Reader(body);
    if reader.array()? != 2 {
        return Err("not a table of texts and a list of traces".to_owned());
    }
    let mut texts = Vec::new();
    for _ in 0..reader.array()? {
        texts.push(reader.text()?);
    }
    let mut traces = Traces::default();
    for _ in 0..reader.array()? {
        let mut spans = Vec::new();
        for _ in 0..reader.array()? {
            spans.push(Told::numbered(&mut reader, &texts)?);
        }
        traces.add(spans);
    }
    Ok(traces.finish(language))
}

/// Spans by their service.
#[derive(Default)]
struct Traces(BTreeMap<String, Vec<Span>>);

// === impl Traces ===

impl Traces {
    /// The spans of one trace, which share what is said of it on one of them.
    fn add(&mut self, trace: Vec<Told>) {
        let upper = trace.iter().find_map(|span| span.meta(UPPER));
        let upper = upper.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let priority = trace.iter().find_map(|span| span.metric(PRIORITY));
        if priority.is_some_and(|priority| priority <= 0.0) {
            return;
        }
        for span in trace {
            if span.trace_id != 0 && span.span_id != 0 {
                let spans = self.0.entry(span.service.clone()).or_default();
                spans.push(span.into_otlp(upper.unwrap_or_default()));
            }
        }
    }

    fn finish(self, language: &str) -> Vec<ResourceSpans> {
        let groups = self.0.into_iter();
        groups
            .map(|(service, spans)| {
                let mut about = vec![text("telemetry.sdk.name", "datadog")];
                if !language.is_empty() {
                    about.push(text("telemetry.sdk.language", language));
                }
                of_service(&service, about, spans)
            })
            .collect()
    }
}

// === impl Told ===

impl Told {
    fn named(reader: &mut Reader<'_>) -> Result<Self, Problem> {
        let mut told = Self::default();
        for _ in 0..reader.map()? {
            let field = reader.text()?;
            match field.as_str() {
                "service" => told.service = reader.text()?,
                "name" => told.name = reader.text()?,
                "resource" => told.resource = reader.text()?,
                "type" => told.kind = reader.text()?,
                "trace_id" => told.trace_id = reader.int()?,
                "span_id" => told.span_id = reader.int()?,
                "parent_id" => told.parent_id = reader.int()?,
                "start" => told.start = reader.int()?,
                "duration" => told.duration = reader.int()?,
                "error" => told.error = reader.int()?,
                "meta" => {
                    for _ in 0..reader.map()? {
                        told.meta.push((reader.text()?, reader.text()?));
                    }
                }
                "metrics" => {
                    for _ in 0..reader.map()? {
                        told.metrics.push((reader.text()?, reader.float()?));
                    }
                }
                _ => reader.skip()?,
            }
        }
        Ok(told)
    }

    fn numbered(reader: &mut Reader<'_>, texts: &[String]) -> Result<Self, Problem> {
        let text = |reader: &mut Reader<'_>| {
            let place = reader.int()?;
            let text = usize::try_from(place)
                .ok()
                .and_then(|place| texts.get(place));
            let text = text.ok_or_else(|| format!("text {place} of {}", texts.len()))?;
            Ok::<_, Problem>(text.clone())
        };
        let fields = reader.array()?;
        if fields < FIELDS {
            return Err(format!("a span of {fields} fields"));
        }
        let mut told = Self {
            service: text(reader)?,
            name: text(reader)?,
            resource: text(reader)?,
            trace_id: reader.int()?,
            span_id: reader.int()?,
            parent_id: reader.int()?,
            start: reader.int()?,
            duration: reader.int()?,
            error: reader.int()?,
            ..Self::default()
        };
        for _ in 0..reader.map()? {
            told.meta.push((text(reader)?, text(reader)?));
        }
        for _ in 0..reader.map()? {
            told.metrics.push((text(reader)?, reader.float()?));
        }
        told.kind = text(reader)?;
        for _ in FIELDS..fields {
            reader.skip()?;
        }
        Ok(told)
    }

    fn meta(&self, key: &str) -> Option<&str> {
        let found = self.meta.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }

    fn metric(&self, key: &str) -> Option<f64> {
        let found = self.metrics.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| *value)
    }

    fn into_otlp(self, upper: u64) -> Span {
        let mut span = Span {
            trace_id: [upper.to_be_bytes(), self.trace_id.to_be_bytes()].concat(),
            span_id: self.span_id.to_be_bytes().to_vec(),
            parent_span_id: match self.parent_id {
                0 => Vec::new(),
                id => id.to_be_bytes().to_vec(),
            },
            kind: self.otlp_kind(),
            start_time_unix_nano: self.start,
            end_time_unix_nano: self.start.saturating_add(self.duration),
            ..Span::default()
        };
        self.tell_error(&mut span);
        let is_name = !self.resource.is_empty() && self.resource.len() <= LONGEST_NAME;
        let told = match is_name {
            true => [("operation.name", &self.name), ("span.type", &self.kind)],
            false => [("resource.name", &self.resource), ("span.type", &self.kind)],
        };
        span.attributes = told
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| text(key, value.as_str()))
            .collect();
        span.name = match is_name {
            true => self.resource,
            false => self.name,
        };
        let meta = self.meta.into_iter().filter(|(key, _)| is_told(key));
        span.attributes
            .extend(meta.map(|(key, value)| text(&key, value)));
        let metrics = self.metrics.into_iter().filter(|(key, _)| is_told(key));
        let metrics = metrics.map(|(key, value)| number(&key, value));
        span.attributes.extend(metrics.collect::<Vec<KeyValue>>());
        span
    }

    fn otlp_kind(&self) -> i32 {
        let told = self.meta("span.kind").unwrap_or_default();
        match (told, self.kind.as_str()) {
            ("server", _) => SERVER,
            ("client", _) => CLIENT,
            ("producer", _) => PRODUCER,
            ("consumer", _) => CONSUMER,
            ("internal", _) => INTERNAL,
            (_, "web" | "serverless") => SERVER,
            (_, "http" | "sql" | "db" | "cache" | "redis" | "memcached" | "mongodb") => CLIENT,
            (_, "elasticsearch" | "cassandra" | "dns") => CLIENT,
            (_, "worker" | "queue") => CONSUMER,
            _ => INTERNAL,
        }
    }

    fn tell_error(&self, span: &mut Span) {
        if self.error == 0 {
            return;
        }
        let message = self
            .meta("error.message")
            .or_else(|| self.meta("error.msg"));
        let [kind, stack] = ["error.type", "error.stack"].map(|key| self.meta(key));
        span.status = Some(Status {
            code: ERROR,
            message: message.or(kind).unwrap_or_default().to_owned(),
        });
        if message.or(kind).or(stack).is_some() {
            span.events.push(exception(
                span.end_time_unix_nano,
                kind.unwrap_or_default(),
                message.unwrap_or_default(),
                stack.unwrap_or_default(),
            ));
        }
    }
}

/// Keys that begin so are a tracer's bookkeeping; errors are told as an event.
fn is_told(key: &str) -> bool {
    let is_error = matches!(key, "error.message" | "error.msg" | "error.stack");
    key == ORIGIN || !(key.starts_with('_') || is_error)
}

#[cfg(test)]
mod tests;
