//! What a thousand rules over five hundred functions take, a minute after the other: `cargo run --release -p coldtrace-alerts
//! --example thousand`.
#![allow(clippy::print_stdout, reason = "it is there to print")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use coldtrace_alerts::{
    Aggregate, Defined, FunctionCounts, Histogram, History, Plan, Tracker, Watch, parse_file,
};
use coldtrace_model::{Nanos, UnixNanos};

const MINUTE: u64 = 60_000_000_000;
const FUNCTIONS: u64 = 500;
const RULES: usize = 1_000;
const WARM_UP: u64 = 7 * 24 * 60;
const MEASURED: u64 = 120;

fn main() {
    let half = "scope = { functions = ['*NAME'] }";
    measure("each about one function", half);
    measure("each about all functions", "");
}

fn measure(title: &str, scope: &str) {
    let rules: Vec<Defined> = (0..RULES).flat_map(|place| rule(place, scope)).collect();
    let mut plan = Plan::new("default", rules, HashMap::new());
    let mut history = History::new(plan.need());
    let start = 8 * 7 * 24 * 60;
    for hour in history.wants(UnixNanos(start * MINUTE)).hours {
        history.hour(hour, counts(hour.0 / MINUTE, 60));
    }
    for minute in start - WARM_UP.min(120)..start {
        history.minute(UnixNanos(minute * MINUTE), counts(minute, 1));
    }
    let mut tracker = Tracker::default();
    let (mut told, mut judged) = (0, 0);
    let (mut remembered, mut spent) = (Vec::new(), Vec::new());
    for minute in start..start + MEASURED {
        let at = UnixNanos((minute + 1) * MINUTE);
        let counts = counts(minute, 1);
        let begin = Instant::now();
        history.minute(UnixNanos(minute * MINUTE), counts);
        remembered.push(begin.elapsed());
        let begin = Instant::now();
        let judgements = plan.evaluate(&history, at, &[], Watch::Only(tracker.watched()));
        let applied = tracker.apply(at, &plan, &judgements);
        spent.push(begin.elapsed());
        judged += judgements.len();
        told += applied.transitions.len();
    }
    println!("{RULES} rules, {title}, {FUNCTIONS} functions, {MEASURED} minutes:");
    println!("  the first evaluation {:.1} ms", millis(spent.remove(0)));
    println!("  an evaluation {}", spread(spent));
    println!("  a minute taken in {}", spread(remembered));
    println!(
        "  history {:.1} MB, {judged} judgements in words, {told} transitions",
        history.bytes() as f64 / 1e6
    );
}

/// Some of every kind, most with the same few windows.
fn rule(place: usize, scope: &str) -> Vec<Defined> {
    let scope = scope.replace("NAME", &format!("-{}", place as u64 % FUNCTIONS));
    let when = match place % 10 {
        0 => "kind = 'burn_rate'\nobjective = '99%'".to_owned(),
        1 => "kind = 'cold_start_budget'\ninit = '2s'\nshare = '5%'\nwindow = '1h'".to_owned(),
        2 => "kind = 'absence'\nwindow = '15m'\nseen_within = '1d'".to_owned(),
        3 => "kind = 'deviation'\nmeasure = 'p95'\nwindow = '30m'\nfactor = 2.5".to_owned(),
        4 => "kind = 'ratio'\nof = 'p99'\nto = 'p50'\nabove = 20\nwindow = '15m'".to_owned(),
        5 => "kind = 'threshold'\nmeasure = 'cost'\nabove = '$9'\nwindow = '7d'".to_owned(),
        other => {
            let measure = ["p99", "error_rate", "p95", "timeouts"][other - 6];
            let above = ["'4s'", "'20%'", "'3s'", "100"][other - 6];
            let window = ["5m", "10m", "15m", "30m", "1h", "2h"][place / 10 % 6];
            format!(
                "kind = 'threshold'\nmeasure = '{measure}'\nabove = {above}\nwindow = '{window}'"
            )
        }
    };
    let text = format!("[[rule]]\nname = 'rule {place}'\n{scope}\n[rule.when]\n{when}\n");
    let file = parse_file("thousand.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let rules = file.rules.into_iter();
    rules
        .map(|rule| Defined {
            id: rule.file_id(),
            rule,
        })
        .collect()
}

/// Two versions of each function, most of them busy; a few fail for a while.
fn counts(minute: u64, minutes: u64) -> Vec<FunctionCounts> {
    let mut counts = Vec::new();
    for function in 0..FUNCTIONS {
        for version in 0..2 {
            let noise = mixed(minute ^ (function << 32) ^ (version << 60));
            let invocations = (noise % 60 + 1) * minutes;
            let fails = function % 100 == 7 && minute / 20 % 3 == 1;
            let lengths = (0..30_u64).map(|place| {
                let length = Nanos::from_millis(20 + mixed(noise ^ place) % 400 * (1 + place / 25));
                (length, (invocations as u32 / 30).max(1))
            });
            let durations = Histogram::of(&lengths.collect::<Vec<_>>());
            counts.push(FunctionCounts {
                function: format!("function-{function}"),
                version: version.to_string(),
                aggregate: Aggregate {
                    invocations,
                    errors: if fails {
                        invocations / 2
                    } else {
                        noise % 7 / 6
                    },
                    cold_starts: 1,
                    duration: Nanos::from_millis(invocations * 200),
                    billed: Nanos::from_millis(invocations * 200),
                    cost: invocations * 400,
                    max: Nanos::from_millis(900),
                    memory_share: 0.5,
                    durations,
                    inits: Histogram::of(&[(Nanos::from_millis(300 + noise % 300), 1)]),
                    ..Aggregate::default()
                },
            });
        }
    }
    counts
}

/// Murmur's last step: the same numbers in each run.
fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let number = (number ^ number >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    number ^ number >> 33
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    let most = times.last().copied().unwrap_or_default();
    format!(
        "{:.1} ms (median), {:.1} ms (most)",
        millis(middle),
        millis(most)
    )
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
