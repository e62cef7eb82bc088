//! The platform's events, as it tells them: milliseconds after a begin that lies far ahead.

use serde_json::{Value, json};

/// A caller's header, and what the platform makes of it.
pub(super) const HEADER: &str =
    "Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1";

pub(super) fn event(millis: u64, kind: &str, record: Value) -> Value {
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let time = format!("2099-01-01T00:{minutes:02}:{seconds:02}.{millis:03}Z");
    let mut event = json!({"time": time, "type": kind});
    event["record"] = record;
    event
}

/// The events of an init: from `begin`, an extension registers after 30 ms, the runtime is done 4 ms before the report.
pub(super) fn init(begin: u64, length: u64, about: &Init) -> Vec<Value> {
    let Init {
        kind,
        phase,
        status,
        error_type,
    } = about;
    let mut done = json!({"initializationType": kind, "phase": phase, "status": status});
    if !error_type.is_empty() {
        done["errorType"] = json!(error_type);
    }
    let mut report = done.clone();
    report["metrics"] = json!({"durationMs": length});
    let start = json!({
        "initializationType": kind, "phase": phase, "functionName": "checkout", "functionVersion": "$LATEST",
        "instanceId": "2099/01/01/[$LATEST]728f", "instanceMaxMemory": 134_217_728, "runtimeVersion": "python:3.12.v38",
    });
    let events = json!(["INVOKE", "SHUTDOWN"]);
    let registered = json!({"name": "coldtrace", "state": "Registered", "events": events});
    let ready = json!({"name": "coldtrace", "state": "Ready", "events": events});
    let types = json!(["platform", "function"]);
    let subscribed = json!({"name": "coldtrace", "state": "Subscribed", "types": types});
    let end = begin + length;
    vec![
        event(begin, "platform.initStart", start),
        event(begin + 30, "platform.extension", registered),
        event(begin + 32, "platform.telemetrySubscription", subscribed),
        event(end - 4, "platform.initRuntimeDone", done),
        event(end - 2, "platform.extension", ready),
        event(end, "platform.initReport", report),
    ]
}

/// Of which kind an init was, and how it ended.
pub(super) struct Init {
    pub(super) kind: &'static str,
    pub(super) phase: &'static str,
    pub(super) status: &'static str,
    pub(super) error_type: &'static str,
}

impl Default for Init {
    fn default() -> Self {
        Self {
            kind: "on-demand",
            phase: "init",
            status: "success",
            error_type: "",
        }
    }
}

pub(super) fn start(millis: u64, request_id: &str) -> Value {
    let record = json!({"requestId": request_id, "version": "$LATEST"});
    event(millis, "platform.start", record)
}

pub(super) fn line(millis: u64, record: impl Into<Value>) -> Value {
    event(millis, "function", record.into())
}

/// The runtime is done, `length` ms after the start.
pub(super) fn done(millis: u64, request_id: &str, ended: (&str, &str), length: u64) -> Value {
    let mut record = json!({
        "requestId": request_id, "status": ended.0, "metrics": {"durationMs": length, "producedBytes": 40},
    });
    set_error_type(&mut record, ended.1);
    event(millis, "platform.runtimeDone", record)
}

/// Billed as long as it took, with 67 of 128 MB.
pub(super) fn report(millis: u64, request_id: &str, ended: (&str, &str), length: u64) -> Value {
    let mut record = json!({
        "requestId": request_id, "status": ended.0,
        "metrics": {"durationMs": length, "billedDurationMs": length, "memorySizeMB": 128, "maxMemoryUsedMB": 67},
    });
    set_error_type(&mut record, ended.1);
    event(millis, "platform.report", record)
}

/// Start, end and report of one that goes well and takes 10 ms.
pub(super) fn well(millis: u64, request_id: &str) -> Vec<Value> {
    vec![
        start(millis, request_id),
        done(millis + 10, request_id, OK, 10),
        report(millis + 10, request_id, OK, 10),
    ]
}

pub(super) const OK: (&str, &str) = ("success", "");

fn set_error_type(record: &mut Value, error_type: &str) {
    if !error_type.is_empty() {
        record["errorType"] = json!(error_type);
    }
}
