//! The one path of every request: unpack, judge item by item, log, acknowledge.
//!
//! gRPC and HTTP, OTLP and `coldtrace.v1` meet here. Not here: what an item must be ([`mod@judge`], [`terms`]). Invariant: what is
//! accepted is durable, or was durable already.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use coldtrace_control::{Gate, Scope};
use coldtrace_model::UnixNanos;
use coldtrace_proto::json;
use coldtrace_service::self_traces;
use http::HeaderMap;
use tracing::Instrument as _;

pub(crate) mod judge;
pub(crate) mod tally;
pub(crate) mod terms;
mod weight;

use crate::auth;
use crate::fair::{Fair, Sender, Turns};
use crate::log::{Body, Log, Refused, Request, ResendKey, Signal};
use crate::metrics::AdmitMetrics;
use crate::receive::{Memory, Received};
use crate::resend::{Accepted, Claim, NotStored, Resends};
use crate::status::{Encoding, Refusal};
use crate::unpack::Compression;
use judge::judge;
use tally::{ByItem, ByReason};
use terms::Terms;

/// What takes longer than half a millisecond goes to a thread of its own; this much plain protobuf does not.
const INLINE_BYTES: usize = 1 << 20;
/// A decoded request of an extension may take as many times the body limit.
const DECODED_FACTOR: u64 = 8;
/// The store is away or too slow, and will not be back in a moment.
const AT_CAP_RETRY: Duration = Duration::from_secs(5);
/// The next sync is a few milliseconds away.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// Admits requests. Clones share everything; the log closes when the last is dropped.
#[derive(Clone)]
pub(crate) struct Admit {
    shared: Arc<Shared>,
}

/// What a collector admits by.
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    pub(crate) fair: Fair,
    pub(crate) limit: u64,
    pub(crate) keep_days: u16,
    pub(crate) memory: Memory,
    /// Large requests that are read at one time: as many as can make use of a core, so that neither memory nor the log's
    /// threads are short.
    pub(crate) readers: Turns,
    pub(crate) log: Log,
    pub(crate) resends: Resends,
    pub(crate) metrics: AdmitMetrics,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) sender: Sender,
    pub(crate) signal: Signal,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
    pub(crate) received: Received,
}

/// By which way it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Grpc,
    Http,
}

/// A request that was read and judged.
struct Judged {
    /// `None` if nothing of it is to be kept.
    request: Option<Request>,
    accepted: Accepted,
    taken: ByItem<u64>,
    rejected: ByReason<u64>,
}

// === impl Admit ===

impl Admit {
    pub(crate) fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Lets a request in by its headers, before its body is read.
    pub(crate) fn enter(&self, headers: &HeaderMap) -> Result<Sender, Refusal> {
        let tenant = auth::tenant(&self.shared.gate, headers, Scope::Ingest)?;
        self.shared.fair.enter(tenant, &self.shared.gate.ring())
    }

    /// Whether a request with these headers may see what concerns the whole service.
    pub(crate) fn may_look_inside(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        auth::tenant(&self.shared.gate, headers, Scope::Admin).map(drop)
    }

    /// Largest body in bytes, packed and unpacked.
    pub(crate) fn limit(&self) -> u64 {
        self.shared.limit
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.shared.memory
    }

    /// Counts a request by how it is answered.
    pub(crate) fn count(&self, signal: Signal, transport: Transport, refusal: Option<&Refusal>) {
        self.shared.metrics.count(signal, transport, refusal);
    }

    /// Returns when the request is durable.
    pub(crate) async fn admit(&self, mut packed: Packed) -> Result<Accepted, Refusal> {
        let now = UnixNanos::now();
        let is_quick = packed.compression == Compression::None
            && packed.encoding == Encoding::Protobuf
            && packed.received.body.len() <= INLINE_BYTES;
        let (judged, packed) = if is_quick {
            let judging = self_traces::step("judge");
            let judged = judging.in_scope(|| self.shared.judge(&mut packed, now));
            (judged, packed)
        } else {
            let shared = Arc::clone(&self.shared);
            let reader = shared.readers.take(packed.sender.tenant()).await;
            let span = self_traces::step("judge");
            let judging = tokio::task::spawn_blocking(move || {
                let judged = span.in_scope(|| shared.judge(&mut packed, now));
                (judged, packed)
            });
            let unreadable = |_| Refusal::Invalid("the request can't be read".to_owned());
            let judged = judging.await.map_err(unreadable)?;
            drop(reader);
            judged
        };
        let accepted = self.keep(judged?, &packed.sender).await;
        // Its memory is free again once the log has it.
        drop(packed);
        accepted
    }

    async fn keep(&self, judged: Judged, sender: &Sender) -> Result<Accepted, Refusal> {
        let metrics = &self.shared.metrics;
        let (taken, rejected) = (judged.taken, judged.rejected);
        let Some(request) = judged.request else {
            metrics.add(taken, rejected);
            return Ok(judged.accepted);
        };
        let resends = &self.shared.resends;
        let claim = resends.claim(request.key, Instant::now(), judged.accepted);
        let ticket = match claim {
            Claim::First(pending, ticket) => {
                let log = &self.shared.log;
                sender.take_log(request.framed(), log.level())?;
                let appended = log.append(request, pending);
                appended.map_err(refusal)?;
                metrics.add(taken, rejected);
                ticket
            }
            Claim::Again(ticket) => {
                metrics.resent.inc();
                ticket
            }
        };
        let stored = ticket.wait().instrument(self_traces::step("log")).await;
        stored.map_err(|NotStored| Refusal::Unavailable("the log could not be written"))
    }
}

// === impl Shared ===

impl Shared {
    /// Blocks for as long as the request is large.
    fn judge(&self, packed: &mut Packed, now: UnixNanos) -> Result<Judged, Refusal> {
        let signal = packed.signal;
        let received = &mut packed.received;
        let unpacked = packed
            .compression
            .unpack(&received.body, self.limit, &mut received.share);
        let body = unpacked?;
        let body = match packed.encoding {
            Encoding::Protobuf => body,
            Encoding::Json => transcode(signal, &body)?,
        };
        let keep_days = packed.sender.keep_days().unwrap_or(self.keep_days);
        let terms = Terms {
            admitted_at: now,
            keep_days,
        };
        let judgement = judge(signal, &body, terms, self.limit * DECODED_FACTOR)?;
        let rows = judgement.rows();
        packed.sender.charge(body.len() as u64, rows);
        let accepted = Accepted {
            rejected: judgement.rejections.count(),
            message: judgement.rejections.message().into(),
        };
        let tenant = packed.sender.tenant().clone();
        let body = Body::new(body);
        let (taken, rejected) = (judgement.taken, judgement.rejections.counts());
        let request = (rows > 0).then(|| Request {
            key: ResendKey::of(&tenant, signal, judgement.batch_id, &body),
            tenant,
            signal,
            admitted_at: now,
            keep_days,
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            rejected: accepted.rejected,
            body: judgement.rewritten.map_or(body, Body::new),
        });
        Ok(Judged {
            request,
            accepted,
            taken,
            rejected,
        })
    }
}

/// From JSON, the protobuf that the log keeps.
fn transcode(signal: Signal, body: &[u8]) -> Result<Bytes, Refusal> {
    let message = match signal {
        Signal::Traces => json::traces_to_protobuf(body),
        Signal::Logs => json::logs_to_protobuf(body),
        Signal::Ingest => unreachable!("coldtrace.v1 is served over gRPC alone"),
    };
    Ok(message.map_err(|error| Refusal::from_json(&error))?.into())
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::AtCap => Refusal::Overloaded {
            why: "the log is full: the store does not take what it holds (collector.log_cap)",
            retry_after: AT_CAP_RETRY,
        },
        Refused::Busy => Refusal::Overloaded {
            why: "too many requests wait for the log",
            retry_after: BUSY_RETRY,
        },
    }
}
