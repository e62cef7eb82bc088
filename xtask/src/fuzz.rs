//! `cargo xtask fuzz`: every target for a while, with libFuzzer, on the stable compiler.
//!
//! The targets are workspaces of their own (`proto/fuzz`, `collector/fuzz`, `crates/traceql/fuzz`), since all that they are made of is built with
//! coverage. Their corpus is small and checked in; what a run finds beside it is kept under their `target`. Ordinary tests
//! replay the corpus. An input that breaks something is left where libFuzzer says; with its test it becomes part of the corpus.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::run::{loud, quiet};
use crate::workspace;

/// Each target, and the folder of its workspace.
const TARGETS: [(&str, &str); 4] = [
    ("proto/fuzz", "wire"),
    ("proto/fuzz", "json"),
    ("collector/fuzz", "framing"),
    ("crates/traceql/fuzz", "query"),
];

/// Coverage as libFuzzer wants it: which edges were taken, and what was compared with what.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// An input that takes more is a finding: none is larger than a megabyte.
const MEMORY_MIB: u32 = 512;
/// The same, in seconds.
const SLOW: u32 = 10;
const INPUT_BYTES: u32 = 64 << 10;

/// Builds and runs the targets one after the other, `minutes` in all.
pub(crate) fn run(root: &Path, minutes: u32) -> anyhow::Result<()> {
    let seconds = minutes * 60 / u32::try_from(TARGETS.len()).expect("there are few");
    let host = quiet(
        "rustc",
        Command::new("rustc").args(["--print", "host-tuple"]),
    )?;
    let host = host.trim();
    for (folder, target) in TARGETS {
        build(&root.join(folder), host)?;
        fuzz(&root.join(folder), host, target, seconds)?;
    }
    Ok(())
}

/// For the host by name: build scripts are then built without coverage, which they could not be linked with.
fn build(folder: &Path, host: &str) -> anyhow::Result<()> {
    let mut command = workspace::cargo(folder);
    command
        .args(["build", "--release", "--bins", "--target-dir", "target"])
        .args(["--target", host])
        .env("RUSTFLAGS", COVERAGE);
    loud(format!("build {}", folder.display()), &mut command)
}

fn fuzz(folder: &Path, host: &str, target: &str, seconds: u32) -> anyhow::Result<()> {
    let found = folder.join("target/corpus").join(target);
    std::fs::create_dir_all(&found).with_context(|| format!("create {}", found.display()))?;
    let built = folder
        .join("target")
        .join(host)
        .join("release")
        .join(target);
    let mut command = Command::new(built);
    command
        .arg(&found)
        .arg(folder.join("corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-timeout={SLOW}"))
        .arg(format!("-max_len={INPUT_BYTES}"))
        .args(["-print_final_stats=1", "-verbosity=1"])
        .current_dir(folder.join("target"));
    // Words that chance would hardly find.
    let words = folder.join(format!("{target}.dict"));
    if words.is_file() {
        command.arg(format!("-dict={}", words.display()));
    }
    loud(format!("fuzz {target}"), &mut command)
}
