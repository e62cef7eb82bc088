//! `cargo xtask bench query`: how long every list and figure of the HTTP API takes over a week of spans, and how many rows the
//! engine reads for it.
//!
//! Spans take our own path: OTLP over HTTP to `coldtrace collector`; the lines and findings beside them are written by the engine.
//! All of it is settled. Each kind of question is asked twice over, with other values the second time, which is the one that
//! counts: so the engine's files are in memory, as they are where a page is looked at, and no answer is.

mod questions;
mod service;

pub(super) use service::Service;

use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;

use super::store::{self, DATABASE, Load, Programs, Server, parse_spans, settle};
use super::{Figures, percentile, rounded};
use questions::Kind;

/// How much.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Spans, such as 20m.
    #[arg(long, default_value = "20m", value_parser = parse_spans)]
    spans: u64,
    /// Questions of each kind.
    #[arg(long, default_value_t = 20)]
    questions: u64,
    /// Only kinds with this in their name.
    #[arg(long)]
    only: Option<String>,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    let programs = Programs::build(root)?;
    let mut figures = Figures::of_this_machine(root);
    let load = Load::new(arguments.spans)?;
    let server = Server::start(&programs)?;
    eprintln!("-- {} spans into the store", load.spans());
    store::load(&programs, &server, &load)?;
    beside(&server, &load)?;
    eprintln!("-- settling");
    figures.add("spans", load.spans());
    figures.add(
        "invocations",
        server.number(&format!(
            "SELECT uniqExact(request_id) FROM {DATABASE}.invocations"
        ))?,
    );
    figures.add(
        "lines",
        server.number(&format!("SELECT count() FROM {DATABASE}.logs"))?,
    );
    figures.add("seconds_to_settle", rounded(settle(&programs, &server)?));
    let service = Service::start(&programs, &server)?;
    let wanted = |kind: &Kind| {
        arguments
            .only
            .as_ref()
            .is_none_or(|part| kind.name.contains(part.as_str()))
    };
    let kinds = questions::kinds(&server, &load.range, arguments.questions)?;
    for kind in kinds.into_iter().filter(wanted) {
        ask(&server, &service, &kind, &mut figures)?;
    }
    Ok(figures)
}

/// What the workload has none of: four lines for each invocation, and what an hourly look at functions notes.
fn beside(server: &Server, load: &Load) -> anyhow::Result<()> {
    server.run(
        &format!(
            "INSERT INTO {DATABASE}.logs (tenant, keep_days, ts, service, source, request_id, severity, body)
            SELECT tenant, keep_days, addMilliseconds(ts, line), function, 'function', request_id,
                if(cityHash64(request_id, line) % 50 = 0, 17, 9),
                concat(['cart loaded', 'payment asked for', 'stock looked up', 'answer sent'][line], ' for customer ',
                    toString(cityHash64(request_id) % 100000), ' in ', toString(cityHash64(request_id, line) % 900), ' ms')
            FROM {DATABASE}.invocations ARRAY JOIN [1, 2, 3, 4] AS line"
        ),
        "",
        &[],
    )?;
    let [from, to] = [load.range.start, load.range.end].map(|nanos| nanos / 1_000_000_000);
    server.run(
        &format!(
            "INSERT INTO {DATABASE}.findings (tenant, keep_days, function, kind, about, at, title, text, confidence, seen, share)
            SELECT 'default', 30, function, ['n_plus_one', 'slow_dependency', 'cold_start'][kind], 'db',
                arrayJoin(range({from}, {to}, 3600)), 'a title', 'a text', 'high', 1000, 0.5
            FROM (SELECT DISTINCT function FROM {DATABASE}.invocations) AS functions ARRAY JOIN [1, 2, 3] AS kind"
        ),
        "",
        &[],
    )?;
    Ok(())
}

fn ask(
    server: &Server,
    service: &Service,
    kind: &Kind,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    eprintln!("-- {}", kind.name);
    for path in &kind.before {
        service.get(path)?;
    }
    let since = server.number("SELECT toUnixTimestamp64Micro(now64(6))")?;
    let (mut millis, mut bytes) = (Vec::new(), 0);
    for path in &kind.asked {
        let started = Instant::now();
        bytes += service.get(path)?.len();
        millis.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let read = server
        .read_since(DATABASE, since)
        .context("ask the engine what it read")?;
    millis.sort_unstable_by(f64::total_cmp);
    let asked = kind.asked.len().max(1) as f64;
    let title = |what: &str| format!("{} {what}", kind.name);
    figures.add(&title("p50_ms"), rounded(percentile(&millis, 50)));
    figures.at_most(&title("p95_ms"), percentile(&millis, 95), kind.most_millis);
    figures.add(&title("rows"), (read.rows / asked).round());
    figures.add(&title("read_kib"), (read.bytes / asked / 1024.0).round());
    figures.add(
        &title("answer_kib"),
        (bytes as f64 / asked / 1024.0).round(),
    );
    Ok(())
}
