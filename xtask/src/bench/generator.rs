//! `cargo xtask bench workload`: what the generator of spans makes, and what it costs.

use super::workload::{Distinct, Options, Timeline, Workload};
use super::{Figures, process, rounded};

/// What a generator may take of the processor that it shares with what is measured.
const NS_PER_SPAN: f64 = 150.0;

pub(super) fn run(mut figures: Figures, options: Options, spans: u64) -> anyhow::Result<Figures> {
    let workload = Workload::new(options);
    let requests = workload.requests(spans);
    let timeline = Timeline::new(0..86_400_000_000_000, requests);
    let (mut body, mut bytes) = (Vec::new(), 0);
    let before = process::processor_time(std::process::id())?;
    for number in 0..requests {
        workload.write(number, timeline.at(number), &mut body);
        bytes += body.len();
    }
    let took = process::processor_time(std::process::id())? - before;
    let spans = (requests * options.spans_per_request) as f64;
    figures.add("seed", options.seed);
    figures.add("spans_per_request", options.spans_per_request);
    figures.add("invocations", workload.invocations(0..requests));
    figures.add("bytes_per_span", rounded(bytes as f64 / spans));
    figures.at_most(
        "generator_ns_per_span",
        took.as_nanos() as f64 / spans,
        NS_PER_SPAN,
    );
    for (key, distinct) in workload.distinct_values() {
        match distinct {
            Distinct::Values(values) => figures.add(&format!("distinct_values {key}"), values),
            Distinct::Every => figures.add(&format!("distinct_values {key}"), "every one"),
        }
    }
    Ok(figures)
}
