//! What is encoded is what the engine reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

use coldtrace_model::FactSet;
use coldtrace_store::native::{Block, Blocks, Table};
use coldtrace_store::rows::{
    InvocationRow, LogRow, Owner, PhaseRow, ResourceRow, SandboxRow, ScopeRow, SpanRow,
};
use coldtrace_store::{Store, StoreConfig};
use coldtrace_testkit::engine::{self, KEEP_DAYS};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::database::ask;
use crate::push::{NONE, push_log, push_span};

const OWNER: Owner<'static> = Owner {
    tenant: "t",
    keep_days: KEEP_DAYS,
};
/// 2026-01-02T03:04:05.000000006Z
const TS: u64 = 1_767_323_045_000_000_006;

/// A span as a test makes it; what the other columns share in form is left out.
#[derive(Clone, Debug, PartialEq)]
struct Span {
    ts: u64,
    ids: ([u8; 16], [u8; 8], [u8; 8]),
    service: String,
    name: String,
    kind: u8,
    duration_ns: i64,
    status_message: String,
    http_status: u16,
    attrs: BTreeMap<String, String>,
    extra: Vec<u8>,
    link_trace_ids: Vec<[u8; 16]>,
}

/// A span as the engine gives it back.
#[derive(Debug, clickhouse::Row, serde::Deserialize)]
struct Stored {
    ts: i64,
    ids: ([u8; 16], [u8; 8], [u8; 8]),
    service: String,
    name: String,
    kind: u8,
    duration_ns: i64,
    status_message: String,
    http_status: u16,
    attrs: Vec<(String, String)>,
    extra: Vec<u8>,
    link_trace_ids: Vec<[u8; 16]>,
}

fn any_span() -> impl Strategy<Value = Span> {
    // A few names for many spans and a name for each: both widths of a dictionary.
    let name = prop_oneof!["[ab]", ".{0,12}"];
    let key = prop_oneof!["[a-z]{1,2}", "\\PC{1,8}"];
    let on_one_day = 0..86_400_000_000_000_u64;
    (
        (on_one_day, any::<([u8; 16], [u8; 8], [u8; 8])>()),
        (
            "[a-c]",
            name,
            any::<u8>(),
            any::<i64>(),
            ".{0,200}",
            any::<u16>(),
        ),
        btree_map(key, ".{0,20}", 0..8),
        vec(any::<u8>(), 0..40),
        vec(any::<[u8; 16]>(), 0..3),
    )
        .prop_map(|((ts, ids), columns, attrs, extra, link_trace_ids)| {
            let (service, name, kind, duration_ns, status_message, http_status) = columns;
            Span {
                ts: TS / 86_400_000_000_000 * 86_400_000_000_000 + ts,
                ids,
                service,
                name,
                kind,
                duration_ns,
                status_message,
                http_status,
                attrs,
                extra,
                link_trace_ids,
            }
        })
}

/// The block of spans that belong to `tenant` and are numbered by `scope_id`.
fn block_of(spans: &[Span], tenant: &str) -> Block {
    let mut blocks = Blocks::default();
    for (number, span) in spans.iter().enumerate() {
        let row = SpanRow {
            owner: Owner { tenant, ..OWNER },
            ts: span.ts,
            trace_id: span.ids.0,
            span_id: span.ids.1,
            parent_span_id: span.ids.2,
            flags: u32::MAX,
            service: &span.service,
            name: span.name.as_bytes(),
            kind: span.kind,
            duration_ns: span.duration_ns,
            status: 0,
            status_message: span.status_message.as_bytes(),
            request_id: "",
            sandbox_id: "",
            phase: "",
            http_status: span.http_status,
            resource_id: u64::MAX,
            scope_id: number as u64,
            attr_keys: &[],
            attr_values: &[],
            attr_types: b"s",
            extra: &span.extra,
            link_trace_ids: &span.link_trace_ids,
        };
        push_span(&mut blocks, row, &span.attrs);
    }
    let mut blocks = blocks.finish();
    blocks.retain(|block| block.table == Table::Spans);
    assert_eq!(blocks.len(), 1);
    blocks.remove(0)
}

async fn stored(store: &StoreConfig, tenant: &str) -> Vec<Span> {
    let client = clickhouse::Client::default()
        .with_url(&store.url)
        .with_user(&store.user)
        .with_password(&store.password)
        .with_database(&store.database);
    let rows = client
        .query(
            "SELECT ts, (trace_id, span_id, parent_span_id) AS ids, service, name, kind, duration_ns,
                status_message, http_status, attrs,
                arrayMap(i -> reinterpretAsUInt8(substring(extra, i, 1)), range(1, length(extra) + 1)) AS extra,
                link_trace_ids
            FROM spans WHERE tenant = ? ORDER BY scope_id",
        )
        .bind(tenant)
        .fetch_all::<Stored>()
        .await
        .expect("the spans are read");
    rows.into_iter().map(Span::from).collect()
}

impl From<Stored> for Span {
    fn from(row: Stored) -> Self {
        Self {
            ts: row.ts.cast_unsigned(),
            ids: row.ids,
            service: row.service,
            name: row.name,
            kind: row.kind,
            duration_ns: row.duration_ns,
            status_message: row.status_message,
            http_status: row.http_status,
            attrs: row.attrs.into_iter().collect(),
            extra: row.extra,
            link_trace_ids: row.link_trace_ids,
        }
    }
}

#[test]
fn any_spans_come_back_as_they_were() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let engine = runtime.block_on(engine::start());
    let writer = engine.store().writer();
    let config = Config {
        cases: 6,
        failure_persistence: None,
        ..Config::default()
    };
    let case = std::cell::Cell::new(0);
    let outcome = TestRunner::new(config).run(&vec(any_span(), 1..300), |spans| {
        case.set(case.get() + 1);
        let tenant = format!("case {}", case.get());
        let block = block_of(&spans, &tenant);
        let read = runtime.block_on(async {
            writer.insert(&block, &tenant).await.expect("it is taken");
            stored(&engine.store_config(), &tenant).await
        });
        prop_assert_eq!(read, spans);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

async fn insert_all(store: &Store, blocks: Blocks) {
    for block in blocks.finish() {
        store
            .writer()
            .insert(&block, block.table.name())
            .await
            .unwrap_or_else(|error| panic!("{:?}: {error:?}", block.table));
    }
}

#[tokio::test]
async fn more_names_than_two_bytes_can_number_come_back() {
    let engine = engine::start().await;
    let names: Vec<String> = (0..70_000).map(|number| format!("name {number}")).collect();
    let mut blocks = Blocks::default();
    for (number, name) in names.iter().enumerate() {
        let row = LogRow {
            service: name,
            body: name.as_bytes(),
            resource_id: number as u64,
            ..log()
        };
        push_log(&mut blocks, row, NONE);
    }
    insert_all(&engine.store(), blocks).await;
    let told = ask(
        &engine.store_config(),
        "SELECT count(), countIf(service = concat('name ', toString(resource_id)) AND body = service) FROM logs",
    )
    .await;
    assert_eq!(told, "70000\t70000\n");
}

fn log() -> LogRow<'static> {
    LogRow {
        owner: OWNER,
        ts: TS,
        service: "shop",
        source: "function",
        sandbox_id: "s",
        request_id: "r",
        trace_id: *b"the trace's id 1",
        span_id: *b"span one",
        severity: 9,
        body: "tab\there, ünïcode 🦀".as_bytes(),
        resource_id: 3,
        scope_id: 4,
        attr_keys: &[],
        attr_values: &[],
        attr_types: b"",
        extra: b"",
    }
}

#[tokio::test]
async fn a_block_of_long_texts_is_found_again() {
    let engine = engine::start().await;
    let writer = engine.store().writer();
    // More than the engine takes as the text of a query.
    let (long, other) = ("ü ?'\\".repeat(100_000), "ü ?'\\".repeat(99_999));
    let block = |service, body: &str| {
        let mut blocks = Blocks::default();
        let row = LogRow {
            service,
            body: body.as_bytes(),
            ..log()
        };
        push_log(&mut blocks, row, NONE);
        blocks.finish().remove(0)
    };
    writer.insert(&block(&long, &long), "token").await.unwrap();
    assert!(writer.contains(&block(&long, &long)).await.unwrap());
    assert!(!writer.contains(&block(&other, &long)).await.unwrap());
    assert!(!writer.contains(&block(&long, &other)).await.unwrap());
}

#[tokio::test]
async fn each_value_comes_back_in_its_column() {
    let engine = engine::start().await;
    let mut blocks = Blocks::default();
    let attrs = [("a", Cow::from("1")), ("b", Cow::from("zwei"))];
    let row = LogRow {
        attr_keys: &[],
        attr_values: &[],
        attr_types: b"is",
        extra: b"e",
        ..log()
    };
    push_log(&mut blocks, row, [("a", "1"), ("b", "zwei")]);
    blocks.push_resource(&ResourceRow {
        owner: OWNER,
        ts: TS,
        resource_id: u64::MAX,
        service: "shop",
        schema_url: "url",
        attrs: &attrs,
        raw: b"raw",
    });
    blocks.push_scope(&ScopeRow {
        owner: OWNER,
        ts: TS,
        scope_id: 1,
        schema_url: "",
        raw: b"",
    });
    blocks.push_phase(&PhaseRow {
        owner: OWNER,
        function: "f",
        ts: TS,
        sandbox_id: "s",
        kind: 1,
        duration_ns: 2,
        outcome: 3,
        error_type: "e",
        request_id: "r",
    });
    blocks.push_sandbox(&SandboxRow {
        owner: OWNER,
        function: "f",
        sandbox_id: "s",
        seen: TS,
        extension: "x",
        dropped_bytes: 1,
        dropped_items: 2,
        failed_sends: 3,
    });
    blocks.push_invocation(&invocation());
    insert_all(&engine.store(), blocks).await;

    for (table, expected) in STORED {
        let query = format!("SELECT * FROM {table} FORMAT CSV");
        let told = ask(&engine.store_config(), &query).await;
        // What stands between joined texts is no character.
        let told = told
            .replace('"', "")
            .replace(char::REPLACEMENT_CHARACTER, "|");
        assert_eq!(told.trim_end(), expected, "{table}");
    }
}

/// The rows of the test above, with the columns in the order of the migrations.
const STORED: [(&str, &str); 6] = [
    (
        "logs",
        "t,10000,2026-01-02 03:04:05.000000006,shop,function,s,r,the trace's id 1,span one,9,\
        tab\there, ünïcode 🦀,3,4,|a|b|,|1|zwei|,is,e",
    ),
    (
        "resources",
        "t,10000,2026-01-02,18446744073709551615,shop,url,{'a':'1','b':'zwei'},raw",
    ),
    ("scopes", "t,10000,2026-01-02,1,,"),
    (
        "phases",
        "t,10000,f,2026-01-02 03:04:05.000000006,s,1,2,3,e,r",
    ),
    (
        "sandboxes",
        "t,2026-01-02,10000,f,s,2026-01-02 03:04:05.000000006,2026-01-02 03:04:05.000000006,x,1,2,3",
    ),
    (
        "invocations",
        "t,10000,f,2026-01-02 03:04:05.000000006,r,1,2,s,i,v,rt,3,re,ac,4,5,55,6,7,8,9,10,101,11,12,13,14,15,16,\
        17,18,18446744073709551615,et,platform trace 1,platspan,the sdk's traces",
    ),
];

/// Each number is another, so that no two columns can be confounded.
fn invocation() -> InvocationRow<'static> {
    InvocationRow {
        owner: OWNER,
        function: "f",
        ts: TS,
        request_id: "r",
        facts: FactSet::STARTED,
        platform: 2,
        sandbox_id: "s",
        instance: "i",
        version: "v",
        runtime: "rt",
        architecture: 3,
        region: "re",
        account: "ac",
        memory_bytes: 4,
        start_unix_ns: 5,
        platform_start_unix_ns: 55,
        deadline_unix_ns: 6,
        outcome: 7,
        cold: 8,
        trigger: 9,
        duration_ns: 10,
        runtime_duration_ns: 101,
        billed_ns: 11,
        init_ns: 12,
        restore_ns: 13,
        response_latency_ns: 14,
        response_duration_ns: 15,
        runtime_overhead_ns: 16,
        extension_overhead_ns: 17,
        produced_bytes: 18,
        max_memory_bytes: u64::MAX,
        error_type: "et",
        platform_trace_id: *b"platform trace 1",
        platform_span_id: *b"platspan",
        sdk_trace_id: *b"the sdk's traces",
    }
}
