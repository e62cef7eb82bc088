//! A journey is one row of the list of traces, though its platform has a trace of its own of it.

use std::collections::BTreeSet;

use coldtrace_model::{FactSet, Nanos, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::{Page, Sort, TraceFilter, TraceKey, TraceSummary};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_testkit::engine::{self, KEEP_DAYS};

use crate::database::ask;
use crate::push::plain_span;
use crate::settle::{Data, Dice};

const SECOND: u64 = 1_000_000_000;
/// Half an hour before a midnight.
const BEGIN: u64 = (1_767_225_600 - 1_800) * SECOND;
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN),
    to: UnixNanos(BEGIN + 3_600 * SECOND),
};
const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
const THEIRS: Owner<'static> = Owner {
    tenant: "stranger",
    keep_days: KEEP_DAYS,
};

fn id(number: u8) -> [u8; 16] {
    [number; 16]
}

/// A span of a function's own.
fn own<'a>(trace: u8, function: &'a str, request_id: &'a str, second: u64) -> SpanRow<'a> {
    SpanRow {
        trace_id: id(trace),
        span_id: (1_000 * u64::from(trace) + second).to_be_bytes(),
        service: function,
        request_id,
        duration_ns: SECOND.cast_signed(),
        ..plain_span(MINE, BEGIN + second * SECOND)
    }
}

/// The span that an extension draws of an invocation.
fn drawn<'a>(trace: u8, function: &'a str, request_id: &'a str, second: u64) -> SpanRow<'a> {
    SpanRow {
        sandbox_id: "sandbox",
        phase: "invocation",
        status: 2,
        ..own(trace, function, request_id, second)
    }
}

/// What a sandbox tells of an invocation.
fn fact<'a>(trace: u8, function: &'a str, request_id: &'a str, second: u64) -> InvocationRow<'a> {
    InvocationRow {
        facts: FactSet::STARTED,
        platform_trace_id: id(trace),
        ..InvocationRow::empty(MINE, function, BEGIN + second * SECOND, request_id)
    }
}

fn filter(range: TimeRange) -> TraceFilter {
    TraceFilter {
        range,
        service: None,
        sort: Sort::Newest,
        after: None,
        limit: 100,
    }
}

async fn page(reader: &Reader, filter: &TraceFilter) -> Page<TraceSummary, TraceKey> {
    reader.traces(filter).await.expect("an answer")
}

/// The traces of a list that fits on a page.
async fn listed(reader: &Reader, filter: &TraceFilter) -> Vec<u8> {
    let page = page(reader, filter).await;
    assert_eq!(page.total, page.items.len() as u64);
    let first = |one: &TraceSummary| one.trace_id.as_bytes()[0];
    page.items.iter().map(first).collect()
}

#[tokio::test]
async fn what_platforms_alone_told_is_a_row_where_no_other_trace_tells_of_its_requests() {
    let engine = engine::start().await;
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let zero = "00000000-0000-0000-0000-000000000000";
    // A checkout, and a mailer without an SDK: all of it is in the platform's trace.
    data.invocations(&[
        fact(0x10, "checkout", "order", 10),
        fact(0x10, "mailer", "mail", 40),
        // Of these no function told.
        fact(0x20, "mailer", "other mail", 50),
        // As others have it.
        fact(0x60, "mailer", "theirs", 60),
        // An id that everybody has who has none.
        fact(0x70, "mailer", zero, 70),
    ])
    .await;
    let spans = [
        own(0x11, "checkout", "order", 11),
        own(0x11, "checkout", "", 12),
        drawn(0x10, "checkout", "order", 10),
        drawn(0x10, "mailer", "mail", 40),
        // The platform's id is the function's as well.
        drawn(0x30, "checkout", "same", 20),
        own(0x30, "checkout", "same", 21),
        SpanRow {
            owner: THEIRS,
            ..own(0x61, "checkout", "theirs", 60)
        },
        own(0x71, "other", zero, 71),
    ];
    // Each in a part of its own, in whichever order.
    for span in spans.into_iter().rev() {
        data.spans(&[span]).await;
    }
    let all = filter(RANGE);
    for _ in 0..2 {
        assert_eq!(
            listed(&reader, &all).await,
            [0x71, 0x70, 0x60, 0x20, 0x30, 0x11]
        );
        let of_service = |service: &str| TraceFilter {
            service: Some(service.to_owned()),
            ..all.clone()
        };
        assert_eq!(listed(&reader, &of_service("checkout")).await, [0x30, 0x11]);
        assert_eq!(
            listed(&reader, &of_service("mailer")).await,
            [0x70, 0x60, 0x20, 0x10],
            "the checkout's own trace has nothing of the mailer"
        );
        // The index merges to the same.
        let config = engine.store_config();
        ask(&config, "OPTIMIZE TABLE trace_index FINAL").await;
    }
    let page = page(&reader, &all).await;
    let order = page.items.last().expect("it is there");
    let requests: Vec<&str> = order.request_ids.iter().map(|id| id.as_str()).collect();
    assert_eq!(requests, ["mail", "order"]);
    assert_eq!(order.services, ["checkout", "mailer"]);
    assert_eq!((order.spans, order.errors), (4, 2));
    assert_eq!(order.root_service, "checkout");
    assert_eq!(order.start, UnixNanos(BEGIN + 11 * SECOND), "its own");
    assert_eq!(order.duration, Nanos(2 * SECOND), "its own");
    let zero = page.items.first().expect("it is there");
    assert_eq!(
        (zero.spans, zero.request_ids.len()),
        (1, 1),
        "it took nothing in"
    );
}

#[tokio::test]
async fn a_journey_is_once_in_ranges_that_touch_and_what_was_written_before_stays() {
    let engine = engine::start().await;
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    // The function told of it before the range, its platform within, by another clock; and the other way round.
    data.spans(&[
        own(1, "checkout", "a", 100),
        drawn(2, "checkout", "a", 160),
        drawn(3, "checkout", "b", 110),
        own(4, "checkout", "b", 170),
    ])
    .await;
    let middle = UnixNanos(BEGIN + 150 * SECOND);
    let (mut earlier, mut later) = (RANGE, RANGE);
    (earlier.to, later.from) = (middle, middle);
    assert_eq!(listed(&reader, &filter(earlier)).await, [1]);
    assert_eq!(listed(&reader, &filter(later)).await, [4]);
    // By a program that did not tell them apart.
    let config = engine.store_config();
    let old = "INSERT INTO trace_index (tenant, day, keep_days, trace_id, min_ts, max_end, services, request_ids)
        SELECT tenant, day, keep_days, toFixedString(unhex(repeat('09', 16)), 16), min_ts, max_end, services, request_ids
        FROM trace_index WHERE trace_id = toFixedString(unhex(repeat('02', 16)), 16)";
    ask(&config, old).await;
    assert_eq!(listed(&reader, &filter(later)).await, [4, 9]);
}

#[tokio::test]
async fn pages_have_each_journey_once_and_tell_how_many_there_are() {
    let engine = engine::start().await;
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(47);
    let ids: Vec<String> = (0..60).map(|number| format!("request-{number}")).collect();
    let (mut has_own, mut requests) = (BTreeSet::new(), Vec::new());
    for part in 0..4 {
        let mut blocks = Blocks::default();
        for _ in 0..60 {
            let (trace, second) = (1 + dice.below(80) as u8, dice.below(3_600));
            let request_id = ids[dice.below(60) as usize].as_str();
            let mut span = match dice.below(3) {
                0 => own(trace, "checkout", request_id, second),
                _ => drawn(trace, "checkout", request_id, second),
            };
            span.span_id[0] = part;
            span.duration_ns = dice.below(20 * SECOND).cast_signed();
            if span.phase.is_empty() {
                has_own.insert(trace);
            }
            requests.push((trace, request_id));
            blocks.push_span(&span);
        }
        data.insert(blocks).await;
    }
    let served_of = |trace: u8| requests.iter().filter(move |one| one.0 == trace);
    let own_requests: BTreeSet<&str> = has_own
        .iter()
        .flat_map(|&trace| served_of(trace))
        .map(|one| one.1)
        .collect();
    let traces: BTreeSet<u8> = requests.iter().map(|one| one.0).collect();
    let expected: BTreeSet<u8> = traces
        .iter()
        .copied()
        .filter(|trace| {
            let mut served = served_of(*trace);
            has_own.contains(trace) || !served.any(|one| own_requests.contains(one.1))
        })
        .collect();
    assert!(expected.len() > has_own.len() && expected.len() < traces.len());
    for sort in [Sort::Newest, Sort::Slowest] {
        let whole = TraceFilter {
            sort,
            ..filter(RANGE)
        };
        let whole = listed(&reader, &whole).await;
        assert_eq!(BTreeSet::from_iter(whole.iter().copied()), expected);
        for limit in [1, 7, expected.len() as u32] {
            let mut walked = Vec::new();
            let mut after = None;
            loop {
                let filter = TraceFilter {
                    sort,
                    after,
                    limit,
                    ..filter(RANGE)
                };
                let page = page(&reader, &filter).await;
                assert_eq!(page.total, expected.len() as u64, "on every page");
                walked.extend(page.items.iter().map(|one| one.trace_id.as_bytes()[0]));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(walked, whole, "{sort:?}, {limit} a page");
        }
    }
}
