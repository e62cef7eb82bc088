//! The messages of traces and logs: which name is which field.

use serde::de::MapAccess;

use super::kinds::{
    BOOL, BYTES, DOUBLE, I64, ID, Kind, SEVERITY, SPAN_KIND, STATUS_CODE, TEXT, U32, U64,
};
use super::reader::{Field, Message};
use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use crate::otlp::logs::{LogRecord, ResourceLogs, ScopeLogs};
use crate::otlp::resource::Resource;
use crate::otlp::trace::{ResourceSpans, ScopeSpans, Span, Status, span};
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// `name in JSON => field in Rust: how it is read`. The field's own name is read as well.
macro_rules! message {
    ($message:ty { $($json:literal => $field:ident: $how:ident $(($kind:ident))?,)+ }) => {
        impl Message for $message {
            fn read<'de, A: MapAccess<'de>>(
                &mut self,
                name: &str,
                field: Field<'_, A>,
            ) -> Result<(), A::Error> {
                match name {
                    $(name if name == $json || name == stringify!($field) => {
                        message!(@$how $(($kind))? self.$field, field)
                    })+
                    _ => field.skip(),
                }
            }
        }
    };
    (@scalar($kind:ident) $slot:expr, $field:ident) => {
        $field.set(&mut $slot, &$kind)
    };
    (@list $slot:expr, $field:ident) => {
        $field.list(&mut $slot)
    };
    (@message $slot:expr, $field:ident) => {{
        if let Some(message) = $field.message()? {
            $slot = Some(message);
        }
        Ok(())
    }};
}

message!(ExportTraceServiceRequest {
    "resourceSpans" => resource_spans: list,
});

message!(ResourceSpans {
    "resource" => resource: message,
    "scopeSpans" => scope_spans: list,
    "schemaUrl" => schema_url: scalar(TEXT),
});

message!(ScopeSpans {
    "scope" => scope: message,
    "spans" => spans: list,
    "schemaUrl" => schema_url: scalar(TEXT),
});

message!(ExportLogsServiceRequest {
    "resourceLogs" => resource_logs: list,
});

message!(ResourceLogs {
    "resource" => resource: message,
    "scopeLogs" => scope_logs: list,
    "schemaUrl" => schema_url: scalar(TEXT),
});

message!(ScopeLogs {
    "scope" => scope: message,
    "logRecords" => log_records: list,
    "schemaUrl" => schema_url: scalar(TEXT),
});

message!(Resource {
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
});

message!(InstrumentationScope {
    "name" => name: scalar(TEXT),
    "version" => version: scalar(TEXT),
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
});

message!(Span {
    "traceId" => trace_id: scalar(ID),
    "spanId" => span_id: scalar(ID),
    "traceState" => trace_state: scalar(TEXT),
    "parentSpanId" => parent_span_id: scalar(ID),
    "flags" => flags: scalar(U32),
    "name" => name: scalar(TEXT),
    "kind" => kind: scalar(SPAN_KIND),
    "startTimeUnixNano" => start_time_unix_nano: scalar(U64),
    "endTimeUnixNano" => end_time_unix_nano: scalar(U64),
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
    "events" => events: list,
    "droppedEventsCount" => dropped_events_count: scalar(U32),
    "links" => links: list,
    "droppedLinksCount" => dropped_links_count: scalar(U32),
    "status" => status: message,
});

message!(span::Event {
    "timeUnixNano" => time_unix_nano: scalar(U64),
    "name" => name: scalar(TEXT),
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
});

message!(span::Link {
    "traceId" => trace_id: scalar(ID),
    "spanId" => span_id: scalar(ID),
    "traceState" => trace_state: scalar(TEXT),
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
    "flags" => flags: scalar(U32),
});

message!(Status {
    "message" => message: scalar(TEXT),
    "code" => code: scalar(STATUS_CODE),
});

message!(LogRecord {
    "timeUnixNano" => time_unix_nano: scalar(U64),
    "observedTimeUnixNano" => observed_time_unix_nano: scalar(U64),
    "severityNumber" => severity_number: scalar(SEVERITY),
    "severityText" => severity_text: scalar(TEXT),
    "body" => body: message,
    "attributes" => attributes: list,
    "droppedAttributesCount" => dropped_attributes_count: scalar(U32),
    "flags" => flags: scalar(U32),
    "traceId" => trace_id: scalar(ID),
    "spanId" => span_id: scalar(ID),
    "eventName" => event_name: scalar(TEXT),
});

message!(KeyValue {
    "key" => key: scalar(TEXT),
    "value" => value: message,
});

message!(ArrayValue {
    "values" => values: list,
});

message!(KeyValueList {
    "values" => values: list,
});

impl Message for AnyValue {
    /// It keeps its place: the items after it would move otherwise.
    const NULL_ITEM: Option<fn() -> Self> = Some(Self::default);

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        field: Field<'_, A>,
    ) -> Result<(), A::Error> {
        let slot = &mut self.value;
        match name {
            "stringValue" | "string_value" => scalar(slot, field, &TEXT, Value::StringValue),
            "boolValue" | "bool_value" => scalar(slot, field, &BOOL, Value::BoolValue),
            "intValue" | "int_value" => scalar(slot, field, &I64, Value::IntValue),
            "doubleValue" | "double_value" => scalar(slot, field, &DOUBLE, Value::DoubleValue),
            "bytesValue" | "bytes_value" => scalar(slot, field, &BYTES, Value::BytesValue),
            "arrayValue" | "array_value" => nested(slot, field, Value::ArrayValue),
            "kvlistValue" | "kvlist_value" => nested(slot, field, Value::KvlistValue),
            _ => field.skip(),
        }
    }
}

/// Of the members that are set, the last one holds.
fn scalar<'de, A: MapAccess<'de>, T>(
    slot: &mut Option<Value>,
    field: Field<'_, A>,
    kind: &Kind<T>,
    value: fn(T) -> Value,
) -> Result<(), A::Error> {
    if let Some(scalar) = field.scalar(kind)? {
        *slot = Some(value(scalar));
    }
    Ok(())
}

fn nested<'de, A: MapAccess<'de>, M: Message>(
    slot: &mut Option<Value>,
    field: Field<'_, A>,
    value: fn(M) -> Value,
) -> Result<(), A::Error> {
    if let Some(message) = field.deeper()?.message()? {
        *slot = Some(value(message));
    }
    Ok(())
}
