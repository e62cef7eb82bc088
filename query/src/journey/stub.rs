//! stub
#![allow(dead_code, reason = "stub")]
use coldtrace_model::*;
use std::sync::Arc;
pub(crate) struct StoredSpan {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub parent_span_id: [u8; 8],
    pub name: String,
    pub kind: u8,
    pub ts: u64,
    pub duration_ns: i64,
    pub status: u8,
    pub status_message: String,
    pub attrs: Vec<(String, String)>,
    pub extra: Vec<u8>,
}
pub(crate) fn span_from_stored(
    _: StoredSpan,
    _: Arc<Resource>,
    _: Arc<Scope>,
    _: SpanOrigin,
) -> Result<Span, std::fmt::Error> {
    Err(std::fmt::Error)
}
pub(crate) fn resource_from_raw(_: &[u8], _: String) -> Result<Resource, std::fmt::Error> {
    Err(std::fmt::Error)
}
pub(crate) fn scope_from_raw(_: &[u8], _: String) -> Result<Scope, std::fmt::Error> {
    Err(std::fmt::Error)
}
