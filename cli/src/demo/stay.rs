//! Without `--once`: gentle traffic and a table that keeps up, and now and then a bad release, until Ctrl-C.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::incident::{release, traffic};
use super::orders::{Customers, FIXED_ORDERS};
use super::shop::Release;
use super::stage::Stage;
use super::{table, tell};
use crate::settings::say;

/// On a terminal the table is redrawn in place, else printed anew.
const REDRAW: Duration = Duration::from_secs(2);
const REPRINT: Duration = Duration::from_secs(60);
/// Until the first bad release, how long it stays, and until the next.
const FIRST_RELEASE: Duration = Duration::from_secs(5 * 60);
const BAD: Duration = Duration::from_secs(4 * 60);
const NEXT_RELEASE: Duration = Duration::from_secs(20 * 60);

/// Runs until it is dropped.
pub(super) async fn run(seed: u64, stage: &Stage) -> anyhow::Result<()> {
    let mut customers = Customers::new(seed);
    tell("the first customers come; cold starts take a moment");
    for burst in customers.fixed(FIXED_ORDERS).into_iter().take(4) {
        stage.serve(burst).await;
    }
    tokio::select! {
        () = traffic(&mut customers, stage) => Ok(()),
        () = releases(stage) => Ok(()),
        told = keep_told(stage) => told,
    }
}

async fn releases(stage: &Stage) {
    tokio::time::sleep(FIRST_RELEASE).await;
    loop {
        release(stage, Release::Bad).await;
        tokio::time::sleep(BAD).await;
        release(stage, Release::Usual).await;
        tokio::time::sleep(NEXT_RELEASE).await;
    }
}

async fn keep_told(stage: &Stage) -> anyhow::Result<()> {
    let address = stage.backend.lock().await.addresses().api.clone();
    let is_terminal = std::io::stdout().is_terminal();
    let mut drawn = 0;
    loop {
        // An API that does not answer for a moment has its table kept.
        if let Ok(functions) = stage.api.functions().await {
            let screen = format!(
                "{}\nLook at it: {address}    (Ctrl-C ends the demo)\n",
                table::render(&functions)
            );
            let rewind = match is_terminal && drawn > 0 {
                true => format!("\x1b[{drawn}A\x1b[J"),
                false => String::new(),
            };
            say(&format!("{rewind}{screen}"))?;
            std::io::stdout().flush()?;
            drawn = screen.lines().count();
        }
        tokio::time::sleep(if is_terminal { REDRAW } else { REPRINT }).await;
    }
}
