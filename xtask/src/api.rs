//! `cargo xtask api`: schemathesis asks the API for as long as is said. The test itself is `tests/it/api.rs`.

use std::path::Path;

use crate::run::loud;
use crate::test::Lock;
use crate::{setup, workspace};

/// Sets up and runs the test alone.
pub(crate) fn run(root: &Path, minutes: u32) -> anyhow::Result<()> {
    setup::for_tests(root, Lock::MayChange)?;
    let mut command = workspace::cargo(root);
    command
        .args(["test", "--package", "coldtrace-tests", "--test", "it"])
        .args(["--", "api::", "--nocapture"])
        .env("API_SECONDS", (minutes * 60).to_string());
    loud("cargo test api", &mut command)
}
