//! Asks the reader what `cargo xtask bench store` wants to know, and tells how long each answer took.
//!
//! `questions URL DATABASE`; a question is a line of words on standard input, its answer's nanoseconds a line on standard
//! output.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::io::BufRead as _;
use std::time::Instant;

use coldtrace_model::{Nanos, RequestId, Tenant, TimeRange, TraceId, UnixNanos};
use coldtrace_store::reader::{
    AttributeFilter, InvocationFilter, InvocationSort, Narrowing, Reader,
};
use coldtrace_store::settle::Rollup;
use coldtrace_store::{Store, StoreConfig};

/// Spans of a trace that are shown at once.
const MOST_SPANS: usize = 10_000;
/// A page.
const PAGE: u32 = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(database)) = (arguments.next(), arguments.next()) else {
        panic!("expected URL and DATABASE");
    };
    let store = Store::connect(StoreConfig {
        url,
        user: "default".to_owned(),
        password: String::new(),
        database,
    });
    let reader = store.reader(Tenant::single());
    store.ping().await.expect("the store answers");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("questions are text");
        let started = Instant::now();
        let found = match line.as_str() {
            "settle" => settle(&store).await,
            line => answer(&reader, line).await,
        };
        let took = started.elapsed().as_nanos();
        assert!(found > 0, "nothing was found for `{line}`");
        println!("{took}");
    }
}

/// Settles everything, as the query service does in the background; how many windows.
async fn settle(store: &Store) -> usize {
    const WINDOWS: u32 = 500;
    /// Rows behind one statement, no more than the service has for any.
    const ROWS: u64 = 125_000;
    let settler = store.settler();
    let now = UnixNanos::now();
    let earliest = settler.earliest().await.expect("the store is read");
    let Some(earliest) = earliest else { return 0 };
    // The hour that it lies in.
    let from = earliest.minus(Rollup::FunctionHours.length());
    let range = TimeRange { from, to: now };
    let mut settled = 0;
    for rollup in Rollup::ALL {
        loop {
            let windows = settler.unsettled(rollup, range, now, WINDOWS).await;
            let mut windows = windows.expect("windows are read");
            if windows.is_empty() {
                break;
            }
            let mut rows = 0;
            let fitting = windows.iter().take_while(|window| {
                rows += window.row_count;
                rows <= ROWS
            });
            let fitting = fitting.count().max(1);
            windows.truncate(fitting);
            let done = settler.settle(rollup, &windows, now).await;
            done.expect("windows are settled");
            settled += windows.len();
        }
    }
    settled
}

/// How much was found.
async fn answer(reader: &Reader, line: &str) -> usize {
    let (kind, rest) = line.split_once(' ').expect("a question has words");
    match kind {
        "trace" => {
            let id: TraceId = rest.parse().expect("a trace id");
            let windows = reader.trace_windows(&[id]).await;
            let windows = windows.expect("windows are read");
            let spans = reader.spans(&windows, MOST_SPANS).await;
            spans.expect("spans are read").len()
        }
        "request" => {
            let id = RequestId::parse(rest).expect("a request id");
            let found = reader.invocations_of(&[id]).await;
            found.expect("invocations are read").len()
        }
        "newest" => {
            let (range, function) = range(rest);
            list(reader, range, Some(function), InvocationSort::Newest).await
        }
        "slowest" => {
            let (range, _) = range(rest);
            list(reader, range, None, InvocationSort::Slowest).await
        }
        "attribute" => {
            let (range, rest) = range(rest);
            let (key, value) = rest.split_once(' ').expect("a key and a value");
            let filter = AttributeFilter {
                range,
                key,
                value,
                limit: PAGE,
            };
            let spans = reader.spans_with(&filter).await;
            spans.expect("spans are read").len()
        }
        "series" => {
            let (range, function) = range(rest);
            let step = Nanos::from_millis(60 * 60 * 1_000);
            let series = reader.function_series(function, range, step).await;
            series.expect("series are read").len()
        }
        "map" => {
            let (range, _) = range(rest);
            reader.edges(range).await.expect("edges are read").len()
        }
        kind => panic!("`{kind}` is no question"),
    }
}

/// The first page of a list.
async fn list(
    reader: &Reader,
    range: TimeRange,
    function: Option<&str>,
    sort: InvocationSort,
) -> usize {
    let filter = InvocationFilter {
        range,
        function: function.map(str::to_owned),
        outcomes: Vec::new(),
        cold: None,
        only: Narrowing::default(),
        sort,
        after: None,
        limit: PAGE,
    };
    let page = reader.invocations(&filter).await;
    page.expect("invocations are read").items.len()
}

/// The two times at the beginning of these words, and the rest.
fn range(words: &str) -> (TimeRange, &str) {
    let mut words = words.splitn(3, ' ');
    let mut time = || {
        let word = words.next().expect("a time");
        UnixNanos(word.parse().expect("a time in nanoseconds"))
    };
    let (from, to) = (time(), time());
    (TimeRange { from, to }, words.next().unwrap_or_default())
}
