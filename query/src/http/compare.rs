//! `GET /api/v1/compare`: what tells some invocations from the rest; `GET /api/v1/compare/paths`: where the time of both went.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use coldtrace_analysis::Frame;
use coldtrace_model::{TimeRange, UnixNanos};
use coldtrace_store::reader::{CohortTotals, Selection};
use serde::Serialize;

use super::access::{Access, Api};
use super::error::ApiError;
use super::invocations::outcomes;
use super::params::Params;
use super::{Written, bytes_of, json};
use crate::compare::{AlsoTold, Comparison, Paths, Question, Told};
use crate::reply::Decimal;

const PARAMETERS: [&str; 11] = [
    "from",
    "to",
    "function",
    "slowest",
    "min_duration",
    "max_duration",
    "outcome",
    "cold",
    "version",
    "since",
    "until",
];
/// Where the selected are fewer, little can be sure.
const FEW: u64 = 20;

/// The schema `Comparison`.
#[derive(Serialize)]
struct ComparisonReply<'a> {
    selected: CohortReply,
    rest: CohortReply,
    min_duration: Option<Decimal>,
    items: Vec<ItemReply<'a>>,
    warnings: Vec<String>,
}

/// The schema `Cohort`.
#[derive(Serialize)]
struct CohortReply {
    invocations: Decimal,
    p50: Option<Decimal>,
    p95: Option<Decimal>,
    mean: Option<Decimal>,
}

/// The schema `ComparedItem`.
#[derive(Serialize)]
struct ItemReply<'a> {
    key: &'a str,
    value: Option<&'a str>,
    selected: Decimal,
    rest: Decimal,
    share_selected: f64,
    share_rest: f64,
    lift: Option<f64>,
    z: f64,
    p: f64,
    explains: Option<f64>,
    also: Vec<KeyReply<'a>>,
}

#[derive(Serialize)]
struct KeyReply<'a> {
    key: &'a str,
    value: Option<&'a str>,
}

/// The schema `PathComparison`.
#[derive(Serialize)]
struct PathsReply<'a> {
    selected: SideReply,
    rest: SideReply,
    frames: Vec<FrameReply<'a>>,
}

/// The schema `ComparedPaths`.
#[derive(Serialize)]
struct SideReply {
    invocations: Decimal,
    looked_at: usize,
}

/// The schema `PathFrame`.
#[derive(Serialize)]
struct FrameReply<'a> {
    parent: Option<usize>,
    category: &'static str,
    name: &'a str,
    selected: Decimal,
    rest: Decimal,
    share_selected: f64,
    share_rest: f64,
}

pub(super) fn cohorts() -> MethodRouter<Api> {
    get(compare_cohorts)
}

pub(super) fn paths() -> MethodRouter<Api> {
    get(compare_paths)
}

async fn compare_cohorts(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let question = question(&params, UnixNanos::now())?;
    json(access.comparer.compare(question).await?).await
}

async fn compare_paths(access: Access, uri: Uri) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let question = question(&params, UnixNanos::now())?;
    json(access.comparer.paths(question).await?).await
}

fn question(params: &Params, now: UnixNanos) -> Result<Question, ApiError> {
    let range = params.range()?.or_last_hour(now)?;
    let selection = Selection {
        least: params.length("min_duration")?,
        most: params.length("max_duration")?,
        outcomes: outcomes(params)?,
        cold: params.flag("cold")?,
        version: params.text("version").map(str::to_owned),
        within: within(params, range)?,
    };
    let slowest = params.share("slowest")?;
    if slowest.is_some() && selection.least.is_some() {
        let told = "`min_duration` says as well how long the selected took; give one of them";
        return Err(ApiError::invalid("slowest", told));
    }
    if selection.least > selection.most && selection.most.is_some() {
        let told = "must not be longer than `max_duration`";
        return Err(ApiError::invalid("min_duration", told));
    }
    if slowest.is_none() && selection == Selection::default() {
        let told = "nothing says which invocations are asked about: give `slowest` (such as 0.05), \
            `min_duration`, `max_duration`, `outcome`, `cold`, `version`, `since` or `until`";
        return Err(ApiError::invalid("slowest", told));
    }
    Ok(Question {
        range,
        function: params.text("function").map(str::to_owned),
        selection,
        slowest,
    })
}

/// From `since` to `until`, if either is given; where the other ends, the range does.
fn within(params: &Params, range: TimeRange) -> Result<Option<TimeRange>, ApiError> {
    let (since, until) = (params.time("since")?, params.time("until")?);
    if since.is_none() && until.is_none() {
        return Ok(None);
    }
    let within = TimeRange {
        from: since.unwrap_or(range.from),
        to: until.unwrap_or(range.to),
    };
    if within.from > within.to {
        let told = "must not be later than `until`, nor than `to`";
        return Err(ApiError::invalid("since", told));
    }
    Ok(Some(within))
}

// === impl Comparison ===

impl Comparison {
    fn warnings(&self) -> Vec<String> {
        let (selected, rest) = (self.selected.count, self.rest.count);
        let mut warnings = Vec::new();
        match (selected, rest) {
            (0, 0) => warnings.push("no invocation of the range is over and could be compared".to_owned()),
            (0, _) => warnings.push("no invocation was selected: nothing is compared".to_owned()),
            (_, 0) => warnings.push(
                "every invocation was selected: there is nothing to compare them with; ask for a longer range or select fewer"
                    .to_owned(),
            ),
            (selected, _) if selected < FEW => warnings.push(format!(
                "only {selected} were selected: what is not told may differ all the same"
            )),
            _ => {}
        }
        if self.wordless > 0 {
            warnings.push(format!(
                "{} of the differences came in this moment and have no words yet; ask again in a minute",
                self.wordless
            ));
        }
        warnings
    }
}

impl Written for Comparison {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&ComparisonReply {
            selected: self.selected.into(),
            rest: self.rest.into(),
            min_duration: self.selection.least.map(Decimal::from),
            items: self.findings.iter().map(ItemReply::from).collect(),
            warnings: self.warnings(),
        })
    }
}

// === impl Paths ===

impl Written for Paths {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let side = |side: usize| SideReply {
            invocations: Decimal(self.totals[side].count),
            looked_at: self.flame.of[side],
        };
        bytes_of(&PathsReply {
            selected: side(0),
            rest: side(1),
            frames: self.flame.frames.iter().map(FrameReply::from).collect(),
        })
    }
}

impl<'a> From<&'a Frame> for FrameReply<'a> {
    fn from(frame: &'a Frame) -> Self {
        let [selected, rest] = frame.sides;
        Self {
            parent: frame.parent,
            category: frame.category.as_str(),
            name: &frame.name,
            selected: selected.mean.into(),
            rest: rest.mean.into(),
            share_selected: selected.share,
            share_rest: rest.share,
        }
    }
}

impl From<CohortTotals> for CohortReply {
    fn from(totals: CohortTotals) -> Self {
        let known = |nanos: u64| (totals.timed > 0).then_some(Decimal(nanos));
        let mean = totals.duration / u128::from(totals.timed.max(1));
        Self {
            invocations: Decimal(totals.count),
            p50: known(totals.p50.0),
            p95: known(totals.p95.0),
            mean: known(u64::try_from(mean).unwrap_or(u64::MAX)),
        }
    }
}

impl<'a> From<&'a Told> for ItemReply<'a> {
    fn from(told: &'a Told) -> Self {
        let one = &told.difference;
        Self {
            key: &told.words.key,
            value: told.words.value.as_deref(),
            selected: Decimal(one.frequency.selected),
            rest: Decimal(one.frequency.rest),
            share_selected: one.share_selected,
            share_rest: one.share_rest,
            lift: one.lift,
            z: one.z,
            p: one.p,
            explains: told.explains,
            also: told.also.iter().map(KeyReply::from).collect(),
        }
    }
}

impl<'a> From<&'a AlsoTold> for KeyReply<'a> {
    fn from(told: &'a AlsoTold) -> Self {
        Self {
            key: &told.words.key,
            value: told.words.value.as_deref(),
        }
    }
}
