//! RESTORE: a sandbox goes on from its snapshot, just before its first invocation.
//!
//! What Lambda does with a sandbox whose restore failed is not documented; here its processes end, and the next invocation
//! initialises them as after any other fault.

use std::time::Duration;

use serde_json::{Value, json};

use super::Sandbox;
use super::fault::Fault;
use super::run::{Moment, whole_micros};
use crate::timestamp;

/// For loading the snapshot and the runtime's hooks after it.
const RESTORE_LIMIT: Duration = Duration::from_secs(10);

impl Sandbox {
    /// Wakes the frozen processes and waits until the runtime asks for an invocation. Returns how long it took.
    pub(super) async fn restore(&mut self) -> Result<Duration, Fault> {
        let begin = Moment::now();
        let record = self.restore_start_record().await;
        self.telemetry
            .platform_at(begin.wall, "platform.restoreStart", record);
        let restored = self.wake(begin).await;
        let duration = whole_micros(begin.at.elapsed());
        let fault = restored.map_err(Fault::in_restore).err();
        if let Some(generation) = &self.generation {
            generation.catch_up();
        }
        let mut record = json!({"status": fault.as_ref().map_or("success", Fault::status)});
        if let Some(error_type) = fault.as_ref().and_then(Fault::error_type) {
            record["errorType"] = json!(error_type);
        }
        self.telemetry
            .platform("platform.restoreRuntimeDone", record.clone());
        record["metrics"] = json!({"durationMs": timestamp::millis(duration)});
        self.telemetry.platform("platform.restoreReport", record);
        match fault {
            None => Ok(duration),
            Some(fault) => Err(fault),
        }
    }

    async fn wake(&mut self, begin: Moment) -> Result<(), Fault> {
        let generation = self.generation.as_mut().expect("it was frozen");
        generation.restore();
        while !generation.is_waiting() {
            generation.step(begin.at + RESTORE_LIMIT).await?;
        }
        Ok(())
    }

    async fn restore_start_record(&self) -> Value {
        let config = self.settings.config();
        json!({
            "functionName": config.name,
            "functionVersion": config.version,
            "runtimeVersion": self.settings.runtime().await.telemetry,
            "instanceId": self.log_stream,
            "instanceMaxMemory": config.memory.0,
        })
    }
}
