//! The collector on a real engine.

use std::time::Instant;

use coldtrace_store::StoreConfig;
use coldtrace_testkit::engine;
use rustix::process::{Pid, Signal, kill_process};

use super::*;

const REQUESTS: usize = 90;
const SPANS: u8 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the engine for a number; `None` while it does not answer.
pub(super) fn ask(store: &StoreConfig, question: &str) -> Option<u64> {
    let address = store.url.strip_prefix("http://")?.trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    // HTTP/1.0, so that the answer comes in one piece.
    let head = format!(
        "POST /?database={} HTTP/1.0\r\nhost: x\r\nconnection: close\r\nx-clickhouse-user: {}\r\nx-clickhouse-key: {}\r\ncontent-length: {}\r\n\r\n{question}",
        store.database,
        store.user,
        store.password,
        question.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    let (head, body) = reply.split_once("\r\n\r\n")?;
    let is_well = head.lines().next()?.contains(" 200 ");
    body.trim().parse().ok().filter(|_| is_well)
}

fn wait_for(store: &StoreConfig, question: &str, wanted: u64) {
    let began = Instant::now();
    loop {
        let found = ask(store, question);
        if found.is_some_and(|found| found >= wanted) {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{question}: {found:?} of {wanted}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_engine_killed_again_and_again_has_every_acknowledged_span_once() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Runtime::new().unwrap();
    let engine = supervisor.block_on(engine::start());
    let store = engine.store_config();
    let collector = Collector::start_on(folder.path(), engine.store().writer(), |_| ());
    for number in 0..REQUESTS {
        let request = traces_of(number as u8 + 1, SPANS);
        assert_eq!(collector.post(PROTOBUF, &request).status, 200);
        if number % 30 == 20 {
            // Something of it is on its way.
            wait_for(&store, "SELECT count() FROM spans", 1);
            let pid = Pid::from_raw(engine.pid()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
    let spans = REQUESTS as u64 * u64::from(SPANS);
    wait_for(&store, "SELECT count() FROM spans", spans);
    collector.stop();
    assert_eq!(ask(&store, "SELECT count() FROM spans"), Some(spans));
    let once = "SELECT uniqExact(trace_id, span_id) FROM spans";
    assert_eq!(ask(&store, once), Some(spans));
    let found = "SELECT uniqExact(trace_id) FROM trace_index";
    assert_eq!(
        ask(&store, found),
        Some(REQUESTS as u64),
        "by the index too"
    );
    supervisor.block_on(engine.stop());
}

#[test]
fn what_comes_is_in_every_table_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = Runtime::new().unwrap();
    let engine = supervisor.block_on(engine::start());
    let store = engine.store_config();
    let collector = Collector::start_on(folder.path(), engine.store().writer(), |_| ());
    assert_eq!(collector.export(batch(1)).unwrap(), 1);
    let logs =
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}"#;
    let taken = collector.post_to("/v1/logs", "application/json", logs.as_bytes());
    assert_eq!((taken.status, taken.body.as_slice()), (200, &b"{}"[..]));
    collector.stop();
    let tables = [
        ("logs", "body = 'hello' AND source = 'otlp'", 1),
        ("spans", "sandbox_id = 'sandbox'", 3),
        ("resources FINAL", "1", 1),
        ("scopes FINAL", "1", 1),
        ("invocations", "function = 'checkout' AND facts = 1", 1),
        ("request_index", "request_id = 'request'", 1),
        ("sandboxes", "sandbox_id = 'sandbox'", 1),
    ];
    for (table, filter, rows) in tables {
        let question = format!("SELECT count() FROM {table} WHERE {filter}");
        assert_eq!(ask(&store, &question), Some(rows), "{question}");
    }
    supervisor.block_on(engine.stop());
}
