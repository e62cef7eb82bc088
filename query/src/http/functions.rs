//! `GET /api/v1/functions`.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::NanoDollars;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::{FindingRecord, FunctionSummary, TrendPoint, Trends};
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::{Written, bytes_of, json};
use crate::changes::just_before;
use crate::cost::cost;
use crate::reply::{Decimal, GainReply, Signed};

/// Steps of a function in the list: a line as wide as a word.
const STEPS: u64 = 48;
/// In which settle has looked at each function that is active, as it does every hour.
const TOLD_WITHIN: Nanos = Nanos::from_millis(24 * 3_600 * 1_000);

/// The schema `FunctionList`.
#[derive(Serialize)]
struct ListReply<'a> {
    functions: Vec<ListedReply<'a>>,
    total: usize,
    next_cursor: Option<&'a str>,
    step: Decimal,
}

/// The schema `ListedFunction`.
#[derive(Serialize)]
struct ListedReply<'a> {
    #[serde(flatten)]
    function: FunctionReply<'a>,
    trend: Vec<PointReply>,
    previous: Option<BeforeReply>,
    top_finding: Option<FindingReply<'a>>,
}

/// The schema `TrendPoint`.
#[derive(Serialize)]
struct PointReply {
    start: Decimal,
    invocations: Decimal,
    errors: Decimal,
    cold_starts: Decimal,
    p95: Decimal,
}

/// The schema `FunctionBefore`.
#[derive(Serialize)]
struct BeforeReply {
    invocations: Decimal,
    cold_starts: Decimal,
    errors: Decimal,
    p50: Decimal,
    p95: Decimal,
    cost: Option<Signed>,
}

/// The schema `TopFinding`.
#[derive(Serialize)]
struct FindingReply<'a> {
    kind: &'a str,
    title: &'a str,
    gain: GainReply,
}

/// The schema `Function`.
#[derive(Serialize)]
pub(super) struct FunctionReply<'a> {
    function: &'a str,
    platform: &'static str,
    runtime: &'a str,
    architecture: &'static str,
    memory_bytes: Decimal,
    invocations: Decimal,
    cold_starts: Decimal,
    errors: Decimal,
    timeouts: Decimal,
    ooms: Decimal,
    lost: Decimal,
    p50: Decimal,
    p95: Decimal,
    max: Decimal,
    init_p50: Option<Decimal>,
    last_seen: Decimal,
    cost: Option<Signed>,
}

/// In a cursor: rank, function.
type CursorKey = (u64, String);

const ORDERS: [Order; 4] = [Order::Newest, Order::Slowest, Order::Errors, Order::Cost];

/// A page of the list, and what stands beside its functions.
struct Listed {
    page: Page,
    trends: Trends,
    before: Vec<FunctionSummary>,
    findings: Vec<FindingRecord>,
}

struct Page {
    functions: Vec<FunctionSummary>,
    total: usize,
    next_cursor: Option<String>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_functions)
}

async fn list_functions(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to", "sort", "limit", "cursor"])?;
    let place = Place::<CursorKey>::read(&params, &ORDERS)?;
    let limit = params.limit_if_given()?;
    let (range, now) = (place.range, UnixNanos::now());
    let lately = TimeRange {
        from: now.minus(TOLD_WITHIN),
        to: now,
    };
    let (functions, findings) = tokio::try_join!(
        access.reader.functions(range),
        access.reader.findings(lately, None)
    )?;
    let page = Page::of(functions, &place, limit);
    let names = page.functions.iter();
    let names: Vec<String> = names.map(|one| one.function.clone()).collect();
    let (trends, before) = tokio::try_join!(
        access.reader.function_trends(range, &names, STEPS),
        access.reader.functions_named(just_before(range), &names)
    )?;
    json(Listed {
        page,
        trends,
        before,
        findings,
    })
    .await
}

/// By what the order is, the greatest first.
fn rank(summary: &FunctionSummary, order: Order) -> u64 {
    match order {
        Order::Slowest => summary.p95.0,
        Order::Errors => summary.errors,
        Order::Cost => cost_of(summary).map_or(0, |cost| cost.0.unsigned_abs()),
        _ => summary.last_filed.0,
    }
}

fn cost_of(summary: &FunctionSummary) -> Option<NanoDollars> {
    let billed = summary.billed.iter().cloned();
    cost(summary.platform, &summary.region, billed)
}

// === impl Page ===

impl Page {
    /// Of all of them. They are few enough to be put in order here.
    fn of(functions: Vec<FunctionSummary>, place: &Place<CursorKey>, limit: Option<u32>) -> Self {
        let total = functions.len();
        let mut ranked: Vec<(u64, FunctionSummary)> = functions
            .into_iter()
            .map(|summary| (rank(&summary, place.order), summary))
            .collect();
        ranked.sort_by(|(a, one), (b, other)| b.cmp(a).then(one.function.cmp(&other.function)));
        if let Some((after, name)) = &place.after {
            ranked.retain(|(rank, one)| rank < after || (rank == after && one.function > *name));
        }
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        let has_more = ranked.len() > limit;
        ranked.truncate(limit);
        let last = ranked.last().filter(|_| has_more);
        let next_cursor = last.map(|(rank, one)| place.cursor((*rank, one.function.clone())));
        Self {
            functions: ranked.into_iter().map(|(_, one)| one).collect(),
            total,
            next_cursor,
        }
    }
}

// === impl Listed ===

impl Listed {
    fn reply<'a>(&'a self, summary: &'a FunctionSummary) -> ListedReply<'a> {
        let function = summary.function.as_str();
        let trend = self.trends.of.get(function).into_iter().flatten();
        let before = self.before.iter().find(|one| one.function == function);
        // They come in the order of what they save.
        let mut findings = self.findings.iter();
        let top = findings.find(|told| told.is_there && told.function == function);
        ListedReply {
            function: summary.into(),
            trend: trend.map(PointReply::from).collect(),
            previous: before.map(BeforeReply::from),
            top_finding: top.map(FindingReply::from),
        }
    }
}

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let functions = self.page.functions.iter();
        bytes_of(&ListReply {
            functions: functions.map(|summary| self.reply(summary)).collect(),
            total: self.page.total,
            next_cursor: self.page.next_cursor.as_deref(),
            step: self.trends.step.into(),
        })
    }
}

impl From<&TrendPoint> for PointReply {
    fn from(point: &TrendPoint) -> Self {
        Self {
            start: point.start.into(),
            invocations: Decimal(point.invocations),
            errors: Decimal(point.errors),
            cold_starts: Decimal(point.cold_starts),
            p95: point.p95.into(),
        }
    }
}

impl From<&FunctionSummary> for BeforeReply {
    fn from(summary: &FunctionSummary) -> Self {
        Self {
            invocations: Decimal(summary.invocations),
            cold_starts: Decimal(summary.cold_starts),
            errors: Decimal(summary.errors),
            p50: summary.p50.into(),
            p95: summary.p95.into(),
            cost: cost_of(summary).map(Signed::from),
        }
    }
}

impl<'a> From<&'a FindingRecord> for FindingReply<'a> {
    fn from(record: &'a FindingRecord) -> Self {
        Self {
            kind: &record.told.kind,
            title: &record.told.title,
            gain: (&record.told).into(),
        }
    }
}

impl<'a> From<&'a FunctionSummary> for FunctionReply<'a> {
    fn from(summary: &'a FunctionSummary) -> Self {
        Self {
            function: &summary.function,
            platform: summary.platform.as_str(),
            runtime: &summary.runtime,
            architecture: summary.architecture.as_str(),
            memory_bytes: summary.memory.into(),
            invocations: Decimal(summary.invocations),
            cold_starts: Decimal(summary.cold_starts),
            errors: Decimal(summary.errors),
            timeouts: Decimal(summary.timeouts),
            ooms: Decimal(summary.ooms),
            lost: Decimal(summary.lost),
            p50: summary.p50.into(),
            p95: summary.p95.into(),
            max: summary.max.into(),
            init_p50: summary.init_p50.map(Decimal::from),
            last_seen: summary.last_seen.into(),
            cost: cost_of(summary).map(Signed::from),
        }
    }
}
