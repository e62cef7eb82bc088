//! Where the time of functions went: whose traces are looked at, and what stands, whatever came when and whoever died.

use std::collections::BTreeSet;

use coldtrace_model::{FactSet, Nanos, Tenant, TimeRange, UnixNanos};
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::FunctionPath;
use coldtrace_store::rows::{InvocationRow, Owner};
use coldtrace_store::settle::{
    PathSampling, SampledFunction, SettledPath, SettledSegment, Settler, Window,
};
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};

use crate::database::ask;
use crate::push::{NONE, plain_span, push_span};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const BUCKET: u64 = 5 * MINUTE;
const BEGIN: u64 = 1_767_225_600 * SECOND;
const ALL: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 60 * MINUTE),
    to: UnixNanos(BEGIN + 60 * MINUTE),
};
const NOW: UnixNanos = UnixNanos(BEGIN + 600 * MINUTE);
const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
const THEIRS: Owner<'static> = Owner {
    tenant: "their's",
    keep_days: KEEP_DAYS - 1_000,
};
const EVERYTHING: PathSampling = PathSampling {
    each: 1_000,
    all: 10_000,
};

/// Invocations that are over, of functions by turns, each a millisecond after the one before.
async fn invoke(engine: &TestEngine, owner: Owner<'_>, from: u64, functions: &[&str], count: u64) {
    let mut blocks = Blocks::default();
    for number in 0..count {
        let function = functions[number as usize % functions.len()];
        let id = format!("{function}-{from}-{number}");
        blocks.push_invocation(&InvocationRow {
            facts: FactSet::REPORTED,
            outcome: 1,
            duration_ns: 1_000_000,
            ..InvocationRow::empty(owner, function, from + number * 1_000_000, &id)
        });
    }
    insert(engine, blocks).await;
}

async fn insert(engine: &TestEngine, blocks: Blocks) {
    for block in blocks.finish() {
        let token = format!("{:?}", std::time::Instant::now());
        let inserted = engine.store().writer().insert(&block, &token).await;
        inserted.expect("the engine takes it");
    }
}

async fn unsettled(settler: &Settler) -> Vec<Window> {
    let found = settler.unsettled_paths(ALL, NOW, 1_000).await;
    found.expect("the engine answers")
}

async fn sampled(settler: &Settler, window: &Window, each: u32, all: u32) -> Vec<SampledFunction> {
    let sample = settler.path_sample(window, PathSampling { each, all });
    sample.await.expect("the engine answers")
}

fn segment(category: &'static str, name: &str, millis: u64, seen: u64) -> SettledSegment {
    SettledSegment {
        category,
        service: "shop's".to_owned(),
        name: name.to_owned(),
        sender: "shop's".to_owned(),
        span: format!("{name} 17"),
        length: Nanos::from_millis(millis),
        seen,
    }
}

fn rest(category: &'static str, millis: u64) -> SettledSegment {
    SettledSegment {
        category,
        length: Nanos::from_millis(millis),
        seen: 1,
        ..SettledSegment::default()
    }
}

fn path(
    function: &str,
    invocations: u64,
    looked_at: u64,
    segments: &[SettledSegment],
) -> SettledPath {
    SettledPath {
        function: function.to_owned(),
        invocations,
        looked_at,
        segments: segments.to_vec(),
    }
}

async fn read(engine: &TestEngine, function: &str) -> FunctionPath {
    let reader = engine.store().reader(Tenant::single());
    let path = reader.function_path(function, ALL, Nanos(BUCKET), 10).await;
    path.expect("the engine answers")
}

/// A line a part.
fn told(path: &FunctionPath) -> Vec<String> {
    let line = |one: &coldtrace_store::reader::PathSegment| {
        let millis = one.mean.as_millis_f64();
        let (category, service, name) = (&one.category, &one.service, &one.name);
        let waited = one.invocations.map(|share| (share * 100.0).round());
        let share = (one.share * 100.0).round();
        format!("{category} {service}/{name}: {millis} ms, {share} %, {waited:?}")
    };
    path.segments.iter().map(line).collect()
}

#[tokio::test]
async fn a_sample_is_even_the_same_whenever_it_is_drawn_and_bounded_in_all() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    invoke(&engine, MINE, BEGIN, &["busy"], 500).await;
    invoke(&engine, MINE, BEGIN, &["calm", "quiet's"], 6).await;
    invoke(&engine, THEIRS, BEGIN, &["busy"], 7).await;
    invoke(&engine, MINE, BEGIN + BUCKET, &["later"], 1).await;
    let windows = unsettled(&settler).await;
    let starts: Vec<u64> = windows.iter().map(|window| window.start.0).collect();
    assert_eq!(starts, [BEGIN + BUCKET, BEGIN, BEGIN], "the latest first");
    let mine = &windows[1];
    assert_eq!(mine.tenant, "default");

    let sample = sampled(&settler, mine, 1_000, 10_000).await;
    let counts: Vec<(&str, u64, usize)> = sample
        .iter()
        .map(|one| (&*one.function, one.invocations, one.request_ids.len()))
        .collect();
    assert_eq!(
        counts,
        [("busy", 500, 500), ("calm", 3, 3), ("quiet's", 3, 3)]
    );
    let ids: BTreeSet<_> = sample[0].request_ids.iter().collect();
    assert_eq!(ids.len(), 500, "each once");

    let few = sampled(&settler, mine, 20, 10_000).await;
    assert_eq!(few[0].invocations, 500);
    assert_eq!(
        few[0].request_ids,
        sample[0].request_ids[..20],
        "the first by the hash"
    );
    let halves = few[0].request_ids.iter().filter(|id| {
        let number = id.as_str().rsplit('-').next().map(str::parse::<u64>);
        matches!(number, Some(Ok(250..)))
    });
    assert!(
        (4..=16).contains(&halves.count()),
        "of both halves of the window"
    );

    // Of each as many, as far as they go.
    let bounded = sampled(&settler, mine, 20, 10).await;
    let counts = bounded.iter().map(|one| one.request_ids.len());
    assert_eq!(counts.collect::<Vec<_>>(), [4, 3, 3]);
    let none = sampled(&settler, mine, 1, 2).await;
    let counts = none
        .iter()
        .map(|one| (one.invocations, one.request_ids.len()));
    let counts: Vec<_> = counts.collect();
    assert_eq!(
        counts.iter().map(|(n, _)| n).sum::<u64>(),
        506,
        "all are counted"
    );
    assert_eq!(counts.iter().map(|(_, picked)| picked).sum::<usize>(), 2);
}

#[tokio::test]
async fn who_still_runs_is_not_looked_at_and_who_is_known_twice_once() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let row = |function, facts, ts, id| InvocationRow {
        facts,
        outcome: 1,
        ..InvocationRow::empty(MINE, function, ts, id)
    };
    let mut blocks = Blocks::default();
    blocks.push_invocation(&InvocationRow {
        outcome: 0,
        ..row("shop", FactSet::STARTED, BEGIN, "runs")
    });
    blocks.push_invocation(&row("shop", FactSet::REPORTED, BEGIN, "over"));
    // The same as its span tells it, and an attempt before.
    blocks.push_invocation(&row("by span", FactSet::FROM_SPAN, BEGIN + SECOND, "over"));
    blocks.push_invocation(&row("shop", FactSet::REPORTED, BEGIN + 2 * SECOND, "over"));
    insert(&engine, blocks).await;
    let windows = unsettled(&settler).await;
    let sample = sampled(&settler, &windows[0], 10, 10).await;
    let told: Vec<(&str, u64, usize)> = sample
        .iter()
        .map(|one| (&*one.function, one.invocations, one.request_ids.len()))
        .collect();
    assert_eq!(told, [("shop", 1, 1)]);
}

#[tokio::test]
async fn what_is_told_of_windows_is_weighed_by_their_invocations() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    invoke(&engine, MINE, BEGIN, &["shop"], 10).await;
    invoke(&engine, MINE, BEGIN + BUCKET, &["shop"], 1).await;
    invoke(&engine, MINE, BEGIN + 2 * BUCKET, &["shop"], 1).await;
    let windows = unsettled(&settler).await;
    let [last, quiet, busy] = &windows[..] else {
        panic!("{windows:?}");
    };
    // Two of ten: each counts for five.
    let own = segment("handler", "it's \\ own", 20, 2);
    let call = segment("downstream", "GET", 4, 1);
    let told_of = path("shop", 10, 2, &[own, call, rest("downstream", 6)]);
    let other = path("other", 1, 1, &[segment("handler", "theirs", 1, 1)]);
    settler
        .settle_paths(busy, &[told_of, other], NOW)
        .await
        .expect("the engine takes it");
    let alone = path("shop", 5, 5, &[segment("downstream", "GET", 25, 5)]);
    settler
        .settle_paths(quiet, &[alone], NOW)
        .await
        .expect("the engine takes it");

    let path = read(&engine, "shop").await;
    assert_eq!((path.invocations, path.looked_at), (15, 7));
    // (10 * 15 + 5 * 5) / 15
    assert_eq!(path.mean, Nanos(11_666_667));
    // Of 175 ms 100 are its own, 20 and 25 those of the call; of fifteen, ten waited for the one and ten for the other.
    let expected = [
        "handler shop's/it's \\ own: 6.666667 ms, 57 %, Some(67.0)",
        "downstream shop's/GET: 3 ms, 26 %, Some(67.0)",
        "downstream /: 2 ms, 17 %, None",
    ];
    assert_eq!(told(&path), expected);
    assert_eq!(path.segments[0].span, "it's \\ own 17");
    let points: Vec<_> = path
        .points
        .iter()
        .map(|point| (point.start.0, point.invocations, point.looked_at))
        .collect();
    assert_eq!(points, [(BEGIN, 10, 2), (BEGIN + BUCKET, 5, 5)]);
    let means: Vec<(&str, f64)> = path.points[0]
        .categories
        .iter()
        .map(|(category, mean)| (&**category, mean.as_millis_f64()))
        .collect();
    assert_eq!(means, [("downstream", 5.0), ("handler", 10.0)]);
    let missing = TimeRange {
        from: last.start,
        to: last.start.plus(Nanos(BUCKET)),
    };
    assert_eq!(path.missing, [missing]);
    assert_eq!(path.outdated, []);
    // Of fewer parts the rest is that of its category.
    let reader = engine.store().reader(Tenant::single());
    let few = reader
        .function_path("shop", ALL, Nanos(2 * BUCKET), 1)
        .await;
    let few = few.expect("the engine answers");
    assert_eq!(told(&few)[1], "downstream /: 5 ms, 43 %, None");
    assert_eq!(few.points.len(), 1, "two windows a step");
    assert_eq!(read(&engine, "nobody").await.invocations, 0);
}

#[tokio::test]
async fn a_window_of_which_nothing_is_told_is_settled_too() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    invoke(&engine, MINE, BEGIN, &["shop"], 1).await;
    let windows = unsettled(&settler).await;
    settler
        .settle_paths(&windows[0], &[path("shop", 3, 0, &[])], NOW)
        .await
        .expect("the engine takes it");
    assert_eq!(unsettled(&settler).await, []);
    let told = read(&engine, "shop").await;
    assert_eq!(
        (told.invocations, told.looked_at, told.mean),
        (3, 0, Nanos(0))
    );
    assert_eq!((told.segments, told.missing), (Vec::new(), Vec::new()));
    invoke(&engine, MINE, BEGIN, &["others"], 1).await;
    let windows = unsettled(&settler).await;
    settler
        .settle_paths(&windows[0], &[], NOW)
        .await
        .expect("the engine takes it");
    assert_eq!(read(&engine, "shop").await.invocations, 0, "nothing stands");
}

#[tokio::test]
async fn late_spans_and_late_facts_make_a_window_unsettled_and_what_stands_is_shown_meanwhile() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    invoke(&engine, MINE, BEGIN, &["shop"], 1).await;
    // What others do under the same names is theirs.
    invoke(&engine, THEIRS, BEGIN, &["shop"], 1).await;
    let settle = async |millis| {
        for window in unsettled(&settler).await {
            let (tenant, own) = (&*window.tenant, segment("handler", "own", millis, 1));
            let theirs = segment("handler", "theirs", 1, 1);
            let segment = if tenant == MINE.tenant { own } else { theirs };
            let told = path("shop", 1, 1, &[segment]);
            let settled = settler.settle_paths(&window, &[told], NOW).await;
            settled.expect("the engine takes it");
        }
    };
    settle(10).await;
    let before = read(&engine, "shop").await;
    assert_eq!(
        told(&before),
        ["handler shop's/own: 10 ms, 100 %, Some(100.0)"]
    );

    let reaches = [
        // A minute before the window to two after it, and invocations within it.
        (BEGIN - 61 * SECOND, false),
        (BEGIN - SECOND, true),
        (BEGIN + BUCKET + 119 * SECOND, true),
        (BEGIN + BUCKET + 120 * SECOND, false),
    ];
    for (millis, (ts, reached)) in (20..).zip(reaches) {
        let before = read(&engine, "shop").await;
        let mut blocks = Blocks::default();
        push_span(&mut blocks, plain_span(MINE, ts), NONE);
        insert(&engine, blocks).await;
        let late = read(&engine, "shop").await;
        assert_eq!(!late.outdated.is_empty(), reached, "a span at {ts}");
        assert_eq!(late.segments, before.segments, "what stands");
        assert_eq!(unsettled(&settler).await.len(), usize::from(reached));
        settle(millis).await;
        let again = read(&engine, "shop").await;
        let expected = if reached {
            Nanos::from_millis(millis)
        } else {
            before.mean
        };
        assert_eq!((again.mean, again.outdated), (expected, Vec::new()));
        assert_eq!(unsettled(&settler).await, []);
    }
    invoke(&engine, MINE, BEGIN + MINUTE, &["other"], 1).await;
    assert_eq!(unsettled(&settler).await.len(), 1, "facts came");
}

#[tokio::test]
async fn a_window_that_can_not_be_put_in_place_is_as_it_was() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    invoke(&engine, MINE, BEGIN, &["shop"], 1).await;
    let own = |millis| [path("shop", 1, 1, &[segment("handler", "own", millis, 1)])];
    let windows = unsettled(&settler).await;
    settler
        .settle_paths(&windows[0], &own(10), NOW)
        .await
        .expect("the engine takes it");
    let before = read(&engine, "shop").await;

    invoke(&engine, MINE, BEGIN, &["shop"], 2).await;
    let windows = unsettled(&settler).await;
    let config = engine.store_config();
    ask(
        &config,
        "ALTER TABLE cp_1m ADD CONSTRAINT never CHECK mark = 0",
    )
    .await;
    let refused = settler.settle_paths(&windows[0], &own(20), NOW).await;
    refused.expect_err("its mark is refused, and so is all of it");
    assert_eq!(read(&engine, "shop").await.segments, before.segments);
    ask(&config, "ALTER TABLE cp_1m DROP CONSTRAINT never").await;
    // Whatever comes of a kill.
    for round in 0..4 {
        let windows = unsettled(&settler).await;
        let kill = async {
            for _ in 0..round * 20 {
                tokio::task::yield_now().await;
            }
            engine.kill();
        };
        let Some(window) = windows.first() else {
            break;
        };
        let twenty = own(20);
        let (settled, ()) = tokio::join!(settler.settle_paths(window, &twenty, NOW), kill);
        drop(settled);
        engine.answers().await;
        let mean = read(&engine, "shop").await.mean.as_millis_f64();
        assert!([10.0, 20.0].contains(&mean), "{mean}");
    }
    if let Some(window) = unsettled(&settler).await.first() {
        let settled = settler.settle_paths(window, &own(20), NOW).await;
        settled.expect("the engine takes it");
    }
    assert_eq!(read(&engine, "shop").await.mean, Nanos::from_millis(20));
}

#[tokio::test]
async fn a_window_of_many_functions_is_one_part_and_a_part_that_vanished_is_gone() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let config = engine.store_config();
    ask(&config, "SYSTEM STOP MERGES cp_1m").await;
    invoke(&engine, MINE, BEGIN, &["shop"], 1).await;
    let windows = unsettled(&settler).await;
    // More than the engine takes as a query's own text.
    let parts: Vec<SettledSegment> = (0..20)
        .map(|number| segment("handler", &format!("{}{number}", "long".repeat(45)), 1, 1))
        .collect();
    let paths: Vec<SettledPath> = (0..1_000)
        .map(|number| path(&format!("function-{number}"), 1, 1, &parts))
        .collect();
    settler
        .settle_paths(&windows[0], &paths, NOW)
        .await
        .expect("the engine takes it");
    let count = "SELECT count(), sum(rows) FROM system.parts WHERE table = 'cp_1m' AND active";
    assert_eq!(ask(&config, count).await.trim(), "1\t21001");
    assert_eq!(read(&engine, "function-999").await.segments.len(), 11);

    invoke(&engine, MINE, BEGIN, &["shop"], 2).await;
    let windows = unsettled(&settler).await;
    let fewer = path("function-999", 1, 1, &parts[..1]);
    settler
        .settle_paths(&windows[0], &[fewer], NOW)
        .await
        .expect("the engine takes it");
    assert_eq!(read(&engine, "function-999").await.segments.len(), 1);
    assert_eq!(read(&engine, "function-998").await.invocations, 0);
    let sampled = sampled(&settler, &windows[0], EVERYTHING.each, EVERYTHING.all).await;
    assert_eq!(sampled[0].invocations, 2);
}
