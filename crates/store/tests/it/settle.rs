//! Derived tables hold what a plain GROUP BY over the base tables gives, whatever came when and whoever died.

use coldtrace_model::{FactSet, LogHistogram, Nanos, Tenant, TimeRange, UnixNanos};
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_store::settle::{Rollup, Settler, Window};
use coldtrace_store::{Store, Writer};
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};

use crate::database::ask;
use crate::push::{NONE, plain_span, push_span};

pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
/// Ten minutes before a day ends: windows lie on both sides of the border.
pub(crate) const BEGIN: u64 = 1_767_225_600 * SECOND - 10 * MINUTE;
const ALL: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 120 * MINUTE),
    to: UnixNanos(BEGIN + 120 * MINUTE),
};
/// Long after everything.
const NOW: UnixNanos = UnixNanos(BEGIN + 600 * MINUTE);

const HERE: Owner<'static> = Owner {
    tenant: "here",
    keep_days: KEEP_DAYS,
};
/// Of another tenant, and of another class of retention.
const THERE: Owner<'static> = Owner {
    tenant: "there's",
    keep_days: KEEP_DAYS - 1_000,
};

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 16) % bound
    }
}

pub(crate) struct Data {
    writer: Writer,
    inserts: u64,
}

impl Data {
    pub(crate) fn of(store: &Store) -> Self {
        Self {
            writer: store.writer(),
            inserts: 0,
        }
    }

    pub(crate) async fn insert(&mut self, blocks: Blocks) {
        for block in blocks.finish() {
            self.inserts += 1;
            let token = format!("insert {}", self.inserts);
            let inserted = self.writer.insert(&block, &token).await;
            inserted.expect("the engine takes it");
        }
    }

    pub(crate) async fn invocations(&mut self, rows: &[InvocationRow<'_>]) {
        let mut blocks = Blocks::default();
        for row in rows {
            blocks.push_invocation(row);
        }
        self.insert(blocks).await;
    }

    pub(crate) async fn spans(&mut self, rows: &[SpanRow<'_>]) {
        let mut blocks = Blocks::default();
        for row in rows {
            push_span(&mut blocks, *row, NONE);
        }
        self.insert(blocks).await;
    }
}

/// Every fact of some invocations, of which the later ones win merges.
fn facts<'a>(dice: &mut Dice, ids: &'a [String]) -> Vec<InvocationRow<'a>> {
    let mut rows = Vec::new();
    for id in ids {
        let owner = if dice.below(3) == 0 { THERE } else { HERE };
        let function = ["checkout", "mailer", "stock's"][dice.below(3) as usize];
        let ts = BEGIN + dice.below(20 * MINUTE);
        let of = |facts| InvocationRow {
            facts,
            platform: 1,
            version: "1",
            architecture: 1,
            ..InvocationRow::empty(owner, function, ts, id)
        };
        rows.push(InvocationRow {
            start_unix_ns: ts + 5,
            deadline_unix_ns: dice.below(2) * (ts + dice.below(15 * MINUTE)),
            cold: dice.below(2) as u8,
            runtime: "python3.12",
            ..of(FactSet::STARTED)
        });
        if dice.below(5) == 0 {
            // Of which nothing else is told.
            continue;
        }
        rows.push(InvocationRow {
            runtime_duration_ns: dice.below(1 << 33),
            outcome: 1 + dice.below(6) as u8,
            memory_bytes: 128 << 20,
            ..of(FactSet::FINISHED)
        });
        rows.push(InvocationRow {
            // Of some, the platform never tells.
            duration_ns: dice.below(1 << 34) & !(1 << 33),
            billed_ns: 1 + dice.below(1_000_000_000),
            init_ns: dice.below(2) * dice.below(1 << 30),
            restore_ns: dice.below(2) * dice.below(1 << 28),
            max_memory_bytes: dice.below(128 << 20),
            platform_start_unix_ns: ts - 3,
            ..of(FactSet::REPORTED)
        });
        if dice.below(4) == 0 {
            // The same request as a span tells it, under another name and perhaps in another minute, or out of reach.
            let filed = ts + dice.below(25 * MINUTE);
            rows.push(InvocationRow {
                facts: FactSet::FROM_SPAN,
                duration_ns: 1_000_000,
                outcome: 1,
                ..InvocationRow::empty(owner, "by span", filed, id)
            });
        }
        if dice.below(4) == 0 {
            // Known from a span alone.
            rows.push(InvocationRow {
                facts: FactSet::FROM_SPAN,
                duration_ns: 2_000_000,
                ..InvocationRow::empty(owner, "plain", ts, &id[1..])
            });
        }
    }
    rows
}

fn span(
    owner: Owner<'static>,
    ts: u64,
    ids: (u8, u8, u8),
    service: &'static str,
    kind: u8,
) -> SpanRow<'static> {
    let (trace, own, parent) = ids;
    SpanRow {
        trace_id: [trace; 16],
        span_id: [own; 8],
        parent_span_id: [parent; 8],
        service,
        name: b"call",
        kind,
        duration_ns: 5_000_000 + i64::from(own),
        ..plain_span(owner, ts)
    }
}

/// Settles everything that there is, as often as it takes.
pub(crate) async fn settle_all(settler: &Settler) {
    for rollup in Rollup::ALL {
        let windows = settler
            .unsettled(rollup, ALL, NOW, 10_000)
            .await
            .expect("the engine answers");
        settler
            .settle(rollup, &windows, NOW)
            .await
            .expect("the engine answers");
        let left = settler
            .unsettled(rollup, ALL, NOW, 10_000)
            .await
            .expect("the engine answers");
        assert_eq!(left, Vec::<Window>::new(), "nothing came meanwhile");
    }
}

/// What stands is right, settled or not.
pub(crate) async fn check(settler: &Settler) {
    for rollup in Rollup::ALL {
        let differences = settler
            .differences(rollup, ALL, NOW)
            .await
            .expect("the engine answers");
        assert_eq!(differences, Vec::<String>::new(), "{rollup:?}");
    }
}

async fn ask_one(engine: &TestEngine, query: &str) -> String {
    ask(&engine.store_config(), query).await.trim().to_owned()
}

#[tokio::test]
async fn rollups_are_a_group_by_of_random_facts_whenever_they_come() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(7);
    let ids: Vec<String> = (0..300).map(|number| format!("request-{number}")).collect();
    let mut rows = facts(&mut dice, &ids);
    // Each fact comes in a block of its own time, some twice, and nobody waits for the others.
    for index in (1..rows.len()).rev() {
        rows.swap(index, dice.below(index as u64 + 1) as usize);
    }
    for batch in rows.chunks(500) {
        data.invocations(batch).await;
        check(&settler).await;
        settle_all(&settler).await;
        check(&settler).await;
    }
    data.invocations(&rows[..50]).await;
    settle_all(&settler).await;
    check(&settler).await;
    let counted = ask_one(&engine, "SELECT sum(n) > 300 FROM fn_1h WHERE mark = 0").await;
    assert_eq!(counted, "1", "there was something to compare");
}

#[tokio::test]
async fn edges_are_a_join_of_spans_whenever_they_come() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(11);
    let mut rows = Vec::new();
    for trace in 1..200 {
        let owner = if dice.below(3) == 0 { THERE } else { HERE };
        let ts = BEGIN + dice.below(20 * MINUTE);
        // Called at once, or much later, or by a clock that is behind.
        let delay = dice.below(8 * MINUTE);
        let (caller, callee) = [(3, 2), (4, 5)][dice.below(2) as usize];
        rows.push(span(owner, ts, (trace, 1, 0), "shop", caller));
        let mut called = span(owner, ts + delay - MINUTE, (trace, 2, 1), "stock", callee);
        called.status = dice.below(3) as u8;
        rows.push(called);
        // Within one service, and of a parent that nobody has.
        rows.push(span(owner, ts, (trace, 3, 1), "shop", 2));
        rows.push(span(owner, ts, (trace, 4, 9), "stock", 2));
        if dice.below(4) == 0 {
            rows.push(called);
        }
    }
    for index in (1..rows.len()).rev() {
        rows.swap(index, dice.below(index as u64 + 1) as usize);
    }
    for batch in rows.chunks(400) {
        data.spans(batch).await;
        check(&settler).await;
        settle_all(&settler).await;
        check(&settler).await;
    }
    let counted = ask_one(&engine, "SELECT sum(n) > 100 FROM edges_1m WHERE mark = 0").await;
    assert_eq!(counted, "1", "there was something to compare");
}

#[tokio::test]
async fn features_are_what_facts_and_spans_tell_whenever_they_come() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let mut dice = Dice(23);
    let ids: Vec<String> = (0..900).map(|number| format!("request-{number}")).collect();
    let mut rows = facts(&mut dice, &ids);
    let mut answers = Vec::new();
    for row in rows.iter().filter(|row| row.facts != FactSet::REPORTED) {
        // Some begin out of reach, and some name no request.
        let ts = row.ts - 90 * SECOND + dice.below(240 * SECOND);
        let attributes = [
            (
                "plan",
                ["free", "pro", ""][dice.below(3) as usize].to_owned(),
            ),
            ("order.id", format!("o-{}", dice.below(1 << 40))),
            ("text", "long ".repeat(dice.below(60) as usize)),
        ];
        let own = dice.below(1 << 40).to_be_bytes();
        let owner = if row.owner.tenant == HERE.tenant {
            HERE
        } else {
            THERE
        };
        let kind = [2, 5, 3][dice.below(3) as usize];
        let mut span: SpanRow<'_> = span(owner, ts, (9, 1, 0), "shop", kind);
        span.span_id = own;
        span.request_id = if dice.below(5) == 0 {
            ""
        } else {
            row.request_id
        };
        answers.push((span, attributes));
    }
    // As the collector names what has no request id.
    let plain: Vec<(SpanRow<'_>, String)> = answers
        .iter()
        .filter(|(span, _)| span.request_id.is_empty() && span.kind != 3)
        .map(|(span, _)| {
            let hex = |bytes: &[u8]| {
                bytes
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
            };
            (
                *span,
                format!("{}:{}", hex(&span.trace_id), hex(&span.span_id)),
            )
        })
        .collect();
    rows.extend(plain.iter().map(|(span, id)| InvocationRow {
        facts: FactSet::FROM_SPAN,
        outcome: 1,
        ..InvocationRow::empty(span.owner, "shop", span.ts, id)
    }));
    for index in (1..rows.len()).rev() {
        rows.swap(index, dice.below(index as u64 + 1) as usize);
    }
    let batches = 3;
    let (some_rows, some_answers) = (rows.len() / batches + 1, answers.len() / batches + 1);
    for (rows, answers) in rows.chunks(some_rows).zip(answers.chunks(some_answers)) {
        data.invocations(rows).await;
        check(&settler).await;
        settle_all(&settler).await;
        let mut blocks = Blocks::default();
        for (span, attributes) in answers {
            push_span(
                &mut blocks,
                *span,
                attributes.iter().map(|(key, value)| (*key, value)),
            );
        }
        data.insert(blocks).await;
        check(&settler).await;
        settle_all(&settler).await;
        check(&settler).await;
    }
    // Items are told in words, ids are not among them where there are enough to tell.
    let told = ask_one(
        &engine,
        "SELECT countIf(key = 'span.plan') > 0, countIf(length(value) > 200), count() = uniqExact(tenant, day, item)
        FROM feature_values FINAL",
    )
    .await;
    assert_eq!(told, "1\t0\t1");
    let wordless = "SELECT count() > 1000, countIf((tenant, item) NOT IN (SELECT tenant, item FROM feature_values))
        FROM features ARRAY JOIN items AS item WHERE mark = 0";
    assert_eq!(ask_one(&engine, wordless).await, "1\t0");
    let miscounted = "WITH newest AS (SELECT tenant, t, max(revision) FROM features WHERE mark = 1 GROUP BY tenant, t)
        SELECT count() > 1000, countIf(n != 0) FROM (
            SELECT tenant, function, t, is_timed, item, sum(one) AS n FROM (
                SELECT tenant, function, t, duration_ns != 0 AS is_timed, item, toInt64(1) AS one
                FROM features ARRAY JOIN items AS item WHERE mark = 0 AND (tenant, t, revision) IN newest
                UNION ALL
                SELECT tenant, function, t, is_timed, item, -toInt64(count) AS one
                FROM feature_counts ARRAY JOIN items AS item, counts AS count WHERE (tenant, t, revision) IN newest
            ) GROUP BY tenant, function, t, is_timed, item
        )";
    assert_eq!(ask_one(&engine, miscounted).await, "1\t0");
}

#[tokio::test]
async fn a_group_that_vanished_is_not_counted() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let started = InvocationRow {
        facts: FactSet::STARTED,
        ..InvocationRow::empty(HERE, "checkout", BEGIN, "request")
    };
    data.invocations(&[started]).await;
    settle_all(&settler).await;
    // The version is told later: the group without one is empty now.
    let reported = InvocationRow {
        facts: FactSet::REPORTED,
        version: "7",
        ..started
    };
    data.invocations(&[reported]).await;
    settle_all(&settler).await;
    check(&settler).await;
    // Both stand in the table, until a merge or their retention ends them.
    let rows = ask_one(
        &engine,
        "SELECT count(), uniq(version) FROM fn_1m WHERE mark = 0",
    )
    .await;
    assert_eq!(rows, "2\t2");
}

#[tokio::test]
async fn a_range_has_the_hours_that_begin_in_it_each_whole() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let at = |minute| InvocationRow {
        facts: FactSet::STARTED,
        ..InvocationRow::empty(HERE, "checkout", BEGIN + minute * MINUTE, "request")
    };
    // At 23:56, 00:10 and 00:40.
    data.invocations(&[at(6), at(20), at(50)]).await;
    let settle = async |rollup, range| {
        let found = settler.unsettled(rollup, range, NOW, 100).await;
        let found = found.expect("the engine answers");
        let settled = settler.settle(rollup, &found, NOW).await;
        settled.expect("the engine answers");
        found
    };
    settle(Rollup::FunctionMinutes, ALL).await;
    let range = TimeRange {
        from: UnixNanos(BEGIN + 5 * MINUTE),
        to: UnixNanos(BEGIN + 40 * MINUTE),
    };
    let hours = settle(Rollup::FunctionHours, range).await;
    let starts: Vec<UnixNanos> = hours.iter().map(|hour| hour.start).collect();
    assert_eq!(starts, [UnixNanos(BEGIN + 10 * MINUTE)]);
    assert_eq!(hours[0].row_count, 2, "what lies behind the range as well");
    assert_eq!(settle(Rollup::FunctionHours, range).await, []);
    settle_all(&settler).await;
    check(&settler).await;
}

#[tokio::test]
async fn a_revision_is_one_part_of_each_partition() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    ask(&engine.store_config(), "SYSTEM STOP MERGES fn_1m").await;
    let mut data = Data::of(&engine.store());
    let ids: Vec<String> = (0..500).map(|number| format!("request-{number}")).collect();
    let rows = facts(&mut Dice(3), &ids);
    data.invocations(&rows).await;
    settle_all(&settler).await;
    let parts = "SELECT count() = uniqExact(partition), sum(rows) > 100 FROM system.parts WHERE table = 'fn_1m' AND active";
    assert_eq!(ask_one(&engine, parts).await, "1\t1");
}

#[tokio::test]
async fn two_who_settle_at_once_are_both_right_and_so_is_who_reads() {
    let engine = engine::start().await;
    let (first, second) = (engine.store().settler(), engine.store().settler());
    let mut data = Data::of(&engine.store());
    let ids: Vec<String> = (0..100).map(|number| format!("request-{number}")).collect();
    let rows = facts(&mut Dice(5), &ids);
    data.invocations(&rows).await;
    let windows = first
        .unsettled(Rollup::FunctionMinutes, ALL, NOW, 10_000)
        .await
        .unwrap();
    first
        .settle(Rollup::FunctionMinutes, &windows, NOW)
        .await
        .unwrap();
    check(&first).await;
    // The same again and again, by two who know nothing of each other, beside merges.
    let settle = async |settler: &Settler| {
        for _ in 0..8 {
            settler
                .settle(Rollup::FunctionMinutes, &windows, NOW)
                .await
                .unwrap();
        }
    };
    let read = async {
        for _ in 0..8 {
            check(&first).await;
        }
    };
    tokio::join!(settle(&first), settle(&second), read);
    // Who settles from an older state is told so by the fingerprint that he leaves.
    data.invocations(&rows[..1]).await;
    second
        .settle(Rollup::FunctionMinutes, &windows, NOW)
        .await
        .unwrap();
    check(&first).await;
    settle_all(&first).await;
    check(&first).await;
}

#[tokio::test]
async fn a_kill_leaves_a_window_as_it_was_or_replaced() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let ids: Vec<String> = (0..200).map(|number| format!("request-{number}")).collect();
    let rows = facts(&mut Dice(13), &ids);
    for (round, batch) in rows.chunks(rows.len() / 3 + 1).enumerate() {
        data.invocations(batch).await;
        let windows = settler
            .unsettled(Rollup::FunctionMinutes, ALL, NOW, 10_000)
            .await
            .unwrap();
        let kill = async {
            tokio::time::sleep(std::time::Duration::from_millis(round as u64 * 15)).await;
            engine.kill();
        };
        // Whatever came of it.
        let (settled, ()) =
            tokio::join!(settler.settle(Rollup::FunctionMinutes, &windows, NOW), kill);
        drop(settled);
        engine.answers().await;
        check(&settler).await;
        settle_all(&settler).await;
        check(&settler).await;
    }
}

#[tokio::test]
async fn what_has_begun_to_reach_the_end_of_its_retention_stays_as_it_is() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let mut data = Data::of(&engine.store());
    let shorter = Owner {
        keep_days: KEEP_DAYS - 1_000,
        ..HERE
    };
    let one = InvocationRow {
        facts: FactSet::STARTED,
        ..InvocationRow::empty(HERE, "checkout", BEGIN, "one")
    };
    let other = InvocationRow {
        owner: shorter,
        request_id: "other",
        ..one
    };
    data.invocations(&[one, other]).await;
    settle_all(&settler).await;
    data.invocations(&[one]).await;
    let unsettled = async |now| {
        let windows = settler
            .unsettled(Rollup::FunctionMinutes, ALL, now, 10)
            .await;
        windows.unwrap().len()
    };
    assert_eq!(unsettled(NOW).await, 1, "a row came");
    let day = 24 * 60 * MINUTE;
    let ended = UnixNanos(BEGIN + u64::from(shorter.keep_days) * day);
    assert_eq!(
        unsettled(UnixNanos(ended.0 - SECOND)).await,
        1,
        "all is there still"
    );
    assert_eq!(
        unsettled(ended).await,
        0,
        "the rows of one class may be gone"
    );
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_expires() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let long = std::time::Duration::from_secs(600);
    let claim = async |holder, length| settler.claim(holder, length).await.unwrap();
    assert!(claim(1, long).await);
    assert!(!claim(2, long).await, "it is taken");
    assert!(claim(1, long).await, "it is prolonged");
    ask(&engine.store_config(), "TRUNCATE TABLE leases").await;
    assert!(
        !claim(1, std::time::Duration::ZERO).await,
        "it ends at once"
    );
    assert!(
        claim(2, long).await,
        "who was killed holds it no longer than it lasts"
    );
    assert!(!claim(1, long).await);
}

#[tokio::test]
async fn a_note_that_was_not_made_is_made_with_the_indexes() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let row = span(HERE, BEGIN, (1, 2, 3), "shop", 2);
    let mut blocks = Blocks::default();
    push_span(&mut blocks, row, NONE);
    let block = blocks.finish().remove(0);
    let writer = engine.store().writer();
    ask(
        &engine.store_config(),
        "ALTER TABLE touched ADD CONSTRAINT never CHECK 0",
    )
    .await;
    writer.insert(&block, "token").await.unwrap_err();
    assert!(
        writer.contains(&block).await.unwrap(),
        "the rows are in place before the note"
    );
    ask(
        &engine.store_config(),
        "ALTER TABLE touched DROP CONSTRAINT never",
    )
    .await;
    writer.refill_indexes(&block).await.unwrap();
    let unsettled = settler
        .unsettled(Rollup::EdgeBuckets, ALL, NOW, 10)
        .await
        .unwrap();
    assert_eq!(unsettled.len(), 1);
}

#[tokio::test]
async fn the_engine_and_the_model_count_lengths_in_the_same_buckets() {
    let engine = engine::start().await;
    let mut dice = Dice(17);
    let mut data = Data::of(&engine.store());
    let mut expected = LogHistogram::default();
    let ids: Vec<String> = (0..2_000).map(|number| number.to_string()).collect();
    let rows: Vec<InvocationRow<'_>> = ids
        .iter()
        .map(|id| {
            let bits = dice.below(45);
            let duration_ns = (1 << bits) + dice.below(1 << bits);
            expected.record(Nanos(duration_ns));
            InvocationRow {
                facts: FactSet::FINISHED,
                duration_ns,
                ..InvocationRow::empty(HERE, "checkout", BEGIN, id)
            }
        })
        .collect();
    data.invocations(&rows).await;
    settle_all(&engine.store().settler()).await;
    let histogram = "SELECT index, count FROM fn_1m ARRAY JOIN mapKeys(duration_hist) AS index, mapValues(duration_hist) AS count ORDER BY index";
    let counted = ask(&engine.store_config(), histogram).await;
    let expected: String = expected
        .buckets()
        .map(|(index, count)| format!("{index}\t{count}\n"))
        .collect();
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn a_number_is_the_same_before_and_after_it_is_settled() {
    let engine = engine::start().await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let mut data = Data::of(&engine.store());
    let mine = Owner {
        tenant: "default",
        ..HERE
    };
    let ids: Vec<String> = (0..200).map(|number| format!("request-{number}")).collect();
    let mut rows = facts(&mut Dice(19), &ids);
    rows.iter_mut().for_each(|row| row.owner = mine);
    let mut calls = Vec::new();
    for trace in 1..100 {
        let ts = BEGIN + u64::from(trace) * 11 * SECOND;
        calls.push(span(mine, ts, (trace, 1, 0), "shop", 3));
        calls.push(span(mine, ts + SECOND, (trace, 2, 1), "stock", 2));
    }
    let ranges = [
        ALL,
        TimeRange {
            from: UnixNanos(BEGIN + 3 * MINUTE + 7),
            to: UnixNanos(BEGIN + 13 * MINUTE + 30 * SECOND),
        },
        TimeRange {
            from: UnixNanos(BEGIN + 5),
            to: UnixNanos(BEGIN + 20 * SECOND),
        },
    ];
    let read = async || {
        let mut told = Vec::new();
        for range in ranges {
            let functions = reader.functions(range).await.unwrap();
            let by_minute = reader
                .function_series("checkout", range, Nanos(MINUTE))
                .await;
            let by_hour = reader
                .function_series("checkout", range, Nanos(60 * MINUTE))
                .await;
            let edges = reader.edges(range).await.unwrap();
            told.push((functions, by_minute.unwrap(), by_hour.unwrap(), edges));
        }
        told
    };
    let half = rows.len() / 2;
    data.invocations(&rows[..half]).await;
    data.spans(&calls[..100]).await;
    let before = read().await;
    assert_eq!(before[0].3.iter().map(|edge| edge.calls).sum::<u64>(), 50);
    settle_all(&settler).await;
    assert_eq!(read().await, before, "from rollups");

    data.invocations(&rows[half..]).await;
    data.spans(&calls[100..]).await;
    let late = read().await;
    assert_ne!(late, before, "what is late counts at once");
    settle_all(&settler).await;
    assert_eq!(read().await, late, "from rollups");
    let counted: u64 = late[0].0.iter().map(|function| function.invocations).sum();
    let points: u64 = late[0].1.iter().map(|point| point.invocations).sum();
    assert!(
        counted > 200 && points > 30,
        "there was something to compare"
    );
}

/// In clock ticks of the system, of which there are a hundred in a second.
pub(crate) fn cpu_ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the engine runs");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
    ticks(11) + ticks(12)
}

#[tokio::test]
#[ignore = "a measurement: the engine's CPU for settling, per span"]
async fn what_settling_costs() {
    const SPANS: u64 = 500_000;
    const INVOCATIONS: u64 = SPANS / 20;
    let engine = engine::start().await;
    let settler = engine.store().settler();
    // What merges cost is not settling's.
    ask(&engine.store_config(), "SYSTEM STOP MERGES").await;
    // Of five spans of a trace, one calls and one is called, in ten minutes; of twenty spans, one invocation.
    let spans = format!(
        "INSERT INTO spans (tenant, keep_days, ts, trace_id, span_id, parent_span_id, service, name, kind, duration_ns)
        SELECT 'default', {KEEP_DAYS}, fromUnixTimestamp64Nano({BEGIN} + toInt64(number) * {step}, 'UTC'),
            reinterpretAsFixedString(sipHash128(intDiv(number, 5))),
            reinterpretAsFixedString(sipHash64(number)), reinterpretAsFixedString(sipHash64(number - 1)),
            concat('service-', toString((number + intDiv(number, 5) * 7) % 60)), 'call',
            [1, 1, 3, 2, 1][number % 5 + 1], toInt64(exp(randNormal(16, 1.5)))
        FROM numbers({SPANS})",
        step = 10 * MINUTE / SPANS,
    );
    ask(&engine.store_config(), &spans).await;
    for fact in [1, 2, 4] {
        let facts = format!(
            "INSERT INTO invocations (tenant, keep_days, function, ts, request_id, facts, platform, version, runtime,
                memory_bytes, start_unix_ns, outcome, cold, duration_ns, billed_ns, init_ns, max_memory_bytes)
            SELECT 'default', {KEEP_DAYS}, concat('function-', toString(number % 60)),
                fromUnixTimestamp64Nano({BEGIN} + toInt64(number) * {step}, 'UTC'), lower(hex(sipHash128(number))),
                {fact}, 1, '1', 'python3.12', 268435456, if({fact} = 1, {BEGIN} + number * {step}, 0),
                if({fact} = 1, 0, 1 + (number % 50 = 0)), number % 40 = 0,
                if({fact} = 4, toUInt64(exp(randNormal(17, 1.2))), 0), if({fact} = 4, 100000000, 0),
                if({fact} = 4 AND number % 40 = 0, toUInt64(exp(randNormal(19, 0.4))), 0), 70000000
            FROM numbers({INVOCATIONS})",
            step = 10 * MINUTE / INVOCATIONS,
        );
        ask(&engine.store_config(), &facts).await;
    }
    for rollup in Rollup::ALL {
        let windows = settler.unsettled(rollup, ALL, NOW, 10_000).await.unwrap();
        // One by one, as they are settled when they close.
        let before = cpu_ticks(engine.pid());
        for window in &windows {
            settler
                .settle(rollup, std::slice::from_ref(window), NOW)
                .await
                .unwrap();
        }
        let nanos = (cpu_ticks(engine.pid()) - before) * 10_000_000;
        println!(
            "{}: {} windows, {} ns a span, {} ns an invocation",
            rollup.table(),
            windows.len(),
            nanos / SPANS,
            nanos / INVOCATIONS,
        );
    }
    let before = cpu_ticks(engine.pid());
    const LOOKS: u64 = 20;
    for _ in 0..LOOKS {
        for rollup in Rollup::ALL {
            settler.unsettled(rollup, ALL, NOW, 10_000).await.unwrap();
        }
    }
    let millis = (cpu_ticks(engine.pid()) - before) * 10;
    println!("a look at four hours: {} ms", millis / LOOKS);
}
