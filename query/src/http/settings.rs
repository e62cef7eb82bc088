//! `GET /api/v1/settings`: how this service is set up, as far as it concerns who sends and who reads.

use axum::extract::State;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_control::Limits;
use coldtrace_store::reader::Received;
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;

/// The schema `ServiceSettings`.
#[derive(Serialize)]
struct SettingsReply {
    version: &'static str,
    tenant: String,
    scope: Option<&'static str>,
    demands_keys: bool,
    otlp_grpc: Option<String>,
    otlp_http: Option<String>,
    limits: LimitsReply,
    keep_days: u16,
    received: Option<ReceivedReply>,
}

/// The schema `Limits`.
#[derive(Serialize)]
pub(super) struct LimitsReply {
    keep_days: Option<u16>,
    bytes_per_second: Option<Decimal>,
    spans_per_second: Option<Decimal>,
    log_share: Option<u8>,
}

/// The schema `Received`.
#[derive(Serialize)]
struct ReceivedReply {
    first: Decimal,
    last: Decimal,
}

pub(super) fn tell() -> MethodRouter<Api> {
    get(get_settings)
}

async fn get_settings(
    State(api): State<Api>,
    access: Access,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    let host = host_of(&headers, &uri);
    let received = access.reader.received().await?;
    let tenant = &access.tenant;
    json(SettingsReply {
        version: env!("CARGO_PKG_VERSION"),
        scope: access.grant.as_ref().map(|grant| grant.scope.as_str()),
        demands_keys: !api.is_open(),
        otlp_grpc: api.intake().grpc(host.as_deref()),
        otlp_http: api.intake().http(host.as_deref()),
        limits: api.limits_of(tenant).into(),
        keep_days: api.intake().keep_days(),
        received: received.map(ReceivedReply::from),
        tenant: tenant.to_string(),
    })
    .await
}

/// The name or address by which this service was asked.
fn host_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let told = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let told = told.and_then(|host| host.parse::<Authority>().ok());
    let asked = told.or_else(|| uri.authority().cloned())?;
    Some(asked.host().to_owned()).filter(|host| !host.is_empty())
}

impl Written for SettingsReply {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(self)
    }
}

impl From<Limits> for LimitsReply {
    fn from(limits: Limits) -> Self {
        Self {
            keep_days: limits.keep_days,
            bytes_per_second: limits.bytes_per_second.map(Decimal),
            spans_per_second: limits.spans_per_second.map(Decimal),
            log_share: limits.log_share,
        }
    }
}

impl From<Received> for ReceivedReply {
    fn from(received: Received) -> Self {
        Self {
            first: received.first.into(),
            last: received.last.into(),
        }
    }
}
