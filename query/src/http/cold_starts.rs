//! `GET /api/v1/cold-starts`: how many invocations waited for a start, over time; what starts are made of, and what they depend on.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_model::{Architecture, LogHistogram, Nanos, UnixNanos};
use coldtrace_store::reader::{ColdPart, ColdPoint, PhaseSpread};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::function::step;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::reply::Decimal;

/// Parts that are told, those with the most cold starts.
const MOST_PARTS: u32 = 200;

/// The schema `ColdStarts`.
#[derive(Serialize)]
struct StartsReply<'a> {
    step: Decimal,
    points: Vec<PointReply>,
    phases: Vec<PhaseReply>,
    parts: Vec<PartReply<'a>>,
}

/// The schema `ColdStartPoint`.
#[derive(Serialize)]
struct PointReply {
    start: Decimal,
    invocations: Decimal,
    cold_starts: Decimal,
    init_p50: Option<Decimal>,
    init_p95: Option<Decimal>,
}

/// The schema `ColdStartPhase`.
#[derive(Serialize)]
struct PhaseReply {
    phase: &'static str,
    seen: Decimal,
    p50: Decimal,
    p95: Decimal,
}

/// The schema `ColdStartPart`.
#[derive(Serialize)]
struct PartReply<'a> {
    function: &'a str,
    version: Option<&'a str>,
    runtime: Option<&'a str>,
    architecture: Option<&'static str>,
    memory_bytes: Option<Decimal>,
    invocations: Decimal,
    cold_starts: Decimal,
    init_p50: Option<Decimal>,
    init_p95: Option<Decimal>,
}

struct Starts {
    step: Nanos,
    points: Vec<ColdPoint>,
    phases: Vec<PhaseSpread>,
    parts: Vec<ColdPart>,
}

pub(super) fn starts() -> MethodRouter<Api> {
    get(get_cold_starts)
}

async fn get_cold_starts(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &["from", "to", "function"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let (function, step) = (params.text("function"), step(range));
    let (points, phases, parts) = tokio::try_join!(
        access.reader.cold_series(range, function, step),
        access.reader.phase_spreads(range, function),
        access.reader.cold_parts(range, function, MOST_PARTS)
    )?;
    json(Starts {
        step,
        points,
        phases,
        parts,
    })
    .await
}

fn quantile(inits: &LogHistogram, share: f64) -> Option<Decimal> {
    inits.quantile(share).map(Decimal::from)
}

fn known(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Written for Starts {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&StartsReply {
            step: self.step.into(),
            points: self.points.iter().map(PointReply::from).collect(),
            phases: self.phases.iter().map(PhaseReply::from).collect(),
            parts: self.parts.iter().map(PartReply::from).collect(),
        })
    }
}

impl From<&ColdPoint> for PointReply {
    fn from(point: &ColdPoint) -> Self {
        let starts = &point.starts;
        Self {
            start: point.start.into(),
            invocations: Decimal(starts.invocations),
            cold_starts: Decimal(starts.cold),
            init_p50: quantile(&starts.inits, 0.5),
            init_p95: quantile(&starts.inits, 0.95),
        }
    }
}

impl From<&PhaseSpread> for PhaseReply {
    fn from(phase: &PhaseSpread) -> Self {
        Self {
            phase: phase.kind.as_str(),
            seen: Decimal(phase.seen),
            p50: phase.p50.into(),
            p95: phase.p95.into(),
        }
    }
}

impl<'a> From<&'a ColdPart> for PartReply<'a> {
    fn from(part: &'a ColdPart) -> Self {
        let starts = &part.starts;
        let is_known = part.architecture != Architecture::default();
        Self {
            function: &part.function,
            version: known(&part.version),
            runtime: known(&part.runtime),
            architecture: is_known.then(|| part.architecture.as_str()),
            memory_bytes: (part.memory.0 != 0).then(|| part.memory.into()),
            invocations: Decimal(starts.invocations),
            cold_starts: Decimal(starts.cold),
            init_p50: quantile(&starts.inits, 0.5),
            init_p95: quantile(&starts.inits, 0.95),
        }
    }
}
