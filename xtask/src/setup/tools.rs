//! Which tools of the machine are used, and what is missing, told all at once with how to install it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use super::alertmanager::Alertmanager;
use crate::run::quiet;

/// Prints where it is and its version.
const WHICH_PYTHON: [&str; 2] = [
    "-c",
    "import sys; print(sys.executable, sys.version.split()[0])",
];
/// What a browser may be called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The tools that were found.
pub(crate) struct Tools {
    pub(crate) python: PathBuf,
    /// Part of the cache key of packages.
    pub(crate) python_version: String,
    pub(crate) node: PathBuf,
    pub(crate) node_version: String,
}

impl Tools {
    /// Looks for everything before anything is fetched. Installs a browser where this user may.
    pub(crate) fn find(tests: bool) -> anyhow::Result<Self> {
        let mut missing = Vec::new();
        let python = version("python3", &WHICH_PYTHON);
        if python.is_none() {
            missing.push("python3 (Debian: apt-get install python3 python3-pip)");
        } else if version("python3", &["-m", "pip", "--version"]).is_none() {
            missing.push("pip for python3 (Debian: apt-get install python3-pip; elsewhere: python3 -m ensurepip)");
        }
        let node = version("node", &["-p", "process.execPath + ' ' + process.version"]);
        if node.is_none() || version("npm", &["--version"]).is_none() {
            missing.push("node 20 or newer with npm (https://nodejs.org; Debian: apt-get install nodejs npm)");
        }
        if tests {
            for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
                if version(env!("CARGO"), &[command, "--version"]).is_none() {
                    missing.push(match component {
                        "rustfmt" => "rustfmt (rustup component add rustfmt)",
                        _ => "clippy (rustup component add clippy)",
                    });
                }
            }
            if !Alertmanager::can_be_had() {
                missing.push(
                    "alertmanager with amtool (https://prometheus.io/download; on Debian they are fetched)",
                );
            }
            if !browser()? {
                missing.push("chromium (Debian: apt-get install chromium), for the browser tests");
            }
        }
        let (Some(python), Some(node), true) = (python, node, missing.is_empty()) else {
            bail!("missing on this machine:\n  {}", missing.join("\n  "));
        };
        let (python, python_version) = split(&python);
        let (node, node_version) = split(&node);
        Ok(Self {
            python: PathBuf::from(python),
            python_version,
            node: PathBuf::from(node),
            node_version,
        })
    }
}

/// Python with pip: where it is, and its version.
pub(crate) fn python() -> Option<(PathBuf, String)> {
    version("python3", &["-m", "pip", "--version"])?;
    let printed = version("python3", &WHICH_PYTHON)?;
    let (path, version) = split(&printed);
    Some((PathBuf::from(path), version))
}

/// Whether the tool runs at all.
pub(crate) fn have(program: &str, argument: &str) -> bool {
    version(program, &[argument]).is_some()
}

/// What a tool prints, where it runs and succeeds.
fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let printed = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| printed.trim().to_owned())
}

fn split(printed: &str) -> (String, String) {
    match printed.rsplit_once(' ') {
        Some((path, version)) => (path.to_owned(), version.to_owned()),
        None => (printed.to_owned(), String::new()),
    }
}

/// Whether a browser is there, installing it where this user may (root, on Debian).
fn browser() -> anyhow::Result<bool> {
    let found = || BROWSERS.iter().any(|name| have(name, "--version"));
    if found() {
        return Ok(true);
    }
    let root = version("id", &["-u"]).as_deref() == Some("0");
    if !root || !have("apt-get", "--version") {
        return Ok(false);
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    quiet("apt-get update", &mut apt(&["update", "--quiet"]))?;
    let install = [
        "install",
        "--yes",
        "--quiet",
        "--no-install-recommends",
        "chromium",
    ];
    quiet("apt-get install chromium", &mut apt(&install))?;
    Ok(found())
}
