//! Groups of errors as they were known at the end of each window of the past.
//!
//! Live, the store is asked at the end of each window ([`super::read::Reads::groups`]). This reads a day at a time and tells the
//! same, which a test holds it to: what came in the window, and whether that was news by what came before it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use coldtrace_alerts::{ErrorGroupReading, ErrorState};
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::{ErrorWindow, MOST_LISTED, ReadError, Reader, SILENCE};

use super::read::{BUCKET, DAY};

/// Goes through windows, the earliest first.
pub(crate) struct GroupsThen {
    reader: Reader,
    /// Of these functions, or of all if there are none.
    functions: Vec<String>,
    /// How long before an instant errors count.
    length: Nanos,
    /// Read and not forgotten, the earliest first.
    windows: VecDeque<ErrorWindow>,
    /// Up to where all is read.
    read: UnixNanos,
    /// Nothing is asked for that is later.
    last: UnixNanos,
    /// When the last error of each group came, of those that are forgotten.
    past: HashMap<u64, UnixNanos>,
}

// === impl GroupsThen ===

impl GroupsThen {
    /// At ends of windows in this range. `length` is of whole windows.
    pub(crate) async fn new(
        reader: &Reader,
        functions: &[String],
        length: Nanos,
        range: TimeRange,
    ) -> Result<Self, ReadError> {
        let whole = |time: UnixNanos| UnixNanos(time.0 / BUCKET.0 * BUCKET.0);
        let from = whole(range.from).minus(length);
        Ok(Self {
            past: reader.errors_last_seen(from, functions).await?,
            reader: reader.clone(),
            functions: functions.to_vec(),
            length,
            windows: VecDeque::new(),
            read: from,
            last: whole(range.to),
        })
    }

    /// The groups with errors before the end of a window, which is none that was asked for before.
    pub(crate) async fn at(&mut self, end: UnixNanos) -> Result<Vec<ErrorGroupReading>, ReadError> {
        while self.read < end {
            let range = TimeRange {
                from: self.read,
                to: self.read.plus(DAY).min(self.last.max(end)),
            };
            let windows = self.reader.error_windows(range, &self.functions);
            self.windows.extend(windows.await?);
            self.read = range.to;
        }
        let begin = end.minus(self.length);
        while let Some(window) = self.windows.pop_front_if(|window| window.start < begin) {
            let last = self.past.entry(window.id).or_default();
            *last = window.last_seen.max(*last);
        }
        Ok(self.readings(end))
    }

    fn readings(&self, end: UnixNanos) -> Vec<ErrorGroupReading> {
        let mut groups: BTreeMap<u64, Vec<&ErrorWindow>> = BTreeMap::new();
        for window in self.windows.iter().take_while(|window| window.start < end) {
            groups.entry(window.id).or_default().push(window);
        }
        let readings = groups.into_iter().filter_map(|(id, windows)| {
            let first = windows.first()?;
            let versions = windows.iter().flat_map(|window| &window.versions);
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for (version, count) in versions {
                *counts.entry(version).or_default() += count;
            }
            let mut versions: Vec<(&str, u64)> = counts.into_iter().collect();
            versions.sort_by(|(one, few), (other, many)| many.cmp(few).then(one.cmp(other)));
            Some(ErrorGroupReading {
                id,
                function: first.function.clone(),
                error_type: first.error_type.clone(),
                message: first.message.clone(),
                versions: versions
                    .into_iter()
                    .map(|(version, _)| version.to_owned())
                    .collect(),
                state: state(self.past.get(&id).copied(), &windows),
                last_seen: windows.iter().map(|window| window.last_seen).max()?,
                count: windows.iter().map(|window| window.count).sum(),
            })
        });
        let mut readings: Vec<ErrorGroupReading> = readings.collect();
        readings.sort_by_key(|reading| std::cmp::Reverse((reading.count, reading.id)));
        readings.truncate(MOST_LISTED as usize);
        readings
    }
}

/// Whether a group is news, by when its last error before its windows came.
fn state(past: Option<UnixNanos>, windows: &[&ErrorWindow]) -> ErrorState {
    let Some(past) = past else {
        return ErrorState::New;
    };
    // Within the windows by the day, as the store has it.
    let mut days: BTreeMap<u64, (UnixNanos, UnixNanos)> = BTreeMap::new();
    for window in windows {
        let (first, last) = (window.first_seen, window.last_seen);
        let day = days.entry(first.0 / DAY.0).or_insert((first, last));
        *day = (day.0.min(first), day.1.max(last));
    }
    let mut before = past;
    for (first, last) in days.into_values() {
        if first >= before.plus(SILENCE) {
            return ErrorState::Regressed;
        }
        before = last;
    }
    ErrorState::Ongoing
}
