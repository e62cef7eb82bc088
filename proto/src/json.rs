//! OTLP in its JSON form, turned into OTLP's protobuf in one pass: no tree and no struct in between, so that what a body
//! takes in memory is its own size and no more, whatever it is made of.
//!
//! Lenient where clients differ: names in lowerCamelCase or snake_case, enumerations as numbers or names of either style,
//! 64-bit integers as strings or numbers, ids in hex digits of either case; fields that are unknown or `null` are left out,
//! and so is a byte order mark. An id that is not hex becomes one of wrong length, so that its span alone is rejected. A name
//! that is given twice follows protobuf's rule: lists are joined, of scalars the last holds. What is of a wrong type is an
//! error that names its place.

mod kinds;
mod messages;
mod place;
mod reader;
mod surrogates;
mod writer;

use messages::Message;

/// How deep lists and maps may be nested in a value. What is written here is read once more from protobuf, whose decoder
/// stops at 100 messages, and a map in a map costs three of them; JSON's stops at 128, and there it costs four.
pub const MAX_DEPTH: usize = 28;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

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

/// The protobuf of an `ExportTraceServiceRequest`; never longer than its text.
pub fn traces_to_protobuf(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    to_protobuf(&messages::TRACES, text)
}

/// The protobuf of an `ExportLogsServiceRequest`; never longer than its text.
pub fn logs_to_protobuf(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    to_protobuf(&messages::LOGS, text)
}

fn to_protobuf(message: &'static Message, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match reader::read(message, text) {
        // Rare enough to pay for it only once reading has failed.
        Err(JsonError::Syntax(error)) => match surrogates::mend(text) {
            Some(mended) => reader::read(message, &mended),
            None => Err(JsonError::Syntax(error)),
        },
        read => read,
    }
}

// === impl JsonError ===

impl JsonError {
    /// Where it is wrong, if it is JSON.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Syntax(_) => None,
            Self::Type { place, .. } | Self::TooDeep { place } => Some(place),
        }
    }
}

#[cfg(test)]
mod tests;
