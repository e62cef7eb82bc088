//! What the extension holds in memory when there is much to hold.

use std::path::Path;

use anyhow::ensure;

use super::SPANS;
use super::sandbox::{Place, Sandbox};
use crate::bench::process;

/// Of many spans.
const INVOCATIONS: usize = 30;
const SPANS_AN_INVOCATION: u64 = 1_000;
const HELD: u64 = 10_000;
/// Nobody listens there.
const NO_COLLECTOR: &str = "http://127.0.0.1:9";

/// The most, in a sandbox whose every invocation sends a thousand spans.
pub(super) fn busy_mb(place: &Place<'_>, binary: &Path) -> anyhow::Result<f64> {
    let (mut sandbox, _) = Sandbox::start(place, binary)?;
    for _ in 0..INVOCATIONS {
        sandbox.invoke(SPANS_AN_INVOCATION / SPANS)?;
    }
    Ok(process::peak_resident_bytes(sandbox.pid())? as f64 / 1e6)
}

/// The most, while there is no collector to take ten thousand spans.
pub(super) fn holding_mb(place: &Place<'_>, binary: &Path) -> anyhow::Result<f64> {
    let place = Place {
        collector: NO_COLLECTOR,
        ..*place
    };
    let (mut sandbox, _) = Sandbox::start(&place, binary)?;
    sandbox.export(HELD / SPANS)?;
    let held = process::peak_resident_bytes(sandbox.pid())? as f64 / 1e6;
    ensure!(
        sandbox.is_running()?,
        "the extension ended while it held spans"
    );
    Ok(held)
}
