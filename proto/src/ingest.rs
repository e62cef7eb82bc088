//! `coldtrace.v1` between the wire and the model.
//!
//! A number of an enumeration that this version does not know becomes the default: newer extensions talk to older
//! collectors. What has no request id or no sandbox can't be filed and is a problem of that item alone.

use coldtrace_model::{
    Architecture, ByteSize, Cold, Fact, FactKind, Finished, IdError, InvocationRef, LogRecord,
    Nanos, Outcome, Phase, PhaseKind, Platform, Reported, RequestId, Sandbox, SandboxId, SpanId,
    Started, TraceId, Trigger, UnixNanos,
};

use crate::v1;

/// Why an item can't be taken. Others in the same batch still can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestProblem {
    /// An id is none.
    #[error("{item}: {source}")]
    Id {
        /// Of what.
        item: &'static str,
        /// What is wrong with it.
        #[source]
        source: IdError,
    },
    /// A fact that says nothing that this version knows.
    #[error("fact of {request_id}: says nothing")]
    EmptyFact {
        /// Of which invocation.
        request_id: RequestId,
    },
    /// A phase of a kind that this version does not know.
    #[error("phase: kind {0} is not known")]
    PhaseKind(u32),
    /// No time by which it could be filed, or one beyond what can be stored.
    #[error("{item}: {what} is not set, or lies beyond the year 2262")]
    Time {
        /// Of what.
        item: &'static str,
        /// Which time.
        what: &'static str,
    },
}

fn bad_id(item: &'static str) -> impl Fn(IdError) -> IngestProblem {
    move |source| IngestProblem::Id { item, source }
}

fn time(nanos: u64, item: &'static str, what: &'static str) -> Result<UnixNanos, IngestProblem> {
    match nanos {
        0 => Err(IngestProblem::Time { item, what }),
        nanos if nanos > UnixNanos::MAX_STORED.0 => Err(IngestProblem::Time { item, what }),
        nanos => Ok(UnixNanos(nanos)),
    }
}

fn known<T: Default>(number: u32, from_number: impl Fn(u8) -> Option<T>) -> T {
    u8::try_from(number)
        .ok()
        .and_then(from_number)
        .unwrap_or_default()
}

fn size(bytes: u64) -> Option<ByteSize> {
    (bytes != 0).then_some(ByteSize(bytes))
}

// === sandboxes ===

/// The sandbox as the model has it.
pub fn sandbox_to_model(sandbox: &v1::Sandbox) -> Result<Sandbox, IngestProblem> {
    Ok(Sandbox {
        id: SandboxId::parse(&sandbox.id).map_err(bad_id("sandbox"))?,
        platform: known(sandbox.platform, Platform::from_number),
        function: sandbox.function.clone(),
        version: sandbox.version.clone(),
        runtime: sandbox.runtime.clone(),
        architecture: known(sandbox.architecture, Architecture::from_number),
        memory: size(sandbox.memory_bytes),
        region: sandbox.region.clone(),
        account: sandbox.account.clone(),
        instance: sandbox.instance.clone(),
    })
}

/// The sandbox on the wire.
pub fn sandbox_from_model(sandbox: &Sandbox) -> v1::Sandbox {
    v1::Sandbox {
        id: sandbox.id.to_string(),
        platform: u32::from(sandbox.platform.number()),
        function: sandbox.function.clone(),
        version: sandbox.version.clone(),
        runtime: sandbox.runtime.clone(),
        architecture: u32::from(sandbox.architecture.number()),
        memory_bytes: sandbox.memory.unwrap_or_default().0,
        region: sandbox.region.clone(),
        account: sandbox.account.clone(),
        instance: sandbox.instance.clone(),
    }
}

// === facts ===

/// The fact as the model has it.
pub fn fact_to_model(fact: &v1::Fact) -> Result<Fact, IngestProblem> {
    let request_id = RequestId::parse(&fact.request_id).map_err(bad_id("fact"))?;
    let filed_at = time(fact.filed_at_unix_nano, "fact", "filed_at_unix_nano")?;
    let kind = match &fact.kind {
        Some(v1::fact::Kind::Started(started)) => FactKind::Started(Started {
            start: UnixNanos(started.start_unix_nano),
            deadline: UnixNanos(started.deadline_unix_nano),
            cold: known(started.cold, Cold::from_number),
            platform_trace_id: TraceId::from_bytes(&started.platform_trace_id).ok(),
            platform_span_id: SpanId::from_bytes(&started.platform_span_id).ok(),
            trigger: known(started.trigger, Trigger::from_number),
        }),
        Some(v1::fact::Kind::Finished(finished)) => FactKind::Finished(Finished {
            start: (finished.start_unix_nano != 0).then_some(UnixNanos(finished.start_unix_nano)),
            outcome: known(finished.outcome, Outcome::from_number),
            duration: Nanos(finished.duration_nano),
            response_latency: finished.response_latency_nano.map(Nanos),
            response_duration: finished.response_duration_nano.map(Nanos),
            runtime_overhead: finished.runtime_overhead_nano.map(Nanos),
            produced: finished.produced_bytes.map(ByteSize),
            error_type: finished.error_type.clone(),
            sdk_trace_id: TraceId::from_bytes(&finished.sdk_trace_id).ok(),
            trigger: known(finished.trigger, Trigger::from_number),
        }),
        Some(v1::fact::Kind::Reported(reported)) => FactKind::Reported(Reported {
            outcome: known(reported.outcome, Outcome::from_number),
            duration: Nanos(reported.duration_nano),
            billed: reported.billed_nano.map(Nanos),
            max_memory: reported.max_memory_bytes.map(ByteSize),
            init: reported.init_nano.map(Nanos),
            restore: reported.restore_nano.map(Nanos),
            extension_overhead: reported.extension_overhead_nano.map(Nanos),
            error_type: reported.error_type.clone(),
        }),
        None => return Err(IngestProblem::EmptyFact { request_id }),
    };
    Ok(Fact {
        invocation: InvocationRef {
            request_id,
            filed_at,
        },
        kind,
    })
}

/// The fact on the wire.
pub fn fact_from_model(fact: &Fact) -> v1::Fact {
    let bytes = |id: Option<TraceId>| id.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let kind = match &fact.kind {
        FactKind::Started(started) => v1::fact::Kind::Started(v1::Started {
            start_unix_nano: started.start.0,
            deadline_unix_nano: started.deadline.0,
            cold: u32::from(started.cold.number()),
            platform_trace_id: bytes(started.platform_trace_id),
            platform_span_id: started
                .platform_span_id
                .map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
            trigger: u32::from(started.trigger.number()),
        }),
        FactKind::Finished(finished) => v1::fact::Kind::Finished(v1::Finished {
            outcome: u32::from(finished.outcome.number()),
            duration_nano: finished.duration.0,
            response_latency_nano: finished.response_latency.map(|length| length.0),
            response_duration_nano: finished.response_duration.map(|length| length.0),
            runtime_overhead_nano: finished.runtime_overhead.map(|length| length.0),
            produced_bytes: finished.produced.map(|size| size.0),
            error_type: finished.error_type.clone(),
            sdk_trace_id: bytes(finished.sdk_trace_id),
            start_unix_nano: finished.start.unwrap_or_default().0,
            trigger: u32::from(finished.trigger.number()),
        }),
        FactKind::Reported(reported) => v1::fact::Kind::Reported(v1::Reported {
            outcome: u32::from(reported.outcome.number()),
            duration_nano: reported.duration.0,
            billed_nano: reported.billed.map(|length| length.0),
            max_memory_bytes: reported.max_memory.map(|size| size.0),
            init_nano: reported.init.map(|length| length.0),
            restore_nano: reported.restore.map(|length| length.0),
            extension_overhead_nano: reported.extension_overhead.map(|length| length.0),
            error_type: reported.error_type.clone(),
        }),
    };
    v1::Fact {
        request_id: fact.invocation.request_id.to_string(),
        filed_at_unix_nano: fact.invocation.filed_at.0,
        kind: Some(kind),
    }
}

// === phases ===

/// The phase as the model has it.
pub fn phase_to_model(phase: &v1::Phase) -> Result<Phase, IngestProblem> {
    let kind = u8::try_from(phase.kind)
        .ok()
        .and_then(PhaseKind::from_number);
    Ok(Phase {
        kind: kind.ok_or(IngestProblem::PhaseKind(phase.kind))?,
        start: time(phase.start_unix_nano, "phase", "start_unix_nano")?,
        duration: Nanos(phase.duration_nano),
        outcome: known(phase.outcome, Outcome::from_number),
        error_type: phase.error_type.clone(),
        request_id: optional_request_id(&phase.request_id, "phase")?,
    })
}

/// The phase on the wire.
pub fn phase_from_model(phase: &Phase) -> v1::Phase {
    v1::Phase {
        kind: u32::from(phase.kind.number()),
        start_unix_nano: phase.start.0,
        duration_nano: phase.duration.0,
        outcome: u32::from(phase.outcome.number()),
        error_type: phase.error_type.clone(),
        request_id: phase
            .request_id
            .as_ref()
            .map_or_else(String::new, RequestId::to_string),
    }
}

// === logs ===

/// The log record as the model has it.
pub fn log_to_model(log: &v1::LogRecord) -> Result<LogRecord, IngestProblem> {
    Ok(LogRecord {
        time: time(log.time_unix_nano, "log record", "time_unix_nano")?,
        severity: u8::try_from(log.severity)
            .ok()
            .filter(|severity| *severity <= 24)
            .unwrap_or(0),
        body: log.body.clone(),
        request_id: optional_request_id(&log.request_id, "log record")?,
        trace_id: TraceId::from_bytes(&log.trace_id).ok(),
        span_id: SpanId::from_bytes(&log.span_id).ok(),
        source: log.source.clone(),
        attributes: Vec::new(),
    })
}

/// The log record on the wire, which has no room for attributes.
pub fn log_from_model(log: &LogRecord) -> v1::LogRecord {
    v1::LogRecord {
        time_unix_nano: log.time.0,
        severity: u32::from(log.severity),
        body: log.body.clone(),
        request_id: log
            .request_id
            .as_ref()
            .map_or_else(String::new, RequestId::to_string),
        trace_id: log
            .trace_id
            .map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
        span_id: log
            .span_id
            .map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
        source: log.source.clone(),
    }
}

fn optional_request_id(text: &str, item: &'static str) -> Result<Option<RequestId>, IngestProblem> {
    match text {
        "" => Ok(None),
        text => RequestId::parse(text).map(Some).map_err(bad_id(item)),
    }
}

#[cfg(test)]
mod tests;
