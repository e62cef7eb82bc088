//! Spans as functions send them, from a seed: what the benchmarks of the collector and of the store send.
//!
//! Requests are encoded beforehand, once per function and variant; what must differ from request to request (ids, times,
//! values of which there are many) has a fixed width and is written over in place. So a span costs the generator about as
//! much as copying it, and the same seed and number give the same bytes. Invariants: no span id comes twice in a
//! workload, the spans of an invocation stand in one request, and how many different values a key has is known
//! ([`Workload::distinct_values`]), because that decides how many bytes a span takes on disk.
//!
//! Requests come in pairs: the first traces of an odd request are what the request before it called, so that traces
//! cross functions.

use std::collections::BTreeMap;
use std::ops::Range;

mod attributes;
mod distinct;
mod export;
mod numbers;
mod template;
#[cfg(test)]
mod tests;
mod timeline;
mod trace;

use distinct::Counted;
pub(super) use distinct::Distinct;
use numbers::{Numbers, mixed};
use template::{Source, Template};
pub(super) use timeline::Timeline;

/// Functions, called about as often as Zipf has it: the n-th a n-th as often as the first.
pub(super) const FUNCTIONS: u64 = 40;
/// Spans of a request lie within so many nanoseconds, but for the end of long ones.
pub(super) const REQUEST_SPREAD_NS: u64 = 5_000_000_000;
/// Spans that are encoded beforehand for every function and half of a pair; what is the same in all requests of it.
const PREPARED_SPANS: u64 = 250;

/// What decides every byte.
#[derive(Clone, Copy)]
pub(super) struct Options {
    pub(super) seed: u64,
    pub(super) spans_per_request: u64,
    /// `ExportRequest` of coldtrace.v1, with three facts for every invocation, rather than plain OTLP.
    pub(super) facts: bool,
}

/// Requests, by their number.
pub(super) struct Workload {
    options: Options,
    /// Of every function, the templates of even and of odd requests.
    functions: Vec<[Vec<Template>; 2]>,
    /// Sums of the functions' weights.
    weights: Vec<u64>,
    counted: Counted,
}

// === impl Workload ===

impl Workload {
    /// Encodes all templates.
    pub(super) fn new(options: Options) -> Self {
        let mut counted = Counted::default();
        let variants = (PREPARED_SPANS / options.spans_per_request).max(1);
        let functions = (0..FUNCTIONS).map(|function| {
            [false, true].map(|called| {
                let template = |variant| {
                    let shape = trace::Shape {
                        function,
                        spans: options.spans_per_request,
                        called,
                    };
                    let seed = mixed(
                        options.seed ^ mixed(function << 32 | variant << 1 | u64::from(called)),
                    );
                    let mut request = trace::request(&shape, &mut Numbers::new(seed));
                    counted.count(&request);
                    match options.facts {
                        true => {
                            let export = export::wrapped(&mut request, &shape);
                            Template::encode(&export, &request.values)
                        }
                        false => Template::encode(&request.otlp, &request.values),
                    }
                };
                (0..variants).map(template).collect()
            })
        });
        let functions = functions.collect();
        let weights = (1..=FUNCTIONS).scan(0, |sum, rank| {
            *sum += 1_000_000 / rank;
            Some(*sum)
        });
        Self {
            options,
            functions,
            weights: weights.collect(),
            counted,
        }
    }

    /// Writes the request of this number into `body`. Its first span starts at `base` or later, Unix nanoseconds.
    pub(super) fn write(&self, number: u64, base: u64, body: &mut Vec<u8>) {
        let source = Source {
            seed: mixed(self.options.seed),
            request: number,
        };
        self.template(number).write(source, base, body);
    }

    /// How many requests hold so many spans.
    pub(super) fn requests(&self, spans: u64) -> u64 {
        spans.div_ceil(self.options.spans_per_request)
    }

    /// Invocations of these requests: one for every root span.
    pub(super) fn invocations(&self, requests: Range<u64>) -> u64 {
        requests
            .map(|number| self.template(number).invocations())
            .sum()
    }

    /// How many different values the attributes of a key have, ids included.
    pub(super) fn distinct_values(&self) -> BTreeMap<&str, Distinct> {
        self.counted.by_key()
    }

    fn template(&self, number: u64) -> &Template {
        let random = mixed(mixed(self.options.seed) ^ number);
        let total = self.weights.last().copied().unwrap_or(1);
        let function = self.weights.partition_point(|sum| *sum <= random % total);
        let templates = &self.functions[function][(number % 2) as usize];
        &templates[(random >> 40) as usize % templates.len()]
    }
}
