//! `GET /api/v1/functions/{function}/path`: where the time of a function went, over time.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::{Category, Question};
use coldtrace_model::{Nanos, TimeRange};
use coldtrace_store::Settler;
use coldtrace_store::reader::{FunctionPath, PathPoint, PathSegment};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::function::{asked, not_invoked, step};
use super::{Written, bytes_of, json};
use crate::reply::{Decimal, path_of};

/// Parts that are told one by one.
const SHOWN: u32 = 50;

/// The schema `FunctionPath`.
#[derive(Serialize)]
struct Reply<'a> {
    invocations: Decimal,
    looked_at: Decimal,
    mean: Decimal,
    segments: Vec<SegmentReply<'a>>,
    step: Decimal,
    points: Vec<PointReply<'a>>,
    missing: Vec<RangeReply>,
    outdated: Vec<RangeReply>,
}

/// The schema `PathSegment`.
#[derive(Serialize)]
struct SegmentReply<'a> {
    category: &'a str,
    service: Option<&'a str>,
    name: Option<&'a str>,
    mean: Decimal,
    share: f64,
    share_invocations: Option<f64>,
    question: String,
}

/// The schema `PathPoint`.
#[derive(Serialize)]
struct PointReply<'a> {
    start: Decimal,
    invocations: Decimal,
    looked_at: Decimal,
    categories: Vec<CategoryReply<'a>>,
}

/// The schema `PathCategory`.
#[derive(Serialize)]
struct CategoryReply<'a> {
    category: &'a str,
    mean: Decimal,
}

/// The schema `Range`.
#[derive(Serialize)]
struct RangeReply {
    from: Decimal,
    to: Decimal,
}

/// What the reply is made of.
struct Told {
    function: String,
    range: TimeRange,
    step: Nanos,
    path: FunctionPath,
}

pub(super) fn of_function() -> MethodRouter<Api> {
    get(get_path)
}

async fn get_path(
    access: Access,
    uri: Uri,
    function: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let (function, range) = asked(&uri, function)?;
    // Each of a chart's steps that is not shorter is of whole windows.
    let step = step(range).max(Settler::PATH_WINDOW);
    let reader = &access.reader;
    let (summary, path) = tokio::try_join!(
        reader.function(&function, range),
        reader.function_path(&function, range, step, SHOWN)
    )?;
    // The range's windows are told whole, and so may be told of what was invoked just before it.
    if summary.is_none() && path.invocations == 0 {
        return Err(not_invoked(&function));
    }
    json(Told {
        function,
        range,
        step,
        path,
    })
    .await
}

/// What shows a part.
fn question(segment: &PathSegment) -> Question {
    let starts = [
        Category::Init,
        Category::ExtensionInit,
        Category::RuntimeInit,
        Category::Restore,
    ];
    match segment.span.as_str() {
        "" if starts.map(Category::as_str).contains(&&*segment.category) => Question::Cold,
        "" => Question::Slowest,
        span => Question::of_spans(&segment.sender, span),
    }
}

// === impl Told ===

impl Written for Told {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let path = &self.path;
        let ranges = |ranges: &[TimeRange]| ranges.iter().map(RangeReply::from).collect();
        bytes_of(&Reply {
            invocations: Decimal(path.invocations),
            looked_at: Decimal(path.looked_at),
            mean: path.mean.into(),
            segments: path.segments.iter().map(|one| self.segment(one)).collect(),
            step: self.step.into(),
            points: path.points.iter().map(PointReply::from).collect(),
            missing: ranges(&path.missing),
            outdated: ranges(&path.outdated),
        })
    }
}

impl Told {
    fn segment<'a>(&self, segment: &'a PathSegment) -> SegmentReply<'a> {
        let known = |text: &'a str| (!text.is_empty()).then_some(text);
        SegmentReply {
            category: &segment.category,
            service: known(&segment.service),
            name: known(&segment.name),
            mean: segment.mean.into(),
            share: segment.share,
            share_invocations: segment.invocations,
            question: path_of(&question(segment), &self.function, self.range),
        }
    }
}

impl<'a> From<&'a PathPoint> for PointReply<'a> {
    fn from(point: &'a PathPoint) -> Self {
        let categories = point.categories.iter();
        Self {
            start: point.start.into(),
            invocations: Decimal(point.invocations),
            looked_at: Decimal(point.looked_at),
            categories: categories
                .map(|(category, mean)| CategoryReply {
                    category,
                    mean: Decimal::from(*mean),
                })
                .collect(),
        }
    }
}

impl From<&TimeRange> for RangeReply {
    fn from(range: &TimeRange) -> Self {
        Self {
            from: range.from.into(),
            to: range.to.into(),
        }
    }
}
