//! Attributes: OTLP's JSON form, in the order in which they were sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldtrace_model::{AttributeValue, Attributes};
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

use super::number::Shown;

/// A list of attributes.
#[derive(Clone, Copy)]
pub(crate) struct AttributesReply<'a>(pub(crate) &'a Attributes);

struct Pair<'a>(&'a (String, AttributeValue));

/// The schema `AnyValue`.
pub(super) struct AnyValue<'a>(pub(super) &'a AttributeValue);

#[derive(Serialize)]
struct Values<T> {
    values: T,
}

impl Serialize for AttributesReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Pair))
    }
}

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = self.0;
        let mut pair = serializer.serialize_struct("Attribute", 2)?;
        pair.serialize_field("key", key)?;
        pair.serialize_field("value", &AnyValue(value))?;
        pair.end()
    }
}

impl Serialize for AnyValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serializer.serialize_map(None)?;
        match self.0 {
            AttributeValue::Empty => {}
            AttributeValue::String(text) => value.serialize_entry("stringValue", text)?,
            AttributeValue::Bool(truth) => value.serialize_entry("boolValue", truth)?,
            AttributeValue::Int(number) => value.serialize_entry("intValue", &Shown(number))?,
            AttributeValue::Double(number) => match not_in_json(*number) {
                Some(word) => value.serialize_entry("doubleValue", word)?,
                None => value.serialize_entry("doubleValue", number)?,
            },
            AttributeValue::Bytes(bytes) => {
                value.serialize_entry("bytesValue", &STANDARD.encode(bytes))?;
            }
            AttributeValue::Array(elements) => {
                let values: Vec<AnyValue<'_>> = elements.iter().map(AnyValue).collect();
                value.serialize_entry("arrayValue", &Values { values })?;
            }
            AttributeValue::KeyValues(pairs) => {
                let values: Vec<Pair<'_>> = pairs.iter().map(Pair).collect();
                value.serialize_entry("kvlistValue", &Values { values })?;
            }
        }
        value.end()
    }
}

/// The word for a double that JSON has no number for.
fn not_in_json(number: f64) -> Option<&'static str> {
    match number {
        number if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_json_form_and_the_order_stays() {
        let attributes = vec![
            ("z".to_owned(), AttributeValue::Int(i64::MIN)),
            ("a".to_owned(), AttributeValue::Double(f64::NAN)),
            ("b".to_owned(), AttributeValue::Double(f64::NEG_INFINITY)),
            ("c".to_owned(), AttributeValue::Double(3.0)),
            ("d".to_owned(), AttributeValue::Bytes(vec![0, 255])),
            ("e".to_owned(), AttributeValue::Empty),
            (
                "f".to_owned(),
                AttributeValue::Array(vec![
                    AttributeValue::Bool(true),
                    AttributeValue::KeyValues(vec![(
                        "k".to_owned(),
                        AttributeValue::String("v".to_owned()),
                    )]),
                ]),
            ),
        ];
        let json = serde_json::to_string(&AttributesReply(&attributes)).expect("it is JSON");
        let expected = [
            r#"{"key":"z","value":{"intValue":"-9223372036854775808"}}"#,
            r#"{"key":"a","value":{"doubleValue":"NaN"}}"#,
            r#"{"key":"b","value":{"doubleValue":"-Infinity"}}"#,
            r#"{"key":"c","value":{"doubleValue":3.0}}"#,
            r#"{"key":"d","value":{"bytesValue":"AP8="}}"#,
            r#"{"key":"e","value":{}}"#,
            r#"{"key":"f","value":{"arrayValue":{"values":[{"boolValue":true},{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}]}}}"#,
        ];
        assert_eq!(json, format!("[{}]", expected.join(",")));
    }
}
