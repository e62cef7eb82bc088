//! A list in pages is the list.

use std::collections::BTreeSet;

use coldtrace_model::{Cold, FactSet, Invocation, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::{InvocationFilter, InvocationSort, Narrowing, Sort, TraceFilter};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_testkit::engine::{self, KEEP_DAYS};

use crate::push::{NONE, plain_span, push_span};

const SECOND: u64 = 1_000_000_000;
/// An hour before a midnight.
const BEGIN: u64 = (1_767_225_600 - 3_600) * SECOND;
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN),
    to: UnixNanos(BEGIN + 4 * 3_600 * SECOND),
};
const REQUESTS: u64 = 600;
const FUNCTIONS: [&str; 3] = ["busy", "quiet", "elsewhere"];

/// Of each request its function and time; most are of one busy minute, where the list looks first and has enough.
fn place(number: u64) -> (&'static str, u64) {
    match number {
        // Twice in the same nanosecond.
        0..400 => (FUNCTIONS[0], RANGE.to.0 - (60 - number / 2 % 40) * SECOND),
        400..500 => (FUNCTIONS[1], BEGIN + (number - 400) * 140 * SECOND),
        _ => (FUNCTIONS[0], BEGIN + (number - 500) * 120 * SECOND),
    }
}

/// Some are told by their sandbox, some by a span, some by both, and then in two places.
fn push(blocks: &mut Blocks, number: u64) {
    let owner = Owner {
        tenant: "here",
        keep_days: KEEP_DAYS,
    };
    let (function, ts) = place(number);
    let request = format!("request-{number}");
    if !number.is_multiple_of(3) {
        for facts in [FactSet::STARTED, FactSet::FINISHED, FactSet::REPORTED] {
            blocks.push_invocation(&InvocationRow {
                facts,
                cold: if number.is_multiple_of(5) {
                    Cold::OnDemand.number()
                } else {
                    0
                },
                // Its report may be lost, and tells another duration than the runtime did.
                runtime_duration_ns: match facts {
                    FactSet::FINISHED => 1 + number % 70,
                    _ => 0,
                },
                duration_ns: match facts {
                    FactSet::REPORTED if !number.is_multiple_of(7) => 1 + number % 50,
                    _ => 0,
                },
                ..InvocationRow::empty(owner, function, ts, &request)
            });
        }
    }
    if number % 3 != 1 {
        let function = if number.is_multiple_of(2) {
            FUNCTIONS[2]
        } else {
            function
        };
        blocks.push_invocation(&InvocationRow {
            facts: FactSet::FROM_SPAN,
            ..InvocationRow::empty(owner, function, ts + 3 * SECOND, &request)
        });
    }
}

async fn pages(reader: &Reader, filter: &InvocationFilter) -> Vec<Invocation> {
    let mut filter = filter.clone();
    let mut all = Vec::new();
    loop {
        let page = reader.invocations(&filter).await.expect("it is read");
        assert!(page.items.len() <= filter.limit as usize);
        all.extend(page.items);
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return all,
        }
    }
}

fn ids(invocations: &[Invocation]) -> Vec<String> {
    let id = |one: &Invocation| format!("{} {} {}", one.filed_at.0, one.request_id, one.function);
    invocations.iter().map(id).collect()
}

#[tokio::test]
async fn pages_are_the_list_cut_into_pages() {
    let engine = engine::start().await;
    let writer = engine.store().writer();
    for (insert, first) in (0..REQUESTS).step_by(100).enumerate() {
        let mut blocks = Blocks::default();
        (first..first + 100).for_each(|number| push(&mut blocks, number));
        for block in blocks.finish() {
            let inserted = writer.insert(&block, &insert.to_string()).await;
            inserted.expect("the engine takes it");
        }
    }
    let reader = engine
        .store()
        .reader(Tenant::parse("here").expect("a tenant"));
    let filters = [
        (None, None),
        (Some(FUNCTIONS[0]), Some(true)),
        (Some(FUNCTIONS[1]), None),
        (Some(FUNCTIONS[2]), Some(false)),
    ];
    for (function, cold) in filters {
        let all = InvocationFilter {
            range: RANGE,
            function: function.map(str::to_owned),
            outcomes: Vec::new(),
            cold,
            only: Narrowing::default(),
            // Of so many it is one look at all.
            sort: InvocationSort::Slowest,
            after: None,
            limit: 10_000,
        };
        let whole = reader.invocations(&all).await.expect("it is read").items;
        let place = |one: &Invocation| {
            let duration = one.duration.map_or(0, |duration| duration.0);
            (
                duration,
                one.filed_at,
                one.request_id.as_str().to_owned(),
                one.function.clone(),
            )
        };
        assert!(whole.windows(2).all(|two| place(&two[0]) > place(&two[1])));
        for limit in [60, 300] {
            let slowest = InvocationFilter {
                limit,
                ..all.clone()
            };
            let found = ids(&pages(&reader, &slowest).await);
            assert_eq!(found, ids(&whole), "{function:?} {cold:?} by {limit}");
        }
        let mut expected = ids(&whole);
        expected.sort_unstable();
        let different: BTreeSet<&String> = expected.iter().collect();
        assert_eq!(different.len(), expected.len(), "each once");
        for limit in [90, 300] {
            let newest = InvocationFilter {
                sort: InvocationSort::Newest,
                limit,
                ..all.clone()
            };
            let mut found = ids(&pages(&reader, &newest).await);
            // Times in nanoseconds have 19 digits.
            assert!(found.windows(2).all(|two| two[0][..19] >= two[1][..19]));
            found.sort_unstable();
            assert_eq!(found, expected, "{function:?} {cold:?} by {limit}");
        }
    }
    let filter = InvocationFilter {
        range: RANGE,
        function: None,
        outcomes: Vec::new(),
        cold: None,
        only: Narrowing::default(),
        sort: InvocationSort::Newest,
        after: None,
        limit: 10_000,
    };
    let listed = pages(&reader, &filter).await.len();
    assert_eq!(listed as u64, REQUESTS, "each request once");
}

#[tokio::test]
async fn a_trace_is_called_as_its_invocation_not_as_the_start_of_its_sandbox() {
    let engine = engine::start().await;
    let owner = Owner {
        tenant: "default",
        keep_days: KEEP_DAYS,
    };
    let mut blocks = Blocks::default();
    // The platform's caller is the parent of both, and sends nothing.
    for (number, phase, name) in [(1, "init", "init"), (2, "invocation", "checkout")] {
        let span = SpanRow {
            phase,
            name: name.as_bytes(),
            span_id: [number; 8],
            parent_span_id: [9; 8],
            ..plain_span(owner, BEGIN + u64::from(number) * SECOND)
        };
        push_span(&mut blocks, span, NONE);
    }
    let writer = engine.store().writer();
    for block in blocks.finish() {
        let inserted = writer.insert(&block, "1").await;
        inserted.expect("the engine takes it");
    }
    let filter = TraceFilter {
        range: RANGE,
        service: None,
        sort: Sort::Newest,
        after: None,
        limit: 10,
    };
    let reader = engine.store().reader(Tenant::single());
    let traces = reader.traces(&filter).await.expect("an answer").items;
    let names: Vec<&str> = traces.iter().map(|one| &*one.root_name).collect();
    assert_eq!(names, ["checkout"]);
}
