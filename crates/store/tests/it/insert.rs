//! What an insert promises: stored once, whatever happens, and told apart when it is not.

use std::time::Duration;

use coldtrace_model::FactSet;
use coldtrace_store::native::{Block, Blocks};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_store::{InsertError, Store, StoreConfig, Writer};
use coldtrace_testkit::engine::{self, KEEP_DAYS, TestEngine};

use crate::database::ask;
use crate::push::{plain_span, push_span};

const TS: u64 = 1_767_323_045_000_000_006;
const OWNER: Owner<'static> = Owner {
    tenant: "t",
    keep_days: KEEP_DAYS,
};
/// What each table that spans feed holds.
const COUNTS: &str = "SELECT (SELECT count() FROM spans), (SELECT sum(row_count) FROM touched)";

fn spans() -> Block {
    spans_at(TS)
}

/// A hundred spans of a hundred traces, each serving a request and linking to another trace.
fn spans_at(ts: u64) -> Block {
    let mut blocks = Blocks::default();
    push_spans_at(&mut blocks, ts);
    blocks.finish().remove(0)
}

fn push_spans_at(blocks: &mut Blocks, ts: u64) {
    for number in 0..100_u8 {
        let row = SpanRow {
            trace_id: [number; 16],
            span_id: [number; 8],
            request_id: "request",
            http_status: 200,
            link_trace_ids: &[[number + 100; 16]],
            ..plain_span(OWNER, ts + u64::from(number))
        };
        push_span(blocks, row, [("key", "value")]);
    }
}

fn invocations() -> Block {
    let mut blocks = Blocks::default();
    blocks.push_invocation(&InvocationRow {
        facts: FactSet::FINISHED,
        platform: 1,
        sandbox_id: "sandbox",
        start_unix_ns: TS,
        platform_start_unix_ns: TS,
        outcome: 1,
        duration_ns: 5,
        platform_trace_id: [7; 16],
        platform_span_id: [7; 8],
        ..InvocationRow::empty(OWNER, "checkout", TS, "request")
    });
    blocks.finish().remove(0)
}

#[tokio::test]
async fn the_same_token_twice_stores_once_in_every_table() {
    let engine = engine::start().await;
    let writer = engine.store().writer();
    for _ in 0..3 {
        writer.insert(&spans(), "token").await.unwrap();
    }
    assert_eq!(ask(&engine.store_config(), COUNTS).await, "100\t100\n");

    writer.insert(&spans(), "another token").await.unwrap();
    assert_eq!(ask(&engine.store_config(), COUNTS).await, "200\t200\n");
}

#[tokio::test]
async fn a_block_is_contained_once_it_is_inserted() {
    let engine = engine::start().await;
    let writer = engine.store().writer();
    assert!(!writer.contains(&spans()).await.unwrap());
    writer.insert(&spans(), "token").await.unwrap();
    assert!(writer.contains(&spans()).await.unwrap());
}

/// The same spans, and one more: another request of the same client.
fn spans_and_another() -> Block {
    let mut blocks = Blocks::default();
    for block in [TS, TS + 50] {
        push_spans_at(&mut blocks, block);
    }
    blocks.finish().remove(0)
}

#[tokio::test]
async fn spans_that_came_with_another_block_do_not_hide_that_one_is_lost() {
    let engine = engine::start().await;
    let writer = engine.store().writer();
    writer
        .insert(&spans(), "a client's first request")
        .await
        .unwrap();
    let packed_anew = spans_and_another();
    assert!(!writer.contains(&packed_anew).await.unwrap());
    writer.insert(&packed_anew, "its second").await.unwrap();
    assert!(writer.contains(&packed_anew).await.unwrap());
    assert!(writer.contains(&spans()).await.unwrap());
}

#[tokio::test]
async fn refilled_indexes_are_what_the_views_made() {
    const INDEXES: [&str; 1] = ["request_index"];
    let engine = engine::start().await;
    let writer = engine.store().writer();
    let blocks = [spans(), invocations()];
    for (block, token) in blocks.iter().zip(["spans", "invocations"]) {
        writer.insert(block, token).await.unwrap();
    }
    let by_views = contents(&engine, &INDEXES).await;
    for index in INDEXES {
        ask(&engine.store_config(), &format!("TRUNCATE TABLE {index}")).await;
    }

    for block in &blocks {
        writer.refill_indexes(block).await.unwrap();
    }
    assert_eq!(contents(&engine, &INDEXES).await, by_views);

    for block in &blocks {
        writer.refill_indexes(block).await.unwrap();
    }
    assert_eq!(
        contents(&engine, &INDEXES).await,
        by_views,
        "a second time changes nothing"
    );
}

#[tokio::test]
async fn blocks_that_meet_kills_are_stored_once() {
    const BLOCKS: u64 = 5;
    let engine = engine::start().await;
    let writer = engine.store().writer();
    for number in 0..BLOCKS {
        let block = spans_at(TS + number * 1_000);
        // Before, while and after the engine works on it.
        let kill = async {
            tokio::time::sleep(Duration::from_millis(number * 5)).await;
            engine.kill();
        };
        let token = format!("{number}, 0");
        let (first, ()) = tokio::join!(writer.insert(&block, &token), kill);
        if first.is_err() {
            insert_at_last(&writer, &block, number).await;
        }
        engine.answers().await;
    }
    let counted = ask(
        &engine.store_config(),
        "SELECT count(), uniqExact(ts) FROM spans",
    )
    .await;
    let spans = BLOCKS * 100;
    assert_eq!(counted, format!("{spans}\t{spans}\n"));
}

/// As the collector does: the same token until there is an answer, and another one where that stored nothing.
async fn insert_at_last(writer: &Writer, block: &Block, number: u64) {
    for generation in 0.. {
        let token = format!("{number}, {generation}");
        while writer.insert(block, &token).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if writer.contains(block).await.expect("the engine is back") {
            return;
        }
    }
}

async fn contents(engine: &TestEngine, tables: &[&str]) -> String {
    let mut told = String::new();
    for table in tables {
        let query = format!("SELECT * FROM {table} FINAL ORDER BY ALL");
        let rows = ask(&engine.store_config(), &query).await;
        assert_ne!(rows, "", "{table} has rows");
        told.push_str(&rows);
    }
    told
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_told() {
    let port = engine::free_port();
    let store = Store::connect(StoreConfig {
        url: format!("http://127.0.0.1:{port}"),
        user: "default".to_owned(),
        password: "secret".to_owned(),
        database: "coldtrace".to_owned(),
    });
    let told = store.ping().await.unwrap_err().to_string();
    let expected = format!(
        "ClickHouse at http://127.0.0.1:{port} does not answer: Connection refused (os error 111)"
    );
    assert_eq!(told, expected);
    let insert = store.writer().insert(&spans(), "token").await;
    assert!(
        matches!(insert, Err(InsertError::Unavailable(_))),
        "{insert:?}"
    );
}

#[tokio::test]
async fn a_missing_schema_does_not_condemn_the_block() {
    let engine = engine::start_empty().await;
    let insert = engine.store().writer().insert(&spans(), "token").await;
    assert!(
        matches!(insert, Err(InsertError::Unavailable(_))),
        "{insert:?}"
    );
}
