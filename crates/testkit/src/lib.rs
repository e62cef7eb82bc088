//! Builders of the model's types, for tests only.
//!
//! Not here: fixtures of a single test, which stand beside it. Invariant: what is built is valid, and the same every time;
//! times are milliseconds after [`EPOCH`], so that a test reads like the picture of a trace.
#![warn(missing_docs)]

pub mod engine;
mod invocation;
mod span;
mod strategies;

use coldtrace_model::{SpanId, TraceId, UnixNanos};

pub use invocation::{InvocationBuilder, invocation, phase};
pub use span::{SpanBuilder, resource, span};
pub use strategies::{any_attribute_value, any_span};

/// The moment from which tests count: 2026-01-01T00:00:00Z.
pub const EPOCH: UnixNanos = UnixNanos(1_767_225_600_000_000_000);

/// A moment, in milliseconds after [`EPOCH`]; before it if negative.
pub fn at(millis: f64) -> UnixNanos {
    UnixNanos(EPOCH.0.saturating_add_signed((millis * 1e6) as i64))
}

/// The trace id of this number; not 0.
pub fn trace_id(number: u128) -> TraceId {
    TraceId::from_bytes(&number.to_be_bytes()).expect("a trace id's number is not 0")
}

/// The span id of this number; not 0.
pub fn span_id(number: u64) -> SpanId {
    SpanId::from_bytes(&number.to_be_bytes()).expect("a span id's number is not 0")
}
