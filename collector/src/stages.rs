//! The stages of the path alone, for `cargo xtask bench ingest --stage`. Only with the feature `bench`.

use bytes::Bytes;
use coldtrace_model::{Tenant, UnixNanos};

use crate::admit::judge::judge;
use crate::admit::terms::Terms;
use crate::batch::Building;
use crate::log::{Body, Request, ResendKey, Signal};

/// Of a request of the benchmark.
const KEEP_DAYS: u16 = 14;

/// Judges an OTLP trace request as it is judged when it is admitted; the number of spans that are taken.
///
/// # Panics
/// Where the bytes are not such a request.
pub fn admit(body: &Bytes, now: UnixNanos) -> u64 {
    let terms = Terms {
        admitted_at: now,
        keep_days: KEEP_DAYS,
    };
    let judged = judge(Signal::Traces, body, terms, u64::MAX);
    judged.expect("the benchmark sends OTLP").rows()
}

/// Builds the blocks of these OTLP trace requests, in Native format; the bytes of all, in the pieces in which they are sent.
pub fn build(bodies: &[Bytes], now: UnixNanos) -> Vec<Bytes> {
    let request = |body: &Bytes| Request {
        tenant: Tenant::single(),
        signal: Signal::Traces,
        admitted_at: now,
        keep_days: KEEP_DAYS,
        rows: 0,
        rejected: 0,
        key: ResendKey::Bytes([0; 16]),
        body: Body::new(body.clone()),
    };
    let mut building = Building::default();
    for body in bodies {
        building.add(&request(body));
    }
    let blocks = building.finish().blocks;
    blocks
        .iter()
        .flat_map(|block| block.pieces())
        .cloned()
        .collect()
}
