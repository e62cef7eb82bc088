//! `GET /api/v1/functions`.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::NanoDollars;
use coldtrace_store::reader::FunctionSummary;
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::{Written, bytes_of, json};
use crate::cost::cost;
use crate::reply::{Decimal, Signed};

/// The schema `FunctionList`.
#[derive(Serialize)]
struct ListReply<'a> {
    functions: Vec<FunctionReply<'a>>,
    total: usize,
    next_cursor: Option<&'a str>,
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

struct Listed {
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
    let functions = access.reader.functions(place.range).await?;
    json(Listed::of(functions, &place, limit)).await
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

// === impl Listed ===

impl Listed {
    /// A page of them. They are few enough to be put in order here.
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

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            functions: self.functions.iter().map(FunctionReply::from).collect(),
            total: self.total,
            next_cursor: self.next_cursor.as_deref(),
        })
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
