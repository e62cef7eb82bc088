//! A request's body: received within bounds of size, time and memory.
//!
//! Not here: how it is unpacked (`unpack.rs`). Invariant: a body takes memory by what has arrived of it, not by what it
//! announces.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::fair::Held;
use crate::status::Refusal;

/// A body of any size may take so long, and a second more for every so many bytes of it that have come: who sends slower
/// holds memory and a connection for little.
const PATIENCE: Duration = Duration::from_secs(10);
const BYTES_PER_SECOND: u32 = 32 << 10;
/// Room is made for so many times what has arrived, as far as more is announced: with HTTP/2's usual frames a batch of an SDK
/// has its room from its first frame on, and is not moved.
const AHEAD: usize = 16;
/// What a request takes beside its body, or with a small one: its stream, its task. Counted, so that memory bounds how many
/// requests are open at one time.
const REQUEST: usize = 4 << 10;
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
    /// The tenant's own count of it.
    held: Option<Held>,
    /// Taken already, in bytes.
    taken: u64,
}

/// A body and the memory that it takes.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Bytes,
    pub(crate) share: Share,
}

/// Reads a body of at most `limit` bytes. `announced` tells from its beginning how long it will be, once it can.
pub(crate) async fn receive<B>(
    mut body: B,
    limit: u64,
    share: Share,
    announced: impl Fn(&[u8]) -> Option<u64>,
) -> Result<Received, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let received = receive_frames(&mut body, limit, share, announced).await;
    if matches!(received, Err(Refusal::TooLarge { .. })) {
        drain(&mut body, limit).await;
    }
    received
}

/// Reads what is left without keeping it: closed at once, the connection would break before the client has read why. What
/// exceeds the limit so far or so long is cut off all the same.
pub(crate) async fn drain<B>(body: &mut B, limit: u64)
where
    B: Body<Data = Bytes> + Unpin,
{
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

async fn receive_frames<B>(
    body: &mut B,
    limit: u64,
    mut share: Share,
    announced: impl Fn(&[u8]) -> Option<u64>,
) -> Result<Received, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let started = Instant::now();
    let mut whole = body.size_hint().exact();
    within(whole.unwrap_or(0), limit)?;
    share.grow_to(REQUEST as u64)?;
    // Many requests are one frame, and need no copy.
    let mut first = Bytes::new();
    let mut received = BytesMut::new();
    loop {
        let so_far = first.len().max(received.len());
        let frame = tokio::time::timeout_at(deadline(started, so_far), body.frame());
        let Some(frame) = frame.await.map_err(|_| Refusal::TooSlow)? else {
            break;
        };
        let frame = frame
            .map_err(|error| Refusal::Invalid(format!("the request's body broke off: {error}")))?;
        let data = frame.into_data().unwrap_or_default();
        if data.is_empty() {
            continue;
        }
        let length = so_far + data.len();
        within(length as u64, limit)?;
        if whole.is_none() {
            let beginning = [&*received, &*first, &*data];
            let beginning = beginning.into_iter().find(|bytes| !bytes.is_empty());
            whole = announced(beginning.unwrap_or_default());
            within(whole.unwrap_or(0), limit)?;
        }
        let room = room(length, whole);
        share.grow_to(room as u64)?;
        if so_far == 0 {
            first = data;
            continue;
        }
        received.reserve(room - received.len());
        received.extend_from_slice(&std::mem::take(&mut first));
        received.extend_from_slice(&data);
    }
    let body = match received.is_empty() {
        true => first,
        false => received.freeze(),
    };
    Ok(Received { body, share })
}

/// When the next frame must be there.
fn deadline(started: Instant, received: usize) -> Instant {
    let earned = Duration::from_secs(received as u64) / BYTES_PER_SECOND;
    started + PATIENCE + earned
}

/// How much room is made once this much is there.
fn room(length: usize, whole: Option<u64>) -> usize {
    let whole = whole.and_then(|whole| usize::try_from(whole).ok());
    let ahead = length.saturating_mul(AHEAD);
    length.max(whole.unwrap_or(length).min(ahead))
}

pub(crate) fn within(length: u64, limit: u64) -> Result<(), Refusal> {
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

    pub(crate) fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            permit: None,
            held: None,
            taken: 0,
        }
    }
}

// === impl Share ===

impl Share {
    /// Counted against a tenant as well.
    pub(crate) fn held_by(self, held: Held) -> Self {
        Self {
            held: Some(held),
            ..self
        }
    }

    /// Takes what is missing to this many bytes, or tells the client to come again.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> Result<(), Refusal> {
        let units = bytes.saturating_sub(self.taken).div_ceil(UNIT);
        if units == 0 {
            return Ok(());
        }
        let free = Arc::clone(&self.memory.free);
        let free_bytes = free.available_permits() as u64 * UNIT;
        if let Some(held) = &mut self.held
            && !held.try_grow(units * UNIT, free_bytes)
        {
            return Err(Refusal::Overloaded {
                why: "the tenant has as much of the collector's memory as it may (collector.memory_cap)",
                retry_after: RETRY_AFTER,
            });
        }
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
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::{Frame, SizeHint};
    use tokio::time::Sleep;

    use super::*;

    /// Sends frames of a size at an interval, and announces a length.
    struct Slow {
        frame: usize,
        interval: Duration,
        left: usize,
        announced: Option<u64>,
        next: Pin<Box<Sleep>>,
    }

    impl Slow {
        fn new(frame: usize, interval: Duration, whole: usize) -> Self {
            Self {
                frame,
                interval,
                left: whole,
                announced: None,
                next: Box::pin(tokio::time::sleep(interval)),
            }
        }
    }

    impl Body for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.next.as_mut().poll(context));
            let length = self.frame.min(self.left);
            self.left -= length;
            self.next = Box::pin(tokio::time::sleep(self.interval));
            Poll::Ready(Some(Ok(Frame::data(vec![7; length].into()))))
        }

        fn size_hint(&self) -> SizeHint {
            self.announced.map(SizeHint::with_exact).unwrap_or_default()
        }
    }

    const LIMIT: u64 = 64 << 20;
    const SECOND: Duration = Duration::from_secs(1);

    async fn received(body: Slow) -> Result<usize, Refusal> {
        let memory = Memory::new(LIMIT);
        let received = receive(body, LIMIT, memory.share(), |_| None).await;
        received.map(|received| received.body.len())
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_over_a_slow_line_is_received() {
        let whole = 32 << 20;
        let body = Slow::new(64 << 10, SECOND, whole);
        let started = Instant::now();
        assert_eq!(received(body).await, Ok(whole));
        assert!(started.elapsed() > 500 * SECOND, "it took its time");
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_a_byte_now_and_then_is_cut_off() {
        let body = Slow::new(1, SECOND, 1 << 20);
        let started = Instant::now();
        assert_eq!(received(body).await, Err(Refusal::TooSlow));
        assert!(started.elapsed() <= 11 * SECOND, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_announced_and_does_not_come_takes_no_memory() {
        let memory = Memory::new(1 << 20);
        let mut body = Slow::new(1, 60 * SECOND, 1);
        body.announced = Some(1 << 20);
        let receiving = receive(body, LIMIT, memory.share(), |_| None);
        tokio::pin!(receiving);
        assert!(tokio::time::timeout(SECOND, &mut receiving).await.is_err());
        let taken = REQUEST as u64 / UNIT;
        let free = memory.free.available_permits() as u64;
        assert_eq!(free, (1 << 10) - taken, "all else is free");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_taken_as_a_body_arrives_and_given_back_with_it() {
        let memory = Memory::new(1 << 20);
        let body = Slow::new(64 << 10, SECOND, 1 << 20);
        let received = receive(body, LIMIT, memory.share(), |_| Some(1 << 20)).await;
        assert_eq!(memory.free.available_permits(), 0);
        drop(received);
        assert_eq!(memory.free.available_permits(), 1 << 10);

        let larger = Slow::new(64 << 10, SECOND, 2 << 20);
        let refused = receive(larger, LIMIT, memory.share(), |_| None).await;
        assert!(matches!(refused, Err(Refusal::Overloaded { .. })));
        assert_eq!(memory.free.available_permits(), 1 << 10);
    }
}
