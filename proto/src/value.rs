//! `AnyValue` and lists of attributes, to the model and back. Lossless but for OTLP's string table, which only profiles use.

use coldtrace_model::{AttributeValue, Attributes};

use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, ArrayValue, KeyValue, KeyValueList};

/// An `AnyValue` as the model has it. A value that is absent, or an index into a string table that traces do not have,
/// is [`AttributeValue::Empty`].
pub fn any_value_to_model(value: Option<AnyValue>) -> AttributeValue {
    match value.and_then(|value| value.value) {
        None | Some(Value::StringValueStrindex(_)) => AttributeValue::Empty,
        Some(Value::StringValue(text)) => AttributeValue::String(text),
        Some(Value::BoolValue(truth)) => AttributeValue::Bool(truth),
        Some(Value::IntValue(number)) => AttributeValue::Int(number),
        Some(Value::DoubleValue(number)) => AttributeValue::Double(number),
        Some(Value::BytesValue(bytes)) => AttributeValue::Bytes(bytes),
        Some(Value::ArrayValue(list)) => {
            let values = list.values.into_iter().map(Some).map(any_value_to_model);
            AttributeValue::Array(values.collect())
        }
        Some(Value::KvlistValue(list)) => {
            AttributeValue::KeyValues(attributes_to_model(list.values))
        }
    }
}

/// A value of the model as OTLP has it.
pub fn any_value_from_model(value: &AttributeValue) -> AnyValue {
    let value = match value {
        AttributeValue::Empty => None,
        AttributeValue::String(text) => Some(Value::StringValue(text.clone())),
        AttributeValue::Bool(truth) => Some(Value::BoolValue(*truth)),
        AttributeValue::Int(number) => Some(Value::IntValue(*number)),
        AttributeValue::Double(number) => Some(Value::DoubleValue(*number)),
        AttributeValue::Bytes(bytes) => Some(Value::BytesValue(bytes.clone())),
        AttributeValue::Array(values) => Some(Value::ArrayValue(ArrayValue {
            values: values.iter().map(any_value_from_model).collect(),
        })),
        AttributeValue::KeyValues(pairs) => Some(Value::KvlistValue(KeyValueList {
            values: attributes_from_model(pairs),
        })),
    };
    AnyValue { value }
}

/// Attributes as the model has them, in the same order, repeated names included.
pub fn attributes_to_model(attributes: Vec<KeyValue>) -> Attributes {
    attributes
        .into_iter()
        .map(|pair| (pair.key, any_value_to_model(pair.value)))
        .collect()
}

/// Attributes as OTLP has them.
pub fn attributes_from_model(attributes: &[(String, AttributeValue)]) -> Vec<KeyValue> {
    attributes
        .iter()
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(any_value_from_model(value)),
            ..KeyValue::default()
        })
        .collect()
}
