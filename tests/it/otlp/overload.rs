//! More than the collector can take: what is refused is told when to come again, what is acknowledged is there once, and the
//! SDKs' own exporters lose nothing that they go on trying.
//!
//! The store is slowed down, or its disk is full, and the log is small, so that any machine is overloaded. `OVERLOAD_SECONDS`
//! says for how long (`cargo xtask chaos --long`: 60).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use coldtrace_tests::{ALL, Backend, BackendOptions, Fault, Faults, eventually};

use super::Signal;
use super::answer::{Answer, Expected, Refused};
use super::call::{Client, Grpc, Http, framed};
use super::exporters::{self, Export};
use super::memory::peak;
use super::wire::{bytes, message, span_with, traces};
use crate::kills::stored_spans;

/// Of the short run.
const FEW_SECONDS: u64 = 6;
/// So many times what is taken is offered.
const EXCESS: usize = 10;
/// That send without a pause and never the same twice, half of them over gRPC.
const CLIENTS: usize = 6;
/// In each of their requests.
const SPANS: usize = 50;
/// Of each span.
const BALLAST: usize = 1 << 10;
/// The process may have so much at its peak, the query service included: what it has at rest and its buffers, for the caps
/// below are far from it.
const MEMORY: u64 = 96 << 20;
/// Milliseconds that the engine takes longer for each part.
const PART_DELAY: i64 = 300;
/// Milliseconds that each sync takes longer, so that requests pile up in memory as well.
const SYNC_DELAY: i64 = 50;
/// An exporter that gave up sooner was not asked to come again.
const PERSISTENCE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(120);

/// The client is told to come again.
const OVERLOADED: Expected = Expected::Refused(Refused {
    http: 429,
    grpc: 8,
    words: "",
    detail: Some("google.rpc.RetryInfo"),
    headers: &[],
});

/// What clients offered, and what became of it.
#[derive(Default)]
struct Load {
    offered: AtomicUsize,
    acknowledged: Mutex<Vec<String>>,
    /// Neither taken nor told to come again.
    wrong: Mutex<Vec<String>>,
    stop: AtomicBool,
}

// === impl Load ===

impl Load {
    fn send(&self, client: &Client, is_grpc: bool) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.offered.fetch_add(1, Ordering::Relaxed) as u128 + 1;
            let request = request(number);
            let answer = match is_grpc {
                true => client.grpc(&Grpc::export(Signal::Traces, framed(0, &request))),
                false => client.http1(&Http::export(
                    Signal::Traces,
                    "application/x-protobuf",
                    request,
                )),
            };
            if Expected::Taken.differs_from(&answer).is_none() {
                lock(&self.acknowledged).push(format!("{number:032x}"));
            } else if !has_hint(&answer) {
                lock(&self.wrong).push(format!("{answer:?}"));
            }
        }
    }

    /// Whether clients have offered enough more than was taken.
    fn is_in_excess(&self) -> bool {
        self.offered.load(Ordering::Relaxed) >= EXCESS * lock(&self.acknowledged).len()
    }
}

fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn request(trace_id: u128) -> Vec<u8> {
    let ballast = message(2, &[bytes(1, &[b'x'; BALLAST])]);
    let attribute = message(9, &[bytes(1, b"ballast"), ballast]);
    let spans: Vec<_> = (1..=SPANS as u64)
        .map(|number| {
            let mut span = span_with(&trace_id.to_be_bytes(), &number.to_be_bytes());
            span.push(attribute.clone());
            span
        })
        .collect();
    traces(&spans)
}

fn has_hint(answer: &Answer) -> bool {
    let is_told_when = answer.is_grpc() || answer.header("retry-after").is_some();
    is_told_when && OVERLOADED.differs_from(answer).is_none()
}

fn bounded(faults: &Faults, folder: &std::path::Path) -> Backend {
    let options = BackendOptions::default()
        .on(&folder.join("data"))
        .set("COLDTRACE_COLLECTOR__BODY_LIMIT", "256KiB")
        .set("COLDTRACE_COLLECTOR__MEMORY_CAP", "256KiB")
        .set("COLDTRACE_COLLECTOR__LOG_CAP", "1MiB");
    let backend = faults.below(options).start();
    backend.wait_until_ready();
    backend
}

/// How many of its spans are there, each once.
fn stored_once(backend: &Backend, trace_id: &str) -> usize {
    let spans = stored_spans(&backend.api, trace_id).unwrap_or_default();
    assert!(spans.values().all(|times| *times == 1), "{trace_id}");
    spans.len()
}

#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn length() -> Duration {
    let told = std::env::var("OVERLOAD_SECONDS").ok();
    let seconds = told.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(FEW_SECONDS))
}

#[test]
fn ten_times_too_much_is_refused_politely_and_what_is_taken_is_there_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let faults = Faults::new(folder.path());
    let backend = bounded(&faults, folder.path());
    faults.set(Fault::PartDelay, PART_DELAY);
    faults.set(Fault::SyncDelay, SYNC_DELAY);
    let client = Client::new(&backend);
    let load = Load::default();
    let exported: Vec<(&str, Vec<Export>)> = thread::scope(|scope| {
        let exporters: Vec<_> = exporters::all(&backend, length())
            .into_iter()
            .map(|(name, run)| (name, scope.spawn(run)))
            .collect();
        for number in 0..CLIENTS {
            let (load, client) = (&load, &client);
            scope.spawn(move || load.send(client, number % 2 == 0));
        }
        let began = Instant::now();
        eventually(
            "more to be offered than is taken",
            length() + PATIENCE,
            || (began.elapsed() >= length() && load.is_in_excess()).then_some(()),
        );
        load.stop.store(true, Ordering::Relaxed);
        // From here on it has its whole strength again; nobody lends a hand.
        faults.set(Fault::PartDelay, 0);
        faults.set(Fault::SyncDelay, 0);
        exporters
            .into_iter()
            .map(|(name, exporter)| (name, exporter.join().expect("it exports")))
            .collect()
    });
    tell(&load, &exported, peak(backend.pid()));
    assert_eq!(*lock(&load.wrong), Vec::<String>::new());
    let peak = peak(backend.pid());
    assert!(peak <= MEMORY, "{peak} bytes");

    backend.wait_until_drained(PATIENCE);
    let mut stored = 0;
    for trace_id in &*lock(&load.acknowledged) {
        assert_eq!(stored_once(&backend, trace_id), SPANS, "{trace_id}");
        stored += SPANS;
    }
    for (name, exports) in &exported {
        assert!(exports.iter().any(|export| export.is_taken), "{name}");
        for export in exports {
            stored += check(name, export, stored_once(&backend, &export.trace_id));
        }
    }
    let inserted = backend.metric("coldtrace_collector_inserted_rows_total{table=\"spans\"}");
    assert_eq!(inserted, Some(stored as u64), "nothing that was refused");
}

#[test]
fn while_the_engines_disk_is_full_the_log_fills_and_what_does_not_fit_is_refused_politely() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let faults = Faults::new(folder.path());
    let backend = bounded(&faults, folder.path());
    let client = Client::new(&backend);
    let load = Load::default();
    faults.set(Fault::EngineIsFull, ALL);
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (load, client) = (&load, &client);
            scope.spawn(move || load.send(client, number % 2 == 0));
        }
        let is_refused = || !lock(&load.acknowledged).is_empty() && load.is_in_excess();
        eventually("the log to be full", PATIENCE, || {
            is_refused().then_some(())
        });
        load.stop.store(true, Ordering::Relaxed);
    });
    tell(&load, &[], peak(backend.pid()));
    assert_eq!(*lock(&load.wrong), Vec::<String>::new());

    faults.set(Fault::EngineIsFull, 0);
    backend.wait_until_drained(PATIENCE);
    for trace_id in &*lock(&load.acknowledged) {
        assert_eq!(stored_once(&backend, trace_id), SPANS, "{trace_id}");
    }
}

/// What is taken is there; who gave up was asked to come again, and did. How many spans are there.
fn check(name: &str, export: &Export, stored: usize) -> usize {
    let Export { is_taken, took, .. } = export;
    match is_taken {
        true => assert_eq!(stored, exporters::SPANS, "{name}: {}", export.trace_id),
        false => assert!(*took >= PERSISTENCE, "{name} gave up after {took:?}"),
    }
    stored
}

#[expect(clippy::print_stdout, reason = "the figures of the run")]
fn tell(load: &Load, exported: &[(&str, Vec<Export>)], peak: u64) {
    let offered = load.offered.load(Ordering::Relaxed);
    let taken = lock(&load.acknowledged).len();
    println!("overload: {offered} requests offered, {taken} taken, {peak} bytes at the peak");
    for (name, exports) in exported {
        let taken = exports.iter().filter(|export| export.is_taken).count();
        let longest = exports.iter().map(|export| export.took).max();
        println!(
            "{name}: {taken} of {} taken, the longest after {longest:?}",
            exports.len()
        );
    }
}
