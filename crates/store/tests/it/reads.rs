//! How much is read for an answer does not depend on how much there is.

use std::collections::BTreeMap;

use coldtrace_model::{FactSet, Nanos, RequestId, Tenant, TimeRange, TraceId, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::{AttributeFilter, InvocationFilter, InvocationSort, Narrowing};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_store::settle::Rollup;
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};

use crate::database::ask;
use crate::push::{plain_span, push_span};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;
/// A midnight.
const BEGIN: u64 = 1_767_225_600 * SECOND;
const HOURS: u64 = 6;
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN),
    to: UnixNanos(BEGIN + HOURS * HOUR),
};
const FUNCTIONS: u64 = 8;
/// An invocation's own span and what it called.
const SPANS: u8 = 4;
const OWNER: Owner<'static> = Owner {
    tenant: "here",
    keep_days: KEEP_DAYS,
};

const QUESTIONS: [&str; 7] = [
    "trace",
    "request",
    "newest",
    "newest of all",
    "attribute",
    "absent attribute",
    "series",
];
/// What is read is read by so many rows; where they begin is chance.
const GRANULE: u64 = 8_192;

fn id(number: u64) -> [u8; 16] {
    let mut id = [7; 16];
    // As random ones do, they lie anywhere.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    id[..8].copy_from_slice(&mixed.to_be_bytes());
    id
}

fn request(number: u64) -> String {
    format!("request-{number}")
}

/// An engine with so many invocations, evenly in the range, merged and settled.
async fn filled(invocations: u64) -> TestEngine {
    let engine = engine::start().await;
    let mut blocks = Blocks::default();
    for number in 0..invocations {
        let ts = BEGIN + number * (HOURS * HOUR / invocations);
        let function = format!("function-{}", number % FUNCTIONS);
        let request = request(number);
        for span in 0..SPANS {
            let row = SpanRow {
                trace_id: id(number),
                span_id: [span + 1; 8],
                service: &function,
                request_id: if span == 0 { &request } else { "" },
                ..plain_span(OWNER, ts + u64::from(span))
            };
            let order = format!("o-{number}-{span}");
            push_span(
                &mut blocks,
                row,
                [("order.id", &*order), ("http.method", "GET")],
            );
        }
        blocks.push_invocation(&InvocationRow {
            facts: FactSet::FROM_SPAN,
            duration_ns: 1_000 + number,
            sdk_trace_id: id(number),
            ..InvocationRow::empty(OWNER, &function, ts, &request)
        });
    }
    let writer = engine.store().writer();
    for (number, block) in blocks.finish().iter().enumerate() {
        let inserted = writer.insert(block, &number.to_string()).await;
        inserted.expect("the engine takes it");
    }
    let tables = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'";
    for table in ask(&engine.store_config(), tables).await.lines() {
        let merge = format!("OPTIMIZE TABLE {table} FINAL");
        ask(&engine.store_config(), &merge).await;
    }
    let settler = engine.store().settler();
    for rollup in Rollup::ALL {
        let windows = settler.unsettled(rollup, RANGE, RANGE.to, 10_000).await;
        let windows = windows.expect("the engine answers");
        let settled = settler.settle(rollup, &windows, RANGE.to).await;
        settled.expect("the engine answers");
    }
    engine
}

/// Rows that the engine has read so far.
async fn rows_read(engine: &TestEngine) -> u64 {
    let query = "SELECT sum(value) FROM system.events WHERE event = 'SelectedRows'";
    let read = ask(&engine.store_config(), query).await;
    read.trim().parse().expect("a number")
}

/// The first page of the newest.
async fn newest(reader: &Reader, function: Option<&str>) -> usize {
    let filter = InvocationFilter {
        range: RANGE,
        function: function.map(str::to_owned),
        outcomes: Vec::new(),
        cold: None,
        only: Narrowing::default(),
        sort: InvocationSort::Newest,
        after: None,
        limit: 50,
    };
    let page = reader.invocations(&filter).await;
    page.expect("it is read").items.len()
}

/// The first page of the spans of this order.
async fn orders(reader: &Reader, value: &str) -> usize {
    let filter = AttributeFilter {
        range: RANGE,
        key: "order.id",
        value,
        limit: 50,
    };
    reader.spans_with(&filter).await.expect("it is read").len()
}

/// Asks what is in the middle of everything; how much was found.
async fn answer(reader: &Reader, question: &str, invocations: u64) -> usize {
    let middle = invocations / 2;
    match question {
        "trace" => {
            let trace = TraceId::from_bytes(&id(middle)).expect("an id");
            let windows = reader.trace_windows(&[trace]).await.expect("it is read");
            reader
                .spans(&windows, 1_000)
                .await
                .expect("it is read")
                .len()
        }
        "request" => {
            let request = RequestId::parse(&request(middle)).expect("an id");
            reader
                .invocations_of(&[request])
                .await
                .expect("it is read")
                .len()
        }
        "newest" => newest(reader, Some("function-1")).await,
        "newest of all" => newest(reader, None).await,
        "attribute" => orders(reader, &format!("o-{middle}-1")).await,
        "absent attribute" => orders(reader, "none").await + 1,
        "series" => {
            let step = Nanos(HOUR);
            let series = reader.function_series("function-1", RANGE, step).await;
            series.expect("it is read").len()
        }
        other => panic!("{other}"),
    }
}

/// Rows read for each question.
async fn reads(invocations: u64) -> BTreeMap<&'static str, u64> {
    let engine = filled(invocations).await;
    let reader = engine
        .store()
        .reader(Tenant::parse("here").expect("a tenant"));
    let mut reads = BTreeMap::new();
    for question in QUESTIONS {
        let before = rows_read(&engine).await;
        let found = answer(&reader, question, invocations).await;
        assert!(found > 0, "{question}");
        reads.insert(question, rows_read(&engine).await - before);
    }
    reads
}

#[tokio::test]
async fn rows_read_do_not_grow_with_rows_stored() {
    let (few, many) = (reads(10_000).await, reads(40_000).await);
    for (question, many) in many {
        let few = few[question];
        assert!(
            many <= few + 2 * GRANULE,
            "{question}: {few} rows grew to {many}"
        );
    }
}
