//! What `cargo xtask setup` noted, and where the binaries are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The contents of `target/setup.json`.
pub struct Setup(Value);

impl Setup {
    /// Reads it. Panics, with what to do, where it is absent.
    pub fn read() -> Self {
        let path = profile_folder().with_file_name("setup.json");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", path.display()));
        Self(serde_json::from_str(&text).expect("setup.json is JSON"))
    }

    /// A path of it: `engine_library`, `python`, `node`, `tests_python_packages`, `api_python_packages`,
    /// `tests_node_modules`, `receivers_python_packages`, `receivers_node_modules`, `alertmanager`, `amtool`, `emulator`, `workspace`.
    pub fn path(&self, name: &str) -> PathBuf {
        let path = self.0[name].as_str();
        PathBuf::from(
            path.unwrap_or_else(|| panic!("setup.json has no `{name}`; run `cargo xtask setup`")),
        )
    }
}

/// A binary of the workspace, of the profile that the tests were built with.
pub fn binary(name: &str) -> PathBuf {
    let path = profile_folder().join(name);
    assert!(
        path.is_file(),
        "{} is not built; run `cargo xtask setup`",
        path.display()
    );
    path
}

/// Runs a program that prints one JSON object. Panics with its status where it fails; its standard error is ours.
pub fn run_json(command: &mut Command) -> Value {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// `target/debug`, from the test's own `target/debug/deps/it-...`.
fn profile_folder() -> PathBuf {
    let own = std::env::current_exe().expect("the system tells a program's own path");
    let deps = own.parent().and_then(Path::parent);
    deps.expect("the test lies in target/PROFILE/deps")
        .to_owned()
}
