//! `GET /api/v1/traces/{trace_id}/operations`: how long what a trace's spans did usually takes.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::Nanos;
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::traces::trace_id;
use super::{Written, bytes_of, json};
use crate::operations::{Usual, UsualLengths};
use crate::reply::Decimal;

/// The schema `OperationList`.
#[derive(Serialize)]
struct ListReply<'a> {
    operations: Vec<OperationReply<'a>>,
    total: u64,
}

/// The schema `Operation`.
#[derive(Serialize)]
struct OperationReply<'a> {
    service: &'a str,
    name: &'a str,
    kind: &'static str,
    from: Decimal,
    to: Decimal,
    is_part: bool,
    count: Decimal,
    percentiles: Vec<Decimal>,
}

pub(super) fn of_trace() -> MethodRouter<Api> {
    get(list_operations)
}

async fn list_operations(
    access: Access,
    uri: Uri,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let trace_id = trace_id(path)?;
    let usual = access.lengths.of_trace(trace_id).await?;
    let missing = || ApiError::NotFound(format!("there is no trace {trace_id}"));
    json(usual.ok_or_else(missing)?).await
}

impl Written for Usual {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            operations: self.operations.iter().map(OperationReply::from).collect(),
            total: self.total,
        })
    }
}

impl<'a> From<&'a UsualLengths> for OperationReply<'a> {
    fn from(one: &'a UsualLengths) -> Self {
        let percentiles = one.percentiles.iter().copied();
        Self {
            service: &one.operation.service,
            name: &one.operation.name,
            kind: one.operation.kind.as_str(),
            from: one.range.from.into(),
            to: one.range.to.into(),
            is_part: one.is_part,
            count: Decimal(one.count),
            percentiles: percentiles.map(|length: Nanos| length.into()).collect(),
        }
    }
}
