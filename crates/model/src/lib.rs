//! Domain types that every room shares: ids, times, spans, invocations, sandboxes.
//!
//! What is not here: I/O, serde, protobuf, SQL. Wire, row and reply types live at their borders and convert to and from
//! these. Invariant: a value of these types is valid by construction; parsing happens once, at the edge.
#![warn(missing_docs)]

mod histogram;
mod ids;
mod invocation;
pub mod joined;
mod span;
mod time;

pub use histogram::LogHistogram;
pub use ids::{IdError, RequestId, SandboxId, SpanId, Tenant, TraceId};
pub use invocation::{
    Architecture, ByteSize, Cold, Fact, FactKind, FactSet, Finished, Invocation, InvocationRef,
    LogRecord, Outcome, Phase, PhaseKind, Platform, Reported, Sandbox, Started, Trigger,
    UNTOLD_ERRORS,
};
pub use span::{
    AttributeValue, Attributes, Event, Link, Resource, Scope, Span, SpanKind, SpanOrigin, Status,
    StatusCode, attribute,
};
pub use time::{Nanos, TimeRange, UnixNanos};
