//! The search for logged lines: from the range's end on, until there are enough of them or its time is used up.

use std::time::{Duration, Instant};

use coldtrace_model::{LogRecord, TimeRange, UnixNanos};
use coldtrace_store::reader::{LineFilter, LineKey, LineQuery, ReadError, Reader};

use crate::journey;
use crate::stretches::Stretches;

/// For one page, before it says how far it came.
const TIME: Duration = Duration::from_secs(5);
/// A stretch that took longer is not followed by a longer one.
const LONG: Duration = Duration::from_secs(1);

/// What to look for, and where.
#[derive(Clone, Debug)]
pub(crate) struct LineSearch {
    pub(crate) range: TimeRange,
    pub(crate) filter: LineFilter,
    /// Behind this one.
    pub(crate) after: Option<LineKey>,
    /// At most so many.
    pub(crate) limit: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// With the function or service of each, the latest first.
    pub(crate) lines: Vec<(String, LogRecord)>,
    /// Behind which the search goes on; nothing if it has seen the whole range.
    pub(crate) next: Option<LineKey>,
    /// It ended before there were enough: its time was used up.
    pub(crate) is_spent: bool,
}

/// Looks for lines.
pub(crate) async fn search(reader: &Reader, search: &LineSearch) -> Result<Lines, ReadError> {
    let began = Instant::now();
    let mut rows = Vec::new();
    let mut stretches = Stretches::of(search.range, search.after.map(|after| after.time));
    let mut found = Lines::default();
    while let Some(range) = stretches.next() {
        let asked = Instant::now();
        let query = LineQuery {
            range,
            filter: &search.filter,
            after: search.after,
            // One more tells whether there are more.
            limit: search.limit + 1 - rows.len(),
        };
        rows.extend(reader.lines(&query).await?);
        if rows.len() > search.limit {
            rows.truncate(search.limit);
            found.next = rows.last().map(|(key, _)| *key);
            break;
        }
        if range.from > search.range.from && began.elapsed() >= TIME {
            found.next = Some(before(range.from));
            found.is_spent = true;
            break;
        }
        if asked.elapsed() < LONG {
            stretches.grow();
        }
    }
    found.lines = rows
        .into_iter()
        .filter_map(|(_, row)| journey::line(row))
        .collect();
    Ok(found)
}

/// Behind all that was written at this moment or later.
fn before(time: UnixNanos) -> LineKey {
    LineKey {
        time: UnixNanos(time.0.saturating_sub(1)),
        hash: u64::MAX,
        number: 0,
    }
}
