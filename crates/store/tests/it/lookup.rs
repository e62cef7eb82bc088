//! The lookup indexes find what the base tables hold.

use coldtrace_model::FactSet;
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::ask;
use crate::push::plain_span;

/// Half a minute before midnight, so that traces lie in two days.
const TS: u64 = 1_767_311_970_000_000_000;
const SECOND: u64 = 1_000_000_000;

/// A span or a fact that names a trace.
#[derive(Clone, Debug)]
struct Named {
    is_fact: bool,
    phase: &'static str,
    tenant: &'static str,
    trace: u8,
    other_trace: u8,
    second: u64,
    duration_ns: i64,
    service: u8,
    request: Option<u8>,
}

fn named() -> impl Strategy<Value = Named> {
    let duration = prop_oneof![0..SECOND as i64, Just(-5), Just(i64::MAX), Just(i64::MIN)];
    let ids = (0..8_u8, 0..4_u8, 0..30_u8, prop::option::of(0..40_u8));
    let tenant = prop_oneof![Just("a"), Just("b")];
    let kind = prop_oneof![
        Just((true, "")),
        Just((false, "")),
        Just((false, "invocation")),
        Just((false, "init"))
    ];
    (kind, tenant, ids, 0..60_u64, duration).prop_map(
        |(
            (is_fact, phase),
            tenant,
            (trace, other_trace, service, request),
            second,
            duration_ns,
        )| Named {
            is_fact,
            phase,
            tenant,
            trace,
            other_trace,
            second,
            duration_ns,
            service,
            request,
        },
    )
}

fn id(number: u8) -> [u8; 16] {
    [number; 16]
}

/// Facts of one time, function and request are one row in the end: `number` keeps them apart.
fn push(blocks: &mut Blocks, number: u64, named: &Named) {
    let owner = Owner {
        tenant: named.tenant,
        keep_days: KEEP_DAYS,
    };
    let service = format!("service {}", named.service);
    let request = named.request.map(|request| format!("request {request}"));
    let request_id = request.as_deref().unwrap_or("");
    let ts = TS + named.second * SECOND + number;
    if named.is_fact {
        blocks.push_invocation(&InvocationRow {
            facts: FactSet::FINISHED,
            // Zeros name none.
            platform_trace_id: id(named.trace),
            sdk_trace_id: id(named.other_trace),
            ..InvocationRow::empty(owner, &service, ts, request_id)
        });
        return;
    }
    let link = [id(named.other_trace)];
    blocks.push_span(&SpanRow {
        trace_id: id(named.trace),
        service: &service,
        phase: named.phase,
        duration_ns: named.duration_ns,
        request_id,
        link_trace_ids: if named.other_trace == 0 { &[] } else { &link },
        ..plain_span(owner, ts)
    });
}

/// What names a trace: when, from where, for whom.
const NAMED: &str = "
    SELECT tenant, toDate(ts) AS day, trace_id, ts, phase = '' AS is_own,
        fromUnixTimestamp64Nano(toInt64(least(toUInt64(toUnixTimestamp64Nano(ts)) + toUInt64(greatest(duration_ns, 0)),
            toUInt64(9223372036854775807))), 'UTC') AS end, toString(service) AS service, request_id FROM spans
    UNION ALL
    SELECT tenant, toDate(ts), arrayJoin(arrayFilter(id -> id != toFixedString('', 16), [platform_trace_id, sdk_trace_id])),
        ts, 0, ts, toString(function), request_id FROM invocations";

async fn assert_alike(engine: &TestEngine, index: &str, base: &str) {
    let config = engine.store_config();
    let (index, base) = (ask(&config, index).await, ask(&config, base).await);
    let differing = index
        .lines()
        .zip(base.lines())
        .find(|(left, right)| left != right);
    assert_eq!(differing, None);
    assert_eq!(index.len(), base.len());
}

#[test]
fn indexes_are_what_a_query_over_the_base_tables_gives() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(engine::start());
    let writer = engine.store().writer();
    let config = Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    };
    let number = std::cell::Cell::new(0);
    let next = || number.replace(number.get() + 1);
    let outcome = TestRunner::new(config).run(&vec(named(), 1..400), |rows| {
        let mut blocks = Blocks::default();
        rows.iter().for_each(|row| push(&mut blocks, next(), row));
        runtime.block_on(async {
            for block in blocks.finish() {
                let token = next().to_string();
                writer.insert(&block, &token).await.expect("it is taken");
            }
            let traces = format!(
                "SELECT tenant, day, hex(trace_id) AS id, min(ts), max(end), arraySort(groupUniqArray(service)),
                    arraySort(groupUniqArrayIf(request_id, request_id != '')), max(is_own) FROM ({NAMED}) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
            );
            let index = "SELECT tenant, day, hex(trace_id) AS id, min(min_ts), max(max_end),
                    arraySort(groupUniqArrayArray(services)), arraySort(groupUniqArrayArray(request_ids)), max(has_own)
                FROM trace_index GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
            assert_alike(&engine, index, &traces).await;
            let requests = format!(
                "SELECT tenant, day, request_id, hex(trace_id) AS id, min(ts) FROM ({NAMED})
                WHERE request_id != '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
            );
            let index = "SELECT tenant, day, request_id, hex(trace_id) AS id, min(min_ts)
                FROM request_traces GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
            assert_alike(&engine, index, &requests).await;
            let links = "SELECT tenant, toDate(ts) AS day, arrayJoin(link_trace_ids) AS linked, trace_id, min(ts), max(ts)
                FROM spans GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
            let index = "SELECT tenant, day, trace_id AS linked, linked_by, min(min_ts), max(max_ts)
                FROM trace_links GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
            assert_alike(&engine, index, links).await;
        });
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
