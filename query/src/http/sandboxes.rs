//! `GET /api/v1/functions/{function}/sandboxes`: what ran a function, what was made ready for nobody, and how many ran at once.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::Price;
use coldtrace_model::{ByteSize, Nanos};
use coldtrace_store::reader::{Concurrency, FunctionSummary, Run, SandboxLifeline, Unused};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::function::{asked, not_invoked, step};
use super::{Written, bytes_of, json};
use crate::reply::{Decimal, Signed};

/// Sandboxes that are told one by one.
const SHOWN: u32 = 60;
/// Of more invocations it is not counted how many ran at once: each is looked at.
const MOST_COUNTED: u64 = 300_000;

/// The schema `FunctionSandboxes`.
#[derive(Serialize)]
struct Reply<'a> {
    sandboxes: Vec<SandboxReply<'a>>,
    total: Decimal,
    unused: UnusedReply,
    step: Decimal,
    concurrency: Option<Vec<ConcurrencyReply>>,
}

/// The schema `FunctionSandbox`.
#[derive(Serialize)]
struct SandboxReply<'a> {
    sandbox_id: &'a str,
    version: Option<&'a str>,
    memory_bytes: Option<Decimal>,
    cold: &'static str,
    prepared: Option<PreparationReply>,
    invocations: Decimal,
    errors: Decimal,
    busy: Decimal,
    first: Decimal,
    last: Decimal,
    first_memory_bytes: Option<Decimal>,
    last_memory_bytes: Option<Decimal>,
    runs: Vec<RunReply<'a>>,
}

#[derive(Serialize)]
struct PreparationReply {
    kind: &'static str,
    start: Decimal,
    duration: Decimal,
}

/// The schema `SandboxRun`.
#[derive(Serialize)]
struct RunReply<'a> {
    request_id: &'a str,
    start: Decimal,
    duration: Option<Decimal>,
    outcome: &'static str,
}

/// The schema `UnusedSandboxes`.
#[derive(Serialize)]
struct UnusedReply {
    sandboxes: Decimal,
    prepared: Decimal,
    cost: Option<Signed>,
}

/// The schema `ConcurrencyPoint`.
#[derive(Serialize)]
struct ConcurrencyReply {
    start: Decimal,
    most: u32,
}

/// What the reply is made of.
struct Sandboxes {
    summary: FunctionSummary,
    region: String,
    told: Vec<SandboxLifeline>,
    total: u64,
    unused: Unused,
    step: Nanos,
    concurrency: Option<Vec<Concurrency>>,
}

pub(super) fn list() -> MethodRouter<Api> {
    get(list_sandboxes)
}

async fn list_sandboxes(
    access: Access,
    uri: Uri,
    function: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let (function, range) = asked(&uri, function)?;
    let reader = &access.reader;
    let summary = reader.function(&function, range).await?;
    let summary = summary.ok_or_else(|| not_invoked(&function))?;
    let step = step(range);
    let is_counted = summary.invocations <= MOST_COUNTED;
    let concurrency = async {
        match is_counted {
            true => reader.concurrency(&function, range, step).await.map(Some),
            false => Ok(None),
        }
    };
    let ((told, total), unused, region, concurrency) = tokio::try_join!(
        reader.sandboxes(&function, range, SHOWN),
        reader.unused_sandboxes(&function, range),
        reader.region_of(&function, range),
        concurrency
    )?;
    json(Sandboxes {
        summary,
        region,
        told,
        total,
        unused,
        step,
        concurrency,
    })
    .await
}

// === impl Sandboxes ===

impl Sandboxes {
    /// What the preparation of the unused cost, at the function's memory of today.
    fn cost(&self) -> Option<Signed> {
        let FunctionSummary {
            platform,
            architecture,
            memory,
            ..
        } = self.summary;
        let price = Price::of(platform, &self.region, architecture, 0)?;
        Some(price.of_time(self.unused.prepared, memory).into())
    }
}

impl Written for Sandboxes {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let points = self.concurrency.as_ref();
        bytes_of(&Reply {
            sandboxes: self.told.iter().map(SandboxReply::from).collect(),
            total: Decimal(self.total),
            unused: UnusedReply {
                sandboxes: Decimal(self.unused.sandboxes),
                prepared: self.unused.prepared.into(),
                cost: self.cost(),
            },
            step: self.step.into(),
            concurrency: points.map(|points| {
                let reply = |point: &Concurrency| ConcurrencyReply {
                    start: point.start.into(),
                    most: point.most,
                };
                points.iter().map(reply).collect()
            }),
        })
    }
}

impl<'a> From<&'a SandboxLifeline> for SandboxReply<'a> {
    fn from(one: &'a SandboxLifeline) -> Self {
        let known = |size: ByteSize| (size != ByteSize(0)).then(|| size.into());
        let [first_used, last_used] = one.used;
        Self {
            sandbox_id: one.sandbox_id.as_str(),
            version: (!one.version.is_empty()).then_some(&one.version),
            memory_bytes: known(one.memory),
            cold: one.cold.as_str(),
            prepared: one.prepared.map(|prepared| PreparationReply {
                kind: prepared.kind.as_str(),
                start: prepared.start.into(),
                duration: prepared.duration.into(),
            }),
            invocations: Decimal(one.invocations),
            errors: Decimal(one.errors),
            busy: one.busy.into(),
            first: one.first.into(),
            last: one.last.into(),
            first_memory_bytes: known(first_used),
            last_memory_bytes: known(last_used),
            runs: one.runs.iter().map(RunReply::from).collect(),
        }
    }
}

impl<'a> From<&'a Run> for RunReply<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            request_id: run.request_id.as_str(),
            start: run.start.into(),
            duration: (run.duration != Nanos(0)).then(|| run.duration.into()),
            outcome: run.outcome.as_str(),
        }
    }
}
