//! The wire: `coldtrace.v1`, OTLP, and the ways from and to the domain types of `coldtrace-model`.
//!
//! What lives here: generated messages, OTLP in its JSON form, what makes a span acceptable, how a span is split into the
//! store's columns and the bytes beside them, what spans of every platform say of their invocation. Not here: transport,
//! limits on size, SQL. Invariants: no input makes a conversion panic; what went in comes out, types and order included.
#![warn(missing_docs)]

#[cfg(test)]
mod arbitrary;
pub mod faas;
#[cfg(all(any(test, fuzzing), feature = "json"))]
pub mod fuzzing;
pub mod ingest;
#[cfg(feature = "json")]
pub mod json;
pub mod otlp;
pub mod span;
pub mod stored;
mod value;
pub mod wire;

pub use value::{
    any_value_from_model, any_value_to_model, attributes_from_model, attributes_to_model,
};

/// Generated from `proto/coldtrace/v1/ingest.proto`.
#[expect(missing_docs, reason = "generated; the .proto file has the words")]
#[cfg_attr(
    feature = "services",
    expect(clippy::allow_attributes_without_reason, reason = "generated")
)]
pub mod v1 {
    include!("generated/coldtrace.v1.rs");
}
