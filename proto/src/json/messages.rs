//! The messages of traces and logs: which name is which field, and how it is read.

use super::kinds::{
    BOOL, BYTES, DOUBLE, FIXED_U32, FIXED_U64, I64, ID, Kind, SEVERITY, SPAN_KIND, STATUS_CODE,
    TEXT, U32,
};

/// A message of protobuf.
pub(super) struct Message {
    pub(super) fields: &'static [Field],
    /// Its fields exclude each other, so that one is written also where it holds its default.
    pub(super) is_choice: bool,
    /// `null` in a list stands for an empty one and keeps its place: the items after it would move otherwise.
    pub(super) keeps_null: bool,
}

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u8,
    /// In lowerCamelCase.
    json: &'static str,
    /// As in the `.proto` file.
    proto: &'static str,
    pub(super) shape: Shape,
}

/// What a field holds.
pub(super) enum Shape {
    Scalar(&'static Kind),
    Message(&'static Message),
    List(&'static Message),
    /// A list or a map of values, one level deeper.
    Nested(&'static Message),
}

// === impl Message ===

impl Message {
    const fn new(fields: &'static [Field]) -> Self {
        Self {
            fields,
            is_choice: false,
            keeps_null: false,
        }
    }

    /// The field of this name. Writers keep an order: the search begins at `next` and leaves there what probably follows.
    pub(super) fn find(&self, name: &str, next: &mut usize) -> Option<&'static Field> {
        let (before, after) = self.fields.split_at(*next);
        let mut in_order = after.iter().chain(before).enumerate();
        let (distance, field) = in_order.find(|(_, field)| field.is(name))?;
        *next = (*next + distance + 1) % self.fields.len();
        Some(field)
    }
}

// === impl Field ===

impl Field {
    fn is(&self, name: &str) -> bool {
        name == self.json || name == self.proto
    }
}

const fn field(number: u8, json: &'static str, proto: &'static str, shape: Shape) -> Field {
    Field {
        number,
        json,
        proto,
        shape,
    }
}

use Shape::{List, Nested, Scalar};

pub(super) static TRACES: Message = Message::new(&[field(
    1,
    "resourceSpans",
    "resource_spans",
    List(&RESOURCE_SPANS),
)]);

static RESOURCE_SPANS: Message = Message::new(&[
    field(1, "resource", "resource", Shape::Message(&RESOURCE)),
    field(2, "scopeSpans", "scope_spans", List(&SCOPE_SPANS)),
    field(3, "schemaUrl", "schema_url", Scalar(&TEXT)),
]);

static SCOPE_SPANS: Message = Message::new(&[
    field(1, "scope", "scope", Shape::Message(&SCOPE)),
    field(2, "spans", "spans", List(&SPAN)),
    field(3, "schemaUrl", "schema_url", Scalar(&TEXT)),
]);

pub(super) static LOGS: Message = Message::new(&[field(
    1,
    "resourceLogs",
    "resource_logs",
    List(&RESOURCE_LOGS),
)]);

static RESOURCE_LOGS: Message = Message::new(&[
    field(1, "resource", "resource", Shape::Message(&RESOURCE)),
    field(2, "scopeLogs", "scope_logs", List(&SCOPE_LOGS)),
    field(3, "schemaUrl", "schema_url", Scalar(&TEXT)),
]);

static SCOPE_LOGS: Message = Message::new(&[
    field(1, "scope", "scope", Shape::Message(&SCOPE)),
    field(2, "logRecords", "log_records", List(&LOG_RECORD)),
    field(3, "schemaUrl", "schema_url", Scalar(&TEXT)),
]);

static RESOURCE: Message = Message::new(&[
    field(1, "attributes", "attributes", List(&KEY_VALUE)),
    field(2, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
]);

static SCOPE: Message = Message::new(&[
    field(1, "name", "name", Scalar(&TEXT)),
    field(2, "version", "version", Scalar(&TEXT)),
    field(3, "attributes", "attributes", List(&KEY_VALUE)),
    field(4, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
]);

static SPAN: Message = Message::new(&[
    field(1, "traceId", "trace_id", Scalar(&ID)),
    field(2, "spanId", "span_id", Scalar(&ID)),
    field(3, "traceState", "trace_state", Scalar(&TEXT)),
    field(4, "parentSpanId", "parent_span_id", Scalar(&ID)),
    field(16, "flags", "flags", Scalar(&FIXED_U32)),
    field(5, "name", "name", Scalar(&TEXT)),
    field(6, "kind", "kind", Scalar(&SPAN_KIND)),
    field(
        7,
        "startTimeUnixNano",
        "start_time_unix_nano",
        Scalar(&FIXED_U64),
    ),
    field(
        8,
        "endTimeUnixNano",
        "end_time_unix_nano",
        Scalar(&FIXED_U64),
    ),
    field(9, "attributes", "attributes", List(&KEY_VALUE)),
    field(10, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
    field(11, "events", "events", List(&EVENT)),
    field(
        12,
        "droppedEventsCount",
        "dropped_events_count",
        Scalar(&U32),
    ),
    field(13, "links", "links", List(&LINK)),
    field(14, "droppedLinksCount", "dropped_links_count", Scalar(&U32)),
    field(15, "status", "status", Shape::Message(&STATUS)),
]);

static EVENT: Message = Message::new(&[
    field(1, "timeUnixNano", "time_unix_nano", Scalar(&FIXED_U64)),
    field(2, "name", "name", Scalar(&TEXT)),
    field(3, "attributes", "attributes", List(&KEY_VALUE)),
    field(4, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
]);

static LINK: Message = Message::new(&[
    field(1, "traceId", "trace_id", Scalar(&ID)),
    field(2, "spanId", "span_id", Scalar(&ID)),
    field(3, "traceState", "trace_state", Scalar(&TEXT)),
    field(4, "attributes", "attributes", List(&KEY_VALUE)),
    field(5, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
    field(6, "flags", "flags", Scalar(&FIXED_U32)),
]);

static STATUS: Message = Message::new(&[
    field(2, "message", "message", Scalar(&TEXT)),
    field(3, "code", "code", Scalar(&STATUS_CODE)),
]);

static LOG_RECORD: Message = Message::new(&[
    field(1, "timeUnixNano", "time_unix_nano", Scalar(&FIXED_U64)),
    field(
        11,
        "observedTimeUnixNano",
        "observed_time_unix_nano",
        Scalar(&FIXED_U64),
    ),
    field(2, "severityNumber", "severity_number", Scalar(&SEVERITY)),
    field(3, "severityText", "severity_text", Scalar(&TEXT)),
    field(5, "body", "body", Shape::Message(&ANY_VALUE)),
    field(6, "attributes", "attributes", List(&KEY_VALUE)),
    field(7, DROPPED_ATTRIBUTES.0, DROPPED_ATTRIBUTES.1, Scalar(&U32)),
    field(8, "flags", "flags", Scalar(&FIXED_U32)),
    field(9, "traceId", "trace_id", Scalar(&ID)),
    field(10, "spanId", "span_id", Scalar(&ID)),
    field(12, "eventName", "event_name", Scalar(&TEXT)),
]);

static KEY_VALUE: Message = Message::new(&[
    field(1, "key", "key", Scalar(&TEXT)),
    field(2, "value", "value", Shape::Message(&ANY_VALUE)),
]);

static ANY_VALUE: Message = Message {
    fields: &[
        field(1, "stringValue", "string_value", Scalar(&TEXT)),
        field(2, "boolValue", "bool_value", Scalar(&BOOL)),
        field(3, "intValue", "int_value", Scalar(&I64)),
        field(4, "doubleValue", "double_value", Scalar(&DOUBLE)),
        field(5, "arrayValue", "array_value", Nested(&ARRAY)),
        field(6, "kvlistValue", "kvlist_value", Nested(&KEY_VALUE_LIST)),
        field(7, "bytesValue", "bytes_value", Scalar(&BYTES)),
    ],
    is_choice: true,
    keeps_null: true,
};

static ARRAY: Message = Message::new(&[field(1, "values", "values", List(&ANY_VALUE))]);

static KEY_VALUE_LIST: Message = Message::new(&[field(1, "values", "values", List(&KEY_VALUE))]);

/// Nearly every message has it.
const DROPPED_ATTRIBUTES: (&str, &str) = ("droppedAttributesCount", "dropped_attributes_count");
