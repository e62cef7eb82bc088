//! `POST /api/v1/alerts/backtest`: when a rule would have fired.

use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use coldtrace_alerts::{Episode, Labels, Report, Series, Unit, When};
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::Serialize;
use serde_json::Value;

use super::rules;
use crate::alerts::BacktestError;
use crate::http::access::{Access, Api};
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::params::{Params, time};
use crate::http::{Written, bytes_of, json};
use crate::reply::Decimal;

const MINUTE: Nanos = Nanos::from_millis(60_000);
const DAY: Nanos = Nanos::from_millis(86_400_000);
const MOST_DAYS: u64 = 30;
/// Episodes that are told. With more a rule is not tried any more, it is wrong.
const MOST_EPISODES: usize = 500;
const KEYS: [&str; 3] = ["rule", "from", "to"];

/// The schema `Backtest`.
#[derive(Serialize)]
struct Reply<'a> {
    from: Decimal,
    to: Decimal,
    step: Decimal,
    episodes: Vec<EpisodeReply<'a>>,
    total: usize,
    firing: Decimal,
    series: Vec<SeriesReply<'a>>,
    threshold: Option<f64>,
    unit: Unit,
}

/// The schema `Episode`.
#[derive(Serialize)]
struct EpisodeReply<'a> {
    labels: &'a Labels,
    from: Decimal,
    to: Option<Decimal>,
    peak: Option<f64>,
    summary: &'a str,
}

/// The schema `BacktestSeries`.
#[derive(Serialize)]
struct SeriesReply<'a> {
    labels: &'a Labels,
    values: &'a [Option<f64>],
}

struct Tested {
    range: TimeRange,
    when: When,
    report: Report,
}

pub(super) fn ask() -> MethodRouter<Api> {
    post(backtest)
}

async fn backtest(access: Access, uri: Uri, Body(question): Body) -> Result<Response, ApiError> {
    Params::read(&uri, &[])?;
    check_keys(&question)?;
    let delay = access.alerts.shared().config().delay;
    let range = range(&question, UnixNanos::now().minus(delay.into()))?;
    // Whom it would tell does not matter.
    let rule = rules::read(&question["rule"], None)?;
    let when = rule.when.clone();
    let backtests = access.alerts.shared().backtests();
    let report = backtests.run(&access.tenant, &access.reader, rule, range);
    json(Tested {
        report: report.await?,
        range,
        when,
    })
    .await
}

fn check_keys(question: &Value) -> Result<(), ApiError> {
    let Some(fields) = question.as_object() else {
        let told = "must be an object with a `rule`, and perhaps `from` and `to`";
        return Err(ApiError::invalid("body", told));
    };
    if let Some(unknown) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let told = format!("there is no such key; there are {}", KEYS.join(", "));
        let unknown: String = unknown.chars().take(100).collect();
        return Err(ApiError::invalid(&unknown, told));
    }
    match fields.contains_key("rule") {
        true => Ok(()),
        false => Err(ApiError::invalid("rule", "is missing: what to test")),
    }
}

/// Whole minutes, as far as live ones are evaluated.
fn range(question: &Value, evaluated: UnixNanos) -> Result<TimeRange, ApiError> {
    let given = |name: &str| match question.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => time(name, text).map(Some),
        _ => Err(ApiError::invalid(
            name,
            "must be a text of digits: Unix nanoseconds",
        )),
    };
    let whole = |time: UnixNanos| UnixNanos(time.0 / MINUTE.0 * MINUTE.0);
    let (from, to) = (given("from")?, given("to")?);
    let to = whole(to.unwrap_or(evaluated).min(evaluated));
    let from = whole(from.unwrap_or(to.minus(DAY)));
    if from >= to {
        let told = "must be at least a minute before `to`, and before the last minute that is evaluated by now";
        return Err(ApiError::invalid("from", told));
    }
    if to.since(from).0 > MOST_DAYS * DAY.0 {
        let told = format!("must be at most {MOST_DAYS} days before `to`");
        return Err(ApiError::invalid("from", told));
    }
    Ok(TimeRange { from, to })
}

impl From<BacktestError> for ApiError {
    fn from(error: BacktestError) -> Self {
        match error {
            BacktestError::Busy => Self::busy(),
            BacktestError::TooLong => {
                let told = "this took too long; ask for a shorter range of time, or name the functions in the rule's scope";
                Self::Unavailable(told.to_owned())
            }
            BacktestError::Window => {
                let told = "a rule of kind error_group is back-tested where its window is of whole five minutes, such as 10m or 1h";
                Self::invalid("rule", told)
            }
            BacktestError::Read(error) => error.into(),
        }
    }
}

// === impl Tested ===

impl Written for Tested {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let latest = self.report.episodes.iter().rev().take(MOST_EPISODES);
        bytes_of(&Reply {
            from: self.range.from.into(),
            to: self.range.to.into(),
            step: self.report.step.into(),
            episodes: latest.map(EpisodeReply::from).collect(),
            total: self.report.episodes.len(),
            firing: self.report.firing.into(),
            series: self.report.series.iter().map(SeriesReply::from).collect(),
            threshold: self.when.threshold(),
            unit: self.when.unit(),
        })
    }
}

impl<'a> From<&'a Episode> for EpisodeReply<'a> {
    fn from(episode: &'a Episode) -> Self {
        Self {
            labels: &episode.labels,
            from: episode.from.into(),
            to: episode.to.map(Decimal::from),
            peak: episode.peak,
            summary: &episode.summary,
        }
    }
}

impl<'a> From<&'a Series> for SeriesReply<'a> {
    fn from(series: &'a Series) -> Self {
        Self {
            labels: &series.labels,
            values: &series.values,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: UnixNanos = UnixNanos(100 * DAY.0 + 30_000_000_000);

    #[test]
    fn a_range_is_of_whole_minutes_that_are_evaluated_a_day_by_default() {
        let minutes = |question: Value| {
            let range = range(&question, NOW).expect("a range");
            (range.from.0 / MINUTE.0, range.to.0 / MINUTE.0)
        };
        let now = 100 * 1_440;
        assert_eq!(minutes(json!({})), (now - 1_440, now));
        let later = NOW.plus(DAY).0.to_string();
        let from = (NOW.minus(MINUTE).0 - 1).to_string();
        assert_eq!(
            minutes(json!({ "from": from, "to": later })),
            (now - 1, now)
        );
    }

    #[test]
    fn what_is_no_range_is_told() {
        let wrong = [
            json!({ "from": 5 }),
            json!({ "from": null }),
            json!({ "from": "yesterday" }),
            json!({ "to": "1" }),
            json!({ "from": NOW.0.to_string() }),
            json!({ "from": NOW.minus(Nanos(31 * DAY.0)).0.to_string() }),
        ];
        let told = wrong.map(|question| match range(&question, NOW) {
            Err(ApiError::Invalid { parameter, .. }) => parameter,
            other => panic!("{question}: {other:?}"),
        });
        assert_eq!(told, ["from"; 6]);
        let keys = [
            json!(1),
            json!({ "to": "1" }),
            json!({ "rule": {}, "until": "1" }),
        ];
        assert!(keys.iter().all(|question| check_keys(question).is_err()));
    }
}
