//! Pieces of SQL: literals and filters. Whatever a client sent goes through here and nowhere else.

use coldtrace_model::{TimeRange, UnixNanos};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use coldtrace_model::joined;

/// Seconds of the key's time buckets: `toStartOfFiveMinutes`.
pub(crate) const BUCKET_SECONDS: u64 = 300;
pub(super) const SECOND: u64 = 1_000_000_000;

/// A string literal.
pub(crate) fn text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for letter in text.chars() {
        match letter {
            '\'' => literal.push_str("\\'"),
            '\\' => literal.push_str("\\\\"),
            letter => literal.push(letter),
        }
    }
    literal.push('\'');
    literal
}

/// `('a', 'b')`, for IN. There must be at least one.
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    list(texts.into_iter().map(text))
}

/// `(1, 2)`, for IN. There must be at least one.
pub(crate) fn numbers(numbers: impl IntoIterator<Item = u64>) -> String {
    list(numbers.into_iter().map(|number| number.to_string()))
}

/// The bytes of an id as a literal.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(bytes.len() * 2 + 9);
    literal.push_str("unhex('");
    for byte in bytes {
        literal.push_str(&format!("{byte:02x}"));
    }
    literal.push_str("')");
    literal
}

/// `(unhex('..'), unhex('..'))`, for IN. There must be at least one.
pub(super) fn ids<'a, const N: usize>(ids: impl IntoIterator<Item = &'a [u8; N]>) -> String {
    list(ids.into_iter().map(|id| bytes(id)))
}

/// In one of these ranges, each of which has a filter.
pub(crate) fn any_of(ranges: &[TimeRange], filter: impl Fn(TimeRange) -> String) -> String {
    let filters: Vec<String> = ranges
        .iter()
        .map(|&range| format!("({})", filter(range)))
        .collect();
    match filters.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", filters.join(" OR ")),
    }
}

/// A moment as `DateTime64(9)`.
pub(super) fn moment(time: UnixNanos) -> String {
    let time = time.min(UnixNanos::MAX_STORED);
    format!("fromUnixTimestamp64Nano({}, 'UTC')", time.0)
}

/// `('1', '2')` for `ts IN`: moments as seconds with a fraction. There must be at least one.
///
/// Literals make a list that the engine takes as one; of calls, as in [`moment`], it looks at each.
pub(super) fn moments(times: impl IntoIterator<Item = UnixNanos>) -> String {
    let literal = |time: UnixNanos| {
        let time = time.min(UnixNanos::MAX_STORED).0;
        format!("'{:010}.{:09}'", time / SECOND, time % SECOND)
    };
    list(times.into_iter().map(literal))
}

/// `ts` inside the range, for a table whose key has the bucket.
pub(crate) fn within(range: TimeRange) -> String {
    let mut filter = within_moments(range);
    if let Some((first, last)) = buckets(range) {
        filter.push_str(&format!(
            " AND bucket >= toDateTime({first}, 'UTC') AND bucket <= toDateTime({last}, 'UTC')"
        ));
    }
    filter
}

/// `ts` inside the range, for a table whose key begins with the time itself.
pub(crate) fn within_moments(range: TimeRange) -> String {
    format!("ts >= {} AND ts < {}", moment(range.from), moment(range.to))
}

/// A column of whole minutes inside the range; the minute in which it begins as well.
pub(super) fn within_minutes(column: &str, range: TimeRange) -> String {
    format!(
        "{column} >= toStartOfMinute({}) AND {column} < {}",
        moment(range.from),
        moment(range.to)
    )
}

/// `day` inside the range, for the lookup indexes.
pub(super) fn within_days(range: TimeRange) -> String {
    format!(
        "day >= toDate({}) AND day <= toDate({})",
        moment(range.from),
        moment(range.to)
    )
}

/// The first and the last bucket of a range in Unix seconds. Beyond 2106 the engine's `DateTime` wraps around, and so
/// does the bucket in the key: such a range can't be pruned by it.
fn buckets(range: TimeRange) -> Option<(u64, u64)> {
    let start_of_bucket = |time: u64| time / SECOND / BUCKET_SECONDS * BUCKET_SECONDS;
    let first = start_of_bucket(range.from.0);
    let last = start_of_bucket(range.to.0.saturating_sub(1));
    (last <= u64::from(u32::MAX)).then_some((first, last))
}

fn list(literals: impl Iterator<Item = String>) -> String {
    let mut list = String::from("(");
    for (index, literal) in literals.enumerate() {
        if index > 0 {
            list.push_str(", ");
        }
        list.push_str(&literal);
    }
    list.push(')');
    list
}

/// The engine's `String` of any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Bytes {
    /// The texts that stand here as one.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        joined::read(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_quotes() {
        assert_eq!(text(r"it's \' me"), r"'it\'s \\\' me'");
        assert_eq!(texts(["a", "b"]), "('a', 'b')");
    }

    #[test]
    fn a_range_names_every_bucket_that_it_touches() {
        let range = |from: u64, to: u64| TimeRange {
            from: UnixNanos(from * SECOND),
            to: UnixNanos(to * SECOND),
        };
        assert_eq!(buckets(range(300, 600)), Some((300, 300)));
        assert_eq!(buckets(range(299, 601)), Some((0, 600)));
        assert_eq!(buckets(range(0, 0)), Some((0, 0)));
        assert_eq!(buckets(range(0, 5_000_000_000)), None);
    }
}
