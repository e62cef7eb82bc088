//! A block of `otel_traces` in Native format.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

const TIME: &str = "DateTime64(9)";
const LOW: &str = "LowCardinality(String)";
const MAP: &str = "Map(LowCardinality(String), String)";

/// Columns while they are built.
#[derive(Default)]
pub(super) struct Block {
    rows: u64,
    timestamp: Vec<u8>,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    parent_span_id: Vec<u8>,
    trace_state: Vec<u8>,
    span_name: Low,
    span_kind: Low,
    service_name: Low,
    resource_attributes: Map,
    scope_name: Vec<u8>,
    scope_version: Vec<u8>,
    span_attributes: Map,
    duration: Vec<u8>,
    status_code: Low,
    status_message: Vec<u8>,
    events: Events,
    links: Links,
}

#[derive(Default)]
struct Events {
    ends: Ends,
    timestamp: Vec<u8>,
    name: Low,
    attributes: Map,
}

#[derive(Default)]
struct Links {
    ends: Ends,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    trace_state: Vec<u8>,
    attributes: Map,
}

/// Where the values of each row end.
#[derive(Default)]
struct Ends(Vec<u64>);

#[derive(Default)]
struct Low {
    numbers: HashMap<String, u32>,
    texts: Vec<u8>,
    rows: Vec<u32>,
}

#[derive(Default)]
struct Map {
    ends: Ends,
    keys: Low,
    values: Vec<u8>,
}

/// The columns in their order, as an INSERT lists them.
pub(super) fn names() -> &'static str {
    "Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, \
    ScopeName, ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, \
    Events.Timestamp, Events.Name, Events.Attributes, \
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes"
}

// === impl Block ===

impl Block {
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn push(&mut self, request: &ExportTraceServiceRequest) {
        for spans in &request.resource_spans {
            let resource = spans.resource.as_ref();
            let resource = resource.map_or(&[][..], |resource| &resource.attributes);
            for scoped in &spans.scope_spans {
                let scope = scoped.scope.clone().unwrap_or_default();
                for span in &scoped.spans {
                    self.push_span(span, resource, &scope);
                }
            }
        }
    }

    fn push_span(&mut self, span: &Span, resource: &[KeyValue], scope: &InstrumentationScope) {
        let status = span.status.clone().unwrap_or_default();
        let is_service = |attribute: &&KeyValue| attribute.key == "service.name";
        let service = resource
            .iter()
            .find(is_service)
            .map(text)
            .unwrap_or_default();
        let duration = span
            .end_time_unix_nano
            .saturating_sub(span.start_time_unix_nano);
        self.rows += 1;
        self.timestamp
            .extend(span.start_time_unix_nano.to_le_bytes());
        put(&hex(&span.trace_id), &mut self.trace_id);
        put(&hex(&span.span_id), &mut self.span_id);
        put(&hex(&span.parent_span_id), &mut self.parent_span_id);
        put(&span.trace_state, &mut self.trace_state);
        self.span_name.push(&span.name);
        self.span_kind.push(kind(span.kind));
        self.service_name.push(&service);
        self.resource_attributes.push(resource);
        put(&scope.name, &mut self.scope_name);
        put(&scope.version, &mut self.scope_version);
        self.span_attributes.push(&span.attributes);
        self.duration.extend(duration.to_le_bytes());
        self.status_code
            .push(["Unset", "Ok", "Error"][status.code as usize % 3]);
        put(&status.message, &mut self.status_message);
        for event in &span.events {
            self.events
                .timestamp
                .extend(event.time_unix_nano.to_le_bytes());
            self.events.name.push(&event.name);
            self.events.attributes.push(&event.attributes);
        }
        self.events.ends.end(span.events.len());
        for link in &span.links {
            put(&hex(&link.trace_id), &mut self.links.trace_id);
            put(&hex(&link.span_id), &mut self.links.span_id);
            put(&link.trace_state, &mut self.links.trace_state);
            self.links.attributes.push(&link.attributes);
        }
        self.links.ends.end(span.links.len());
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        put_length(names().split(", ").count() as u64, &mut out);
        put_length(self.rows, &mut out);
        let mut names = names().split(", ");
        let mut column = |of_type: &str, out: &mut Vec<u8>| {
            put(names.next().unwrap_or_default(), out);
            put(of_type, out);
        };
        let mut plain = |of_type: &str, values: &[u8], out: &mut Vec<u8>| {
            column(of_type, out);
            out.extend_from_slice(values);
        };
        plain(TIME, &self.timestamp, &mut out);
        plain("String", &self.trace_id, &mut out);
        plain("String", &self.span_id, &mut out);
        plain("String", &self.parent_span_id, &mut out);
        plain("String", &self.trace_state, &mut out);
        plain(LOW, &self.span_name.encoded(), &mut out);
        plain(LOW, &self.span_kind.encoded(), &mut out);
        plain(LOW, &self.service_name.encoded(), &mut out);
        plain(MAP, &self.resource_attributes.encoded(), &mut out);
        plain("String", &self.scope_name, &mut out);
        plain("String", &self.scope_version, &mut out);
        plain(MAP, &self.span_attributes.encoded(), &mut out);
        plain("UInt64", &self.duration, &mut out);
        plain(LOW, &self.status_code.encoded(), &mut out);
        plain("String", &self.status_message, &mut out);
        let Events {
            ends,
            timestamp,
            name,
            attributes,
        } = &self.events;
        plain(&array(TIME), &ends.before(&[], timestamp), &mut out);
        plain(
            &array(LOW),
            &ends.before(&VERSION, &name.values()),
            &mut out,
        );
        plain(
            &array(MAP),
            &ends.before(&VERSION, &attributes.values()),
            &mut out,
        );
        let Links {
            ends,
            trace_id,
            span_id,
            trace_state,
            attributes,
        } = &self.links;
        plain(&array("String"), &ends.before(&[], trace_id), &mut out);
        plain(&array("String"), &ends.before(&[], span_id), &mut out);
        plain(&array("String"), &ends.before(&[], trace_state), &mut out);
        plain(
            &array(MAP),
            &ends.before(&VERSION, &attributes.values()),
            &mut out,
        );
        out
    }
}

/// What a column with dictionaries begins with: they come with the block.
const VERSION: [u8; 8] = 1_u64.to_le_bytes();

fn array(of_type: &str) -> String {
    format!("Array({of_type})")
}

// === impl Ends ===

impl Ends {
    fn end(&mut self, values: usize) {
        let last = self.0.last().copied().unwrap_or_default();
        self.0.push(last + values as u64);
    }

    /// An array's bytes: what its values' column begins with, where each row ends, the values.
    fn before(&self, prefix: &[u8], values: &[u8]) -> Vec<u8> {
        let mut out = prefix.to_vec();
        out.extend(self.0.iter().flat_map(|end| end.to_le_bytes()));
        out.extend_from_slice(values);
        out
    }
}

// === impl Low ===

impl Low {
    fn push(&mut self, text: &str) {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = self.numbers.len() as u32;
                self.numbers.insert(text.to_owned(), number);
                put(text, &mut self.texts);
                number
            }
        };
        self.rows.push(number);
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = VERSION.to_vec();
        out.append(&mut self.values());
        out
    }

    /// The dictionary and the numbers, four bytes each.
    fn values(&self) -> Vec<u8> {
        const OWN_DICTIONARY_AND_FOUR_BYTES: u64 = 1 << 9 | 1 << 10 | 2;
        if self.rows.is_empty() {
            return Vec::new();
        }
        let mut out = OWN_DICTIONARY_AND_FOUR_BYTES.to_le_bytes().to_vec();
        out.extend((self.numbers.len() as u64).to_le_bytes());
        out.extend_from_slice(&self.texts);
        out.extend((self.rows.len() as u64).to_le_bytes());
        out.extend(self.rows.iter().flat_map(|number| number.to_le_bytes()));
        out
    }
}

// === impl Map ===

impl Map {
    fn push(&mut self, attributes: &[KeyValue]) {
        for attribute in attributes {
            self.keys.push(&attribute.key);
            put(&text(attribute), &mut self.values);
        }
        self.ends.end(attributes.len());
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = VERSION.to_vec();
        out.append(&mut self.values());
        out
    }

    fn values(&self) -> Vec<u8> {
        let mut values = self.keys.values();
        values.extend_from_slice(&self.values);
        self.ends.before(&[], &values)
    }
}

/// As the exporter writes it: everything is text.
fn text(attribute: &KeyValue) -> String {
    let value = attribute
        .value
        .as_ref()
        .and_then(|value| value.value.as_ref());
    match value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        // The workload has no others.
        _ => String::new(),
    }
}

fn kind(number: i32) -> &'static str {
    let kinds = [
        "Unspecified",
        "Internal",
        "Server",
        "Client",
        "Producer",
        "Consumer",
    ];
    kinds.get(number as usize).copied().unwrap_or("Unspecified")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Length, then bytes.
fn put(text: &str, out: &mut Vec<u8>) {
    put_length(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// LEB128
fn put_length(mut length: u64, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}
