//! Where the time of a function went in a range: from `cp_1m`, as far as it is derived.
//!
//! Nothing is computed when it is asked for: what is not derived is told. Each window's sample counts for as many invocations as
//! there were, so that a busy window is not worth as much as a quiet one of which as many were looked at.

use clickhouse::Row;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Deserialize;

use super::rollups::AT_ONCE;
use super::sql::SECOND;
use super::{ReadError, Reader, sql};
use crate::settle::paths;

/// Where the time of a function went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionPath {
    /// How many invocations were over, in windows that are derived.
    pub invocations: u64,
    /// How many of them were looked at.
    pub looked_at: u64,
    /// The mean of their critical paths.
    pub mean: Nanos,
    /// Parts of the critical paths, the longest first; those of a category that are not told one by one are one.
    pub segments: Vec<PathSegment>,
    /// Steps with invocations, the earliest first.
    pub points: Vec<PathPoint>,
    /// What has invocations of the tenant and is not derived.
    pub missing: Vec<TimeRange>,
    /// What was derived before rows came that are not in it.
    pub outdated: Vec<TimeRange>,
}

/// A part of critical paths.
#[derive(Clone, Debug, PartialEq)]
pub struct PathSegment {
    /// What the time was spent on, by its name in the API.
    pub category: String,
    /// Of a call, whom it called; of other work, whose it was.
    pub service: String,
    /// What it is called; empty, as is `service`, for the rest of a category.
    pub name: String,
    /// Who sent a span that shows it; empty where none does.
    pub sender: String,
    /// How that is called.
    pub span: String,
    /// In the mean of all invocations.
    pub mean: Nanos,
    /// The share of all time, 0 to 1.
    pub share: f64,
    /// The share of the invocations that waited for it, 0 to 1; not known of the rest of a category.
    pub invocations: Option<f64>,
}

/// A step of time.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPoint {
    /// When it begins.
    pub start: UnixNanos,
    /// How many invocations were over.
    pub invocations: u64,
    /// How many of them were looked at.
    pub looked_at: u64,
    /// What the time was spent on, in the mean of all, by name.
    pub categories: Vec<(String, Nanos)>,
}

#[derive(Row, Deserialize)]
struct StepRow {
    start: u32,
    category: String,
    path: f64,
    weight: f64,
    n: u64,
    looked_at: u64,
}

#[derive(Row, Deserialize)]
struct SegmentRow {
    category: String,
    service: String,
    name: String,
    sender: String,
    span: String,
    path: f64,
    seen: f64,
}

/// Of one category or of all.
#[derive(Clone, Copy, Default)]
struct Sum {
    path: f64,
    /// How many invocations the sample stands for.
    weight: f64,
    n: u64,
    looked_at: u64,
}

impl Reader {
    /// Where the time of a function went in the windows of five minutes that the range touches, with so many segments at most,
    /// by steps of whole windows.
    pub async fn function_path(
        &self,
        function: &str,
        range: TimeRange,
        step: Nanos,
        most: u32,
    ) -> Result<FunctionPath, ReadError> {
        let sources = self.path_sources(range).await?;
        let mut path = FunctionPath {
            missing: sources.missing,
            outdated: sources.outdated,
            ..FunctionPath::default()
        };
        let Some(times) = sources.derived else {
            return Ok(path);
        };
        let only = format!(" AND function = {}", sql::text(function));
        let rows = paths::settled(&format!("{} AND {times}", self.owned()), &only);
        let seconds = (step.0 / SECOND).max(1);
        // What a window's sample tells counts for all of its invocations.
        let steps = format!(
            "SELECT toUInt32(intDiv(toUnixTimestamp(t), {seconds}) * {seconds}) AS start,
                CAST(told.category, 'String') AS category,
                sumIf(toFloat64(path_ns) * told.n / told.looked_at, told.looked_at != 0) AS path,
                sumIf(toFloat64(told.n), told.looked_at != 0) AS weight,
                sum(told.n) AS n, sum(told.looked_at) AS looked_at
            FROM ({rows}) AS told
            GROUP BY start, category ORDER BY start, category{AT_ONCE}"
        );
        let segments = format!(
            "SELECT CAST(told.category, 'String') AS category, CAST(told.service, 'String') AS service, name,
                CAST(argMax(told.sender, told.t), 'String') AS sender, argMax(told.span, told.t) AS span,
                sum(toFloat64(path_ns) * n / looked_at) AS path, sum(toFloat64(told.seen) * n / looked_at) AS seen
            FROM ({rows}) AS told
            WHERE told.category != '' AND (told.service != '' OR name != '')
            GROUP BY category, service, name ORDER BY path DESC, category, service, name LIMIT {most}{AT_ONCE}"
        );
        let (steps, segments) = tokio::try_join!(
            self.rows::<StepRow>(&steps),
            self.rows::<SegmentRow>(&segments)
        )?;
        path.tell(&steps, segments);
        Ok(path)
    }
}

// === impl FunctionPath ===

impl FunctionPath {
    fn tell(&mut self, steps: &[StepRow], segments: Vec<SegmentRow>) {
        let mut all = Sum::default();
        let mut rest: Vec<(String, f64)> = Vec::new();
        for rows in steps.chunk_by(|one, next| one.start == next.start) {
            let mut whole = Sum::default();
            // The row of all categories comes first: its name is empty.
            for row in rows.iter().filter(|row| row.category.is_empty()) {
                whole.add(row);
                all.add(row);
            }
            let categories = rows.iter().filter(|row| !row.category.is_empty());
            let mut told = Vec::new();
            for row in categories {
                told.push((row.category.clone(), whole.mean(row.path)));
                match rest.iter_mut().find(|(known, _)| *known == row.category) {
                    Some((_, path)) => *path += row.path,
                    None => rest.push((row.category.clone(), row.path)),
                }
            }
            self.points.push(PathPoint {
                start: UnixNanos(u64::from(rows[0].start) * SECOND),
                invocations: whole.n,
                looked_at: whole.looked_at,
                categories: told,
            });
        }
        self.invocations = all.n;
        self.looked_at = all.looked_at;
        self.mean = all.mean(all.path);
        for row in segments {
            if let Some((_, path)) = rest.iter_mut().find(|(known, _)| *known == row.category) {
                *path -= row.path;
            }
            self.segments.push(PathSegment {
                mean: all.mean(row.path),
                share: all.share(row.path),
                invocations: Some((row.seen / all.weight).clamp(0.0, 1.0)),
                category: row.category,
                service: row.service,
                name: row.name,
                sender: row.sender,
                span: row.span,
            });
        }
        for (category, path) in rest {
            let mean = all.mean(path);
            // Less than a nanosecond is what sums of fractions leave.
            if mean > Nanos(0) {
                self.segments.push(PathSegment {
                    category,
                    service: String::new(),
                    name: String::new(),
                    sender: String::new(),
                    span: String::new(),
                    mean,
                    share: all.share(path),
                    invocations: None,
                });
            }
        }
        self.segments.sort_by(|a, b| b.share.total_cmp(&a.share));
    }
}

// === impl Sum ===

impl Sum {
    fn add(&mut self, row: &StepRow) {
        self.path += row.path;
        self.weight += row.weight;
        self.n += row.n;
        self.looked_at += row.looked_at;
    }

    fn mean(&self, path: f64) -> Nanos {
        match self.weight > 0.0 && path > 0.0 {
            true => Nanos((path / self.weight).round() as u64),
            false => Nanos(0),
        }
    }

    fn share(&self, path: f64) -> f64 {
        match self.path > 0.0 {
            true => (path / self.path).clamp(0.0, 1.0),
            false => 0.0,
        }
    }
}
