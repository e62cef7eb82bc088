//! `cargo xtask chaos`: everything fails under load, or there is too much of it, and nothing is lost. The tests themselves are
//! `tests/it/chaos.rs`, `tests/it/otlp/overload.rs` and `extension/tests/it/outages.rs`.

use std::path::Path;

use crate::run::loud;
use crate::test::Lock;
use crate::{setup, workspace};

/// Random kills of the long run; the short one has a dozen.
const MANY_KILLS: &str = "500";
/// Of overload in the long run; the short one has a few.
const MANY_SECONDS: &str = "60";
/// Of an extension whose collector is ill, in the long run; the short one has some hundreds.
const MANY_INVOCATIONS: &str = "1000";

/// Sets up and runs the chaos tests alone, telling their figures.
pub(crate) fn run(root: &Path, is_long: bool) -> anyhow::Result<()> {
    setup::for_tests(root, Lock::MayChange)?;
    let mut command = workspace::cargo(root);
    command.args(["test", "--workspace", "--test", "it", "--"]);
    command.args(["chaos::", "overload::", "outages::"]);
    command.args(["--nocapture", "--test-threads", "1"]);
    if is_long {
        command.env("CHAOS_KILLS", MANY_KILLS);
        command.env("OVERLOAD_SECONDS", MANY_SECONDS);
        command.env("OUTAGE_INVOCATIONS", MANY_INVOCATIONS);
    }
    loud("cargo test chaos", &mut command)
}
