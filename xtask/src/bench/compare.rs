//! `cargo xtask bench compare`: whether the question "why are these slow?" is answered with what made them slow, and how soon.
//!
//! Each data set has a value that was planted: its invocations take longer by a factor. Around it stand keys whose frequent values are
//! innocent, an id, and decoys that mostly go with the planted one. Seeds are drawn when it runs and told where the answer was
//! wrong. Rows are written by the engine itself; they are settled and asked for as in service: by the reader's example, and over
//! HTTP from `coldtrace query`.

mod data;

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;

use super::query::Service;
use super::store::{Programs, Server, parse_spans, settle};
use super::{Figures, percentile, process, rounded};
use data::{DataSet, FUNCTION};

/// Of the data sets, those where the planted value must be told first.
const FOUND: f64 = 0.95;
/// For an answer, in seconds.
const PATIENCE: f64 = 1.0;
/// Of each data set: the first finds no file in memory that writing did not leave there.
const ASKED: usize = 3;

/// How many and how large.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Data sets.
    #[arg(long, default_value_t = 20)]
    sets: u64,
    /// Invocations of each, such as 1m.
    #[arg(long, default_value = "1m", value_parser = parse_spans)]
    invocations: u64,
    /// The seed of the first data set, to have one again.
    #[arg(long)]
    seed: Option<u64>,
}

/// What came of a data set.
struct Answered {
    is_found: bool,
    /// What was told instead.
    first: String,
    seconds: Vec<f64>,
    /// Of the engine, on processors.
    processor_seconds: Vec<f64>,
    settling: f64,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    let programs = Programs::build(root)?;
    let server = Server::start(&programs)?;
    let query = Service::start(&programs, &server)?;
    let mut figures = Figures::of_this_machine(root);
    let first = arguments.seed;
    let first = first.unwrap_or_else(|| RandomState::new().hash_one("seed") >> 16);
    figures.add("sets", arguments.sets);
    figures.add("invocations", arguments.invocations);
    figures.add("first_seed", first);
    let (mut found, mut seconds, mut settling) = (0_u64, Vec::new(), Vec::new());
    let mut processor_seconds = Vec::new();
    for seed in first..first + arguments.sets {
        let set = DataSet::new(seed, arguments.invocations)?;
        let answered = ask(&programs, &server, &query, &set)?;
        found += u64::from(answered.is_found);
        eprintln!(
            "-- seed {seed}: {} {}, in {:.3} s, settled in {:.1} s; {set}",
            if answered.is_found {
                "found"
            } else {
                "MISSED, told was"
            },
            answered.first,
            answered.seconds[0],
            answered.settling,
        );
        seconds.extend(answered.seconds);
        processor_seconds.extend(answered.processor_seconds);
        settling.push(answered.settling);
    }
    let share = found as f64 / arguments.sets.max(1) as f64;
    figures.at_least("planted_is_first_share", share, FOUND);
    seconds.sort_unstable_by(f64::total_cmp);
    settling.sort_unstable_by(f64::total_cmp);
    processor_seconds.sort_unstable_by(f64::total_cmp);
    figures.add("answer_seconds_p50", rounded(percentile(&seconds, 50)));
    figures.at_most("answer_seconds_p95", percentile(&seconds, 95), PATIENCE);
    figures.add("answer_seconds_max", rounded(percentile(&seconds, 100)));
    let processor = percentile(&processor_seconds, 50);
    figures.add("answer_engine_cpu_seconds_p50", rounded(processor));
    figures.add("settle_seconds_p50", rounded(percentile(&settling, 50)));
    Ok(figures)
}

fn ask(
    programs: &Programs,
    server: &Server,
    query: &Service,
    set: &DataSet,
) -> anyhow::Result<Answered> {
    set.write(server)?;
    let settling = settle(programs, server)?;
    let path = format!(
        "/api/v1/compare?from={}&to={}&function={FUNCTION}&slowest={}",
        set.range.start, set.range.end, set.slowest
    );
    let (mut seconds, mut processor_seconds) = (Vec::new(), Vec::new());
    let mut items = Value::Null;
    for _ in 0..ASKED {
        let before = process::processor_time(server.pid())?;
        let started = Instant::now();
        let text = query.get(&path)?;
        seconds.push(started.elapsed().as_secs_f64());
        let took = process::processor_time(server.pid())?.saturating_sub(before);
        processor_seconds.push(took.as_secs_f64());
        let reply: Value = serde_json::from_str(&text).context("the answer is no JSON")?;
        let count = |side: &str| -> u64 {
            let count = reply[side]["invocations"].as_str();
            count.and_then(|count| count.parse().ok()).unwrap_or(0)
        };
        let compared = count("selected") + count("rest");
        ensure!(
            compared == set.invocations,
            "of {} invocations {compared} were compared",
            set.invocations
        );
        items = reply["items"].clone();
    }
    let first = |name: &str| items[0][name].as_str().unwrap_or("nothing").to_owned();
    let (key, value) = (first("key"), first("value"));
    Ok(Answered {
        is_found: (key.as_str(), value.as_str()) == (&set.planted_key(), data::PLANTED),
        first: format!("{key} = {value}"),
        seconds,
        processor_seconds,
        settling,
    })
}
