//! `GET /api/v1/findings`: what about functions costs, as settle told it.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Nanos, UnixNanos};
use coldtrace_store::reader::FindingRecord;
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::reply::{Decimal, GainReply};

/// Functions are looked at every hour: in less nothing may have been told.
const DEFAULT_REACH: Nanos = Nanos::from_millis(24 * 3_600 * 1_000);

/// The schema `FindingList`.
#[derive(Serialize)]
struct ListReply<'a> {
    findings: Vec<FindingReply<'a>>,
    total: usize,
}

/// The schema `ToldFinding`.
#[derive(Serialize)]
struct FindingReply<'a> {
    function: &'a str,
    kind: &'a str,
    title: &'a str,
    text: &'a str,
    about: &'a str,
    seen: Decimal,
    share: f64,
    gain: GainReply,
    confidence: &'a str,
    examples: &'a [String],
    question: &'a str,
    first_seen: Decimal,
    last_seen: Decimal,
    is_there: bool,
}

struct Findings(Vec<FindingRecord>);

pub(super) fn list() -> MethodRouter<Api> {
    get(list_findings)
}

async fn list_findings(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to", "function"])?;
    let range = params.range()?.or_last(DEFAULT_REACH, UnixNanos::now())?;
    let findings = access.reader.findings(range, params.text("function"));
    json(Findings(findings.await?)).await
}

impl Written for Findings {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ListReply {
            findings: self.0.iter().map(FindingReply::from).collect(),
            total: self.0.len(),
        })
    }
}

impl<'a> From<&'a FindingRecord> for FindingReply<'a> {
    fn from(record: &'a FindingRecord) -> Self {
        let told = &record.told;
        Self {
            function: &record.function,
            kind: &told.kind,
            title: &told.title,
            text: &told.text,
            about: &told.about,
            seen: Decimal(told.seen),
            share: told.share,
            gain: told.into(),
            confidence: &told.confidence,
            examples: &told.examples,
            question: &told.question,
            first_seen: record.first_seen.into(),
            last_seen: record.last_seen.into(),
            is_there: record.is_there,
        }
    }
}
