//! `cargo xtask bench extension`: what the extension takes from the function beside it.
//!
//! The real binary, as it is built for layers but linked for this machine, and an extension that does nothing, in turn in sandboxes
//! of their own. The platform is `crate::lambda`, the function is this process, the collector answers at once. What is billed
//! is measured in each invocation itself, from the runtime's asking for its next event to the extension's. Responses
//! do not wait for extensions on Lambda; what a function can wait for is its own export to the extension, told as `export`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;

use super::child::Process;
use super::workload::{Options, Workload};
use super::{Figures, process, rounded};
use crate::lambda::Lambda;
use crate::run::{loud, quiet, watched};
use crate::workspace;

mod memory;
mod sandbox;
mod share;

use sandbox::{Life, Place};
use share::Share;

// DESIGN 10. Megabytes of a thousand thousand bytes, as Lambda's limits are.
const BINARY_BYTES: f64 = 3e6;
const ZIPPED_BYTES: f64 = 1.5e6;
const HOLDING_MB: f64 = 16.0;
const AT_A_FULL_CORE: [Budget; 5] = [
    ("register_ms", Life::register_ms, 50, 2.0),
    ("first_next_ms", Life::first_next_ms, 50, 4.0),
    ("first_next_cpu_ms", Life::cpu_ms, 50, 5.0),
    ("resident_mb", Life::resident_mb, 50, 6.0),
    ("billed_steady_ms", Life::steady_ms, 99, 1.0),
];
const AT_THE_SHARE: [Budget; 1] = [("first_next_ms", Life::first_next_ms, 50, 60.0)];

/// Of the trace of an invocation in the sandboxes.
const SPANS: u64 = 10;
/// Times to the least that an extension takes, which hold on a busy machine too.
const OF_FLOOR: [(&str, Of); 3] = [
    ("register_of_floor", Life::register_ms),
    ("first_next_of_floor", Life::first_next_ms),
    ("first_next_cpu_of_floor", Life::cpu_ms),
];
/// Measured elsewhere at another time, for the same calls: they tell the order of magnitude.
const QUOTED: [(&str, &str); 2] = [
    (
        "quoted Rotel's extension",
        "17.8 MB, 18.6 MiB resident, registers after 8.8 ms, first next after 12.3 ms",
    ),
    (
        "quoted OpenTelemetry's extension",
        "30.2 MB, 25.1 MiB resident, registers after 7.5 to 10.6 ms, first next after 59 to 63 ms",
    ),
];

/// A measure of a life.
type Of = fn(&Life) -> &[f64];
/// Its name, the measure, which percentile, and what that may be at most.
type Budget = (&'static str, Of, usize, f64);

/// How much of it.
#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Sandboxes of each kind.
    #[arg(long, default_value_t = 200)]
    sandboxes: usize,
    /// Measure this binary instead of building one.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

pub(super) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<Figures> {
    let folder = tempfile::tempdir().context("create a temporary folder")?;
    let ours = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => build(root)?,
    };
    let floor = build_floor(root, folder.path())?;
    let mut figures = Figures::of_this_machine(root);
    figures.add("sandboxes", arguments.sandboxes);
    figures.add("invocations_each", sandbox::RARE + sandbox::STEADY);
    figures.add("spans_per_invocation", SPANS);
    let size = std::fs::metadata(&ours).context("ask for the binary's size")?;
    figures.at_most("binary_bytes", size.len() as f64, BINARY_BYTES);
    figures.at_most("binary_zipped_bytes", zipped(&ours)?, ZIPPED_BYTES);

    let collector = Collector::start(folder.path())?;
    let lambda = Lambda::open()?;
    let workload = Workload::new(Options {
        seed: 7,
        spans_per_request: SPANS,
        facts: false,
    });
    let place = Place {
        lambda: &lambda,
        collector: &collector.url,
        workload: &workload,
        folder: folder.path(),
        share: None,
    };
    let both = [ours.as_path(), floor.as_path()];
    let [whole, least] = lives(&place, both, arguments.sandboxes, "at a full core")?;
    tell(&mut figures, "", &whole, &AT_A_FULL_CORE);
    tell(&mut figures, "floor_", &least, &[]);
    for (name, of) in OF_FLOOR {
        let (ours, least) = (percentile(&whole, of, 50), percentile(&least, of, 50));
        figures.add(name, rounded(ours / least));
    }
    if let Some(share) = Share::of_128_mb() {
        let place = Place {
            share: Some(&share),
            ..place
        };
        let [whole, least] = lives(&place, both, arguments.sandboxes, "at the share of 128 MB")?;
        tell(&mut figures, "share_", &whole, &AT_THE_SHARE);
        tell(&mut figures, "share_floor_", &least, &[]);
    } else {
        figures.miss("share", "is not measured: no cgroup can be made here");
    }
    let busy = memory::busy_mb(&place, &ours)?;
    figures.add("resident_at_1000_spans_an_invocation_mb", rounded(busy));
    let holding = memory::holding_mb(&place, &ours)?;
    figures.at_most("resident_at_10000_spans_held_mb", holding, HOLDING_MB);
    figures.add("load_average_at_end", process::load_average());
    for (name, figure) in QUOTED {
        figures.add(name, figure);
    }
    Ok(figures)
}

/// In turn, so that both see the same machine.
fn lives(
    place: &Place<'_>,
    binaries: [&Path; 2],
    sandboxes: usize,
    what: &str,
) -> anyhow::Result<[Vec<Life>; 2]> {
    watched(&format!("sandboxes {what}"), || {
        let mut lives = [Vec::new(), Vec::new()];
        for _ in 0..sandboxes {
            for (binary, lives) in binaries.iter().zip(&mut lives) {
                lives.push(sandbox::live(place, binary)?);
            }
        }
        Ok(lives)
    })
}

/// Every figure of these sandboxes, and what they should not exceed.
fn tell(figures: &mut Figures, prefix: &str, lives: &[Life], budgets: &[Budget]) {
    let told: [(&str, Of); 7] = [
        ("register_ms", Life::register_ms),
        ("first_next_ms", Life::first_next_ms),
        ("first_next_cpu_ms", Life::cpu_ms),
        ("resident_mb", Life::resident_mb),
        ("billed_rare_ms", Life::rare_ms),
        ("billed_steady_ms", Life::steady_ms),
        ("export_ms", Life::export_ms),
    ];
    for (name, of) in told {
        if lives.iter().all(|life| of(life).is_empty()) {
            continue;
        }
        for percent in [50, 99] {
            let value = percentile(lives, of, percent);
            figures.add(&format!("{prefix}{name}_p{percent}"), rounded(value));
        }
    }
    for (name, of, percent, budget) in budgets {
        let value = percentile(lives, *of, *percent);
        figures.at_most(&format!("{prefix}{name}_p{percent}"), value, *budget);
    }
}

/// Of all values of all sandboxes.
fn percentile(lives: &[Life], of: Of, percent: usize) -> f64 {
    let mut values: Vec<f64> = lives.iter().flat_map(of).copied().collect();
    values.sort_by(f64::total_cmp);
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}

/// As it is built for layers, but linked against this machine's glibc.
fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let mut command = workspace::cargo(root);
    command.args(["build", "--profile", "extension"]);
    command.args(["--package", "coldtrace-extension"]);
    loud("cargo build --profile extension", &mut command)?;
    Ok(workspace::target().join("extension/coldtrace-extension"))
}

/// With the settings of the extension's profile; it is one file.
fn build_floor(root: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let binary = folder.join("do_nothing");
    let mut command = Command::new(Path::new(env!("CARGO")).with_file_name("rustc"));
    command
        .args(["--edition", "2024", "-C", "opt-level=z", "-C", "lto=fat"])
        .args(["-C", "codegen-units=1", "-C", "strip=symbols", "-o"])
        .arg(&binary)
        .arg(root.join("extension/examples/do_nothing.rs"));
    quiet("rustc", &mut command)?;
    Ok(binary)
}

/// About what it takes in a layer's zip.
fn zipped(binary: &Path) -> anyhow::Result<f64> {
    let program = "import sys, zlib; print(len(zlib.compress(open(sys.argv[1], 'rb').read(), 9)))";
    let mut command = Command::new("python3");
    let printed = quiet("zip", command.args(["-c", program]).arg(binary))?;
    printed.trim().parse().context("read a size")
}

/// Takes everything and says so at once, in a process of its own.
struct Collector {
    url: String,
    _process: Process,
}

// === impl Collector ===

impl Collector {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("find this program")?;
        let mut command = Command::new(own);
        command.args(["bench", "floor"]);
        let mut process = Process::start("collector", &mut command, folder)?;
        let address = process.wait_for(|process| {
            let printed = process.printed()?;
            Ok(printed.ends_with('\n').then(|| printed.trim().to_owned()))
        })?;
        Ok(Self {
            url: format!("http://{address}"),
            _process: process,
        })
    }
}
