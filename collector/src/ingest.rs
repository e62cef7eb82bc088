//! `coldtrace.v1`: what an extension sends of its sandbox, and what it is answered.
//!
//! OTLP inside of it is judged and filed like any other, elsewhere. Invariant: one bad item costs that item; without a sandbox nothing can be
//! filed, and the request is refused.

use bytes::Bytes;
use coldtrace_model::{Fact, LogRecord, Phase, Sandbox, UnixNanos};
use coldtrace_proto::v1::{self, ExportReply, ExportRequest, OtlpPayload, SenderStats};
use coldtrace_proto::{ingest, wire};
use prost::Message as _;

use crate::admit::tally::{ByItem, Item, Reason};
use crate::admit::terms::{Rejections, Terms, TimeProblem};
use crate::resend::Accepted;
use crate::status::Refusal;

/// What is taken of an extension's request.
pub(crate) struct Ingest {
    pub(crate) sandbox: Sandbox,
    pub(crate) facts: Vec<Fact>,
    pub(crate) phases: Vec<Phase>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) payloads: Vec<Payload>,
    pub(crate) stats: Option<SenderStats>,
}

/// OTLP that came with it.
pub(crate) struct Payload {
    /// Whether the extension itself made it.
    pub(crate) is_platform: bool,
    pub(crate) signal: wire::Signal,
    pub(crate) request: Bytes,
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
    /// Reads its items and takes what can be read and what the terms allow. OTLP that came with it is not looked into.
    pub(crate) fn read(
        request: ExportRequest,
        terms: Terms,
        rejections: &mut Rejections,
    ) -> Result<Self, Refusal> {
        let invalid = |why: String| Refusal::Invalid(format!("the sandbox {why}"));
        let sandbox = request
            .sandbox
            .ok_or_else(|| invalid("is missing".to_owned()))?;
        let sandbox = ingest::sandbox_to_model(&sandbox)
            .map_err(|why| invalid(format!("can't be read: {why}")))?;
        if sandbox.function.is_empty() {
            return Err(invalid("does not name its function".to_owned()));
        }
        let mut read = Self {
            sandbox,
            facts: readable(
                Item::Other,
                &request.facts,
                ingest::fact_to_model,
                rejections,
            ),
            phases: readable(
                Item::Other,
                &request.phases,
                ingest::phase_to_model,
                rejections,
            ),
            logs: readable(Item::Log, &request.logs, ingest::log_to_model, rejections),
            payloads: readable(Item::Other, &request.payloads, Payload::read, rejections),
            stats: request.stats,
        };
        read.sift(terms, rejections);
        Ok(read)
    }

    fn sift(&mut self, terms: Terms, rejections: &mut Rejections) {
        let mut is_taken = |item: Item, what: &str, time: UnixNanos| {
            let checked = terms.check_time(time);
            let reject = |why: TimeProblem| {
                rejections.add(item, why.reason(), format_args!("{what}: its time {why}"));
            };
            checked.map_err(reject).is_ok()
        };
        self.facts
            .retain(|fact| is_taken(Item::Other, "fact", fact.invocation.filed_at));
        self.phases
            .retain(|phase| is_taken(Item::Other, "phase", phase.start));
        self.logs
            .retain(|record| is_taken(Item::Log, "log record", record.time));
    }

    /// What of it makes rows, about, beside its OTLP.
    pub(crate) fn items(&self) -> ByItem<u64> {
        let others = 1 + self.facts.len() + self.phases.len();
        let mut items = ByItem::default();
        items[Item::Log as usize] = self.logs.len() as u64;
        items[Item::Other as usize] = others as u64;
        items
    }
}

fn readable<W, T, E: std::fmt::Display>(
    item: Item,
    items: &[W],
    read: impl Fn(&W) -> Result<T, E>,
    unreadable: &mut Rejections,
) -> Vec<T> {
    let read = items.iter().map(read);
    let mut reject = |why| unreadable.add(item, Reason::Malformed, why);
    read.filter_map(|read| read.map_err(&mut reject).ok())
        .collect()
}

// === impl Payload ===

impl Payload {
    pub(crate) fn read(payload: &OtlpPayload) -> Result<Self, Refusal> {
        let signal = match payload.signal() {
            v1::Signal::Traces => wire::Signal::Traces,
            v1::Signal::Logs => wire::Signal::Logs,
            v1::Signal::Unspecified => {
                let told = "an OTLP payload does not say of which signal it is";
                return Err(Refusal::Invalid(told.to_owned()));
            }
        };
        Ok(Self {
            is_platform: payload.platform,
            signal,
            request: payload.request.clone(),
        })
    }
}
