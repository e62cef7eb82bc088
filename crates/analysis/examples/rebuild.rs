//! Times the rebuild of a large synthetic trace: `cargo run --release --example rebuild -- SPANS ROUNDS`.
//!
//! Prints one line per shape: its name, then the median and the greatest time in nanoseconds. `cargo xtask bench explain`
//! reads it.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use coldtrace_analysis::{Evidence, rebuild};
use coldtrace_model::{Span, SpanKind};
use coldtrace_testkit::{at, resource, span, span_id};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| {
        text.parse::<u64>()
            .expect("an argument is a number: SPANS ROUNDS")
    });
    let spans = arguments.next().unwrap_or(100_000);
    let rounds = arguments.next().unwrap_or(11).max(1);
    let shapes: [(&str, fn(u64) -> u64); 3] = [
        ("wide", |_| 1),
        ("deep", |id| id - 1),
        ("tree", |id| id / 8 + 1),
    ];
    for (name, parent) in shapes {
        let evidence = Evidence {
            spans: trace(spans, parent),
            ..Evidence::default()
        };
        let mut times: Vec<Duration> = (0..rounds).map(|_| time(evidence.clone())).collect();
        times.sort_unstable();
        let median = times[times.len() / 2].as_nanos();
        let greatest = times[times.len() - 1].as_nanos();
        println!("{name} {median} {greatest}");
    }
}

fn time(evidence: Evidence) -> Duration {
    let start = Instant::now();
    let trace = black_box(rebuild(evidence));
    let took = start.elapsed();
    drop(trace);
    took
}

/// Spans of ten services with ten attributes each, in no order of time or place.
fn trace(count: u64, parent: fn(u64) -> u64) -> Vec<Span> {
    let resources: Vec<_> = (0..10).map(|n| resource(&format!("service-{n}"))).collect();
    let mut spans: Vec<Span> = (1..=count)
        .map(|id| {
            let start = id as f64 * 0.01;
            let mut built = span("GET /orders/{id}")
                .id(id)
                .kind(SpanKind::from_number((id % 4) as i32))
                .resource(&resources[(id % 10) as usize])
                .at(start, start + 50.0 + (id % 97) as f64);
            for n in 0..10_i64 {
                built = built.attribute("http.request.header", n);
            }
            let mut built = built.build();
            // The root is span 1; ids are spread as an SDK spreads them.
            built.parent_span_id = (id > 1).then(|| span_id(scattered(parent(id).min(id - 1))));
            built.span_id = span_id(scattered(id));
            if id == 1 {
                built.end = at(count as f64);
            }
            built
        })
        .collect();
    spans.sort_unstable_by_key(|span| span.span_id);
    spans
}

/// Another number for every number (an odd factor, modulo 2 to the 64th).
fn scattered(id: u64) -> u64 {
    id.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
