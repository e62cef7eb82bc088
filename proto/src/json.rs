//! OTLP in its JSON form, read into the protobuf messages in one pass, without a tree in between.
//!
//! Lenient where clients differ: names in lowerCamelCase or snake_case, enumerations as numbers or names of either style,
//! 64-bit integers as strings or numbers, ids in hex digits of either case, fields that are unknown or `null` are left out.
//! An id that is not hex becomes one of wrong length, so that its span alone is rejected. What is of a wrong type is an
//! error that names its place.

mod kinds;
mod messages;
mod place;
mod reader;
mod surrogates;

use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// How deep lists and maps may be nested in a value. What is read here is decoded once more from protobuf, whose decoder
/// stops at 100 messages, and a map in a map costs three of them; JSON's stops at 128, and there it costs four.
pub const MAX_DEPTH: usize = 28;

/// Why text is not OTLP in JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON.
    #[error("not JSON: {0}")]
    Syntax(serde_json::Error),
    /// Something is of a wrong type.
    #[error("{place}: expected {expected}, found {found}")]
    Type {
        /// Such as `resourceSpans[0].scopeSpans[0].spans[1].name`.
        place: String,
        /// What must stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// Lists and maps are nested too deep.
    #[error("{place}: nested deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// Where.
        place: String,
    },
}

/// Reads an `ExportTraceServiceRequest`.
pub fn decode_traces(text: &[u8]) -> Result<ExportTraceServiceRequest, JsonError> {
    decode(text)
}

/// Reads an `ExportLogsServiceRequest`.
pub fn decode_logs(text: &[u8]) -> Result<ExportLogsServiceRequest, JsonError> {
    decode(text)
}

fn decode<M: reader::Message>(text: &[u8]) -> Result<M, JsonError> {
    match reader::read(text) {
        // Rare enough to pay for it only once reading has failed.
        Err(JsonError::Syntax(error)) => match surrogates::mend(text) {
            Some(mended) => reader::read(&mended),
            None => Err(JsonError::Syntax(error)),
        },
        read => read,
    }
}

#[cfg(test)]
mod tests;
