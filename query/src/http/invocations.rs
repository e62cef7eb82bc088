//! `GET /api/v1/invocations` and `GET /api/v1/invocations/{request_id}`.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::{Part, Price, Verdict};
use coldtrace_model::{
    Architecture, Invocation, LogRecord, Outcome, Platform, RequestId, TraceId, UnixNanos,
};
use coldtrace_store::reader::{
    InvocationFilter, InvocationKey, InvocationSort, LogFilter, Narrowing, Rate, Rates,
};
use serde::Serialize;

use super::access::{Access, Api};
use super::cursor::Place;
use super::error::ApiError;
use super::params::{Order, Params};
use super::traced::{self, Traced};
use super::{Written, bytes_of, json};
use crate::journey::{self, Journey};
use crate::reply::{Decimal, InvocationReply, LogReply, Shape, TraceReply};

/// Lines of one invocation that are shown; the reply says how many there are.
const LOG_LIMIT: u32 = 10_000;

const ORDERS: [Order; 4] = [Order::Newest, Order::Slowest, Order::Errors, Order::Cost];
const LIST_PARAMETERS: [&str; 12] = [
    "from",
    "to",
    "function",
    "outcome",
    "cold",
    "min_duration",
    "max_duration",
    "version",
    "error_type",
    "sort",
    "limit",
    "cursor",
];

/// The schema `InvocationList`.
#[derive(Serialize)]
struct ListReply<'a> {
    invocations: Vec<InvocationReply<'a>>,
    total: u64,
    next_cursor: Option<&'a str>,
}

/// The schema `InvocationDetail`.
#[derive(Serialize)]
struct DetailReply<'a> {
    invocation: InvocationReply<'a>,
    verdict: VerdictReply<'a>,
    trace: TraceReply<'a>,
    logs: Vec<LogReply<'a>>,
    logs_total: u64,
}

/// The schema `Verdict`.
#[derive(Serialize)]
struct VerdictReply<'a> {
    text: &'a str,
    parts: Vec<PartReply<'a>>,
}

#[derive(Serialize)]
struct PartReply<'a> {
    category: &'static str,
    about: &'a str,
    length: Decimal,
}

struct Listed {
    invocations: Vec<Invocation>,
    total: u64,
    next_cursor: Option<String>,
}

struct Detail {
    invocation: Invocation,
    journey: Journey,
    lines: Vec<(String, LogRecord)>,
    lines_total: u64,
}

/// In a cursor: rank, time, request id, function.
type CursorKey = (u64, u64, String, String);

pub(super) fn list() -> MethodRouter<Api> {
    get(list_invocations)
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_invocation)
}

async fn list_invocations(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &LIST_PARAMETERS)?;
    let place = Place::<CursorKey>::read(&params, &ORDERS)?;
    let filter = InvocationFilter {
        range: place.range,
        function: params.text("function").map(str::to_owned),
        outcomes: outcomes(&params)?,
        cold: params.flag("cold")?,
        only: narrowing(&params)?,
        sort: sort(place.order),
        after: place.after.clone().map(key_from),
        limit: params.limit()?,
    };
    let page = access.reader.invocations(&filter).await?;
    let listed = Listed {
        invocations: page.items,
        total: page.total,
        next_cursor: page.next.map(|key| place.cursor(key_into(key))),
    };
    json(listed).await
}

async fn get_invocation(
    access: Access,
    uri: Uri,
    request_id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &[traced::PARAMETER])?;
    let shape = traced::shape(&params)?;
    let request_id = parse_request_id(request_id)?;
    let mut found = access
        .reader
        .invocations_of(std::slice::from_ref(&request_id))
        .await?;
    access.reader.name_errors(&mut found).await?;
    // The latest: a platform that tries again keeps the request's id.
    let invocation = found.into_iter().next().ok_or_else(|| {
        ApiError::NotFound(format!("no invocation has the request id {request_id}"))
    })?;
    let own_traces = own_traces(&invocation);
    let lines = LogFilter {
        invocation: &invocation,
        trace_ids: &own_traces,
        limit: LOG_LIMIT,
    };
    let (journey, lines) = tokio::join!(
        access.journeys.of_request(&request_id),
        access.reader.logs(&lines)
    );
    let (lines, lines_total) = lines?;
    let detail = Detail {
        invocation,
        journey: journey?,
        lines: lines.into_iter().filter_map(journey::line).collect(),
        lines_total,
    };
    traced::told(detail, shape).await
}

fn sort(order: Order) -> InvocationSort {
    match order {
        Order::Slowest => InvocationSort::Slowest,
        Order::Errors => InvocationSort::FailedFirst,
        Order::Cost => InvocationSort::Dearest(rates()),
        _ => InvocationSort::Newest,
    }
}

/// The first tier of every region, by which `cost` is told as well.
fn rates() -> Rates {
    let platform = Platform::AwsLambda;
    let rate = |region: &str| {
        let price = |architecture| Price::of(platform, region, architecture, 0);
        let (arm64, others) = (price(Architecture::Arm64), price(Architecture::X86_64));
        Rate {
            arm64: arm64.map_or(0, Price::pico_per_gb_second),
            others: others.map_or(0, Price::pico_per_gb_second),
            request: others.map_or(0, Price::pico_per_request),
        }
    };
    let regions = Price::regions().into_iter();
    Rates {
        platform,
        elsewhere: rate(""),
        regions: regions
            .map(|region| (region.to_owned(), rate(region)))
            .collect(),
    }
}

fn narrowing(params: &Params) -> Result<Narrowing, ApiError> {
    let (least, most) = (
        params.length("min_duration")?,
        params.length("max_duration")?,
    );
    if least > most && most.is_some() {
        let told = "must not be longer than `max_duration`";
        return Err(ApiError::invalid("min_duration", told));
    }
    let text = |name| params.text(name).map(str::to_owned);
    Ok(Narrowing {
        least,
        most,
        version: text("version"),
        error_type: text("error_type"),
    })
}

/// Of the parameter `outcome`: names between commas.
pub(super) fn outcomes(params: &Params) -> Result<Vec<Outcome>, ApiError> {
    let Some(names) = params.text("outcome") else {
        return Ok(Vec::new());
    };
    names
        .split(',')
        .map(|name| Outcome::from_name(name.trim()).ok_or_else(|| unknown_outcome(name)))
        .collect()
}

fn unknown_outcome(name: &str) -> ApiError {
    let known: Vec<&str> = Outcome::ALL
        .iter()
        .map(|outcome| outcome.as_str())
        .collect();
    let known = known.join(", ");
    ApiError::invalid(
        "outcome",
        format!("there is no outcome `{name}`; there are {known}"),
    )
}

fn parse_request_id(path: Result<Path<String>, PathRejection>) -> Result<RequestId, ApiError> {
    let Path(text) = path.map_err(|error| ApiError::invalid("request_id", error.body_text()))?;
    RequestId::parse(&text).map_err(|error| ApiError::invalid("request_id", error.to_string()))
}

fn own_traces(invocation: &Invocation) -> Vec<TraceId> {
    let traces = [invocation.platform_trace_id, invocation.sdk_trace_id];
    traces.into_iter().flatten().collect()
}

fn key_from((rank, filed_at, request_id, function): CursorKey) -> InvocationKey {
    InvocationKey {
        rank,
        filed_at: UnixNanos(filed_at),
        request_id,
        function,
    }
}

fn key_into(key: InvocationKey) -> CursorKey {
    (key.rank, key.filed_at.0, key.request_id, key.function)
}

// === impl Listed, Detail ===

impl Written for Listed {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            invocations: self.invocations.iter().map(InvocationReply::from).collect(),
            total: self.total,
            next_cursor: self.next_cursor.as_deref(),
        })
    }
}

impl Traced for Detail {
    fn journey(&self) -> &Journey {
        &self.journey
    }

    fn written(&self, shape: Shape) -> Result<Vec<u8>, ApiError> {
        let lines = self.lines.iter();
        let journey = &self.journey;
        let verdict = coldtrace_analysis::verdict(
            &journey.trace,
            &journey.invocations,
            &journey.findings,
            &self.invocation,
        );
        bytes_of(&DetailReply {
            invocation: (&self.invocation).into(),
            verdict: (&verdict).into(),
            trace: TraceReply::of(journey, shape),
            logs: lines
                .map(|(service, record)| LogReply::of(service, record))
                .collect(),
            logs_total: self.lines_total,
        })
    }
}

impl<'a> From<&'a Verdict> for VerdictReply<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self {
            text: &verdict.text,
            parts: verdict.parts.iter().map(PartReply::from).collect(),
        }
    }
}

impl<'a> From<&'a Part> for PartReply<'a> {
    fn from(part: &'a Part) -> Self {
        Self {
            category: part.category.as_str(),
            about: &part.about,
            length: part.length.into(),
        }
    }
}
