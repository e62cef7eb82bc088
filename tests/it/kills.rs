//! kill -9 in the middle of a load: what was acknowledged is there, once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use coldtrace_tests::{Backend, BackendOptions, eventually, get, post};
use serde_json::{Value, json};

/// In each request.
pub(crate) const SPANS: usize = 20;
/// Who is invoked in each.
pub(crate) const FUNCTION: &str = "kills";
/// Kinds of spans, in OTLP's numbers.
const INTERNAL: usize = 1;
const SERVER: usize = 2;
const CLIENT: usize = 3;
/// Acknowledged before a kill, so that some are stored and some are only in the log.
const BEFORE_KILL: usize = 60;
/// Kills in one test.
const KILLS: usize = 3;

#[test]
fn coldtrace_killed_under_load_keeps_what_it_acknowledged_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut load = Load::default();
    for _ in 0..KILLS {
        let mut backend = BackendOptions::default().on(folder.path()).start();
        load.run(&backend.http, BEFORE_KILL, || ());
        backend.kill();
    }
    let backend = BackendOptions::default().on(folder.path()).start();
    load.assert_stored_once(&backend);
}

#[test]
fn the_engine_killed_under_load_is_started_again_and_nothing_is_lost() {
    let backend = Backend::up();
    let mut load = Load::default();
    for _ in 0..KILLS {
        load.run(&backend.http, BEFORE_KILL, || backend.kill_engine());
    }
    load.assert_stored_once(&backend);
}

/// Requests, each one trace, and what became of them.
#[derive(Default)]
struct Load {
    serial: usize,
    acknowledged: Vec<String>,
}

impl Load {
    /// Sends until `wanted` more requests are acknowledged; `disturb` is called half-way, while requests are in flight.
    fn run(&mut self, http: &str, wanted: usize, disturb: impl FnOnce()) {
        let before = self.acknowledged.len();
        let first = self.serial;
        self.serial += wanted * 2;
        let stop = AtomicBool::new(false);
        let (done_tx, done) = std::sync::mpsc::sync_channel(wanted * 2);
        std::thread::scope(|scope| {
            for lane in 0..2 {
                let (stop, done_tx) = (&stop, done_tx.clone());
                scope.spawn(move || {
                    for number in (first + lane..first + wanted * 2).step_by(2) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let trace_id = format!("{:032x}", number + 1);
                        if export(http, &request(&trace_id, Duration::ZERO)) {
                            done_tx.send(trace_id).expect("the test listens");
                        }
                    }
                });
            }
            drop(done_tx);
            let mut disturb = Some(disturb);
            while let Ok(trace_id) = done.recv() {
                self.acknowledged.push(trace_id);
                let acknowledged = self.acknowledged.len() - before;
                if acknowledged >= wanted / 2
                    && let Some(disturb) = disturb.take()
                {
                    disturb();
                }
                if acknowledged >= wanted {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        assert!(
            self.acknowledged.len() - before >= wanted,
            "the collector acknowledged the load"
        );
    }

    /// What was not acknowledged may be there or not; the client was told nothing.
    fn assert_stored_once(&self, backend: &Backend) {
        for trace_id in &self.acknowledged {
            let spans = eventually("an acknowledged trace", Duration::from_secs(30), || {
                stored_spans(&backend.api, trace_id).filter(|spans| spans.len() >= SPANS)
            });
            assert_eq!(spans.len(), SPANS, "{trace_id}: every span once");
            let doubled: Vec<&String> = spans
                .iter()
                .filter(|(_, n)| **n != 1)
                .map(|(id, _)| id)
                .collect();
            assert!(doubled.is_empty(), "{trace_id}: {doubled:?}");
        }
    }
}

/// How often each span id of a trace is stored, as the API tells: what it removes as a duplicate it marks.
pub(crate) fn stored_spans(api: &str, trace_id: &str) -> Option<BTreeMap<String, usize>> {
    let reply = get(&format!("{api}/api/v1/traces/{trace_id}"))?;
    if reply.status != 200 {
        return None;
    }
    let mut times = BTreeMap::new();
    for span in reply.json()["spans"].as_array()? {
        let removed = span["marks"]
            .as_array()?
            .contains(&json!("duplicate_removed"));
        *times
            .entry(span["span_id"].as_str()?.to_owned())
            .or_default() += 1 + usize::from(removed);
    }
    Some(times)
}

/// One trace of so long ago: a function was invoked, and called another service in the end.
pub(crate) fn request(trace_id: &str, age: Duration) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let start = (now.expect("the clock is past 1970") - age).as_nanos();
    let span = |number: usize, kind: usize| {
        json!({
            "traceId": trace_id,
            "spanId": format!("{number:016x}"),
            "parentSpanId": format!("{:016x}", number - 1),
            "name": format!("span {number}"),
            "kind": kind,
            "startTimeUnixNano": start.to_string(),
            "endTimeUnixNano": (start + 1_000).to_string(),
        })
    };
    let mut own = vec![span(1, SERVER)];
    own[0]["parentSpanId"] = json!("");
    own[0]["attributes"] = json!([text("faas.invocation_id", trace_id)]);
    own.extend((2..SPANS - 1).map(|number| span(number, INTERNAL)));
    own.push(span(SPANS - 1, CLIENT));
    let of = |service: &str, spans: Vec<Value>| {
        json!({
            "resource": {"attributes": [text("service.name", service)]},
            "scopeSpans": [{"spans": spans}],
        })
    };
    let called = vec![span(SPANS, SERVER)];
    let request = json!({"resourceSpans": [of(FUNCTION, own), of("called", called)]});
    request.to_string().into_bytes()
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Whether it was acknowledged.
pub(crate) fn export(http: &str, request: &[u8]) -> bool {
    let url = format!("{http}/v1/traces");
    let headers = [("content-type", "application/json")];
    let reply = post(&url, &headers, request);
    reply.is_some_and(|reply| reply.status == 200)
}
