//! Times the rebuild of a large synthetic trace: `cargo run --release --example rebuild -- SPANS ROUNDS`.
//!
//! Prints one line per shape: its name, then the median and the greatest time on the processor in nanoseconds, of the rebuild alone and
//! of the rebuild with its findings. `cargo xtask bench explain` reads it.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::hint::black_box;
use std::time::Duration;

use coldtrace_analysis::{Evidence, findings, rebuild};
use coldtrace_model::{Span, SpanKind, UnixNanos};
use coldtrace_testkit::{EPOCH, resource, span};

/// Of the root span, in nanoseconds: enough for every span to have some.
const ROOT_LENGTH: u64 = 100_000_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| {
        text.parse::<u64>()
            .expect("an argument is a number: SPANS ROUNDS")
    });
    let spans = arguments.next().unwrap_or(100_000);
    let rounds = arguments.next().unwrap_or(11).max(1);
    // How many children each span has: all under one root, a chain, and something between.
    for (name, children) in [("wide", spans), ("deep", 1), ("tree", 8)] {
        let evidence = Evidence {
            spans: trace(spans, children),
            ..Evidence::default()
        };
        let times = (0..rounds).map(|_| time(evidence.clone()));
        let (alone, with_findings): (Vec<Duration>, Vec<Duration>) = times.unzip();
        let [median, greatest] = told(alone);
        let [median_of_all, greatest_of_all] = told(with_findings);
        println!("{name} {median} {greatest} {median_of_all} {greatest_of_all}");
    }
}

/// Of the rebuild, and of all.
fn time(evidence: Evidence) -> (Duration, Duration) {
    let start = processor_time();
    let trace = black_box(rebuild(evidence));
    let rebuilt = processor_time() - start;
    black_box(findings(&trace, &[]));
    (rebuilt, processor_time() - start)
}

/// The median and the greatest, in nanoseconds.
fn told(mut times: Vec<Duration>) -> [u128; 2] {
    times.sort_unstable();
    [times.len() / 2, times.len() - 1].map(|place| times[place].as_nanos())
}

/// Time that this thread spent on a processor, which does not depend on who else is at work.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.expect("the kernel tells the time of a thread"))
}

/// Spans of ten services with ten attributes each, in no order of time or place. Children follow each other inside their
/// parents.
fn trace(count: u64, children: u64) -> Vec<Span> {
    let resources: Vec<_> = (0..10).map(|n| resource(&format!("service-{n}"))).collect();
    let root = (EPOCH.0, EPOCH.0 + ROOT_LENGTH);
    let mut intervals = vec![root];
    let mut spans = Vec::new();
    for id in 1..=count {
        let mut built = span("GET /orders/{id}")
            .id(scattered(id))
            .kind(SpanKind::from_number((id % 4) as i32))
            .resource(&resources[(id % 10) as usize]);
        for n in 0..10_i64 {
            built = built.attribute("http.request.header", n);
        }
        if id > 1 {
            let parent = (id - 2) / children + 1;
            let (start, end) = intervals[parent as usize - 1];
            let slot = (end - start) / children;
            let inset = (slot / 10).min(1_000);
            let start = start + (id - 2) % children * slot + inset;
            intervals.push((start, start + slot.saturating_sub(2 * inset)));
            built = built.under(scattered(parent));
        }
        let mut built = built.build();
        let (start, end) = intervals[id as usize - 1];
        (built.start, built.end) = (UnixNanos(start), UnixNanos(end));
        spans.push(built);
    }
    spans.sort_unstable_by_key(|span| span.span_id);
    spans
}

/// Another number for every number (an odd factor, modulo 2 to the 64th).
fn scattered(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
