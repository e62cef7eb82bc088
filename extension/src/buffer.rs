//! What waits to be sent, bounded in bytes. At the bound lines and spans go before facts, the oldest first, and are counted.
//!
//! Items become a batch when it is time to send. A batch has its id from then on and keeps its bytes, so that it can be sent
//! again without being stored twice.

use std::collections::VecDeque;

use bytes::Bytes;
use coldtrace_model::UnixNanos;
use coldtrace_proto::v1;
use prost::Message as _;

use crate::random;

/// Room for 10,000 spans as SDKs make them, and some.
pub(crate) const LIMIT: usize = 8 << 20;
/// A request of this size costs the collector no more per span than a larger one, and a retry not much.
const BATCH_LIMIT: usize = 1 << 20;

/// One thing to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Fact(v1::Fact),
    Phase(v1::Phase),
    Log(v1::LogRecord),
    Payload(v1::OtlpPayload),
}

/// An `ExportRequest`, whole and encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) id: BatchId,
    pub(crate) message: Bytes,
}

/// Made once for each batch.
pub(crate) type BatchId = [u8; 16];

/// What a batch says of its sender.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    pub(crate) sandbox: v1::Sandbox,
    /// Lines that the platform dropped.
    pub(crate) dropped_lines: u64,
    pub(crate) failed_sends: u64,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Buffer {
    limit: usize,
    /// Facts and phases: few, small, and worth most.
    first: VecDeque<Item>,
    /// Lines and spans.
    bulk: VecDeque<Item>,
    /// Of the two above.
    bytes: usize,
    /// When the oldest of them came.
    waiting_since: Option<UnixNanos>,
    batches: VecDeque<Batch>,
    /// So many of the first have nothing left but facts, or are on their way.
    lean: usize,
    dropped_items: u64,
    dropped_bytes: u64,
}

// === impl Buffer ===

impl Buffer {
    /// Empty but for the batches that the process before this one could not send.
    pub(crate) fn new(limit: usize, batches: Vec<Batch>) -> Self {
        Self {
            limit,
            first: VecDeque::new(),
            bulk: VecDeque::new(),
            bytes: 0,
            waiting_since: None,
            batches: batches.into(),
            lean: 0,
            dropped_items: 0,
            dropped_bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, item: Item, now: UnixNanos) {
        self.bytes += item.size();
        match item {
            Item::Fact(_) | Item::Phase(_) => self.first.push_back(item),
            Item::Log(_) | Item::Payload(_) => self.bulk.push_back(item),
        }
        self.waiting_since.get_or_insert(now);
        self.enforce_limit();
    }

    /// Since when something waits to become a batch.
    pub(crate) const fn waiting_since(&self) -> Option<UnixNanos> {
        self.waiting_since
    }

    /// Whether enough waits to be worth a request of its own.
    pub(crate) const fn has_a_full_batch(&self) -> bool {
        self.bytes >= BATCH_LIMIT
    }

    /// Makes batches of everything that waits.
    pub(crate) fn seal(&mut self, sender: &Sender) {
        while !self.first.is_empty() || !self.bulk.is_empty() {
            let batch = self.cut(sender);
            self.batches.push_back(batch);
        }
        self.waiting_since = None;
        self.enforce_limit();
    }

    /// The batch whose turn it is.
    pub(crate) fn front(&self) -> Option<&Batch> {
        self.batches.front()
    }

    /// All batches, those that are being sent included.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter()
    }

    /// The batch needs no sending any more.
    pub(crate) fn remove(&mut self, id: BatchId) {
        if let Some(place) = self.batches.iter().position(|batch| batch.id == id) {
            self.batches.remove(place);
            self.lean -= usize::from(place < self.lean);
        }
    }

    /// The batch was refused for good.
    pub(crate) fn drop_batch(&mut self, id: BatchId) {
        if let Some(batch) = self.batches.iter().find(|batch| batch.id == id) {
            self.dropped_items += 1;
            self.dropped_bytes += batch.message.len() as u64;
        }
        self.remove(id);
    }

    fn cut(&mut self, sender: &Sender) -> Batch {
        let id = random::bytes();
        let mut request = v1::ExportRequest {
            batch_id: id.to_vec(),
            sandbox: Some(sender.sandbox.clone()),
            stats: Some(v1::SenderStats {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                dropped_bytes: self.dropped_bytes,
                dropped_items: self.dropped_items + sender.dropped_lines,
                failed_sends: sender.failed_sends,
            }),
            ..v1::ExportRequest::default()
        };
        let mut size = 0;
        while size < BATCH_LIMIT
            && let Some(item) = self.first.pop_front().or_else(|| self.bulk.pop_front())
        {
            size += item.size();
            match item {
                Item::Fact(fact) => request.facts.push(fact),
                Item::Phase(phase) => request.phases.push(phase),
                Item::Log(log) => request.logs.push(log),
                Item::Payload(payload) => request.payloads.push(payload),
            }
        }
        self.bytes = self.bytes.saturating_sub(size);
        Batch {
            id,
            message: request.encode_to_vec().into(),
        }
    }

    fn enforce_limit(&mut self) {
        while self.bytes + self.sealed_bytes() > self.limit {
            // The first batch stays as it is: it may be on its way.
            self.lean = self.lean.max(1);
            if let Some(batch) = self.batches.get_mut(self.lean) {
                self.lean += 1;
                let (items, bytes) = batch.strip();
                self.dropped_items += items;
                self.dropped_bytes += bytes;
            } else if let Some(item) = self.bulk.pop_front() {
                self.drop_waiting(&item);
            } else if let Some(batch) = self.batches.remove(1) {
                self.lean -= 1;
                self.note_dropped(batch.message.len());
            } else if let Some(item) = self.first.pop_front() {
                self.drop_waiting(&item);
            } else {
                return;
            }
        }
    }

    fn drop_waiting(&mut self, item: &Item) {
        self.bytes = self.bytes.saturating_sub(item.size());
        self.note_dropped(item.size());
    }

    fn sealed_bytes(&self) -> usize {
        self.batches.iter().map(|batch| batch.message.len()).sum()
    }

    fn note_dropped(&mut self, bytes: usize) {
        self.dropped_items += 1;
        self.dropped_bytes += bytes as u64;
    }
}

// === impl Batch ===

impl Batch {
    /// Leaves facts and phases alone. Gives how many items that costs, and bytes. Its id stays: whoever has the whole of it takes
    /// the rest for sent, which it is.
    fn strip(&mut self) -> (u64, u64) {
        // It is our own; one of which that can't be read is kept.
        let Ok(mut request) = v1::ExportRequest::decode(self.message.clone()) else {
            return (0, 0);
        };
        let items = request.logs.len() + request.payloads.len();
        request.logs.clear();
        request.payloads.clear();
        let before = self.message.len();
        self.message = request.encode_to_vec().into();
        (items as u64, (before - self.message.len()) as u64)
    }
}

// === impl Item ===

impl Item {
    /// About what it takes in memory and on the wire.
    fn size(&self) -> usize {
        const OVERHEAD: usize = 64;
        let told = match self {
            Self::Fact(fact) => fact.request_id.len() + 64,
            Self::Phase(phase) => phase.request_id.len() + phase.error_type.len(),
            Self::Log(log) => log.body.len() + log.request_id.len(),
            Self::Payload(payload) => payload.request.len(),
        };
        told + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(size: usize) -> Item {
        Item::Payload(v1::OtlpPayload {
            signal: v1::Signal::Traces.into(),
            request: vec![7; size].into(),
            platform: false,
        })
    }

    fn fact(request_id: &str) -> Item {
        Item::Fact(v1::Fact {
            request_id: request_id.to_owned(),
            ..v1::Fact::default()
        })
    }

    fn sender() -> Sender {
        Sender {
            sandbox: v1::Sandbox::default(),
            dropped_lines: 0,
            failed_sends: 0,
        }
    }

    fn decode(batch: &Batch) -> v1::ExportRequest {
        v1::ExportRequest::decode(batch.message.clone()).unwrap()
    }

    #[test]
    fn at_the_bound_the_oldest_spans_go_and_facts_stay() {
        let mut buffer = Buffer::new(10_000, Vec::new());
        let now = UnixNanos(1);
        buffer.push(fact("r"), now);
        for size in [4_000, 4_001, 4_002] {
            buffer.push(payload(size), now);
        }
        buffer.seal(&sender());
        let request = decode(buffer.front().unwrap());
        let sizes: Vec<usize> = request
            .payloads
            .iter()
            .map(|one| one.request.len())
            .collect();
        assert_eq!(sizes, [4_001, 4_002]);
        assert_eq!(request.facts.len(), 1);
        let stats = request.stats.unwrap();
        assert_eq!((stats.dropped_items, stats.dropped_bytes), (1, 4_064));
    }

    #[test]
    fn of_batches_that_wait_facts_stay_and_the_one_on_its_way_is_whole() {
        let mut buffer = Buffer::new(10_000, Vec::new());
        let now = UnixNanos(1);
        for request_id in ["a", "b", "c"] {
            buffer.push(fact(request_id), now);
            buffer.push(payload(4_000), now);
            buffer.seal(&sender());
        }
        let requests: Vec<v1::ExportRequest> = buffer.batches().map(decode).collect();
        let shape = |request: &v1::ExportRequest| (request.facts.len(), request.payloads.len());
        let shapes: Vec<_> = requests.iter().map(shape).collect();
        assert_eq!(shapes, [(1, 1), (1, 0), (1, 1)]);
        assert_eq!((buffer.dropped_items, buffer.lean), (1, 2));
        let ids: Vec<BatchId> = buffer.batches().map(|batch| batch.id).collect();
        assert_eq!(requests[1].batch_id, ids[1], "it is the same batch");
        // Facts go when there is nothing else.
        buffer.remove(ids[0]);
        for number in 0..200 {
            buffer.push(fact(&format!("{number:0100}")), now);
        }
        buffer.seal(&sender());
        let held: usize = buffer.batches().map(|batch| batch.message.len()).sum();
        assert!(held <= 10_000 + BATCH_LIMIT, "{held}");
        assert!(buffer.dropped_items > 1);
    }

    #[test]
    fn memory_stays_bounded_while_nothing_can_be_sent() {
        let mut buffer = Buffer::new(LIMIT, Vec::new());
        for round in 0..200 {
            buffer.push(payload(500 << 10), UnixNanos(1));
            if round % 7 == 0 {
                buffer.seal(&sender());
            }
        }
        let held: usize = buffer.batches().map(|batch| batch.message.len()).sum();
        assert!(held + buffer.bytes <= LIMIT, "{held} + {}", buffer.bytes);
    }

    #[test]
    fn a_batch_keeps_its_id_and_bytes_until_it_is_removed() {
        let mut buffer = Buffer::new(LIMIT, Vec::new());
        buffer.push(fact("a"), UnixNanos(1));
        buffer.seal(&sender());
        let batch = buffer.front().unwrap().clone();
        buffer.push(fact("b"), UnixNanos(2));
        buffer.seal(&sender());
        assert_eq!(buffer.front(), Some(&batch), "still its turn");
        assert_eq!(decode(&batch).batch_id, batch.id);
        buffer.remove(batch.id);
        let next = decode(buffer.front().unwrap());
        assert_eq!(next.facts[0].request_id, "b");
        assert_ne!(next.batch_id, batch.id);
    }
}
