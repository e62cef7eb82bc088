//! A part is damaged on disk: it is found, and what an index loses by it is made again from base tables.

use std::path::PathBuf;

use coldtrace_model::FactSet;
use coldtrace_store::embedded::Engine;
use coldtrace_store::native::{Blocks, Partition};
use coldtrace_store::rows::{InvocationRow, Owner, SpanRow};
use coldtrace_store::{Damage, RefillError, Store, StoreConfig, is_derived};
use coldtrace_testkit::engine::{self, KEEP_DAYS};
use tempfile::TempDir;

use crate::database::ask;
use crate::push::{plain_span, push_span};

const TS: u64 = 1_767_323_045_000_000_006;
const OWNER: Owner<'static> = Owner {
    tenant: "t",
    keep_days: KEEP_DAYS,
};
const PARTITION: &str = "20260102-10000";
/// How often a merge fails before it is told.
const FAILURES: u64 = 3;
/// Each derived table, and what is in it however often it is there; random numbers tell nothing.
const DERIVED: [(&str, &str); 6] = [
    ("request_index", "SELECT * FROM request_index FINAL ORDER BY ALL"),
    ("request_traces", "SELECT * FROM request_traces FINAL ORDER BY ALL"),
    ("trace_links", "SELECT * FROM trace_links FINAL ORDER BY ALL"),
    ("attribute_index", "SELECT DISTINCT * FROM attribute_index ORDER BY ALL"),
    (
        "trace_index",
        "SELECT tenant, day, keep_days, trace_id, min_ts, max_end, arraySort(services), arraySort(request_ids), has_own
            FROM trace_index FINAL ORDER BY ALL",
    ),
    (
        "touched",
        "SELECT DISTINCT tenant, keep_days, source, t, facts FROM touched FINAL ORDER BY ALL",
    ),
];

/// An engine that may be stopped and started on the same data.
struct Restarted {
    folder: TempDir,
    engine: Option<Engine>,
    config: StoreConfig,
}

// === impl Restarted ===

impl Restarted {
    /// With spans and invocations in it.
    async fn filled() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (engine, config) = start(&folder).await;
        Store::connect(config.clone())
            .migrate()
            .await
            .expect("it takes the schema");
        fill(&config, 2).await;
        Self {
            folder,
            engine: Some(engine),
            config,
        }
    }

    fn store(&self) -> Store {
        Store::connect(self.config.clone())
    }

    async fn ask(&self, query: &str) -> String {
        ask(&self.config, query).await
    }

    async fn contents(&self) -> Vec<String> {
        let mut contents = Vec::new();
        for (table, query) in DERIVED {
            let rows = self.ask(query).await;
            assert_ne!(rows, "", "{table} has rows");
            contents.push(rows);
        }
        contents
    }

    /// Does this to the data of a part of the table while the engine is down.
    async fn harm(&mut self, table: &str, harm: impl FnOnce(&mut Vec<u8>)) {
        let query = format!(
            "SELECT path FROM system.parts WHERE active AND database = currentDatabase() AND table = '{table}' LIMIT 1"
        );
        let file = PathBuf::from(self.ask(&query).await.trim()).join("data.bin");
        self.engine.take().expect("it runs").stop().await;
        let mut bytes = std::fs::read(&file).expect("read a part");
        harm(&mut bytes);
        std::fs::write(&file, bytes).expect("write a part");
        let (engine, config) = start(&self.folder).await;
        self.engine = Some(engine);
        self.config = config;
    }

    async fn damage(&self) -> Damage {
        self.ask("SYSTEM FLUSH LOGS").await;
        self.store().damage().await.expect("it answers")
    }

    /// As often as it takes to be told.
    async fn fail_to_merge(&self, table: &str) {
        let client = clickhouse::Client::default()
            .with_url(&self.config.url)
            .with_user(&self.config.user)
            .with_password(&self.config.password)
            .with_database(&self.config.database);
        for _ in 0..FAILURES {
            let optimize = format!("OPTIMIZE TABLE {table} FINAL");
            let merged = client.query_raw(&optimize).execute().await;
            assert!(merged.is_err(), "a part can't be read");
        }
    }
}

async fn start(folder: &TempDir) -> (Engine, StoreConfig) {
    let config = engine::config(folder.path(), engine::free_port());
    let engine = Engine::start(config).await.expect("it starts");
    let config = engine.store_config();
    (engine, config)
}

/// So many parts of each table.
async fn fill(config: &StoreConfig, parts: u64) {
    let writer = Store::connect(config.clone()).writer();
    for part in 0..parts {
        let mut blocks = Blocks::default();
        for number in 0..50_u8 {
            push(&mut blocks, TS + part * 1_000 + u64::from(number), number);
        }
        for (number, block) in blocks.finish().iter().enumerate() {
            let token = format!("{part} {number}");
            writer.insert(block, &token).await.expect("it is taken");
        }
    }
}

fn push(blocks: &mut Blocks, ts: u64, number: u8) {
    let request_id = format!("request {}", number % 7);
    let row = SpanRow {
        trace_id: [number + 1; 16],
        span_id: [number; 8],
        kind: 2,
        request_id: &request_id,
        phase: ["", "invocation"][usize::from(number % 2)],
        duration_ns: i64::from(number),
        link_trace_ids: &[[number + 100; 16]],
        ..plain_span(OWNER, ts)
    };
    push_span(blocks, row, [("key", &*request_id)]);
    blocks.push_invocation(&InvocationRow {
        facts: FactSet::FINISHED,
        platform_trace_id: [number + 50; 16],
        ..InvocationRow::empty(OWNER, "checkout", ts, &request_id)
    });
}

#[tokio::test]
async fn derived_tables_that_are_filled_again_are_what_they_were() {
    let engine = Restarted::filled().await;
    let before = engine.contents().await;
    let partition = Partition::of(TS, KEEP_DAYS);
    for (table, _) in DERIVED {
        assert!(is_derived(table), "{table}");
        engine.ask(&format!("TRUNCATE TABLE {table}")).await;
        engine.store().refill(table, partition).await.unwrap();
    }
    assert_eq!(engine.contents().await, before);
    for (table, _) in DERIVED {
        engine.store().refill(table, partition).await.unwrap();
    }
    assert_eq!(engine.contents().await, before, "twice changes nothing");
}

#[tokio::test]
async fn nothing_is_damaged_in_a_store_that_is_well() {
    let engine = Restarted::filled().await;
    engine.ask("OPTIMIZE TABLE trace_index FINAL").await;
    assert_eq!(engine.damage().await, Damage::default());
}

#[tokio::test]
async fn an_indexs_part_that_is_cut_short_is_found_at_the_start_and_made_again() {
    for (table, query) in DERIVED {
        let mut engine = Restarted::filled().await;
        let before = engine.contents().await;
        engine
            .harm(table, |bytes| bytes.truncate(bytes.len() - 1))
            .await;
        assert_ne!(engine.ask(query).await, "", "the other part is there");
        let damage = engine.damage().await;
        let [broken] = &damage.broken[..] else {
            panic!("{table}: {damage:?}");
        };
        assert_eq!((&*broken.table, &*broken.partition), (table, PARTITION));
        assert!(broken.is_derived());

        engine.store().mend_broken(broken).await.unwrap();
        assert_eq!(engine.contents().await, before, "{table}");
        assert_eq!(engine.damage().await, Damage::default());
    }
}

#[tokio::test]
async fn an_indexs_part_with_other_bytes_is_found_when_merges_fail_and_made_again() {
    let mut engine = Restarted::filled().await;
    let before = engine.contents().await;
    let harm = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    engine.harm("request_index", harm).await;
    assert_eq!(engine.damage().await, Damage::default(), "nobody read it");
    engine.fail_to_merge("request_index").await;
    let damage = engine.damage().await;
    let [failing] = &damage.failing[..] else {
        panic!("{damage:?}");
    };
    assert_eq!(
        (&*failing.table, &*failing.partition),
        ("request_index", PARTITION)
    );
    assert_eq!(failing.failures, FAILURES);
    assert_ne!(failing.why, "");

    assert_eq!(engine.store().mend_failing(failing).await.unwrap(), 1);
    engine.ask("OPTIMIZE TABLE request_index FINAL").await;
    assert_eq!(engine.contents().await, before);
    assert_eq!(engine.damage().await, Damage::default(), "merged at last");
}

#[tokio::test]
async fn a_base_tables_part_is_told_and_left_for_somebody_to_look_into() {
    let mut engine = Restarted::filled().await;
    engine
        .harm("spans", |bytes| bytes.truncate(bytes.len() / 2))
        .await;
    engine
        .harm("trace_index", |bytes| bytes.truncate(bytes.len() / 2))
        .await;
    let damage = engine.damage().await;
    let [broken, index] = &damage.broken[..] else {
        panic!("{damage:?}");
    };
    assert_eq!(broken.table, "spans");
    assert!(!broken.is_derived());
    assert!(damage.lacks_source_of(index), "rows to make it from");
    let mended = engine.store().mend_broken(broken).await;
    assert!(matches!(mended, Err(RefillError::Base(_))), "{mended:?}");
    assert_eq!(engine.damage().await, damage, "it is there still");
}
