//! How many different values each key of a workload has.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;

use super::template::Value;
use super::trace::Request;

/// Different values of a key, over all requests of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::bench) enum Distinct {
    /// So many, when all of them have come.
    Values(u64),
    /// Every value is another.
    Every,
}

/// Counts while templates are made.
#[derive(Default)]
pub(super) struct Counted {
    /// Of every key, its texts without what is written over, and how many values are written there.
    texts: BTreeMap<String, BTreeMap<String, Distinct>>,
}

// === impl Counted ===

impl Counted {
    pub(super) fn count(&mut self, request: &Request) {
        for resource in &request.otlp.resource_spans {
            let of_resource = resource
                .resource
                .iter()
                .flat_map(|resource| &resource.attributes);
            let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            let of_spans = spans.flat_map(|span| {
                let of_events = span.events.iter().flat_map(|event| &event.attributes);
                span.attributes.iter().chain(of_events)
            });
            for attribute in of_resource.chain(of_spans) {
                self.attribute(attribute, request);
            }
        }
    }

    pub(super) fn by_key(&self) -> BTreeMap<&str, Distinct> {
        let sum = |texts: &BTreeMap<String, Distinct>| {
            texts
                .values()
                .copied()
                .fold(Distinct::Values(0), |sum, next| match (sum, next) {
                    (Distinct::Values(sum), Distinct::Values(next)) => Distinct::Values(sum + next),
                    _ => Distinct::Every,
                })
        };
        self.texts
            .iter()
            .map(|(key, texts)| (key.as_str(), sum(texts)))
            .collect()
    }

    fn attribute(&mut self, attribute: &KeyValue, request: &Request) {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        let (text, distinct) = match value {
            Some(Any::StringValue(text)) => match request.values.find(text) {
                Some((before, value)) => written(before, value),
                None => (text.clone(), Distinct::Values(1)),
            },
            other => (format!("{other:?}"), Distinct::Values(1)),
        };
        let texts = self.texts.entry(attribute.key.clone()).or_default();
        texts.insert(text, distinct);
    }
}

/// What is the same in all values that are written over a mark, and how many there are.
fn written(before: &str, value: Value) -> (String, Distinct) {
    match value {
        Value::Digits { pool, .. } => (format!("{before}{{{pool}}}"), Distinct::Values(pool)),
        Value::Sandbox { function, pool } => {
            (format!("{before}{{{function}}}"), Distinct::Values(pool))
        }
        _ => (before.to_owned(), Distinct::Every),
    }
}
