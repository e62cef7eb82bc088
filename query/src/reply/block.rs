//! Spans of a journey in blocks of columns: the schema `SpanBlock`, for who reads a hundred thousand.
//!
//! Less than a quarter of the bytes of as many objects, and quicker to parse. What is empty in all spans of a block is left out; texts
//! stand in a list of the block's own and are named by their place in it. What rows say, a block says (decision 31).

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use coldtrace_analysis::{Mark, Node, Section, Trace};
use coldtrace_model::{AttributeValue, RequestId, SandboxId, Span, UnixNanos};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::number::{Decimal, Shown};
use super::trace::{EventReply, Indexes, LinkReply};
use super::value::AnyValue;

/// Up to here a double, which is what browsers read numbers as, has every whole number.
const EXACT: u64 = 1 << 53;

/// Some spans of a trace, by their places.
pub(crate) struct BlockReply<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) indexes: &'a Indexes,
    pub(crate) places: Range<usize>,
}

/// The critical path by columns.
#[derive(Serialize)]
pub(super) struct PathColumns {
    since: Decimal,
    span: Vec<usize>,
    start: Vec<Number>,
    end: Vec<Number>,
}

/// A node and its span.
type Row<'a> = (&'a Node, &'a Span);

/// A block that is written, column by column.
struct Columns<'a, Map> {
    rows: Vec<Row<'a>>,
    texts: Texts<'a>,
    map: Map,
}

/// Each once, in the order in which they first come up.
#[derive(Default)]
struct Texts<'a> {
    list: Vec<Cow<'a, str>>,
    places: HashMap<Cow<'a, str>, usize>,
}

/// One value of each row.
struct Column<'c, 'a, Value>(&'c [Row<'a>], Value);

/// Attributes of every row, with the places of their texts in the order in which they come.
struct AttributeColumn<'a> {
    rows: &'a [Row<'a>],
    places: Vec<usize>,
}

/// The place of a text, or a value of another type.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Text(usize),
    Other(AnyValue<'a>),
}

/// A number, or its digits as a text where a double would lose some.
#[derive(Clone, Copy)]
struct Number(u64);

// === impl BlockReply ===

impl Serialize for BlockReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let start = self.trace.start;
        let since = |time: UnixNanos| Number(time.since(start).0);
        let places = self.places.clone();
        let rows = places.map(|place| (&self.trace.nodes[place], self.trace.span(place)));
        let mut block = Columns {
            rows: rows.collect(),
            texts: Texts::default(),
            map: serializer.serialize_map(None)?,
        };
        block.map.serialize_entry("since", &Decimal::from(start))?;
        block.trace_ids()?;
        block.all("span_id", |(_, span)| Shown(span.span_id))?;
        block.some("parent_span_id", |(_, span)| span.parent_span_id.map(Shown))?;
        block.all("parent", |(node, _)| node.parent)?;
        block.all("depth", |(node, _)| node.depth)?;
        block.texts("name", |span| Some(&span.name))?;
        block.texts("service", |span| Some(span.resource.service()))?;
        block.texts("kind", |span| Some(span.kind.as_str()))?;
        block.all("start", |(_, span)| since(span.start))?;
        block.all("end", |(_, span)| since(span.end))?;
        block.texts("status", |span| Some(span.status.code.as_str()))?;
        block.texts("status_message", |span| filled(&span.status.message))?;
        block.texts("phase", |span| filled(&span.origin.phase))?;
        block.texts("request_id", |span| {
            span.origin.request_id.as_ref().map(RequestId::as_str)
        })?;
        block.texts("sandbox_id", |span| {
            span.origin.sandbox_id.as_ref().map(SandboxId::as_str)
        })?;
        block.all("self_time", |(node, _)| Number(node.self_time.0))?;
        block.all("critical_time", |(node, _)| Number(node.critical_time.0))?;
        block.lists("marks", |(node, _)| {
            node.marks.iter().map(Mark::as_str).collect()
        })?;
        block.attributes()?;
        block.lists("events", |(_, span)| {
            span.events.iter().map(EventReply::from).collect()
        })?;
        block.lists("links", |(_, span)| {
            span.links.iter().map(LinkReply::from).collect()
        })?;
        block.all("resource", |(_, span)| self.indexes.resource(span))?;
        block.all("scope", |(_, span)| self.indexes.scope(span))?;
        block.texts("trace_state", |span| filled(&span.trace_state))?;
        block.counts("flags", |span| span.flags)?;
        block.counts("dropped_attributes", |span| span.dropped_attributes)?;
        block.counts("dropped_events", |span| span.dropped_events)?;
        block.counts("dropped_links", |span| span.dropped_links)?;
        block.end()
    }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

// === impl PathColumns ===

impl PathColumns {
    pub(super) fn of(sections: &[Section], start: UnixNanos) -> Self {
        let since = |time: UnixNanos| Number(time.since(start).0);
        Self {
            since: start.into(),
            span: sections.iter().map(|section| section.node).collect(),
            start: sections.iter().map(|one| since(one.start)).collect(),
            end: sections.iter().map(|one| since(one.end)).collect(),
        }
    }
}

// === impl Columns ===

impl<'a, Map: SerializeMap> Columns<'a, Map> {
    /// A column that is always there.
    fn all<T: Serialize>(
        &mut self,
        name: &'static str,
        value: impl Fn(Row<'a>) -> T,
    ) -> Result<(), Map::Error> {
        self.map.serialize_entry(name, &Column(&self.rows, value))
    }

    fn some<T: Serialize>(
        &mut self,
        name: &'static str,
        value: impl Fn(Row<'a>) -> Option<T>,
    ) -> Result<(), Map::Error> {
        match self.rows.iter().any(|&row| value(row).is_some()) {
            true => self.all(name, value),
            false => Ok(()),
        }
    }

    fn lists<T: Serialize>(
        &mut self,
        name: &'static str,
        value: impl Fn(Row<'a>) -> Vec<T>,
    ) -> Result<(), Map::Error> {
        match self.rows.iter().any(|&row| !value(row).is_empty()) {
            true => self.all(name, value),
            false => Ok(()),
        }
    }

    fn counts(
        &mut self,
        name: &'static str,
        value: impl Fn(&'a Span) -> u32,
    ) -> Result<(), Map::Error> {
        match self.rows.iter().any(|&(_, span)| value(span) > 0) {
            true => self.all(name, |(_, span)| value(span)),
            false => Ok(()),
        }
    }

    /// Places of texts, null where there is none.
    fn texts(
        &mut self,
        name: &'static str,
        text: impl Fn(&'a Span) -> Option<&'a str>,
    ) -> Result<(), Map::Error> {
        let texts = self.rows.iter().map(|&(_, span)| text(span));
        let places: Vec<Option<usize>> = texts
            .map(|text| text.map(|text| self.texts.place(text)))
            .collect();
        match places.iter().any(Option::is_some) {
            true => self.map.serialize_entry(name, &places),
            false => Ok(()),
        }
    }

    fn trace_ids(&mut self) -> Result<(), Map::Error> {
        let mut places: Vec<usize> = Vec::with_capacity(self.rows.len());
        for (index, (_, span)) in self.rows.iter().enumerate() {
            // Most are of the same trace: what is printed once is not printed again.
            let is_same = index > 0 && self.rows[index - 1].1.trace_id == span.trace_id;
            places.push(match is_same {
                true => places[index - 1],
                false => self.texts.place(span.trace_id.to_string()),
            });
        }
        self.map.serialize_entry("trace_id", &places)
    }

    fn attributes(&mut self) -> Result<(), Map::Error> {
        let mut places = Vec::new();
        for (key, value) in self.rows.iter().flat_map(|(_, span)| &span.attributes) {
            places.push(self.texts.place(key.as_str()));
            if let AttributeValue::String(text) = value {
                places.push(self.texts.place(text.as_str()));
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        let column = AttributeColumn {
            rows: &self.rows,
            places,
        };
        self.map.serialize_entry("attributes", &column)
    }

    fn end(mut self) -> Result<Map::Ok, Map::Error> {
        self.map.serialize_entry("texts", &self.texts.list)?;
        self.map.end()
    }
}

// === impl Texts ===

impl<'a> Texts<'a> {
    fn place(&mut self, text: impl Into<Cow<'a, str>>) -> usize {
        let text = text.into();
        if let Some(&place) = self.places.get(&text) {
            return place;
        }
        self.list.push(text.clone());
        let place = self.places.len();
        self.places.insert(text, place);
        place
    }
}

// === impl Column, AttributeColumn, Number ===

impl<'a, T: Serialize, Value: Fn(Row<'a>) -> T> Serialize for Column<'_, 'a, Value> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&row| self.1(row)))
    }
}

impl Serialize for AttributeColumn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut places = self.places.iter().copied();
        let mut next = || places.next().expect("each text was given its place");
        let lists = self.rows.iter().map(|(_, span)| {
            let pairs = span.attributes.iter().map(|(_, value)| {
                let key = next();
                match value {
                    AttributeValue::String(_) => (key, Value::Text(next())),
                    other => (key, Value::Other(AnyValue(other))),
                }
            });
            pairs.collect::<Vec<_>>()
        });
        serializer.collect_seq(lists)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 <= EXACT {
            true => serializer.serialize_u64(self.0),
            false => serializer.collect_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_analysis::Evidence;
    use coldtrace_testkit::any_span;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::trace::rows;
    use super::*;

    /// What stands in a row where its block says nothing.
    const EMPTY: [(&str, &str); 13] = [
        ("parent_span_id", "null"),
        ("status_message", "\"\""),
        ("phase", "\"\""),
        ("request_id", "null"),
        ("sandbox_id", "null"),
        ("marks", "[]"),
        ("attributes", "[]"),
        ("events", "[]"),
        ("links", "[]"),
        ("trace_state", "\"\""),
        ("flags", "0"),
        ("dropped_attributes", "0"),
        ("dropped_events", "0"),
    ];

    proptest! {
        #[test]
        fn what_rows_say_a_block_says(spans in vec(any_span(), 0..12), cut in 0_usize..12) {
            let trace = coldtrace_analysis::rebuild(Evidence { spans, ..Evidence::default() });
            let indexes = Indexes::of(&trace);
            let (cut, end) = (cut.min(trace.nodes.len()), trace.nodes.len());
            let mut told = Vec::new();
            for places in [0..cut, cut..end] {
                let block = BlockReply { trace: &trace, indexes: &indexes, places };
                let block = serde_json::to_string(&block).expect("it is JSON");
                told.extend(unfolded(&serde_json::from_str(&block).expect("it is JSON")));
            }
            let rows = serde_json::to_string(&rows(&trace)).expect("it is JSON");
            prop_assert_eq!(Json::from(told), serde_json::from_str::<Json>(&rows).expect("it is JSON"));
        }
    }

    #[test]
    fn a_number_that_a_double_would_not_hold_comes_as_digits() {
        let told = [Number(EXACT), Number(EXACT + 1), Number(u64::MAX)];
        let told = serde_json::to_value(told).expect("it is JSON");
        assert_eq!(
            told,
            json!([
                9_007_199_254_740_992_u64,
                "9007199254740993",
                "18446744073709551615"
            ])
        );
    }

    fn unfolded(block: &Json) -> Vec<Json> {
        let rows = block["span_id"].as_array().map_or(0, Vec::len);
        (0..rows).map(|row| unfolded_row(block, row)).collect()
    }

    /// One row, as it is described.
    fn unfolded_row(block: &Json, row: usize) -> Json {
        let text = |place: &Json| block["texts"][place.as_u64().expect("a place") as usize].clone();
        let digits = |told: &Json| -> u64 {
            let written = told.as_str().map(|text| text.parse().expect("digits"));
            written.or(told.as_u64()).expect("a number")
        };
        let since = digits(&block["since"]);
        let mut span = serde_json::Map::new();
        for (name, empty) in EMPTY.into_iter().chain([("dropped_links", "0")]) {
            span.insert(name.to_owned(), serde_json::from_str(empty).expect("JSON"));
        }
        for (name, column) in block.as_object().expect("an object") {
            let told = &column[row];
            let read = match name.as_str() {
                "since" | "texts" => continue,
                "start" | "end" => json!((since + digits(told)).to_string()),
                "self_time" | "critical_time" => json!(digits(told).to_string()),
                "attributes" => told
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|pair| {
                        let value = match &pair[1] {
                            place @ Json::Number(_) => json!({ "stringValue": text(place) }),
                            other => other.clone(),
                        };
                        json!({ "key": text(&pair[0]), "value": value })
                    })
                    .collect(),
                "trace_id" | "name" | "service" | "kind" | "status" => text(told),
                "status_message" | "phase" | "request_id" | "sandbox_id" | "trace_state" => {
                    match told.is_null() {
                        true => continue,
                        false => text(told),
                    }
                }
                _ => told.clone(),
            };
            span.insert(name.clone(), read);
        }
        span.into()
    }
}
