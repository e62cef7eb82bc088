//! `coldtrace.v1`: what an extension sends of its sandbox, and what it is answered.
//!
//! OTLP inside of it is judged like any other. Invariant: one bad item costs that item; without a sandbox nothing can be
//! filed, and the request is refused.

use bytes::Bytes;
use coldtrace_model::{Fact, LogRecord, Phase, Sandbox, UnixNanos};
use coldtrace_proto::ingest;
use coldtrace_proto::v1::{self, ExportReply, ExportRequest, OtlpPayload, SenderStats};
use prost::Message as _;

use crate::admit::items::Items;
use crate::admit::terms::{Rejections, Terms};
use crate::log::Signal;
use crate::resend::Accepted;
use crate::status::Refusal;

/// An extension's request.
pub(crate) struct Ingest {
    pub(crate) batch_id: Option<[u8; 16]>,
    pub(crate) sandbox: Sandbox,
    pub(crate) facts: Vec<Fact>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) payloads: Vec<Payload>,
    pub(crate) stats: Option<SenderStats>,
    /// Items that could not be read at all.
    unreadable: Rejections,
}

/// OTLP that came with it.
pub(crate) struct Payload {
    /// Whether the extension itself made it.
    pub(crate) is_platform: bool,
    pub(crate) items: Items,
}

/// The reply as protobuf.
pub(crate) fn reply(accepted: &Accepted) -> Vec<u8> {
    let reply = ExportReply {
        rejected: accepted.rejected,
        message: accepted.message.to_string(),
        directives: None,
    };
    reply.encode_to_vec()
}

// === impl Ingest ===

impl Ingest {
    /// Reads its items.
    pub(crate) fn read(request: ExportRequest) -> Result<Self, Refusal> {
        let invalid = |why: String| Refusal::Invalid(format!("the sandbox {why}"));
        let sandbox = request
            .sandbox
            .ok_or_else(|| invalid("is missing".to_owned()))?;
        let sandbox = ingest::sandbox_to_model(&sandbox)
            .map_err(|why| invalid(format!("can't be read: {why}")))?;
        if sandbox.function.is_empty() {
            return Err(invalid("does not name its function".to_owned()));
        }
        let mut unreadable = Rejections::default();
        Ok(Self {
            batch_id: request.batch_id.as_slice().try_into().ok(),
            sandbox,
            facts: readable(&request.facts, ingest::fact_to_model, &mut unreadable),
            phases: readable(&request.phases, ingest::phase_to_model, &mut unreadable),
            logs: readable(&request.logs, ingest::log_to_model, &mut unreadable),
            payloads: readable(&request.payloads, Payload::read, &mut unreadable),
            stats: request.stats,
            unreadable,
        })
    }

    /// Takes out what the terms reject.
    pub(crate) fn sift(&mut self, terms: Terms, rejections: &mut Rejections) {
        rejections.merge(std::mem::take(&mut self.unreadable));
        let mut is_taken = |what: &str, time: UnixNanos| {
            let checked = terms.check_time(time);
            let reject = |why| rejections.add(format_args!("{what}: its time {why}"));
            checked.map_err(reject).is_ok()
        };
        self.facts
            .retain(|fact| is_taken("fact", fact.invocation.filed_at));
        self.phases.retain(|phase| is_taken("phase", phase.start));
        self.logs
            .retain(|record| is_taken("log record", record.time));
        for payload in &mut self.payloads {
            rejections.merge(payload.items.sift(terms));
        }
    }

    /// How many rows it makes, about.
    pub(crate) fn rows(&self) -> u64 {
        let own = 1 + self.facts.len() + self.phases.len() + self.logs.len();
        let payloads = self.payloads.iter().map(|payload| payload.items.rows());
        own as u64 + payloads.sum::<u64>()
    }
}

fn readable<W, T, E: std::fmt::Display>(
    items: &[W],
    read: impl Fn(&W) -> Result<T, E>,
    unreadable: &mut Rejections,
) -> Vec<T> {
    let read = items.iter().map(read);
    read.filter_map(|item| item.map_err(|why| unreadable.add(why)).ok())
        .collect()
}

// === impl Payload ===

impl Payload {
    fn read(payload: &OtlpPayload) -> Result<Self, Refusal> {
        let signal = match payload.signal() {
            v1::Signal::Traces => Signal::Traces,
            v1::Signal::Logs => Signal::Logs,
            v1::Signal::Unspecified => {
                let told = "an OTLP payload does not say of which signal it is";
                return Err(Refusal::Invalid(told.to_owned()));
            }
        };
        let body: Bytes = payload.request.clone();
        Ok(Self {
            is_platform: payload.platform,
            items: Items::decode(signal, &body)?,
        })
    }
}
