//! `GET /api/v1/functions`.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::UnixNanos;
use coldtrace_store::reader::FunctionSummary;
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;

/// The schema `FunctionList`.
#[derive(Serialize)]
struct ListReply<'a> {
    functions: Vec<FunctionReply<'a>>,
    total: usize,
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
    p50: Decimal,
    p95: Decimal,
    max: Decimal,
    init_p50: Option<Decimal>,
    last_seen: Decimal,
}

struct Functions(Vec<FunctionSummary>);

pub(super) fn list() -> MethodRouter<Api> {
    get(list_functions)
}

async fn list_functions(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let functions = Functions(access.reader.functions(range).await?);
    json(functions).await
}

impl Written for Functions {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            functions: self.0.iter().map(FunctionReply::from).collect(),
            total: self.0.len(),
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
            p50: summary.p50.into(),
            p95: summary.p95.into(),
            max: summary.max.into(),
            init_p50: summary.init_p50.map(Decimal::from),
            last_seen: summary.last_seen.into(),
        }
    }
}
