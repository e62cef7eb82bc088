//! `cargo xtask bench alerts`: what a thousand rules over five hundred functions take of a processor, each minute anew.
//!
//! Coldtrace runs whole (`coldtrace up`), beside an engine in a process of its own, so that each tells what it took by itself. Invocations of a month are written by
//! the engine and settled. Rules are first evaluated ten minutes back; started again without a delay, the service catches up, and each minute is an evaluation of all rules
//! on what is really stored. What it takes besides, between minutes, is seen in the minutes after that. From all of it is taken what the same service takes without alerts.

mod data;
mod rules;
mod service;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;

use super::store::{Programs, Server, settle};
use super::{Figures, process, rounded};
use crate::workspace;
use service::Service;

/// Of a processor, in percent.
const SHARE: f64 = 5.0;
/// The longest that the configuration allows: so far back the first evaluation is.
const DELAY: &str = "10m";
/// What it catches up at least, the first included, in which the past is read.
const CAUGHT_UP: f64 = 10.0;
/// For it to do so.
const DEADLINE: Duration = Duration::from_secs(300);
/// Between two looks at its metrics.
const LOOK: Duration = Duration::from_millis(50);
const MINUTE: f64 = 60.0;

/// How long.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How often it catches up.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Minutes without alerts, and as many with them.
    #[arg(long, default_value_t = 3)]
    minutes: u32,
}

/// What both processes took so far.
#[derive(Clone, Copy)]
struct Taken {
    at: Instant,
    minutes: f64,
    /// Of processors, in seconds.
    own: f64,
    engine: f64,
}

/// What they took in a while.
#[derive(Clone, Copy, Default)]
struct Spent {
    seconds: f64,
    minutes: f64,
    own: f64,
    engine: f64,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    let programs = Programs::build(root)?;
    let mut figures = Figures::of_this_machine(root);
    let server = Server::start(&programs)?;
    let folder = tempfile::Builder::new()
        .prefix("bench-alerts-")
        .tempdir_in(workspace::target())
        .context("create a folder for the service")?;
    let live = Duration::from_secs(60) * arguments.minutes;

    eprintln!("-- without alerts");
    let start = |name: &str, settings: &[(&str, &str)]| {
        Service::start(&programs, &server, &folder.path().join(name), settings)
    };
    let off = start("off", &[("COLDTRACE_ALERTS__ENABLED", "false")])?;
    data::write(&server)?;
    let settling = settle(&programs, &server)?;
    let idle = spent_in(live, &off, &server)?;
    let idle_memory = process::resident_bytes(off.pid())?;
    drop(off);

    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, rules::text()).context("write the rules")?;
    let rules = rules.to_string_lossy().into_owned();
    let (mut caught_up, mut first, mut after) = (Spent::default(), Spent::default(), None);
    let (mut memory, mut transitions) = (0, 0.0);
    for round in 1..=arguments.rounds {
        eprintln!("-- round {round}: behind by {DELAY}, and caught up");
        let name = format!("round-{round}");
        let settings = |delay| {
            [
                ("COLDTRACE_ALERTS__RULES", rules.as_str()),
                ("COLDTRACE_ALERTS__STARTER_RULES", "false"),
                ("COLDTRACE_ALERTS__DELAY", delay),
            ]
        };
        let behind = start(&name, &settings(DELAY))?;
        let began = Taken::by(&behind, &server)?;
        let evaluated = until(1.0, &behind, &server)?;
        first = first.and(evaluated.since(began));
        drop(behind);
        settle(&programs, &server)?;
        let service = start(&name, &settings("0s"))?;
        let began = until(1.0, &service, &server)?;
        let ended = until(CAUGHT_UP, &service, &server)?;
        let in_force = service.metric("coldtrace_alerts_rules")?;
        ensure!(
            in_force == rules::COUNT as f64,
            "{in_force} rules are in force"
        );
        caught_up = caught_up.and(ended.since(began));
        if round == arguments.rounds {
            after = Some(spent_in(live, &service, &server)?);
            transitions = service.metric("coldtrace_alerts_transitions_total")?;
        }
        memory = memory.max(process::peak_resident_bytes(service.pid())?);
    }
    let (caught_up, first) = (caught_up.without(idle), first.without(idle));
    let after = after.unwrap_or_default().without(idle);

    let own = caught_up.own / caught_up.minutes.max(1.0);
    let engine = caught_up.engine / caught_up.minutes.max(1.0);
    // What is done each few seconds, whether a minute is due or not.
    let between = (after.own - own * after.minutes).max(0.0) / after.seconds.max(1.0);
    let rounds = f64::from(arguments.rounds.max(1));
    let mebibytes = |bytes: u64| rounded(bytes as f64 / 1_048_576.0);
    figures.add("rules", rules::COUNT);
    figures.add("functions", data::FUNCTIONS);
    figures.add("seconds_to_settle", rounded(settling));
    figures.add("evaluations", caught_up.minutes);
    figures.add("transitions_of_last_round", transitions);
    figures.add(
        "idle_own_cpu_percent",
        rounded(percent(idle.own, idle.seconds)),
    );
    figures.add(
        "idle_engine_cpu_percent",
        rounded(percent(idle.engine, idle.seconds)),
    );
    figures.add("own_cpu_ms_per_evaluation", rounded(own * 1e3));
    figures.add("engine_cpu_ms_per_evaluation", rounded(engine * 1e3));
    figures.add("own_cpu_percent_between", rounded(between * 100.0));
    let share = |every: f64| percent(own, every) + between * 100.0;
    figures.at_most("own_cpu_percent_every_minute", share(MINUTE), SHARE);
    figures.at_most(
        "own_cpu_percent_every_30_seconds",
        share(MINUTE / 2.0),
        SHARE,
    );
    figures.add("live_minutes_evaluated", after.minutes);
    figures.add(
        "live_own_cpu_percent",
        rounded(percent(after.own, after.seconds)),
    );
    figures.add(
        "live_engine_cpu_percent",
        rounded(percent(after.engine, after.seconds)),
    );
    figures.add(
        "first_evaluation_own_cpu_ms",
        rounded(first.own / rounds * 1e3),
    );
    figures.add(
        "first_evaluation_engine_cpu_ms",
        rounded(first.engine / rounds * 1e3),
    );
    figures.add("first_evaluation_seconds", rounded(first.seconds / rounds));
    figures.add("idle_resident_mib", mebibytes(idle_memory));
    figures.add("peak_resident_mib", mebibytes(memory));
    Ok(figures)
}

/// What is taken in so long.
fn spent_in(length: Duration, service: &Service, server: &Server) -> anyhow::Result<Spent> {
    let began = Taken::by(service, server)?;
    std::thread::sleep(length);
    Ok(Taken::by(service, server)?.since(began))
}

/// What was taken when so many minutes were evaluated.
fn until(minutes: f64, service: &Service, server: &Server) -> anyhow::Result<Taken> {
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        let taken = Taken::by(service, server)?;
        if taken.minutes >= minutes {
            return Ok(taken);
        }
        std::thread::sleep(LOOK);
    }
    bail!("{minutes} minutes were not evaluated in {DEADLINE:?}")
}

fn percent(part: f64, whole: f64) -> f64 {
    part / whole.max(f64::MIN_POSITIVE) * 100.0
}

// === impl Taken ===

impl Taken {
    fn by(service: &Service, server: &Server) -> anyhow::Result<Self> {
        Ok(Self {
            minutes: service.metric("coldtrace_alerts_minutes_total")?,
            at: Instant::now(),
            own: process::processor_time(service.pid())?.as_secs_f64(),
            engine: process::processor_time(server.pid())?.as_secs_f64(),
        })
    }

    fn since(self, before: Self) -> Spent {
        Spent {
            seconds: (self.at - before.at).as_secs_f64(),
            minutes: self.minutes - before.minutes,
            own: self.own - before.own,
            engine: self.engine - before.engine,
        }
    }
}

// === impl Spent ===

impl Spent {
    fn and(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            minutes: self.minutes + other.minutes,
            own: self.own + other.own,
            engine: self.engine + other.engine,
        }
    }

    /// Without what is taken anyway in as long.
    fn without(self, idle: Self) -> Self {
        let share = self.seconds / idle.seconds.max(f64::MIN_POSITIVE);
        Self {
            own: (self.own - idle.own * share).max(0.0),
            engine: (self.engine - idle.engine * share).max(0.0),
            ..self
        }
    }
}
