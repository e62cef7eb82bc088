//! A request's body: received within bounds of size, time and memory, and unpacked.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::status::Refusal;

/// For a whole body, however large: 64 MiB in this time is a slow line.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// For the rest of a body that is refused.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Memory is counted in this, so that a semaphore's permits suffice for any cap.
const UNIT: u64 = 1 << 10;
/// When room is likely to be there again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What all requests together may hold in memory. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    free: Arc<Semaphore>,
}

/// A request's share; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Memory,
    permit: Option<OwnedSemaphorePermit>,
    /// Taken already, in bytes.
    taken: u64,
}

/// A body and the memory that it takes.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Bytes,
    pub(crate) share: Share,
}

/// Reads a body of at most `limit` bytes. `expected` tells from its beginning how long it will be, once it can.
pub(crate) async fn receive(
    mut body: Incoming,
    limit: u64,
    memory: &Memory,
    expected: impl Fn(&[u8]) -> Option<u64>,
) -> Result<Received, Refusal> {
    let whole = receive_frames(&mut body, limit, memory, expected);
    let in_time = tokio::time::timeout(BODY_TIMEOUT, whole).await;
    let received = in_time.unwrap_or(Err(Refusal::TooSlow));
    if matches!(received, Err(Refusal::TooLarge { .. })) {
        drain(&mut body, limit).await;
    }
    received
}

/// Reads what is left without keeping it: closed at once, the connection would break before the client has read why. What
/// exceeds the limit so far or so long is cut off all the same.
async fn drain(body: &mut Incoming, limit: u64) {
    let rest = async {
        let mut drained = 0;
        while drained < limit.saturating_mul(2)
            && let Some(Ok(frame)) = body.frame().await
        {
            drained += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    };
    // Drained or not, the refusal is told.
    tokio::time::timeout(DRAIN_TIMEOUT, rest).await.ok();
}

async fn receive_frames(
    body: &mut Incoming,
    limit: u64,
    memory: &Memory,
    expected: impl Fn(&[u8]) -> Option<u64>,
) -> Result<Received, Refusal> {
    let mut share = memory.share();
    let mut received = BytesMut::new();
    if let Some(length) = body.size_hint().exact() {
        within(length, limit)?;
        share.grow_to(length)?;
        received.reserve(usize::try_from(length).unwrap_or(0));
    }
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| Refusal::Invalid(format!("the request's body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = (received.len() + data.len()) as u64;
        within(length, limit)?;
        share.grow_to(length)?;
        let is_first = received.is_empty();
        received.extend_from_slice(&data);
        if is_first && let Some(length) = expected(&received) {
            within(length, limit)?;
            share.grow_to(length)?;
            let more = length.saturating_sub(received.len() as u64);
            received.reserve(usize::try_from(more).unwrap_or(0));
        }
    }
    Ok(Received {
        body: received.freeze(),
        share,
    })
}

/// Unpacks gzip of any number of members. Blocks for as long as that takes.
pub(crate) fn gunzip(packed: &[u8], limit: u64, share: &mut Share) -> Result<Bytes, Refusal> {
    let mut unpacked = Vec::new();
    let mut unpacking = MultiGzDecoder::new(packed).take(limit + 1);
    loop {
        let before = unpacked.len();
        let read = unpacking
            .by_ref()
            .take(UNPACKED_STEP)
            .read_to_end(&mut unpacked);
        read.map_err(|error| Refusal::Invalid(format!("the request is not gzip: {error}")))?;
        within(unpacked.len() as u64, limit)?;
        share.grow_to((packed.len() + unpacked.len()) as u64)?;
        if unpacked.len() == before {
            return Ok(unpacked.into());
        }
    }
}

/// How much is unpacked before memory is asked for more.
const UNPACKED_STEP: u64 = 256 << 10;

fn within(length: u64, limit: u64) -> Result<(), Refusal> {
    match length <= limit {
        true => Ok(()),
        false => Err(Refusal::TooLarge { limit }),
    }
}

// === impl Memory ===

impl Memory {
    pub(crate) fn new(cap: u64) -> Self {
        let units = usize::try_from(cap / UNIT).unwrap_or(usize::MAX);
        Self {
            free: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
        }
    }

    fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            permit: None,
            taken: 0,
        }
    }
}

// === impl Share ===

impl Share {
    /// Takes what is missing to this many bytes, or tells the client to come again.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> Result<(), Refusal> {
        let units = bytes.saturating_sub(self.taken).div_ceil(UNIT);
        if units == 0 {
            return Ok(());
        }
        let free = Arc::clone(&self.memory.free);
        let more = free.try_acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX));
        let more = more.map_err(|_| Refusal::Overloaded {
            why: "the collector receives more than it may hold in memory (collector.memory_cap)",
            retry_after: RETRY_AFTER,
        })?;
        self.taken += units * UNIT;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn every_member_is_unpacked() {
        let packed = [gzip(b"one, "), gzip(b""), gzip(b"two")].concat();
        let mut share = Memory::new(1 << 20).share();
        assert_eq!(gunzip(&packed, 100, &mut share).unwrap(), "one, two");
    }

    #[test]
    fn a_bomb_costs_the_limit_and_no_more() {
        let packed = gzip(&vec![0; 10 << 20]);
        let memory = Memory::new(1 << 20);
        let refused = gunzip(&packed, 512 << 10, &mut memory.share());
        assert_eq!(refused, Err(Refusal::TooLarge { limit: 512 << 10 }));
        let refused = gunzip(&packed, 20 << 20, &mut memory.share());
        assert!(
            matches!(refused, Err(Refusal::Overloaded { .. })),
            "{refused:?}"
        );
        assert_eq!(
            memory.free.available_permits(),
            1 << 10,
            "all is given back"
        );
    }

    #[test]
    fn what_is_no_gzip_is_told_so() {
        let mut cut_short = gzip(b"some words");
        cut_short.pop();
        let mut wrong_sum = gzip(b"some words");
        let sum = wrong_sum.len() - 6;
        wrong_sum[sum] ^= 1;
        for packed in [b"not gzip".to_vec(), cut_short, wrong_sum] {
            let refused = gunzip(&packed, 100, &mut Memory::new(1 << 20).share());
            let Err(Refusal::Invalid(why)) = refused else {
                panic!("{refused:?}");
            };
            assert!(why.contains("not gzip"), "{why}");
        }
    }
}
