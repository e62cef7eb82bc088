//! Events of the schemas 2022-12-13 and 2025-01-29, read leniently: unknown types and fields are passed over, every number may
//! come as a float, every word may be new.

use coldtrace_model::{ByteSize, Nanos, RequestId, SpanId, UnixNanos};
use serde_json::Value;

use crate::trace_header::TraceHeader;

pub(crate) mod line;
mod rfc3339;

use self::line::Line;

/// Something that the platform tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlatformEvent {
    /// When it happened, in milliseconds as the platform tells it.
    pub(crate) time: UnixNanos,
    pub(crate) record: Record,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record {
    InitStart(InitStart),
    InitRuntimeDone(Done),
    InitReport(Done),
    RestoreStart(InitStart),
    RestoreReport(Done),
    /// An extension registered.
    ExtensionRegistered,
    Start(Start),
    RuntimeDone(RuntimeDone),
    Report(Report),
    /// Lines that the platform dropped before it could deliver them.
    LogsDropped(u64),
    /// A line of the function.
    Line(Line),
}

/// A sandbox begins, or begins again.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct InitStart {
    pub(crate) phase: InitPhase,
    pub(crate) runtime: String,
    pub(crate) instance: String,
}

/// What an init is a part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum InitPhase {
    /// The sandbox's begin.
    #[default]
    Sandbox,
    /// An invocation, inside which it is tried again.
    Invocation,
    /// A snapshot, from which sandboxes are restored later.
    Snapshot,
}

/// A phase ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Done {
    pub(crate) phase: InitPhase,
    pub(crate) status: Status,
    pub(crate) error_type: String,
    pub(crate) duration: Option<Nanos>,
}

/// An invocation begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Start {
    pub(crate) request_id: RequestId,
    pub(crate) arn: String,
    pub(crate) tracing: Option<Tracing>,
}

/// The runtime is done with an invocation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuntimeDone {
    pub(crate) request_id: RequestId,
    pub(crate) status: Status,
    pub(crate) error_type: String,
    pub(crate) duration: Option<Nanos>,
    pub(crate) produced: Option<ByteSize>,
    pub(crate) spans: Vec<Stretch>,
    pub(crate) tracing: Option<Tracing>,
}

/// The platform's account of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) request_id: RequestId,
    pub(crate) status: Status,
    pub(crate) error_type: String,
    pub(crate) duration: Option<Nanos>,
    pub(crate) billed: Option<Nanos>,
    pub(crate) memory: Option<ByteSize>,
    pub(crate) max_memory: Option<ByteSize>,
    pub(crate) init: Option<Nanos>,
    pub(crate) restore: Option<Nanos>,
    pub(crate) spans: Vec<Stretch>,
    pub(crate) tracing: Option<Tracing>,
}

/// How something ended, in the platform's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    /// The handler raised.
    Failure,
    /// The runtime died; in newer schemas also a handler that raised.
    #[default]
    Error,
    Timeout,
}

/// A named stretch of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) name: String,
    pub(crate) start: UnixNanos,
    pub(crate) duration: Nanos,
}

/// X-Ray's ids of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tracing {
    pub(crate) header: TraceHeader,
    /// Of the platform's own segment; only with active tracing.
    pub(crate) span_id: Option<SpanId>,
}

/// Reads a delivery: an array of events, in the order in which they happened.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<PlatformEvent>, serde_json::Error> {
    let events: Vec<Value> = serde_json::from_slice(body)?;
    Ok(events.iter().filter_map(PlatformEvent::read).collect())
}

// === impl PlatformEvent ===

impl PlatformEvent {
    /// Nothing for an event that says nothing here.
    fn read(event: &Value) -> Option<Self> {
        let time = rfc3339::parse(event["time"].as_str().unwrap_or_default());
        let record = Record::read(event["type"].as_str()?, &event["record"])?;
        Some(Self {
            time: time.unwrap_or_else(UnixNanos::now),
            record,
        })
    }
}

// === impl Record ===

impl Record {
    fn read(kind: &str, record: &Value) -> Option<Self> {
        Some(match kind {
            "platform.initStart" => Self::InitStart(InitStart::read(record)),
            "platform.initRuntimeDone" => Self::InitRuntimeDone(Done::read(record)),
            "platform.initReport" => Self::InitReport(Done::read(record)),
            "platform.restoreStart" => Self::RestoreStart(InitStart::read(record)),
            "platform.restoreReport" => Self::RestoreReport(Done::read(record)),
            "platform.extension" if text(record, "state") == "Registered" => {
                Self::ExtensionRegistered
            }
            "platform.start" => Self::Start(Start {
                request_id: request_id(record)?,
                arn: text(record, "functionArn"),
                tracing: tracing(record),
            }),
            "platform.runtimeDone" => Self::RuntimeDone(RuntimeDone {
                request_id: request_id(record)?,
                status: Status::read(record),
                error_type: text(record, "errorType"),
                duration: millis(&record["metrics"], "durationMs"),
                produced: number(&record["metrics"], "producedBytes")
                    .map(|bytes| ByteSize(bytes as u64)),
                spans: stretches(record),
                tracing: tracing(record),
            }),
            "platform.report" => Self::Report(Report::read(record)?),
            "platform.logsDropped" => {
                Self::LogsDropped(number(record, "droppedRecords").unwrap_or_default() as u64)
            }
            "function" => Self::Line(Line::read(record)?),
            _ => return None,
        })
    }
}

// === impl InitStart ===

impl InitStart {
    fn read(record: &Value) -> Self {
        Self {
            phase: InitPhase::read(record),
            runtime: text(record, "runtimeVersion"),
            instance: text(record, "instanceId"),
        }
    }
}

// === impl InitPhase ===

impl InitPhase {
    /// By the phase's name; where sandboxes are restored, only a snapshot has an init of its own.
    fn read(record: &Value) -> Self {
        let word = |key: &str| record[key].as_str().unwrap_or_default();
        match (word("phase"), word("initializationType")) {
            ("invoke", _) => Self::Invocation,
            ("snap-start", _) | (_, "snap-start") => Self::Snapshot,
            _ => Self::Sandbox,
        }
    }
}

// === impl Done ===

impl Done {
    fn read(record: &Value) -> Self {
        Self {
            phase: InitPhase::read(record),
            status: Status::read(record),
            error_type: text(record, "errorType"),
            duration: millis(&record["metrics"], "durationMs"),
        }
    }
}

// === impl Report ===

impl Report {
    fn read(record: &Value) -> Option<Self> {
        let metrics = &record["metrics"];
        let mib = |key| number(metrics, key).map(|mib| ByteSize::from_mib(mib as u64));
        Some(Self {
            request_id: request_id(record)?,
            status: Status::read(record),
            error_type: text(record, "errorType"),
            duration: millis(metrics, "durationMs"),
            billed: millis(metrics, "billedDurationMs"),
            memory: mib("memorySizeMB"),
            max_memory: mib("maxMemoryUsedMB"),
            init: millis(metrics, "initDurationMs"),
            restore: millis(metrics, "restoreDurationMs"),
            spans: stretches(record),
            tracing: tracing(record),
        })
    }

    /// What the runtime's end says, where the platform tells of both at once.
    pub(crate) fn as_runtime_done(&self) -> RuntimeDone {
        RuntimeDone {
            request_id: self.request_id.clone(),
            status: self.status,
            error_type: self.error_type.clone(),
            duration: self.duration,
            produced: None,
            spans: self.spans.clone(),
            tracing: self.tracing,
        }
    }
}

// === impl Status ===

impl Status {
    /// A word that is not known is no success.
    fn read(record: &Value) -> Self {
        match record["status"].as_str().unwrap_or_default() {
            "success" => Self::Success,
            "failure" => Self::Failure,
            "timeout" => Self::Timeout,
            _ => Self::Error,
        }
    }
}

fn request_id(record: &Value) -> Option<RequestId> {
    RequestId::parse(record["requestId"].as_str()?).ok()
}

fn text(record: &Value, key: &str) -> String {
    record[key].as_str().unwrap_or_default().to_owned()
}

fn number(record: &Value, key: &str) -> Option<f64> {
    record[key].as_f64().filter(|number| *number >= 0.0)
}

fn millis(record: &Value, key: &str) -> Option<Nanos> {
    number(record, key).map(Nanos::from_millis_f64)
}

fn stretches(record: &Value) -> Vec<Stretch> {
    let spans = record["spans"].as_array().map(Vec::as_slice);
    let read = |span: &Value| {
        Some(Stretch {
            name: text(span, "name"),
            start: rfc3339::parse(span["start"].as_str()?)?,
            duration: millis(span, "durationMs")?,
        })
    };
    spans.unwrap_or_default().iter().filter_map(read).collect()
}

fn tracing(record: &Value) -> Option<Tracing> {
    let tracing = record
        .get("tracing")
        .filter(|tracing| tracing.is_object())?;
    let span_id = tracing["spanId"].as_str().and_then(|id| id.parse().ok());
    Some(Tracing {
        header: TraceHeader::parse(tracing["value"].as_str().unwrap_or_default()),
        span_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cold_start_is_read_event_by_event() {
        let body = br#"[
            {"time":"2026-11-24T10:00:00.000Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init",
                "instanceId":"i","instanceMaxMemory":134217728,"runtimeVersion":"python:3.12.v38"}},
            {"time":"2026-11-24T10:00:00.030Z","type":"platform.extension","record":{"name":"e","state":"Registered","events":[]}},
            {"time":"2026-11-24T10:00:00.031Z","type":"platform.extension","record":{"name":"e","state":"Ready"}},
            {"time":"2026-11-24T10:00:00.174Z","type":"platform.initReport","record":{"phase":"init","status":"success","metrics":{"durationMs":173.778}}},
            {"time":"2026-11-24T10:00:00.180Z","type":"platform.start","record":{"requestId":"R1","tracing":{"spanId":"54565fb41ac79632",
                "type":"X-Amzn-Trace-Id","value":"Root=1-62e900b2-710d76f009d6e7785905449a;Parent=0efbd19962d95b05;Sampled=1"}}},
            {"time":"2026-11-24T10:00:00.191Z","type":"platform.runtimeDone","record":{"requestId":"R1","status":"success",
                "spans":[{"name":"responseLatency","start":"2026-11-24T10:00:00.180Z","durationMs":2.215}],
                "metrics":{"durationMs":11.185,"producedBytes":40.0}}},
            {"time":"2026-11-24T10:00:00.192Z","type":"platform.report","record":{"requestId":"R1","status":"success","metrics":{"durationMs":11.642,
                "billedDurationMs":12,"memorySizeMB":128,"maxMemoryUsedMB":67.0,"initDurationMs":174.055}}},
            {"time":"2026-11-24T10:00:00.192Z","type":"platform.news","record":{}}
        ]"#;
        let events = parse(body).unwrap();
        let start = UnixNanos(1_795_514_400_000_000_000);
        assert_eq!(events[0].time, start);
        let init = InitStart {
            phase: InitPhase::Sandbox,
            runtime: "python:3.12.v38".to_owned(),
            instance: "i".to_owned(),
        };
        assert_eq!(events[0].record, Record::InitStart(init));
        assert_eq!(events[1].record, Record::ExtensionRegistered);
        let Record::InitReport(report) = &events[2].record else {
            panic!("{:?}", events[2]);
        };
        assert_eq!(report.duration, Some(Nanos(173_778_000)));
        let Record::Start(started) = &events[3].record else {
            panic!("{:?}", events[3]);
        };
        let span_id = started.tracing.unwrap().span_id.unwrap();
        assert_eq!(span_id.to_string(), "54565fb41ac79632");
        let Record::RuntimeDone(done) = &events[4].record else {
            panic!("{:?}", events[4]);
        };
        assert_eq!(done.produced, Some(ByteSize(40)));
        assert_eq!(done.spans[0].duration, Nanos(2_215_000));
        let Record::Report(report) = &events[5].record else {
            panic!("{:?}", events[5]);
        };
        assert_eq!(report.max_memory, Some(ByteSize::from_mib(67)));
        assert_eq!(report.init, Some(Nanos(174_055_000)));
        assert_eq!(events.len(), 6, "what is not known is passed over");
    }

    #[test]
    fn garbage_is_passed_over_or_refused_as_a_whole() {
        assert!(parse(b"{").is_err());
        assert!(parse(b"{}").is_err());
        let odd = br#"[1, null, {}, {"type":7}, {"type":"platform.start"}, {"type":"platform.report","record":[]},
            {"type":"platform.start","record":{"requestId":""}}, {"type":"platform.runtimeDone","record":{"requestId":"a","metrics":"x","spans":[{"name":1},2]}}]"#;
        let events = parse(odd).unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
    }
}
