//! `GET /api/v1/errors` and `GET /api/v1/errors/{group}`: errors that are alike.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::Question;
use coldtrace_model::{RequestId, TimeRange, UnixNanos};
use coldtrace_store::reader::{ErrorFilter, ErrorGroup, ErrorKey, ErrorSort, Errors};
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::{Written, bytes_of, json};
use crate::reply::{Decimal, path_of};

/// Steps of a group in a list: a line as wide as a word.
const STEPS_LISTED: u64 = 48;
/// Steps of one group: a chart as wide as a page.
const STEPS: u64 = 120;

const ORDERS: [Order; 3] = [Order::Count, Order::LastSeen, Order::FirstSeen];

/// The schema `ErrorList`.
#[derive(Serialize)]
struct ListReply<'a> {
    errors: Vec<GroupReply<'a>>,
    total: u64,
    next_cursor: Option<&'a str>,
    start: Decimal,
    step: Decimal,
}

/// The schema `ErrorDetail`.
#[derive(Serialize)]
struct DetailReply<'a> {
    error: GroupReply<'a>,
    start: Decimal,
    step: Decimal,
}

/// The schema `ErrorGroup`.
#[derive(Serialize)]
struct GroupReply<'a> {
    group: String,
    function: &'a str,
    #[serde(rename = "type")]
    error_type: &'a str,
    message: &'a str,
    seen: &'a str,
    outcome: &'static str,
    state: &'static str,
    count: Decimal,
    share: f64,
    cold: Decimal,
    cold_share: f64,
    first_seen: Decimal,
    first_version: &'a str,
    last_seen: Decimal,
    versions: Vec<VersionReply<'a>>,
    examples: Vec<&'a str>,
    path: Option<String>,
    series: Vec<Decimal>,
}

/// The schema `ErrorVersion`.
#[derive(Serialize)]
struct VersionReply<'a> {
    version: &'a str,
    count: Decimal,
}

/// In a cursor: rank, group.
type CursorKey = (u64, u64);

struct Listed {
    range: TimeRange,
    errors: Errors,
    next_cursor: Option<String>,
}

struct Detail {
    range: TimeRange,
    group: ErrorGroup,
    start: Decimal,
    step: Decimal,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_errors)
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_error)
}

async fn list_errors(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let known = ["from", "to", "function", "sort", "limit", "cursor"];
    let params = Params::read(&uri, &known)?;
    let place = Place::<CursorKey>::read(&params, &ORDERS)?;
    let filter = ErrorFilter {
        range: place.range,
        function: params.text("function").map(str::to_owned),
        id: None,
        sort: sort(place.order),
        after: place.after.map(|(rank, id)| ErrorKey { rank, id }),
        limit: params.limit()?,
        steps: STEPS_LISTED,
    };
    let errors = access.reader.errors(&filter).await?;
    let next_cursor = errors.next.map(|key| place.cursor((key.rank, key.id)));
    json(Listed {
        range: place.range,
        errors,
        next_cursor,
    })
    .await
}

async fn get_error(
    access: Access,
    uri: Uri,
    group: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let Path(group) = group.map_err(|error| ApiError::invalid("group", error.body_text()))?;
    let id = parse_group(&group)?;
    let filter = ErrorFilter {
        range,
        function: None,
        id: Some(id),
        sort: ErrorSort::Count,
        after: None,
        limit: 1,
        steps: STEPS,
    };
    let errors = access.reader.errors(&filter).await?;
    let (start, step) = (errors.start.into(), errors.step.into());
    let group = errors.groups.into_iter().next().ok_or_else(|| {
        ApiError::NotFound(format!("no error of the group {group} is in this range"))
    })?;
    json(Detail {
        range,
        group,
        start,
        step,
    })
    .await
}

fn sort(order: Order) -> ErrorSort {
    match order {
        Order::LastSeen => ErrorSort::LastSeen,
        Order::FirstSeen => ErrorSort::FirstSeen,
        _ => ErrorSort::Count,
    }
}

/// The digits of a group, as they are told.
fn parse_group(text: &str) -> Result<u64, ApiError> {
    let is_hex = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
    id.ok_or_else(|| ApiError::invalid("group", "must be the 16 hex digits of a group"))
}

fn share(part: u64, all: u64) -> f64 {
    match all {
        0 => 0.0,
        // What came between two questions is counted by one of them.
        all => (part as f64 / all as f64).min(1.0),
    }
}

impl<'a> GroupReply<'a> {
    fn of(group: &'a ErrorGroup, range: TimeRange) -> Self {
        let question = Question::Ended(group.outcome.as_str());
        let is_listed = group.outcome.is_failure();
        Self {
            group: format!("{:016x}", group.id),
            function: &group.function,
            error_type: &group.error_type,
            message: &group.message,
            seen: &group.seen,
            outcome: group.outcome.as_str(),
            state: group.state.as_str(),
            count: Decimal(group.count),
            share: share(group.count, group.invocations),
            cold: Decimal(group.cold),
            cold_share: share(group.cold, group.count),
            first_seen: group.first_seen.into(),
            first_version: &group.first_version,
            last_seen: group.last_seen.into(),
            versions: group
                .versions
                .iter()
                .map(|(version, count)| VersionReply {
                    version,
                    count: Decimal(*count),
                })
                .collect(),
            examples: group.examples.iter().map(RequestId::as_str).collect(),
            path: is_listed.then(|| path_of(&question, &group.function, range)),
            series: group.series.iter().copied().map(Decimal).collect(),
        }
    }
}

// === impl Listed, Detail ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let groups = self.errors.groups.iter();
        bytes_of(&ListReply {
            errors: groups
                .map(|group| GroupReply::of(group, self.range))
                .collect(),
            total: self.errors.total,
            next_cursor: self.next_cursor.as_deref(),
            start: self.errors.start.into(),
            step: self.errors.step.into(),
        })
    }
}

impl Written for Detail {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&DetailReply {
            error: GroupReply::of(&self.group, self.range),
            start: self.start,
            step: self.step,
        })
    }
}
