//! `cargo xtask layer`: builds the extension for Lambda's machines, has it packed, and sees it register.
//!
//! The zip and what is checked of the binary are `crates/layer`, which `coldtrace layer` has as well.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::run::{loud, quiet};
use crate::workspace;

mod registers;
mod toolchain;

use toolchain::{Toolchain, toolchains};

/// The glibc of Amazon Linux 2, on which Lambda's older runtimes stand.
const GLIBC: &str = "2.26";
const PACKAGE: &str = "coldtrace-extension";

/// For which machines, and where to.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For which functions.
    #[arg(long, value_enum, default_value_t = Which::All)]
    arch: Which,
    /// Where the zips go; target/layer if left out.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    #[value(name = "x86_64")]
    X86_64,
    Arm64,
    All,
}

/// A machine that Lambda has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Architecture {
    X86_64,
    Arm64,
}

/// Builds, packs and tries.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let toolchains = toolchains(arguments.arch.architectures())?;
    let mut binaries = Vec::new();
    for toolchain in &toolchains {
        binaries.push(build(root, toolchain)?);
    }
    let out = match &arguments.out {
        Some(folder) => std::path::absolute(folder).context("make the folder absolute")?,
        None => workspace::target().join("layer"),
    };
    let table = pack(root, &out, &binaries)?;
    eprint!("\n{table}\n");
    let mut failed = Vec::new();
    for (toolchain, binary) in toolchains.iter().zip(&binaries) {
        let architecture = toolchain.architecture;
        match registers::check(toolchain, binary) {
            Ok(outcome) => eprintln!("{:<7} {outcome}", architecture.lambda()),
            Err(error) => failed.push(format!("{}: {error:#}", architecture.lambda())),
        }
    }
    if !failed.is_empty() {
        bail!("it does not register:\n  {}", failed.join("\n  "));
    }
    eprintln!("in {}", out.display());
    Ok(())
}

/// Compiles, and links against an old glibc; returns the binary.
fn build(root: &Path, toolchain: &Toolchain) -> anyhow::Result<PathBuf> {
    let target = toolchain.architecture.target();
    let mut command = Command::new(&toolchain.zigbuild);
    command
        .args(["zigbuild", "--profile", "extension", "--package", PACKAGE])
        .args(["--target", &format!("{target}.{GLIBC}")])
        .arg("--target-dir")
        .arg(workspace::target())
        .current_dir(root)
        .env("CARGO", env!("CARGO"))
        .env("CARGO_ZIGBUILD_ZIG_PATH", &toolchain.zig)
        .env("CARGO_ENCODED_RUSTFLAGS", without_own_paths(root)?);
    if let Some(compiler) = &toolchain.compiler {
        command
            .env("RUSTC", &compiler.rustc)
            .env("LD_LIBRARY_PATH", &compiler.libraries);
    }
    loud(format!("cargo zigbuild ({target})"), &mut command)?;
    let built = workspace::target().join(target).join("extension");
    Ok(built.join(PACKAGE))
}

/// Panics name the file that they come from: without the folders of whoever builds, so that everybody's binary is the same.
fn without_own_paths(root: &Path) -> anyhow::Result<String> {
    let own = crate::cache::cargo_home()?;
    Ok(format!(
        "--remap-path-prefix={}=cargo\u{1f}--remap-path-prefix={}=coldtrace",
        own.display(),
        root.display()
    ))
}

/// By the code that users have; returns its table.
fn pack(root: &Path, out: &Path, binaries: &[PathBuf]) -> anyhow::Result<String> {
    let mut command = workspace::cargo(root);
    command
        .args(["run", "--quiet", "--package", "coldtrace-layer"])
        .args(["--example", "pack", "--"])
        .arg(out)
        .args(binaries);
    quiet("pack", &mut command)
}

// === impl Which, Architecture ===

impl Which {
    fn architectures(self) -> &'static [Architecture] {
        match self {
            Self::X86_64 => &[Architecture::X86_64],
            Self::Arm64 => &[Architecture::Arm64],
            Self::All => &[Architecture::X86_64, Architecture::Arm64],
        }
    }
}

impl Architecture {
    /// As Lambda calls it.
    fn lambda(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// As Linux calls it.
    fn linux(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// As Debian calls it.
    fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// As Rust calls it.
    fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    fn is_of_this_machine(self) -> bool {
        self.linux() == std::env::consts::ARCH
    }
}
