//! Where things stand in the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
        .to_owned()
}

/// The cargo that runs this tool.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root);
    command
}

/// Where the binaries of the dev profile are: beside this tool, whatever the target folder is called.
pub(crate) fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the system tells a program's own path");
    own.with_file_name(name)
}

/// The target folder.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().expect("the system tells a program's own path");
    own.ancestors()
        .nth(2)
        .expect("the program lies in target/debug")
        .to_owned()
}
