//! Counters, gauges and histograms, printed in Prometheus' text format.
//!
//! A handle is a few atomics behind an `Arc`: take it once, keep it, count per batch. The registry is asked only when a
//! handle is made and when the page is printed. Invariant: one name has one type and one help text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::error;

/// Upper bounds in seconds for how long something took: from a tenth of a millisecond to ten seconds.
const LATENCY_BOUNDS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// All metrics of a process. Clones share one set.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    families: Arc<Mutex<BTreeMap<String, Family>>>,
}

/// A number that only grows.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// How observations spread over fixed buckets.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Buckets>);

#[derive(Debug)]
struct Family {
    help: String,
    /// By the printed labels, so that the page is stable.
    series: BTreeMap<String, Series>,
}

#[derive(Clone, Debug)]
enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

#[derive(Debug)]
struct Buckets {
    bounds: Vec<f64>,
    /// One more than there are bounds: the last is for what exceeds them all.
    counts: Vec<AtomicU64>,
    /// The sum's bits as `f64`; updated by compare-and-swap.
    sum: AtomicU64,
}

// === impl Registry ===

impl Registry {
    /// No metrics yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of that name and those labels; made on the first call, shared by later ones.
    pub fn counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Counter {
        let made = || Series::Counter(Counter::default());
        match self.series(name, help, labels, made) {
            Some(Series::Counter(counter)) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of that name and those labels.
    pub fn gauge(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Gauge {
        let made = || Series::Gauge(Gauge::default());
        match self.series(name, help, labels, made) {
            Some(Series::Gauge(gauge)) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram of that name and those labels, with bounds for latencies in seconds.
    pub fn histogram(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Histogram {
        self.histogram_with(name, help, labels, &LATENCY_BOUNDS)
    }

    /// The same with bounds of one's own, in rising order.
    pub fn histogram_with(
        &self,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        bounds: &[f64],
    ) -> Histogram {
        let made = || Series::Histogram(Histogram::new(bounds));
        match self.series(name, help, labels, made) {
            Some(Series::Histogram(histogram)) => histogram,
            _ => Histogram::new(bounds),
        }
    }

    /// The page that Prometheus scrapes.
    pub fn render(&self) -> String {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = String::new();
        for (name, family) in families.iter() {
            family.render(name, &mut page);
        }
        page
    }

    /// `None` where the name is taken by another type: the caller's handle then counts for nobody, which is better
    /// than ending the process over a metric.
    fn series(
        &self,
        name: &str,
        help: &str,
        labels: &[(&str, &str)],
        made: impl FnOnce() -> Series,
    ) -> Option<Series> {
        // Held while a handle is made or the page is printed, never while counting.
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name.to_owned()).or_insert_with(|| Family {
            help: help.to_owned(),
            series: BTreeMap::new(),
        });
        let fresh = made();
        let kind = fresh.kind();
        if family
            .series
            .values()
            .next()
            .is_some_and(|first| first.kind() != kind)
        {
            error!(name, kind, "metric is registered already with another type");
            return None;
        }
        let series = family.series.entry(print_labels(labels)).or_insert(fresh);
        Some(series.clone())
    }
}

// === impl Counter, Gauge ===

impl Counter {
    /// One more.
    pub fn inc(&self) {
        self.add(1);
    }

    /// `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Adds to it; a negative number takes away.
    pub fn add(&self, change: i64) {
        self.0.fetch_add(change, Ordering::Relaxed);
    }

    /// The value now.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

// === impl Histogram ===

impl Histogram {
    fn new(bounds: &[f64]) -> Self {
        Self(Arc::new(Buckets {
            bounds: bounds.to_vec(),
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        }))
    }

    /// Notes one observation, in the histogram's unit.
    pub fn observe(&self, value: f64) {
        let buckets = &self.0;
        let bucket = buckets.bounds.partition_point(|bound| *bound < value);
        buckets.counts[bucket].fetch_add(1, Ordering::Relaxed);
        let add = |bits| Some((f64::from_bits(bits) + value).to_bits());
        // The closure always returns Some, so this always succeeds.
        buckets
            .sum
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .ok();
    }

    /// Notes how long something took, in seconds.
    pub fn observe_duration(&self, took: Duration) {
        self.observe(took.as_secs_f64());
    }
}

// === impl Family, Series ===

impl Family {
    fn render(&self, name: &str, page: &mut String) {
        let kind = self.series.values().next().map_or("untyped", Series::kind);
        let help = self.help.replace('\\', "\\\\").replace('\n', "\\n");
        put(
            page,
            format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"),
        );
        for (labels, series) in &self.series {
            series.render(name, labels, page);
        }
    }
}

impl Series {
    fn kind(&self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge(_) => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }

    fn render(&self, name: &str, labels: &str, page: &mut String) {
        let braced = match labels {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        match self {
            Self::Counter(counter) => put(page, format_args!("{name}{braced} {}\n", counter.get())),
            Self::Gauge(gauge) => put(page, format_args!("{name}{braced} {}\n", gauge.get())),
            Self::Histogram(histogram) => histogram.0.render(name, labels, &braced, page),
        }
    }
}

impl Buckets {
    fn render(&self, name: &str, labels: &str, braced: &str, page: &mut String) {
        let separator = if labels.is_empty() { "" } else { "," };
        let bounds = self.bounds.iter().map(f64::to_string);
        let mut total = 0;
        for (count, bound) in self.counts.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            total += count.load(Ordering::Relaxed);
            put(
                page,
                format_args!("{name}_bucket{{{labels}{separator}le=\"{bound}\"}} {total}\n"),
            );
        }
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        put(
            page,
            format_args!("{name}_sum{braced} {sum}\n{name}_count{braced} {total}\n"),
        );
    }
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text)
        .expect("writing to a String never fails");
}

fn print_labels(labels: &[(&str, &str)]) -> String {
    let printed: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let value = value
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    printed.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_prometheus_text() {
        let registry = Registry::new();
        let requests = |code| registry.counter("requests_total", "Requests.", &[("code", code)]);
        requests("200").add(3);
        requests("4\"0").inc();
        requests("200").inc();
        registry.gauge("held_bytes", "Held.", &[]).set(-2);
        let took =
            registry.histogram_with("took_seconds", "Took.", &[("op", "insert")], &[0.1, 1.0]);
        took.observe(0.1);
        took.observe(0.5);
        took.observe(7.0);
        let expected = "\
# HELP held_bytes Held.
# TYPE held_bytes gauge
held_bytes -2
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code=\"200\"} 4
requests_total{code=\"4\\\"0\"} 1
# HELP took_seconds Took.
# TYPE took_seconds histogram
took_seconds_bucket{op=\"insert\",le=\"0.1\"} 1
took_seconds_bucket{op=\"insert\",le=\"1\"} 2
took_seconds_bucket{op=\"insert\",le=\"+Inf\"} 3
took_seconds_sum{op=\"insert\"} 7.6
took_seconds_count{op=\"insert\"} 3
";
        assert_eq!(registry.render(), expected);
    }

    #[test]
    fn a_name_taken_by_another_type_keeps_its_first() {
        let registry = Registry::new();
        registry.counter("things", "Things.", &[]).add(5);
        registry.gauge("things", "Things.", &[]).set(1);
        assert!(
            registry
                .render()
                .contains("# TYPE things counter\nthings 5\n")
        );
    }
}
