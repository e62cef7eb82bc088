//! How long operations take is told from a bounded number of rows.

use std::collections::BTreeSet;

use coldtrace_model::{SpanKind, Tenant, TimeRange, UnixNanos};
use coldtrace_store::reader::{Beyond, Operation, OperationLook, ReadError};
use coldtrace_testkit::engine::{self, TestEngine};

use crate::database::ask;

/// A midnight.
const BEGIN: u64 = 1_767_225_600_000_000_000;
const SECOND: u64 = 1_000_000_000;
const ROWS: u64 = 1_000_000;
const MOST: u64 = 100_000;
/// The engine reads by so many rows at most before it looks how many there were, in each of its threads.
const BLOCK: u64 = 65_536;

async fn rows_read(engine: &TestEngine) -> u64 {
    let query = "SELECT sum(value) FROM system.events WHERE event = 'SelectedRows'";
    let read = ask(&engine.store_config(), query).await;
    read.trim().parse().expect("a number")
}

#[tokio::test]
async fn more_rows_than_may_be_are_refused_before_they_are_read_or_cut_off() {
    let engine = engine::start().await;
    let spans = format!(
        "INSERT INTO spans (tenant, keep_days, ts, trace_id, service, name, kind, duration_ns)
        SELECT 'here', 7300, fromUnixTimestamp64Nano({BEGIN} + toInt64(number) * 1000, 'UTC'),
            toFixedString(leftPad(toString(number), 16, 'x'), 16), 'shop', 'buy', 3, number
        FROM numbers({ROWS})"
    );
    ask(&engine.store_config(), &spans).await;
    let reader = engine
        .store()
        .reader(Tenant::parse("here").expect("a tenant"));
    let buy = Operation {
        service: "shop".to_owned(),
        name: "buy".to_owned(),
        kind: SpanKind::Client,
    };
    let look = OperationLook {
        operations: &[&buy],
        range: TimeRange {
            from: UnixNanos(BEGIN),
            to: UnixNanos(BEGIN + 60 * SECOND),
        },
        apart_from: &BTreeSet::new(),
        rows: MOST,
        beyond: Beyond::Refuse,
    };
    let before = rows_read(&engine).await;
    let refused = reader.operation_lengths(&look).await;
    assert!(
        matches!(refused, Err(ReadError::TooHeavy(_))),
        "{refused:?}"
    );
    let read = rows_read(&engine).await - before;
    assert!(read < MOST, "{read} rows were read to refuse");

    let beyond = Beyond::Cut;
    let cut = reader
        .operation_lengths(&OperationLook { beyond, ..look })
        .await;
    let cut = cut.expect("a part is told");
    assert_eq!(cut.len(), 1);
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let most = MOST + (threads + 1) * BLOCK;
    assert!(cut[0].count <= most.min(ROWS - 1), "{} rows", cut[0].count);
    assert_eq!(cut[0].percentiles.len(), 100);

    let rows = 2 * ROWS;
    let whole = reader
        .operation_lengths(&OperationLook { rows, ..look })
        .await;
    let whole = whole.expect("all is told");
    assert_eq!(whole[0].count, ROWS);
    assert_eq!(whole[0].percentiles[49].0, ROWS / 2);
    engine.stop().await;
}
