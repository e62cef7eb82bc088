//! What fuzzing does with an input (`crates/traceql/fuzz`), and the ordinary tests with its corpus: it panics where a promise of
//! this crate is broken.

use std::sync::{Arc, LazyLock};

use coldtrace_analysis::{Evidence, Trace, rebuild};
use coldtrace_model::{
    AttributeValue, Event, Link, Resource, Scope, Span, SpanId, SpanKind, SpanOrigin, Status,
    StatusCode, TraceId, UnixNanos,
};

use crate::{Query, Tree, parse};

/// A text that may be a query: it is refused at a place in it, or it means the same when it is printed and read again, and what it
/// finds in a trace is there.
pub fn query(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match parse(text) {
        Ok(query) => check(text, &query),
        Err(error) => {
            let wrong = text.get(error.at.clone());
            assert!(wrong.is_some(), "{:?} is no stretch of the text", error.at);
            assert!(error.pointing(text).contains(&error.message));
            assert!(error.character(text) <= text.chars().count() + 1);
        }
    }
}

fn check(text: &str, query: &Query) {
    let printed = query.to_string();
    let again = parse(&printed);
    assert_eq!(again.as_ref(), Ok(query), "{text} printed is {printed}");
    let tree = Tree::of(&TRACE);
    for spanset in &query.evaluate(&tree).spansets {
        assert!(spanset.spans.iter().all(|&place| place < tree.len()));
    }
}

/// Something of everything that a query may ask for.
static TRACE: LazyLock<Trace> = LazyLock::new(|| {
    let (root, failed) = (one(1, None), one(2, Some(1)));
    let failed = Span {
        kind: SpanKind::Client,
        status: Status {
            code: StatusCode::Error,
            message: "no".to_owned(),
        },
        events: vec![Event {
            time: UnixNanos(30_000_000),
            name: "retry".to_owned(),
            attributes: vec![("a".to_owned(), AttributeValue::Int(1))],
            dropped_attributes: 0,
        }],
        links: vec![Link {
            trace_id: root.trace_id,
            span_id: root.span_id,
            trace_state: String::new(),
            attributes: Vec::new(),
            dropped_attributes: 0,
            flags: 0,
        }],
        ..failed
    };
    rebuild(Evidence {
        spans: vec![root, failed, one(3, Some(2)), one(4, Some(9))],
        ..Evidence::default()
    })
});

/// The later it is, the shorter.
fn one(number: u64, parent: Option<u64>) -> Span {
    let id = |number: u64| SpanId::from_bytes(&number.to_be_bytes()).expect("it is not 0");
    let text = |text: &str| AttributeValue::String(text.to_owned());
    let list = vec![text("x"), AttributeValue::Int(2), AttributeValue::Empty];
    let attributes = [
        ("a", text("x")),
        ("b", AttributeValue::Double(f64::NAN)),
        ("c", AttributeValue::Int(i64::MIN)),
        ("d", AttributeValue::Bool(true)),
        ("e", AttributeValue::Array(list)),
        ("f", AttributeValue::Bytes(vec![0xff])),
    ];
    Span {
        trace_id: TraceId::from_bytes(&1_u128.to_be_bytes()).expect("it is not 0"),
        span_id: id(number),
        parent_span_id: parent.map(id),
        trace_state: String::new(),
        flags: 1,
        name: format!("span {number}"),
        kind: SpanKind::Server,
        start: UnixNanos(number * 10_000_000),
        end: UnixNanos(100_000_000 - number * 10_000_000),
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value))
            .to_vec(),
        dropped_attributes: 0,
        events: Vec::new(),
        dropped_events: 0,
        links: Vec::new(),
        dropped_links: 0,
        status: Status::default(),
        resource: Arc::new(Resource {
            attributes: vec![("service.name".to_owned(), text("shop"))],
            ..Resource::default()
        }),
        scope: Arc::new(Scope::default()),
        origin: SpanOrigin::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_corpus_of_queries_keeps_its_promises() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/query");
        let inputs = std::fs::read_dir(corpus).expect("the corpus is checked in");
        let mut replayed = 0;
        for input in inputs {
            query(&std::fs::read(input.unwrap().path()).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "nothing to replay");
    }
}
