//! Rows with their attributes into blocks.

use coldtrace_model::joined;
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{LogRow, Owner, SpanRow};

/// No attributes.
pub(crate) const NONE: [(&str, &str); 0] = [];

/// A server's span that says little.
pub(crate) fn plain_span(owner: Owner<'_>, ts: u64) -> SpanRow<'_> {
    SpanRow {
        owner,
        ts,
        trace_id: [1; 16],
        span_id: [1; 8],
        parent_span_id: [0; 8],
        flags: 1,
        service: "shop",
        name: b"buy",
        kind: 2,
        duration_ns: 1_000,
        status: 0,
        status_message: b"",
        request_id: "",
        sandbox_id: "",
        phase: "",
        http_status: 0,
        resource_id: 1,
        scope_id: 1,
        attr_keys: &[],
        attr_values: &[],
        attr_types: b"",
        extra: b"",
        link_trace_ids: &[],
    }
}

pub(crate) fn push_span(
    blocks: &mut Blocks,
    row: SpanRow<'_>,
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) {
    let (keys, values) = columns(attrs);
    blocks.push_span(&SpanRow {
        attr_keys: &keys,
        attr_values: &values,
        ..row
    });
}

pub(crate) fn push_log(
    blocks: &mut Blocks,
    row: LogRow<'_>,
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) {
    let (keys, values) = columns(attrs);
    blocks.push_log(&LogRow {
        attr_keys: &keys,
        attr_values: &values,
        ..row
    });
}

fn columns(
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) -> (Vec<u8>, Vec<u8>) {
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (key, value) in attrs {
        joined::add(key.as_ref().as_bytes(), &mut keys);
        joined::add(value.as_ref().as_bytes(), &mut values);
    }
    (keys, values)
}
