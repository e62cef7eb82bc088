//! Rows with their attributes into blocks.

use std::convert::Infallible;

use coldtrace_store::native::{AttributeWriter, Blocks, Partition};
use coldtrace_store::rows::{LogRow, SpanRow};

/// No attributes.
pub(crate) const NONE: [(&str, &str); 0] = [];

pub(crate) fn push_span(
    blocks: &mut Blocks,
    row: SpanRow<'_>,
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) {
    let partition = Partition::of(row.ts, row.owner.keep_days);
    let Ok(()) = blocks.push_span(partition, |attributes| {
        write(attributes, attrs);
        Ok::<_, Infallible>(row)
    });
}

pub(crate) fn push_log(
    blocks: &mut Blocks,
    row: LogRow<'_>,
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) {
    let partition = Partition::of(row.ts, row.owner.keep_days);
    let Ok(()) = blocks.push_log(partition, |attributes| {
        write(attributes, attrs);
        Ok::<_, Infallible>(row)
    });
}

fn write(
    attributes: &mut AttributeWriter<'_>,
    attrs: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) {
    for (key, value) in attrs {
        attributes.push(key.as_ref().as_bytes(), value.as_ref().as_bytes());
    }
}
