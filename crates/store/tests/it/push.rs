//! Rows with their attributes into blocks.

use coldtrace_model::joined;
use coldtrace_store::native::Blocks;
use coldtrace_store::rows::{LogRow, SpanRow};

/// No attributes.
pub(crate) const NONE: [(&str, &str); 0] = [];

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
