//! `GET /api/v1/functions/{function}` and `GET /api/v1/functions/{function}/findings`.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::PRICES_OF;
use coldtrace_model::{ByteSize, LogHistogram, Nanos, TimeRange, UnixNanos};
use coldtrace_store::reader::{BilledTime, FunctionPart, FunctionPoint, FunctionSummary};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::functions::FunctionReply;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::cost::cost;
use crate::explain::Explained;
use crate::reply::{Decimal, FunctionFindingReply, Signed};

/// Steps of a chart: enough for a line as wide as a page.
const STEPS: u64 = 120;
/// What steps may be, in seconds: minutes, then whole hours.
const STEP_SECONDS: [u64; 11] = [
    60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400,
];
const SECOND: u64 = 1_000_000_000;

/// The schema `FunctionDetail`.
#[derive(Serialize)]
struct DetailReply<'a> {
    function: FunctionReply<'a>,
    region: &'a str,
    p99: Decimal,
    billed: Decimal,
    cost: Option<Signed>,
    prices_of: &'static str,
    versions: Vec<PartReply<'a>>,
    memory_sizes: Vec<PartReply<'a>>,
    starts: Vec<StartReply>,
    step: Decimal,
    points: Vec<PointReply>,
}

/// The schema `FunctionPart`: what has a version, or a size of memory and an architecture, in common.
#[derive(Serialize)]
struct PartReply<'a> {
    version: Option<&'a str>,
    memory_bytes: Option<Decimal>,
    architecture: Option<&'static str>,
    invocations: Decimal,
    cold_starts: Decimal,
    errors: Decimal,
    p50: Decimal,
    p95: Decimal,
    p99: Decimal,
    max: Decimal,
    billed: Decimal,
    cost: Option<Signed>,
    max_memory_bytes: Option<Decimal>,
    first_seen: Decimal,
    last_seen: Decimal,
}

/// The schema `FunctionStart`.
#[derive(Serialize)]
struct StartReply {
    cold: &'static str,
    invocations: Decimal,
    init_p50: Option<Decimal>,
    init_p95: Option<Decimal>,
}

/// The schema `FunctionPoint`.
#[derive(Serialize)]
struct PointReply {
    start: Decimal,
    invocations: Decimal,
    cold_starts: Decimal,
    errors: Decimal,
    timeouts: Decimal,
    ooms: Decimal,
    lost: Decimal,
    p50: Decimal,
    p95: Decimal,
    p99: Decimal,
    max: Decimal,
    billed: Decimal,
    max_memory_bytes: Option<Decimal>,
    /// Pairs of the end of a bucket in nanoseconds and how many lengths stand in it.
    durations: Vec<(Decimal, Decimal)>,
}

/// The schema `FunctionFindings`.
#[derive(Serialize)]
struct FindingsReply<'a> {
    findings: Vec<FunctionFindingReply<'a>>,
    invocations: Decimal,
    sampled: usize,
    traces: usize,
    prices_of: &'static str,
}

struct Detail {
    summary: FunctionSummary,
    region: String,
    parts: Vec<FunctionPart>,
    step: Nanos,
    points: Vec<FunctionPoint>,
}

struct Findings {
    function: String,
    range: TimeRange,
    explained: Explained,
}

/// Parts that are told as one.
struct Folded<'a> {
    parts: Vec<&'a FunctionPart>,
}

pub(super) fn detail() -> MethodRouter<Api> {
    get(get_function)
}

pub(super) fn findings() -> MethodRouter<Api> {
    get(get_findings)
}

async fn get_function(
    access: Access,
    uri: Uri,
    function: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let (function, range) = asked(&uri, function)?;
    let step = step(range);
    let (summary, parts, points, region) = tokio::try_join!(
        access.reader.function(&function, range),
        access.reader.function_parts(&function, range),
        access.reader.function_series(&function, range, step),
        access.reader.region_of(&function, range)
    )?;
    let summary = summary.ok_or_else(|| not_invoked(&function))?;
    json(Detail {
        summary,
        region,
        parts,
        step,
        points,
    })
    .await
}

async fn get_findings(
    access: Access,
    uri: Uri,
    function: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let (function, range) = asked(&uri, function)?;
    let explained = access.explainer.explain(&function, range).await?;
    let explained = explained.ok_or_else(|| not_invoked(&function))?;
    json(Findings {
        function,
        range,
        explained,
    })
    .await
}

pub(super) fn asked(
    uri: &Uri,
    function: Result<Path<String>, PathRejection>,
) -> Result<(String, TimeRange), ApiError> {
    let params = Params::read(uri, &["from", "to"])?;
    let range = params.range()?.or_last_hour(UnixNanos::now())?;
    let Path(function) =
        function.map_err(|error| ApiError::invalid("function", error.body_text()))?;
    Ok((function, range))
}

pub(super) fn not_invoked(function: &str) -> ApiError {
    ApiError::NotFound(format!(
        "the function {function} was not invoked in this range"
    ))
}

/// The shortest step that leaves no more of them than a chart shows.
pub(super) fn step(range: TimeRange) -> Nanos {
    let seconds = range.to.since(range.from).0 / SECOND;
    let fits = |step: &&u64| seconds.div_ceil(**step) <= STEPS;
    let last = STEP_SECONDS[STEP_SECONDS.len() - 1];
    let step = STEP_SECONDS.iter().find(fits).copied();
    // Of years, whole days.
    Nanos(step.unwrap_or_else(|| seconds.div_ceil(STEPS).next_multiple_of(last)) * SECOND)
}

// === impl Detail, Findings ===

impl Detail {
    fn cost(&self, parts: &[&FunctionPart]) -> Option<Signed> {
        let billed = parts.iter().map(|part| BilledTime {
            architecture: part.architecture,
            memory: part.memory,
            invocations: part.invocations,
            billed: part.billed,
        });
        cost(self.summary.platform, &self.region, billed).map(Signed::from)
    }

    /// Parts with the same key as one each, in the order of their first.
    fn folded<Key: PartialEq>(&self, key: impl Fn(&FunctionPart) -> Key) -> Vec<Folded<'_>> {
        let mut folded: Vec<Folded<'_>> = Vec::new();
        for part in &self.parts {
            let same = folded.iter_mut().find(|one| key(one.parts[0]) == key(part));
            match same {
                Some(same) => same.parts.push(part),
                None => folded.push(Folded { parts: vec![part] }),
            }
        }
        folded
    }

    fn part<'a>(&'a self, folded: &Folded<'a>) -> PartReply<'a> {
        let durations = folded.durations();
        let max = folded.parts.iter().map(|part| part.max).max();
        let max = max.unwrap_or_default();
        let quantile = |share| {
            durations
                .quantile(share)
                .unwrap_or_default()
                .min(max)
                .into()
        };
        let sum =
            |of: fn(&FunctionPart) -> u64| Decimal(folded.parts.iter().map(|part| of(part)).sum());
        let memory = folded.parts.iter().map(|part| part.max_memory).max();
        let first = folded.parts.iter().map(|part| part.first_seen).min();
        let last = folded.parts.iter().map(|part| part.last_seen).max();
        PartReply {
            version: None,
            memory_bytes: None,
            architecture: None,
            invocations: sum(|part| part.invocations),
            cold_starts: sum(|part| match part.cold.is_waited_for() {
                true => part.invocations,
                false => 0,
            }),
            errors: sum(|part| part.errors),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            max: max.into(),
            billed: sum(|part| part.billed.0),
            cost: self.cost(&folded.parts),
            max_memory_bytes: known(memory.unwrap_or_default()),
            first_seen: first.unwrap_or_default().into(),
            last_seen: last.unwrap_or_default().into(),
        }
    }

    fn starts(&self) -> Vec<StartReply> {
        let start = |folded: &Folded<'_>| {
            let inits = folded.merged(|part| &part.inits);
            StartReply {
                cold: folded.parts[0].cold.as_str(),
                invocations: Decimal(folded.parts.iter().map(|part| part.invocations).sum()),
                init_p50: inits.quantile(0.5).map(Decimal::from),
                init_p95: inits.quantile(0.95).map(Decimal::from),
            }
        };
        self.folded(|part| part.cold).iter().map(start).collect()
    }
}

impl Written for Detail {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let all: Vec<&FunctionPart> = self.parts.iter().collect();
        let whole = Folded { parts: all.clone() };
        let p99 = whole.durations().quantile(0.99).unwrap_or_default();
        let versions = self.folded(|part| part.version.clone());
        let sizes = self.folded(|part| (part.memory, part.architecture));
        bytes_of(&DetailReply {
            function: (&self.summary).into(),
            region: &self.region,
            p99: p99.min(self.summary.max).into(),
            billed: Decimal(all.iter().map(|part| part.billed.0).sum()),
            cost: self.cost(&all),
            prices_of: PRICES_OF,
            versions: versions
                .iter()
                .map(|one| PartReply {
                    version: Some(&one.parts[0].version),
                    ..self.part(one)
                })
                .collect(),
            memory_sizes: sizes
                .iter()
                .map(|one| PartReply {
                    memory_bytes: known(one.parts[0].memory),
                    architecture: Some(one.parts[0].architecture.as_str()),
                    ..self.part(one)
                })
                .collect(),
            starts: self.starts(),
            step: self.step.into(),
            points: self.points.iter().map(PointReply::from).collect(),
        })
    }
}

impl Written for Findings {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let explained = &self.explained;
        let findings = explained.findings.iter();
        bytes_of(&FindingsReply {
            findings: findings
                .map(|finding| FunctionFindingReply::of(finding, &self.function, self.range))
                .collect(),
            invocations: Decimal(explained.total),
            sampled: explained.invocations,
            traces: explained.traces,
            prices_of: PRICES_OF,
        })
    }
}

// === impl Folded ===

impl Folded<'_> {
    fn durations(&self) -> LogHistogram {
        self.merged(|part| &part.durations)
    }

    fn merged(&self, of: fn(&FunctionPart) -> &LogHistogram) -> LogHistogram {
        let mut merged = LogHistogram::default();
        for part in &self.parts {
            merged.merge(of(part));
        }
        merged
    }
}

impl From<&FunctionPoint> for PointReply {
    fn from(point: &FunctionPoint) -> Self {
        let quantile = |share| {
            let length = point.durations.quantile(share).unwrap_or_default();
            length.min(point.max).into()
        };
        Self {
            start: point.start.into(),
            invocations: Decimal(point.invocations),
            cold_starts: Decimal(point.cold_starts),
            errors: Decimal(point.errors),
            timeouts: Decimal(point.timeouts),
            ooms: Decimal(point.ooms),
            lost: Decimal(point.lost),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            max: point.max.into(),
            billed: point.billed.into(),
            max_memory_bytes: known(point.max_memory),
            durations: point
                .durations
                .buckets()
                .map(|(index, count)| (LogHistogram::end_of(index).into(), Decimal(count)))
                .collect(),
        }
    }
}

fn known(size: ByteSize) -> Option<Decimal> {
    (size.0 != 0).then_some(size.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_no_more_steps_than_it_shows() {
        let step_of = |hours: u64| {
            let range = TimeRange {
                from: UnixNanos(0),
                to: UnixNanos(hours * 3_600 * SECOND),
            };
            step(range).0 / SECOND
        };
        assert_eq!(step_of(0), 60);
        assert_eq!(step_of(1), 60);
        assert_eq!(step_of(24), 1_200);
        assert_eq!(step_of(24 * 14), 21_600);
        assert_eq!(step_of(24 * 365), 4 * 86_400);
    }
}
