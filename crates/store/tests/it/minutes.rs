//! What functions did by the minute is what their series, their parts and their summaries say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use coldtrace_model::{
    Architecture, ByteSize, FactSet, Nanos, Platform, Tenant, TimeRange, UnixNanos,
};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::{BilledPart, BilledTime, ErrorFilter, FunctionMinute};
use coldtrace_store::rows::{InvocationRow, Owner};
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};

use crate::settle::{BEGIN, Data, Dice, MINUTE, SECOND, check, cpu_ticks, settle_all};

const HOUR: u64 = 60 * MINUTE;
const MIB: u64 = 1 << 20;
const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
const THEIRS: Owner<'static> = Owner {
    tenant: "there's",
    ..MINE
};
const FUNCTIONS: [&str; 3] = ["checkout", "mailer", "stock's"];
/// Whole hours, in which everything is.
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 50 * MINUTE),
    to: UnixNanos(BEGIN + 70 * MINUTE),
};
/// When of those without an end some are lost.
const LATER: UnixNanos = UnixNanos(BEGIN + 400 * MINUTE);

/// Facts of some invocations of several versions, of which some are never heard of again.
fn facts<'a>(dice: &mut Dice, ids: &'a [String]) -> Vec<InvocationRow<'a>> {
    let mut rows = Vec::new();
    for id in ids {
        let owner = if dice.below(5) == 0 { THEIRS } else { MINE };
        let ts = BEGIN + dice.below(25 * MINUTE);
        let started = InvocationRow {
            facts: FactSet::STARTED,
            platform: 1,
            version: ["41", "42", ""][dice.below(3) as usize],
            memory_bytes: [128 * MIB, 512 * MIB, 0][dice.below(3) as usize],
            architecture: dice.below(3) as u8,
            cold: dice.below(5) as u8,
            start_unix_ns: ts + 5,
            deadline_unix_ns: dice.below(2) * (ts + dice.below(10 * MINUTE)),
            ..InvocationRow::empty(owner, FUNCTIONS[dice.below(3) as usize], ts, id)
        };
        rows.push(started);
        if dice.below(5) == 0 {
            continue;
        }
        rows.push(InvocationRow {
            facts: FactSet::REPORTED,
            outcome: 1 + dice.below(6) as u8,
            duration_ns: dice.below(1 << 33),
            billed_ns: 1 + dice.below(1_000_000_000),
            init_ns: dice.below(2) * dice.below(1 << 30),
            max_memory_bytes: dice.below(2) * dice.below(128 * MIB),
            ..started
        });
        if dice.below(6) == 0 {
            // The same request, as a span tells it.
            let filed = ts + dice.below(25 * MINUTE);
            rows.push(InvocationRow {
                facts: FactSet::FROM_SPAN,
                duration_ns: 1_000_000,
                outcome: 1,
                ..InvocationRow::empty(owner, "by span", filed, id)
            });
        }
    }
    for index in (1..rows.len()).rev() {
        rows.swap(index, dice.below(index as u64 + 1) as usize);
    }
    rows
}

/// All that a question for all functions says agrees with what is asked of each; so many invocations.
async fn agree(reader: &Reader) -> u64 {
    let minutes = reader.function_minutes(RANGE, &[]).await;
    let minutes = minutes.expect("minutes");
    let hours = reader.function_hours(RANGE, &[]).await.expect("hours");
    let mut listed = 0;
    let functions = reader.functions(RANGE).await.expect("functions");
    let names: BTreeSet<&str> = minutes.iter().map(|one| one.function.as_str()).collect();
    let expected: BTreeSet<&str> = functions.iter().map(|one| one.function.as_str()).collect();
    assert_eq!(names, expected);
    for summary in &functions {
        for (rows, step) in [(&minutes, MINUTE), (&hours, HOUR)] {
            let own = rows.iter().filter(|row| row.function == summary.function);
            let own: Vec<&FunctionMinute> = own.collect();
            like_the_series(reader, &summary.function, &own, step).await;
            let billed = own.iter().flat_map(|row| &row.billed);
            let billed: u64 = billed.map(|part| part.time.billed.0).sum();
            let expected: u64 = summary.billed.iter().map(|part| part.billed.0).sum();
            assert_eq!(billed, expected, "{summary:?}");
            let counted = own.iter().flat_map(|row| &row.billed);
            let counted: u64 = counted.map(|part| part.time.invocations).sum();
            assert_eq!(counted, summary.invocations);
        }
        like_the_parts(reader, &summary.function, &hours).await;
        listed += summary.invocations;
    }
    let one = ["mailer".to_owned()];
    let only = reader.function_minutes(RANGE, &one).await;
    let expected = minutes.into_iter().filter(|row| row.function == one[0]);
    assert_eq!(only.expect("minutes"), expected.collect::<Vec<_>>());
    listed
}

/// Its versions added up are the points of the series.
async fn like_the_series(reader: &Reader, function: &str, rows: &[&FunctionMinute], step: u64) {
    let points = reader.function_series(function, RANGE, Nanos(step)).await;
    let points = points.expect("steps");
    let starts: BTreeSet<u64> = rows.iter().map(|row| row.start.0).collect();
    assert!(starts.iter().eq(points.iter().map(|point| &point.start.0)));
    for point in points {
        let own = || rows.iter().filter(|row| row.start == point.start);
        let sum = |of: fn(&FunctionMinute) -> u64| own().map(|row| of(row)).sum::<u64>();
        assert_eq!(sum(|row| row.invocations), point.invocations);
        assert_eq!(sum(|row| row.cold_starts), point.cold_starts);
        assert_eq!(sum(|row| row.errors), point.errors);
        assert_eq!(sum(|row| row.timeouts), point.timeouts);
        assert_eq!(sum(|row| row.ooms), point.ooms);
        assert_eq!(sum(|row| row.lost), point.lost);
        assert_eq!(sum(|row| row.duration.0), point.duration.0);
        assert_eq!(own().map(|row| row.max).max(), Some(point.max));
        for (of, expected) in [
            (own().map(|row| &row.durations).collect(), &point.durations),
            (
                own().map(|row| &row.inits).collect::<Vec<_>>(),
                &point.inits,
            ),
        ] {
            assert!(of.iter().all(|buckets| buckets.is_sorted()));
            let mut added: BTreeMap<i16, u64> = BTreeMap::new();
            for (bucket, count) in of.into_iter().flatten() {
                *added.entry(*bucket).or_default() += count;
            }
            assert!(added.into_iter().eq(expected.buckets()));
        }
    }
}

/// By version, with the memory that was used.
async fn like_the_parts(reader: &Reader, function: &str, hours: &[FunctionMinute]) {
    let parts = reader.function_parts(function, RANGE).await.expect("parts");
    let versions: BTreeSet<&str> = parts.iter().map(|part| part.version.as_str()).collect();
    for version in versions {
        let of_version = || parts.iter().filter(|part| part.version == version);
        let rows = || {
            let rows = hours.iter();
            rows.filter(|row| row.function == function && row.version == version)
        };
        let expected: u64 = of_version().map(|part| part.invocations).sum();
        assert_eq!(rows().map(|row| row.invocations).sum::<u64>(), expected);
        let known = of_version().filter(|part| part.memory.0 != 0 && part.max_memory.0 != 0);
        let shares = known.map(|part| part.max_memory.0 as f64 / part.memory.0 as f64);
        let used = rows().filter_map(|row| row.memory_share).reduce(f64::max);
        // A part's greatest use is of the range, as is that of its hours together.
        assert_eq!(used, shares.reduce(f64::max));
    }
}

#[tokio::test]
async fn minutes_are_what_series_summaries_and_parts_say_settled_or_not_late_or_lost() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let readers = [reader.clone().as_of(UnixNanos(BEGIN)), reader.as_of(LATER)];
    let mut data = Data::of(&engine.store());
    let ids: Vec<String> = (0..400).map(|number| format!("request-{number}")).collect();
    let mut dice = Dice(31);
    let rows = facts(&mut dice, &ids);
    let mut listed = 0;
    for some in rows.chunks(rows.len() / 3 + 1) {
        // What is late comes into windows that are settled.
        data.invocations(some).await;
        for reader in &readers {
            agree(reader).await;
        }
        let before = readers[1].function_minutes(RANGE, &[]).await;
        settle_all(&settler).await;
        check(&settler).await;
        for reader in &readers {
            listed = agree(reader).await;
        }
        let settled = readers[1].function_minutes(RANGE, &[]).await;
        assert_eq!(settled.expect("minutes"), before.expect("minutes"));
    }
    assert!(listed > 250, "{listed}");
    let lost = async |reader: &Reader| {
        let minutes = reader.function_minutes(RANGE, &[]).await;
        let minutes = minutes.expect("minutes");
        minutes.iter().map(|row| row.lost).sum::<u64>()
    };
    assert_eq!(lost(&readers[0]).await, 0);
    assert!(lost(&readers[1]).await > 10, "there were some to lose");
}

#[tokio::test]
async fn versions_and_prices_of_a_minute_are_told_apart() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let one = |id, version, memory, architecture| InvocationRow {
        facts: FactSet::REPORTED,
        platform: Platform::AwsLambda.number(),
        version,
        memory_bytes: memory,
        architecture,
        outcome: 1,
        duration_ns: 3 * SECOND,
        billed_ns: 3 * SECOND,
        max_memory_bytes: 96 * MIB,
        ..InvocationRow::empty(MINE, "checkout", BEGIN + 7, id)
    };
    let (x86, arm) = (Architecture::X86_64.number(), Architecture::Arm64.number());
    data.invocations(&[
        one("a", "42", 128 * MIB, x86),
        one("b", "42", 128 * MIB, x86),
        one("c", "42", 256 * MIB, arm),
        one("d", "41", 0, x86),
    ])
    .await;
    let reader = engine.store().reader(Tenant::single());
    let part = |architecture, memory, invocations| BilledPart {
        platform: Platform::AwsLambda,
        time: BilledTime {
            architecture,
            memory: ByteSize(memory),
            invocations,
            billed: Nanos(invocations * 3 * SECOND),
        },
    };
    let told = reader.function_minutes(RANGE, &[]).await.expect("minutes");
    let [older, newer] = &told[..] else {
        panic!("two versions in one minute: {told:?}");
    };
    assert_eq!((&*older.version, &*newer.version), ("41", "42"));
    assert_eq!(older.start, UnixNanos(BEGIN));
    assert_eq!(older.memory_share, None, "of what it could have used");
    assert_eq!(newer.memory_share, Some(0.75));
    assert_eq!(older.billed, [part(Architecture::X86_64, 0, 1)]);
    let mut billed = newer.billed.clone();
    billed.sort_by_key(|part| part.time.memory);
    let expected = [
        part(Architecture::X86_64, 128 * MIB, 2),
        part(Architecture::Arm64, 256 * MIB, 1),
    ];
    assert_eq!(billed, expected);
    let nobody = ["nobody".to_owned()];
    let none = reader.function_minutes(RANGE, &nobody).await;
    assert_eq!(none.expect("minutes"), []);
}

/// Asks it a few times; tells how long the quickest answer took, and the engine's CPU for one.
#[expect(clippy::print_stderr, reason = "it tells what was measured")]
async fn measure(engine: &TestEngine, what: &str, asked: impl AsyncFn() -> usize) {
    const TIMES: u32 = 5;
    let before = cpu_ticks(engine.pid());
    let mut quickest = Duration::MAX;
    let mut found = 0;
    for _ in 0..TIMES {
        let began = Instant::now();
        found = asked().await;
        quickest = quickest.min(began.elapsed());
    }
    let cpu = (cpu_ticks(engine.pid()) - before) as f64 * 10.0 / f64::from(TIMES);
    eprintln!("{what}: {found} found in {quickest:.1?}, {cpu:.1} ms of the engine's CPU");
}

#[tokio::test]
#[ignore = "a measurement: what evaluating rules reads each minute, of 500 functions"]
async fn what_is_read_each_minute_costs() {
    const COUNT: u64 = 500;
    const MINUTES: u64 = 120;
    const EACH: u64 = 10;
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(1);
    let names: Vec<String> = (0..COUNT).map(|n| format!("function-{n}")).collect();
    let fill = async |data: &mut Data, dice: &mut Dice, minutes: std::ops::Range<u64>| {
        for minute in minutes {
            let ids: Vec<String> = (0..COUNT * EACH)
                .map(|n| format!("r-{minute}-{n}"))
                .collect();
            let mut blocks = Blocks::default();
            for (number, id) in ids.iter().enumerate() {
                let outcome = if dice.below(20) == 0 { 2 } else { 1 };
                let errors = ["ValueError", "KeyError", "ThrottlingException"];
                blocks.push_invocation(&InvocationRow {
                    facts: FactSet::REPORTED,
                    platform: 1,
                    version: "42",
                    memory_bytes: 128 * MIB,
                    architecture: 1,
                    outcome,
                    error_type: if outcome == 1 {
                        ""
                    } else {
                        errors[dice.below(3) as usize]
                    },
                    duration_ns: 1 + dice.below(1 << 30),
                    billed_ns: 1 + dice.below(1 << 30),
                    init_ns: if dice.below(50) == 0 { 1 << 28 } else { 0 },
                    max_memory_bytes: 100 * MIB,
                    ..InvocationRow::empty(
                        MINE,
                        &names[number % COUNT as usize],
                        BEGIN - HOUR + minute * MINUTE + dice.below(MINUTE),
                        id,
                    )
                });
            }
            data.insert(blocks).await;
        }
    };
    fill(&mut data, &mut dice, 0..MINUTES).await;
    let reader = engine.store().reader(Tenant::single());
    let at = |minute: u64| UnixNanos(BEGIN - HOUR + minute * MINUTE);
    let minutes = async |what: &str, range: TimeRange| {
        let asked = async || {
            let minutes = reader.function_minutes(range, &[]).await;
            minutes.expect("minutes").len()
        };
        measure(&engine, what, asked).await;
    };
    let between = |from: u64, to: u64| TimeRange {
        from: at(from),
        to: at(to),
    };
    let (one, all) = (between(MINUTES - 1, MINUTES), between(0, MINUTES));
    minutes("a minute, not settled", one).await;
    minutes("120 minutes, not settled", all).await;
    settle_all(&engine.store().settler()).await;
    minutes("a minute, settled", one).await;
    minutes("120 minutes, settled", all).await;
    fill(&mut data, &mut dice, MINUTES..MINUTES + 1).await;
    let newest = between(MINUTES, MINUTES + 1);
    minutes("the newest minute, the others settled", newest).await;
    let hours = async || {
        let hours = reader.function_hours(all, &[]).await;
        hours.expect("hours").len()
    };
    measure(&engine, "hours", hours).await;
    let last = between(MINUTES - 29, MINUTES + 1);
    let groups = async || {
        let errors = reader.errors(&ErrorFilter::all(last)).await;
        errors.expect("groups").groups.len()
    };
    measure(&engine, "groups of 30 minutes", groups).await;
    let throttles = async || reader.throttles(last).await.expect("throttles").len();
    measure(&engine, "throttles of 30 minutes", throttles).await;
    let tagged = async || {
        let tagged = reader.functions_with("runtime", "none", all).await;
        tagged.expect("names").len()
    };
    measure(&engine, "a tag that nobody has", tagged).await;
}
