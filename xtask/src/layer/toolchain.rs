//! What the extension is built with: a compiler that knows the target, and zig, which links against an old glibc.
//!
//! The compiler is cargo's own where rustup has the target. Elsewhere, on Debian, it is that of Debian's packages, unpacked in the
//! cache folder: nothing is installed, and nobody needs to be root. What else is missing is told all at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::Architecture;
use crate::cache::{self, Key};
use crate::debian::{self, Apt};
use crate::run::quiet;
use crate::setup::{packages_of_python, python};

const REQUIREMENTS: &str = "xtask/src/layer/requirements.txt";
/// A rustc that Debian keeps as new as browsers need it, and what runs programs of the other machine.
const COMPILER: &str = "rustc-web";
const EMULATOR: &str = "qemu-user";
/// Of the other machine: what is linked, what the loader needs to run it.
const FOREIGN: [&str; 3] = ["libstd-rust-web-dev", "libc6", "libgcc-s1"];

/// For one architecture.
pub(super) struct Toolchain {
    pub(super) architecture: Architecture,
    pub(super) zigbuild: PathBuf,
    pub(super) zig: PathBuf,
    /// Debian's; cargo's own if there is none.
    pub(super) compiler: Option<Compiler>,
}

/// Debian's packages, unpacked.
pub(super) struct Compiler {
    pub(super) rustc: PathBuf,
    /// Its shared libraries.
    pub(super) libraries: PathBuf,
    /// Runs programs of the other machine.
    pub(super) emulator: PathBuf,
    /// Has the loader and the libraries of the other machine.
    pub(super) sysroot: PathBuf,
}

/// Looks for everything first, then fetches what can be.
pub(super) fn toolchains(architectures: &[Architecture]) -> anyhow::Result<Vec<Toolchain>> {
    let mut missing = Vec::new();
    let python = python();
    if python.is_none() {
        missing.push(
            "python3 with pip, which fetches zig (Debian: apt-get install python3-pip)".to_owned(),
        );
    }
    let is_debian = debian::is_here();
    for architecture in architectures {
        if !knows(*architecture) && !is_debian {
            let target = architecture.target();
            missing.push(format!(
                "Rust's standard library for {target} (rustup target add {target}; on Debian 12 it is fetched)"
            ));
        }
    }
    let (Some((python, version)), true) = (python, missing.is_empty()) else {
        bail!("missing on this machine:\n  {}", missing.join("\n  "));
    };
    let requirements = crate::workspace::root().join(REQUIREMENTS);
    let zig = packages_of_python("zig", &requirements, &python, &version)?;
    let toolchain = |architecture: &Architecture| {
        let compiler = match knows(*architecture) {
            true => None,
            false => Some(Compiler::fetch(*architecture)?),
        };
        Ok(Toolchain {
            architecture: *architecture,
            zigbuild: zig.join("bin/cargo-zigbuild"),
            zig: zig.join("ziglang/zig"),
            compiler,
        })
    };
    architectures.iter().map(toolchain).collect()
}

/// Whether cargo's own compiler has the target's standard library.
fn knows(architecture: Architecture) -> bool {
    let rustc = Path::new(env!("CARGO")).with_file_name("rustc");
    let mut ask = Command::new(rustc);
    ask.args([
        "--print",
        "target-libdir",
        "--target",
        architecture.target(),
    ]);
    let Ok(output) = ask.output() else {
        return false;
    };
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success() && Path::new(&folder).is_dir()
}

// === impl Compiler ===

impl Compiler {
    fn fetch(foreign: Architecture) -> anyhow::Result<Self> {
        let (own, other) = match foreign {
            Architecture::Arm64 => (Architecture::X86_64, foreign),
            Architecture::X86_64 => (Architecture::Arm64, foreign),
        };
        if !own.is_of_this_machine() {
            bail!(
                "Debian's compiler is fetched on x86_64 and aarch64 alone, and this is {}; use rustup target add {}",
                std::env::consts::ARCH,
                foreign.target()
            );
        }
        let key = Key::of(&[], &[COMPILER, EMULATOR, &FOREIGN.join(" "), own.debian()])?;
        let name = format!("rust-{}", other.debian());
        let folder = cache::made(&name, &key, |folder| unpack(folder, own, other))?;
        Ok(Self {
            rustc: folder.join("usr/bin/rustc"),
            libraries: folder.join(format!("usr/lib/{}-linux-gnu", own.linux())),
            emulator: folder.join(format!("usr/bin/qemu-{}", other.linux())),
            sysroot: folder,
        })
    }
}

/// What is needed of both machines.
fn unpack(folder: &Path, own: Architecture, other: Architecture) -> anyhow::Result<()> {
    let apt = Apt::updated(folder, &[own.debian(), other.debian()])?;
    let mut download = apt.get();
    download.args(["install", "--quiet", "--yes", "--download-only"]);
    download
        .arg("--no-install-recommends")
        .args([COMPILER, EMULATOR]);
    download.args(FOREIGN.map(|name| format!("{name}:{}", other.debian())));
    quiet("fetch Debian's rustc-web", &mut download)?;
    for package in apt.fetched()? {
        if is_wanted(&package, own, other) {
            debian::unpack(&package, folder)?;
        }
    }
    Ok(())
}

/// All of this machine's, and of the other's what is linked: not its compiler, which apt takes for needed.
fn is_wanted(package: &Path, own: Architecture, other: Architecture) -> bool {
    let name = package.file_name().unwrap_or_default().to_string_lossy();
    let is_of = |architecture: Architecture| {
        let all = name.ends_with("_all.deb");
        all || name.ends_with(&format!("_{}.deb", architecture.debian()))
    };
    let is_linked = FOREIGN
        .iter()
        .any(|wanted| name.starts_with(&format!("{wanted}_")));
    is_of(own) || is_of(other) && is_linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_other_machine_only_what_is_linked_is_unpacked() {
        let is_wanted = |package: &str| {
            is_wanted(
                Path::new(package),
                Architecture::X86_64,
                Architecture::Arm64,
            )
        };
        assert!(is_wanted("rustc-web_1.96.0+dfsg1-1_amd64.deb"));
        assert!(is_wanted("libstd-rust-web-dev_1.96.0+dfsg1-1_arm64.deb"));
        assert!(is_wanted("libc6_2.36-9_arm64.deb"));
        assert!(!is_wanted("libllvm22_1%3a22.1.8-1_arm64.deb"));
        assert!(!is_wanted("libstd-rust-web-1.96_1.96.0+dfsg1-1_arm64.deb"));
    }
}
