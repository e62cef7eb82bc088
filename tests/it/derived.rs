//! What the query service derived, against what it is derived from: the store's own audit, on the data of a backend that has
//! ended.
//!
//! The one place where a test looks inside: derived tables show in no answer, which is the same without them. The clock is set
//! forward, so that every window is over and due.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use coldtrace_model::{Nanos, SpanId, Tenant, TimeRange, TraceId, UnixNanos};
use coldtrace_store::embedded::{Engine, EngineConfig};
use coldtrace_store::settle::Rollup;
use coldtrace_store::{Store, StoreConfig};
use coldtrace_tests::{
    Backend, BackendOptions, Fault, Faults, Setup, binary, eventually, get_json, post,
};
use tokio::runtime::Runtime;

/// The hour that a test began in is over by then, and a lease that was taken under a clock that was ahead.
const AHEAD: Duration = Duration::from_secs(3 * 3_600);
const DAY: Nanos = Nanos::from_millis(24 * 3_600 * 1_000);
const PATIENCE: Duration = Duration::from_secs(120);
/// Traces of one question to the store.
const AT_ONCE: usize = 500;
const PASSWORD: &str = "a test's";

/// Settles what is over without delay, and after a kill as well.
pub(crate) fn at_once(options: BackendOptions) -> BackendOptions {
    options
        .set("COLDTRACE_SETTLE__EVERY", "1s")
        .set("COLDTRACE_SETTLE__GRACE", "0s")
        .set("COLDTRACE_SETTLE__LEASE", "3s")
}

/// What lies in a store.
pub(crate) struct Stored {
    /// Of the function, as they are counted.
    pub(crate) invocations: usize,
    /// How often each span is there, by trace and span.
    pub(crate) spans: BTreeMap<String, BTreeMap<String, usize>>,
}

/// Lets a query service settle what is left, then compares. What is there of this function, and of these traces.
pub(crate) fn checked(data: &Path, faults: &Faults, function: &str, traces: &[String]) -> Stored {
    let ahead = i64::try_from(AHEAD.as_nanos()).expect("a few hours");
    faults.set(Fault::ClockShift, ahead);
    let now = UnixNanos::now().plus(Nanos(AHEAD.as_nanos() as u64));
    let runtime = Runtime::new().expect("a runtime");
    let engine = runtime.block_on(Engine::start(engine(data, faults)));
    let engine = engine.expect("the engine starts on what was left");
    let mut query = query(&engine.store_config(), faults);
    let store = Store::connect(engine.store_config());
    eventually("all to be settled", PATIENCE, || {
        runtime.block_on(is_settled(&store, now)).then_some(())
    });
    let differences = runtime.block_on(differences(&store, now));
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(damaged_parts(&engine.store_config()), "");
    let stored = Stored {
        invocations: invocations(&query.api, function, range(now)),
        spans: runtime.block_on(spans(&store, traces)),
    };
    assert!(query.stop().success());
    runtime.block_on(engine.stop());
    stored
}

/// Without the service between, which removes what is there twice.
async fn spans(store: &Store, traces: &[String]) -> BTreeMap<String, BTreeMap<String, usize>> {
    let parsed = |trace_id: &String| trace_id.parse().expect("a trace id");
    let traces: Vec<TraceId> = traces.iter().map(parsed).collect();
    let reader = store.reader(Tenant::single());
    let mut found: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for some in traces.chunks(AT_ONCE) {
        let windows = reader.trace_windows(some).await;
        let windows = windows.expect("the store answers");
        let records = reader.spans(&windows, usize::MAX).await;
        for record in records.expect("the store answers") {
            let trace_id = TraceId::from_bytes(&record.trace_id).expect("a trace id");
            let span_id = SpanId::from_bytes(&record.span_id).expect("a span id");
            let spans = found.entry(trace_id.to_string()).or_default();
            *spans.entry(span_id.to_string()).or_default() += 1;
        }
    }
    found
}

/// Parts whose bytes are not as they were written, and those that the engine set aside for it; read by the engine itself.
fn damaged_parts(store: &StoreConfig) -> String {
    let ask = |query: &str| {
        let url = format!("{}/?database={}", store.url, store.database);
        let headers = [
            ("X-ClickHouse-User", &*store.user),
            ("X-ClickHouse-Key", &*store.password),
        ];
        let reply = post(&url, &headers, query.as_bytes()).expect("the engine answers");
        assert_eq!(reply.status, 200, "{query}: {}", reply.body);
        reply.body
    };
    let mut damaged = ask("SELECT table, name, reason FROM system.detached_parts");
    let tables = ask(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
    );
    for table in tables.lines() {
        let checked = ask(&format!(
            "CHECK TABLE {table} SETTINGS check_query_single_value_result = 0"
        ));
        let failed = checked
            .lines()
            .filter(|part| part.split('\t').nth(1) != Some("1"));
        failed.for_each(|part| damaged.push_str(&format!("{table}: {part}\n")));
    }
    damaged
}

/// As the API counts them, which by now reads derived tables.
fn invocations(api: &str, function: &str, range: TimeRange) -> usize {
    let (from, to) = (range.from.0, range.to.0);
    let listed = get_json(&format!("{api}/api/v1/functions?from={from}&to={to}"));
    let functions = listed["functions"].as_array().expect("a list of functions");
    let found = functions.iter().find(|found| found["function"] == function);
    let counted = found.and_then(|found| found["invocations"].as_str()?.parse().ok());
    counted.expect("it was invoked")
}

fn engine(data: &Path, faults: &Faults) -> EngineConfig {
    let environment = faults.environment();
    let environment = environment.map(|(name, value)| OsString::from(format!("{name}={value}")));
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    EngineConfig {
        library: Setup::read().path("engine_library"),
        data_dir: data.join("engine"),
        http_port: free.expect("the system has a free port").port(),
        memory_limit: 1 << 30,
        password: PASSWORD.to_owned(),
        command: ["env".into()]
            .into_iter()
            .chain(environment)
            .chain([binary("coldtrace").into(), "engine".into()])
            .collect(),
    }
}

fn query(store: &StoreConfig, faults: &Faults) -> Backend {
    let options = BackendOptions {
        command: "query",
        ..BackendOptions::default()
    };
    let options = options
        .set("COLDTRACE_STORE__URL", store.url.as_str())
        .set("COLDTRACE_STORE__USER", store.user.as_str())
        .set("COLDTRACE_STORE__PASSWORD", store.password.as_str())
        .set("COLDTRACE_STORE__DATABASE", store.database.as_str());
    faults.below(at_once(options)).start()
}

/// All of a test's data.
fn range(now: UnixNanos) -> TimeRange {
    TimeRange {
        from: now.minus(DAY),
        to: now.plus(DAY),
    }
}

async fn is_settled(store: &Store, now: UnixNanos) -> bool {
    for rollup in Rollup::ALL {
        let unsettled = store.settler().unsettled(rollup, range(now), now, 1).await;
        if !unsettled.is_ok_and(|windows| windows.is_empty()) {
            return false;
        }
    }
    true
}

async fn differences(store: &Store, now: UnixNanos) -> Vec<String> {
    let mut found = Vec::new();
    for rollup in Rollup::ALL {
        let differences = store.settler().differences(rollup, range(now), now).await;
        found.extend(differences.expect("the store answers"));
    }
    found
}
