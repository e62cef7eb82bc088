//! `cargo xtask bench ingest --stage` runs this: what a span costs in every stage of the collector, and what the machine
//! takes for the least that such a stage could do.
//!
//! Reads a file of requests, each behind its length (eight bytes, little-endian), and prints one JSON object. All times
//! are of this thread on the processor, but for the syncs, which are waited for. Not here: receiving, which needs another
//! process; the benchmark has it from the server that only receives.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::fs::{File, OpenOptions};
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use coldtrace_collector::stages;
use coldtrace_model::UnixNanos;
use serde_json::{Map, Value};

/// Every stage is repeated for about so long.
const ROUND: Duration = Duration::from_secs(1);
/// Spans of a block, about as many as the collector's.
const BLOCK_SPANS: u64 = 100_000;
/// Group commits between nearly idle and as large as a segment takes.
const SYNCED: [usize; 4] = [64 << 10, 256 << 10, 1 << 20, 8 << 20];
const SYNCS: usize = 15;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("expected a file of requests")?;
    let path = Path::new(&path);
    let bodies = bodies(path)?;
    let now = UnixNanos::now();
    let spans: u64 = bodies.iter().map(|body| stages::admit(body, now)).sum();
    if spans < BLOCK_SPANS {
        return Err("expected the spans of a block".into());
    }
    let mut figures = Map::new();
    let mut add = |name: &str, value: f64| {
        figures.insert(name.to_owned(), Value::from((value * 10.0).round() / 10.0));
    };
    let wire: usize = bodies.iter().map(Bytes::len).sum();
    let native = stages::build(&bodies, now).concat();
    add("stage_wire_bytes_per_span", wire as f64 / spans as f64);
    add(
        "stage_native_bytes_per_span",
        native.len() as f64 / spans as f64,
    );

    // Into memory that was touched before: new memory costs several times as much.
    let mut copy = Vec::with_capacity(wire);
    let wire_copy = per_span(spans, || {
        copy.clear();
        bodies.iter().for_each(|body| copy.extend_from_slice(body));
        copy.last().copied()
    })?;
    add("floor_memcpy_of_wire_ns_per_span", wire_copy);
    let admit = per_span(spans, || {
        bodies
            .iter()
            .map(|body| stages::admit(body, now))
            .sum::<u64>()
    })?;
    add("stage_admit_ns_per_span", admit);
    let checksum = per_span(spans, || {
        bodies
            .iter()
            .map(|body| crc32fast::hash(body))
            .fold(0, |sum, next| sum ^ next)
    })?;
    add("floor_log_checksum_ns_per_span", checksum);
    let mut log = scratch(path)?;
    let append = per_span(spans, || {
        append(&mut log, &bodies).expect("the disk takes the log")
    })?;
    add("floor_log_write_ns_per_span", append);
    let native_copy = per_span(spans, || {
        copy.clear();
        copy.extend_from_slice(std::hint::black_box(&native));
        copy.last().copied()
    })?;
    add("floor_memcpy_of_native_ns_per_span", native_copy);
    let build = per_span(spans, || stages::build(&bodies, now).len())?;
    add("stage_build_ns_per_span", build);
    let compress = per_span(spans, || lz4_flex::block::compress(&native).len())?;
    add("floor_lz4_of_native_ns_per_span", compress);
    for size in SYNCED {
        let took = sync(&mut log, size)?;
        add(
            &format!("floor_fsync_p50_ms_of_{}_kib", size >> 10),
            took.as_secs_f64() * 1e3,
        );
    }
    println!("{}", Value::Object(figures));
    Ok(())
}

fn bodies(path: &Path) -> Outcome<Vec<Bytes>> {
    let mut rest = Bytes::from(std::fs::read(path)?);
    let mut bodies = Vec::new();
    while !rest.is_empty() {
        let length = rest.split_to(8);
        let length = u64::from_le_bytes(length[..].try_into()?);
        bodies.push(rest.split_to(usize::try_from(length)?));
    }
    Ok(bodies)
}

/// Processor time of this thread for each span, over rounds that all do the same.
fn per_span<T>(spans: u64, mut round: impl FnMut() -> T) -> Outcome<f64> {
    // The first finds cold caches and grows what grows.
    std::hint::black_box(round());
    let (started, before) = (Instant::now(), thread_time()?);
    let mut rounds = 0;
    while started.elapsed() < ROUND {
        std::hint::black_box(round());
        rounds += 1;
    }
    let used = thread_time()? - before;
    Ok(used.as_nanos() as f64 / (rounds * spans) as f64)
}

fn thread_time() -> Outcome<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let time = text.split(' ').next().ok_or("schedstat has fields")?;
    Ok(Duration::from_nanos(time.parse()?))
}

/// A file beside the requests, gone with the process.
fn scratch(beside: &Path) -> Outcome<File> {
    let path = beside.with_extension("log");
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(true)
        .write(true)
        .open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// Over what is there, as the log recycles its segments.
fn append(log: &mut File, bodies: &[Bytes]) -> std::io::Result<()> {
    log.rewind()?;
    bodies.iter().try_for_each(|body| log.write_all(body))
}

/// The median time of a write of so many bytes and its sync.
fn sync(log: &mut File, size: usize) -> std::io::Result<Duration> {
    let bytes = vec![0x5a; size];
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        log.rewind()?;
        let started = Instant::now();
        log.write_all(&bytes)?;
        log.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times[SYNCS / 2])
}
