//! `cargo xtask bench ingest`: how much of the processor, the disk and the memory a span costs, from the request to the
//! merged part.
//!
//! The sender and both processes share the machine's processors, so spans a second are those of the whole; what a span
//! costs is told per process.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};

use super::backend::Backend;
use super::http::Connection;
use super::load::{Load, SPANS_PER_REQUEST, SPANS_PER_TRACE};
use super::{Figures, engine_parts, process};

/// Requests in flight: enough to keep a group commit busy.
const CONNECTIONS: u64 = 8;
/// Of the values that are sent; ids and times differ by the request.
const SEED: u64 = 7;
/// For one phase of sending.
const SEND_DEADLINE: Duration = Duration::from_secs(120);
/// For what was acknowledged to be inserted.
const INSERT_DEADLINE: Duration = Duration::from_secs(120);
/// For the merges to come to rest.
const MERGE_DEADLINE: Duration = Duration::from_secs(180);
/// The engine is at rest when it has used less than a twentieth of a processor for this long.
const REST: Duration = Duration::from_secs(5);
const REST_SHARE: f64 = 0.05;

// DESIGN 10. What is a ratio to another system there is not checked here.
const COLLECTOR_NS: f64 = 1_045.0;
const ENGINE_INSERT_NS: f64 = 1_700.0;
const ENGINE_MERGE_NS: f64 = 4_000.0;
const SPANS_PER_SECOND: f64 = 400_000.0;
const COLLECTOR_MIB: f64 = 256.0;
const ACK_P99_MS: f64 = 50.0;

pub(super) fn run(root: &Path, spans: u64) -> anyhow::Result<Figures> {
    let backend = Backend::start(root)?;
    let mut figures = Figures::of_this_machine(root);
    let load = Load::encode(SEED);
    let engine = backend.engine_pid()?;
    let full = spans.div_ceil(SPANS_PER_REQUEST).max(CONNECTIONS);
    figures.add("transport", "HTTP, protobuf, not compressed");
    figures.add("seed", SEED);
    figures.add("connections", CONNECTIONS);
    figures.add("spans_per_request", SPANS_PER_REQUEST);
    figures.add("spans_at_full_speed", full * SPANS_PER_REQUEST);

    eprintln!("-- {full} requests at full speed");
    let before = Usage::of(&backend, engine)?;
    let started = Instant::now();
    let acks = send(&backend, &load, 0..full, None)?;
    let sent_for = started.elapsed();
    wait_until_inserted(&backend, full * SPANS_PER_REQUEST)?;
    let inserted_for = started.elapsed();
    let rate = (full * SPANS_PER_REQUEST) as f64 / inserted_for.as_secs_f64();
    let seconds = |time: Duration| super::rounded(time.as_secs_f64());
    figures.add("seconds_until_acknowledged", seconds(sent_for));
    figures.add("seconds_until_inserted", seconds(inserted_for));
    figures.at_least("spans_per_second_inserted", rate, SPANS_PER_SECOND);
    figures.add("refused_requests", acks.refused);
    figures.add("ack_p50_ms_at_full_load", millis(acks.percentile(50)));
    figures.add("ack_p99_ms_at_full_load", millis(acks.percentile(99)));

    let half = full.div_ceil(2);
    eprintln!("-- {half} requests at half speed");
    let pace = inserted_for.mul_f64(2.0 / full as f64);
    let acks = send(&backend, &load, full..full + half, Some(pace))?;
    let total = (full + half) * SPANS_PER_REQUEST;
    wait_until_inserted(&backend, total)?;
    figures.add("ack_p50_ms_at_half_load", millis(acks.percentile(50)));
    let p99 = acks.percentile(99).as_secs_f64() * 1e3;
    figures.at_most("ack_p99_ms_at_half_load", p99, ACK_P99_MS);

    let inserted = Usage::of(&backend, engine)?;
    let at_rest = wait_for_merges(engine)?;
    let merged = Usage::of(&backend, engine)?;
    let per_span = |time: Duration| time.as_nanos() as f64 / total as f64;
    let collector = inserted.collector - before.collector;
    figures.at_most(
        "collector_cpu_ns_per_span",
        per_span(collector),
        COLLECTOR_NS,
    );
    let merges = merged.merges - before.merges;
    let inserts = (merged.engine - before.engine).saturating_sub(merges);
    figures.at_most(
        "engine_insert_cpu_ns_per_span",
        per_span(inserts),
        ENGINE_INSERT_NS,
    );
    figures.at_most(
        "engine_merge_cpu_ns_per_span",
        per_span(merges),
        ENGINE_MERGE_NS,
    );
    figures.add("merges_came_to_rest", at_rest);

    let parts = engine_parts::measure(&backend.engine_data())?;
    let bytes_per_span = parts.bytes as f64 / total as f64;
    figures.add("disk_bytes_per_span", super::rounded(bytes_per_span));
    figures.add("engine_parts", parts.count);
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let resident = process::peak_resident_bytes(backend.pid())?;
    figures.at_most(
        "collector_peak_resident_mib",
        mebibytes(resident),
        COLLECTOR_MIB,
    );
    let resident = mebibytes(process::peak_resident_bytes(engine)?);
    figures.add("engine_peak_resident_mib", super::rounded(resident));

    let traces = traces_told(&backend)?;
    figures.add("spans_sent", total);
    figures.add("spans_found_by_traces", traces * SPANS_PER_TRACE);
    if traces * SPANS_PER_TRACE != total {
        bail!(
            "{total} spans were acknowledged, the API tells of {traces} traces of {SPANS_PER_TRACE}"
        );
    }
    Ok(figures)
}

/// Time on processors so far.
struct Usage {
    collector: Duration,
    engine: Duration,
    /// Of `engine`, what its merging threads took.
    merges: Duration,
}

impl Usage {
    fn of(backend: &Backend, engine: u32) -> anyhow::Result<Self> {
        let by_thread = process::processor_time_by_thread(engine)?;
        let merges = by_thread
            .iter()
            .filter(|(name, _)| name.contains("Merge"))
            .map(|(_, time)| *time)
            .sum();
        Ok(Self {
            collector: process::processor_time(backend.pid())?,
            engine: process::processor_time(engine)?,
            merges,
        })
    }
}

/// How long acknowledgements took.
struct Acks {
    sorted: Vec<Duration>,
    /// Requests that were sent again because the collector was full.
    refused: u64,
}

impl Acks {
    fn percentile(&self, percent: usize) -> Duration {
        let place = self.sorted.len() * percent / 100;
        self.sorted
            .get(place.min(self.sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    }
}

/// Sends the requests of these numbers, one after the other on each connection; with a pace not faster than one in so
/// long. A request that falls behind its time is measured from that time.
fn send(
    backend: &Backend,
    load: &Load,
    requests: std::ops::Range<u64>,
    pace: Option<Duration>,
) -> anyhow::Result<Acks> {
    let next = AtomicU64::new(requests.start);
    let started = Instant::now();
    let sender = || -> anyhow::Result<Acks> {
        let mut connection = Connection::open(&backend.otlp)?;
        let mut acks = Acks {
            sorted: Vec::new(),
            refused: 0,
        };
        let mut body = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= requests.end {
                return Ok(acks);
            }
            if started.elapsed() > SEND_DEADLINE {
                bail!("{number} requests took longer than {SEND_DEADLINE:?}");
            }
            load.write(number, now(), &mut body);
            let since = match pace {
                Some(pace) => {
                    let due = started + pace.mul_f64((number - requests.start) as f64);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    due
                }
                None => Instant::now(),
            };
            acks.refused += post(&mut connection, &body, started)?;
            acks.sorted.push(since.elapsed());
        }
    };
    let results = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(sender)).collect();
        let joined = senders
            .into_iter()
            .map(|sender| sender.join().expect("a sender does not panic"));
        joined.collect::<anyhow::Result<Vec<Acks>>>()
    })?;
    let mut all = Acks {
        sorted: results
            .iter()
            .flat_map(|acks| acks.sorted.clone())
            .collect(),
        refused: results.iter().map(|acks| acks.refused).sum(),
    };
    all.sorted.sort_unstable();
    Ok(all)
}

/// Sends one request until it is taken. Returns how often it was refused.
fn post(connection: &mut Connection, body: &[u8], started: Instant) -> anyhow::Result<u64> {
    for refused in 0.. {
        let reply = connection.post("/v1/traces", body)?;
        match reply.status {
            // A partial success names what was rejected; a whole one is empty.
            200 if reply.body.is_empty() => return Ok(refused),
            429 | 503 if started.elapsed() < SEND_DEADLINE => {
                std::thread::sleep(reply.retry_after.unwrap_or(Duration::from_secs(1)));
            }
            status => bail!(
                "the collector answered {status}: {}",
                String::from_utf8_lossy(&reply.body)
            ),
        }
    }
    unreachable!("the numbers do not end")
}

fn wait_until_inserted(backend: &Backend, spans: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let inserted = backend.inserted_spans()?;
        if inserted >= spans {
            return Ok(());
        }
        if started.elapsed() > INSERT_DEADLINE {
            bail!("of {spans} spans {inserted} were inserted after {INSERT_DEADLINE:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the engine has nothing more to do. False if it had not come to rest in time.
fn wait_for_merges(engine: u32) -> anyhow::Result<bool> {
    eprintln!("-- waiting for merges");
    let started = Instant::now();
    let mut before = process::processor_time(engine)?;
    while started.elapsed() < MERGE_DEADLINE {
        std::thread::sleep(REST);
        let now = process::processor_time(engine)?;
        if (now - before).as_secs_f64() < REST.as_secs_f64() * REST_SHARE {
            return Ok(true);
        }
        before = now;
    }
    Ok(false)
}

/// How many traces the API counts.
fn traces_told(backend: &Backend) -> anyhow::Result<u64> {
    let reply = Connection::open(&backend.api)?.get("/api/v1/traces?limit=1")?;
    let told: serde_json::Value =
        serde_json::from_slice(&reply.body).context("parse the list of traces")?;
    told["total"]
        .as_u64()
        .with_context(|| format!("the API answered {}", reply.status))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

fn millis(time: Duration) -> f64 {
    super::rounded(time.as_secs_f64() * 1e3)
}
