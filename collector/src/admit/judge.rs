//! A request judged: whether it can be read at all, and which of its items are taken.
//!
//! What is rejected stays among the bytes: whoever reads them again, by the same terms, passes over the same items.

use bytes::Bytes;
use coldtrace_model::UnixNanos;
use coldtrace_proto::v1::{ExportRequest, OtlpPayload};
use coldtrace_proto::wire::{self, LogView, SpanView};
use prost::Message as _;

use super::tally::{ByItem, Item, Reason};
use super::terms::{Rejections, Terms};
use super::weight;
use crate::ingest::{Ingest, Payload};
use crate::log::Signal;
use crate::status::Refusal;

/// What became of a request's items.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// What is taken: each makes a row, about.
    pub(crate) taken: ByItem<u64>,
    pub(crate) rejections: Rejections,
    /// The id that an extension gave the request.
    pub(crate) batch_id: Option<[u8; 16]>,
    /// The request without what can't be read of it, where that is not all.
    pub(crate) rewritten: Option<Bytes>,
}

/// Judges a request in protobuf. `limit` bounds what an extension's may take in memory, in bytes.
pub(crate) fn judge(
    signal: Signal,
    body: &Bytes,
    terms: Terms,
    limit: u64,
) -> Result<Judgement, Refusal> {
    match signal {
        Signal::Traces => judge_otlp(wire::Signal::Traces, body, terms),
        Signal::Logs => judge_otlp(wire::Signal::Logs, body, terms),
        Signal::Ingest => judge_ingest(body, terms, limit),
    }
}

fn judge_otlp(signal: wire::Signal, body: &[u8], terms: Terms) -> Result<Judgement, Refusal> {
    let mut judgement = Judgement::default();
    let checked = match signal {
        wire::Signal::Traces => wire::check_spans(body, |span| judgement.sift_span(span, terms)),
        wire::Signal::Logs => wire::check_logs(body, |record| judgement.sift_log(record, terms)),
    };
    match checked {
        Ok(()) => Ok(judgement),
        Err(error) => Err(not_protobuf(&error)),
    }
}

fn judge_ingest(body: &Bytes, terms: Terms, limit: u64) -> Result<Judgement, Refusal> {
    if weight::of_ingest(body) > limit {
        let told = "the request is made of too many small parts to be held in memory";
        return Err(Refusal::Invalid(told.to_owned()));
    }
    let mut request = ExportRequest::decode(body.clone()).map_err(|error| not_protobuf(&error))?;
    let mut judgement = Judgement {
        batch_id: request.batch_id.as_slice().try_into().ok(),
        ..Judgement::default()
    };
    let payloads = request.payloads.len();
    // What is left can be read without another look.
    request.payloads.retain(|payload| {
        let judged = judgement.judge_payload(payload, terms);
        let reject = |why| {
            judgement
                .rejections
                .add(Item::Other, Reason::Malformed, why);
        };
        judged.map_err(reject).is_ok()
    });
    if request.payloads.len() < payloads {
        judgement.rewritten = Some(request.encode_to_vec().into());
    }
    let ingest = Ingest::read(request, terms, &mut judgement.rejections)?;
    judgement.add(ingest.items());
    Ok(judgement)
}

fn not_protobuf(error: &dyn std::error::Error) -> Refusal {
    Refusal::Invalid(format!(
        "the request is not the protobuf that is expected: {error}"
    ))
}

/// When a log record was written, as far as it says: else when it was seen, else when it came.
pub(crate) fn log_time(record: &LogView<'_>, admitted_at: UnixNanos) -> UnixNanos {
    let told = [record.time_unix_nano, record.observed_unix_nano];
    let first = told.into_iter().find(|time| *time != 0);
    first.map_or(admitted_at, UnixNanos)
}

// === impl Judgement ===

impl Judgement {
    /// How many rows it makes, about.
    pub(crate) fn rows(&self) -> u64 {
        self.taken.iter().sum()
    }

    fn add(&mut self, items: ByItem<u64>) {
        for (taken, more) in self.taken.iter_mut().zip(items) {
            *taken += more;
        }
    }

    fn judge_payload(&mut self, payload: &OtlpPayload, terms: Terms) -> Result<(), Refusal> {
        let payload = Payload::read(payload)?;
        let judged = judge_otlp(payload.signal, &payload.request, terms)?;
        self.add(judged.taken);
        self.rejections.merge(judged.rejections);
        Ok(())
    }

    fn sift_span(&mut self, span: &SpanView<'_>, terms: Terms) {
        match terms.check_span(span) {
            Ok(()) => self.taken[Item::Span as usize] += 1,
            Err(why) => self.rejections.add(Item::Span, why.reason(), why),
        }
    }

    fn sift_log(&mut self, record: &LogView<'_>, terms: Terms) {
        match terms.check_time(log_time(record, terms.admitted_at)) {
            Ok(()) => self.taken[Item::Log as usize] += 1,
            Err(why) => self.rejections.add(
                Item::Log,
                why.reason(),
                format_args!("log record: its time {why}"),
            ),
        }
    }
}
