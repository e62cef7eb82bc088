//! Traces that may hold what somebody looks for: a question to columns, whose answer is looked at more closely elsewhere.
//!
//! Invariant: what is left out can't match. Whatever columns can't tell exactly counts as true: lists, events and links (which
//! stand in `extra`), lengths of spans whose end nobody told, and the spans that a rebuild adds for what a sandbox told of
//! its invocations.

use clickhouse::Row;
use coldtrace_model::{Nanos, Outcome, SpanKind, StatusCode, TimeRange, TraceId, UnixNanos};
use serde::Deserialize;

use super::search::{AttributeFilter, KEYS_AND_VALUES, PLACE_SECONDS};
use super::sql::SECOND;
use super::{ReadError, Reader, sql};

/// The index of traces has a row for each day of a trace.
const DAY: Nanos = Nanos::from_millis(24 * 60 * 60 * 1_000);
/// The letter of attributes whose values stand in `extra` (proto/src/stored/types.rs): lists among them.
const IN_EXTRA: &str = "x";
/// Names of attributes that a rebuild tells of invocations begin so.
const OF_INVOCATIONS: [&str; 4] = ["faas.", "cloud.", "coldtrace.", "service."];
/// Names of spans that a rebuild adds, beside those of functions.
const PHASES: [&str; 7] = [
    "init",
    "restore",
    "extension_init",
    "runtime_init",
    "function_init",
    "runtime_overhead",
    "extension_overhead",
];

/// Which traces to look for.
#[derive(Clone, Debug)]
pub struct CandidateFilter<'a> {
    /// Begun in this range,
    pub range: TimeRange,
    /// before this one, in the order of the list,
    pub after: Option<Candidate>,
    /// with a span that may be like this.
    pub spans: &'a SpanFilter,
    /// At most so many.
    pub limit: usize,
}

/// A trace in the list: the latest first, those of one moment by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Its first start.
    pub start: UnixNanos,
    /// Its id.
    pub trace_id: TraceId,
}

/// What is asked of one span.
#[derive(Clone, Debug, PartialEq)]
pub enum SpanFilter {
    /// Nothing.
    Every,
    /// All of these.
    All(Vec<Self>),
    /// One of these.
    Any(Vec<Self>),
    /// This name.
    Name(String),
    /// Of this service.
    Service(String),
    /// Of this kind.
    Kind(SpanKind),
    /// Ended so.
    Status(StatusCode),
    /// As long as this, in nanoseconds; both ends belong to it.
    Duration(Between),
    /// An attribute.
    Attribute {
        /// Where it stands.
        within: Within,
        /// Its name.
        key: String,
        /// What its value is.
        value: ValueFilter,
    },
}

/// Where an attribute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// On the span.
    Span,
    /// On its resource.
    Resource,
    /// On either, or on its scope, its events, or its links.
    Anywhere,
}

/// What an attribute's value is.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueFilter {
    /// Anything.
    Any,
    /// This text, or a list with it.
    Text(String),
    /// A number, or a list with one.
    Number(Between),
}

/// A stretch of numbers with both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Between {
    /// Not less than this.
    pub least: Option<f64>,
    /// Not more than this.
    pub most: Option<f64>,
}

#[derive(Row, Deserialize)]
struct Reach {
    last: u64,
}

#[derive(Row, Deserialize)]
struct Found {
    trace_id: [u8; 16],
    start: u64,
}

impl Reader {
    /// Traces that may hold such a span, the latest first.
    pub async fn candidates(
        &self,
        filter: &CandidateFilter<'_>,
    ) -> Result<Vec<Candidate>, ReadError> {
        let among = match filter.spans {
            SpanFilter::Every => String::new(),
            spans => {
                let range = self.reach_of(filter.range).await?;
                format!(" AND trace_id IN ({})", self.traces_with(spans, range))
            }
        };
        let after = filter.after.map_or_else(String::new, |after| {
            let (start, trace_id) = (after.start.0, sql::bytes(after.trace_id.as_bytes()));
            format!(" AND (start, trace_id) < ({start}, toFixedString({trace_id}, 16))")
        });
        let found: Vec<Found> = self
            .rows(&format!(
                "SELECT trace_id, start FROM ({}) WHERE {}{after} ORDER BY start DESC, trace_id DESC LIMIT {}",
                self.begun(filter.range, &among),
                within_starts(filter.range),
                filter.limit
            ))
            .await?;
        let candidate = |found: Found| {
            Some(Candidate {
                start: UnixNanos(found.start),
                trace_id: TraceId::from_bytes(&found.trace_id).ok()?,
            })
        };
        Ok(found.into_iter().filter_map(candidate).collect())
    }

    /// Since when such a span stands in so many stretches of five minutes, where an index tells: the beginning of the range if there are
    /// fewer, and nothing where it does not tell.
    pub async fn enough_since(
        &self,
        spans: &SpanFilter,
        range: TimeRange,
        enough: usize,
    ) -> Result<Option<UnixNanos>, ReadError> {
        let indexed = spans.parts().iter().find_map(SpanFilter::indexed);
        let Some((Within::Span, key, value)) = indexed else {
            return Ok(None);
        };
        let filter = AttributeFilter {
            range,
            key,
            value,
            limit: 0,
        };
        let before = range.to.0.div_ceil(SECOND);
        let buckets = self.buckets_with(&filter, before, enough).await?;
        let since = match buckets.last() {
            Some(&oldest) if buckets.len() == enough => UnixNanos(u64::from(oldest) * SECOND),
            _ => range.from,
        };
        Ok(Some(since.max(range.from)))
    }

    /// From the beginning of the range to the end of what began in it, or somewhat later.
    async fn reach_of(&self, range: TimeRange) -> Result<TimeRange, ReadError> {
        if range.to.since(range.from) >= DAY {
            // To look for it would take longer than to look at what comes in one more day.
            let to = range.to.plus(DAY);
            return Ok(TimeRange { to, ..range });
        }
        let owned = self.owned();
        let days = sql::within_days(range);
        let began = format!(
            "{owned} AND {days} AND min_ts >= {} AND min_ts < {}",
            sql::moment(range.from),
            sql::moment(range.to)
        );
        // A trace has a row for each day that it has spans of: it may have gone on behind midnight.
        let later = format!(
            "day > toDate({}) AND day <= toDate({}) AND min_ts >= {}",
            sql::moment(range.from),
            sql::moment(range.to.plus(DAY)),
            sql::moment(range.to)
        );
        let reach: Reach = self
            .row(&format!(
                "SELECT toUInt64(greatest(toUnixTimestamp64Nano(max(max_end)), 0)) AS last FROM trace_index
                WHERE ({began}) OR ({owned} AND {later} AND trace_id IN (
                    SELECT trace_id FROM trace_index WHERE {began}))"
            ))
            .await?;
        Ok(TimeRange {
            from: range.from,
            to: UnixNanos(reach.last).plus(Nanos(1)).max(range.to),
        })
    }

    /// Traces that may have begun in the range, once each.
    fn begun(&self, range: TimeRange, among: &str) -> String {
        let owned = self.owned();
        let days = sql::within_days(range);
        let around = sql::within_days(TimeRange {
            from: range.from.minus(DAY),
            to: range.to.plus(DAY),
        });
        format!(
            "SELECT trace_id, toUInt64(toUnixTimestamp64Nano(min(min_ts))) AS start,
                toUInt64(toUnixTimestamp64Nano(max(max_end))) AS last
            FROM trace_index WHERE {owned} AND {around} AND trace_id IN (
                SELECT trace_id FROM trace_index WHERE {owned} AND {days} AND min_ts >= {} AND min_ts < {}{among})
            GROUP BY trace_id",
            sql::moment(range.from),
            sql::moment(range.to),
        )
    }

    /// The ids of traces with such a span in the range.
    fn traces_with(&self, filter: &SpanFilter, range: TimeRange) -> String {
        let owned = self.owned();
        let mut questions: Vec<String> = self
            .looks(filter, range)
            .into_iter()
            .map(|look| {
                let within = sql::within(range);
                format!("SELECT trace_id FROM spans WHERE {owned} AND {within} AND {look}")
            })
            .collect();
        let phased = self.phased(range);
        if let Some(told) = filter.of_invocations(&phased) {
            questions.push(format!(
                "SELECT trace_id FROM request_traces WHERE {owned} AND {} AND request_id IN (
                    SELECT request_id FROM invocations AS i WHERE {owned} AND {} AND bitAnd(i.facts, 7) != 0
                    GROUP BY function, ts, request_id HAVING {told})",
                sql::within_days(range),
                sql::within(range)
            ));
        }
        questions.join(" UNION ALL ")
    }

    /// Whether an invocation is one for which a phase of its sandbox was told, which may have begun long before.
    fn phased(&self, range: TimeRange) -> String {
        let around = TimeRange {
            from: range.from.minus(DAY),
            to: range.to,
        };
        format!(
            "request_id IN (SELECT request_id FROM phases WHERE {} AND {} AND request_id != '')",
            self.owned(),
            sql::within_moments(around)
        )
    }

    /// Conditions of which one is true for every such span. Where a value of an attribute is asked for, its index says in which
    /// five minutes it stands.
    fn looks(&self, filter: &SpanFilter, range: TimeRange) -> Vec<String> {
        let owned = self.owned();
        let parts = filter.parts();
        let indexed = parts.iter().find_map(SpanFilter::indexed);
        let Some((within, key, value)) = indexed else {
            return vec![filter.shown(&owned)];
        };
        let rest: Vec<String> = parts
            .iter()
            .filter(|part| part.indexed() != indexed)
            .map(|part| part.shown(&owned))
            .collect();
        let and = |look: String| {
            let looks: Vec<String> = std::iter::once(look).chain(rest.iter().cloned()).collect();
            looks.join(" AND ")
        };
        let has_key = has_key(key);
        let of_span = format!(
            "bucket IN ({}) AND position(attr_values, {}) > 0 AND {has_key}",
            self.buckets_of(key, value, range),
            between_marks(value)
        );
        let of_list = format!("position(attr_types, '{IN_EXTRA}') > 0 AND {has_key}");
        let mut looks = vec![and(of_span), and(of_list)];
        if within == Within::Anywhere {
            let value = ValueFilter::Text(value.to_owned());
            looks.push(and(elsewhere(key, &value, &owned)));
        }
        looks
    }

    /// The five minutes in which such an attribute stands, and a few more.
    fn buckets_of(&self, key: &str, value: &str, range: TimeRange) -> String {
        format!(
            "SELECT toDateTime({PLACE_SECONDS}, 'UTC') FROM attribute_index WHERE {}",
            self.places_of(key, value, range)
        )
    }
}

fn within_starts(range: TimeRange) -> String {
    format!("start >= {} AND start < {}", range.from.0, range.to.0)
}

/// A text between the marks that part what stands as one.
fn between_marks(text: &str) -> String {
    format!("concat('\\xFF', {}, '\\xFF')", sql::text(text))
}

fn has_key(key: &str) -> String {
    format!("position(attr_keys, {}) > 0", between_marks(key))
}

/// An attribute of the resource, the scope, an event or a link.
fn elsewhere(key: &str, value: &ValueFilter, owned: &str) -> String {
    let resource = of_resource(key, value, owned);
    let key = sql::text(key);
    let in_extra = match value {
        ValueFilter::Text(text) => format!(" AND position(extra, {}) > 0", sql::text(text)),
        _ => String::new(),
    };
    format!(
        "({resource} OR (position(extra, {key}) > 0{in_extra})
        OR scope_id IN (SELECT scope_id FROM scopes WHERE {owned} AND position(raw, {key}) > 0))"
    )
}

fn of_resource(key: &str, value: &ValueFilter, owned: &str) -> String {
    let literal = sql::text(key);
    let has = format!("mapContains(attrs, {literal})");
    let found = format!("attrs[{literal}]");
    let is_list = format!("startsWith({found}, '[')");
    let is_so = match value {
        ValueFilter::Any => has,
        ValueFilter::Text(text) => format!("({found} = {} OR {is_list})", sql::text(text)),
        ValueFilter::Number(between) => {
            let number = between.shown(&format!("toFloat64OrNull({found})"));
            format!("{has} AND ({number} OR {is_list})")
        }
    };
    let stored =
        format!("resource_id IN (SELECT resource_id FROM resources WHERE {owned} AND {is_so})");
    // A resource that never came is its service's name.
    match (key, value) {
        ("service.name", ValueFilter::Text(text)) => {
            format!("({stored} OR service = {})", sql::text(text))
        }
        ("service.name", _) => "true".to_owned(),
        _ => stored,
    }
}

// === impl SpanFilter ===

impl SpanFilter {
    /// All of which are asked.
    fn parts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }

    /// The attribute whose value the index of attributes knows.
    fn indexed(&self) -> Option<(Within, &str, &str)> {
        match self {
            Self::Attribute {
                within: within @ (Within::Span | Within::Anywhere),
                key,
                value: ValueFilter::Text(text),
            } => Some((*within, key, text)),
            _ => None,
        }
    }

    fn shown(&self, owned: &str) -> String {
        let joined = |parts: &[Self], with: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.shown(owned)).collect();
            format!("({})", parts.join(with))
        };
        match self {
            Self::Every => "true".to_owned(),
            Self::All(parts) if parts.is_empty() => "true".to_owned(),
            Self::Any(parts) if parts.is_empty() => "false".to_owned(),
            Self::All(parts) => joined(parts, " AND "),
            Self::Any(parts) => joined(parts, " OR "),
            Self::Name(name) => format!("name = {}", sql::text(name)),
            Self::Service(service) => format!("service = {}", sql::text(service)),
            Self::Kind(kind) => format!("kind = {}", *kind as u8),
            Self::Status(code) => format!("status = {}", *code as u8),
            // Whose end was never told, its end is estimated.
            Self::Duration(between) => {
                format!("(duration_ns <= 0 OR {})", between.shown("duration_ns"))
            }
            Self::Attribute { within, key, value } => {
                let span = || {
                    let is_so = match value {
                        ValueFilter::Any => return has_key(key),
                        ValueFilter::Text(text) => {
                            format!("position(attr_values, {}) > 0", between_marks(text))
                        }
                        ValueFilter::Number(between) => format!(
                            "arrayExists((k, v) -> k = {} AND {},
                                {KEYS_AND_VALUES})",
                            sql::text(key),
                            between.shown("toFloat64OrNull(v)")
                        ),
                    };
                    format!(
                        "({} AND ({is_so} OR position(attr_types, '{IN_EXTRA}') > 0))",
                        has_key(key)
                    )
                };
                match within {
                    Within::Span => span(),
                    Within::Resource => of_resource(key, value, owned),
                    Within::Anywhere => format!("({} OR {})", span(), elsewhere(key, value, owned)),
                }
            }
        }
    }

    /// A condition on invocations of which a sandbox told, each merged from its facts: whether the spans that a rebuild adds for
    /// one may be like this. Nothing where none is.
    fn of_invocations(&self, phased: &str) -> Option<String> {
        let always = || Some("true".to_owned());
        match self {
            Self::All(parts) => {
                let parts: Option<Vec<String>> = parts
                    .iter()
                    .map(|part| part.of_invocations(phased))
                    .collect();
                let parts = parts?;
                match parts.is_empty() {
                    true => always(),
                    false => Some(parts.join(" AND ")),
                }
            }
            Self::Any(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .filter_map(|part| part.of_invocations(phased))
                    .collect();
                (!parts.is_empty()).then(|| format!("({})", parts.join(" OR ")))
            }
            Self::Name(name) if PHASES.contains(&name.as_str()) => always(),
            Self::Name(function) | Self::Service(function) => {
                Some(format!("function = {}", sql::text(function)))
            }
            Self::Kind(kind) => {
                matches!(kind, SpanKind::Server | SpanKind::Internal).then(|| "true".to_owned())
            }
            // A phase may have failed where the invocation did not; and what has no end may be lost.
            Self::Status(StatusCode::Error) => Some(format!(
                "(max(i.outcome) != {} OR max(i.cold) != 0 OR {phased})",
                Outcome::Ok as u8
            )),
            Self::Duration(Between {
                least: Some(least), ..
            }) => Some(format!("({} OR {phased})", longer_invocations(*least))),
            Self::Status(StatusCode::Ok) => None,
            Self::Attribute { key, .. } => {
                let is_told = OF_INVOCATIONS.iter().any(|prefix| key.starts_with(prefix));
                is_told.then(|| "true".to_owned())
            }
            Self::Every | Self::Duration(_) | Self::Status(StatusCode::Unset) => always(),
        }
    }
}

/// Invocations with a part that is at least so long, or may be: not all tell how long they and their init took.
fn longer_invocations(least: f64) -> String {
    format!(
        "greatest(max(i.duration_ns), max(i.runtime_duration_ns), max(i.init_ns), max(i.restore_ns),
            max(i.runtime_overhead_ns), max(i.extension_overhead_ns)) >= toFloat64({least:?})
        OR greatest(max(i.duration_ns), max(i.runtime_duration_ns)) = 0
        OR (max(i.cold) != 0 AND greatest(max(i.init_ns), max(i.restore_ns)) = 0)"
    )
}

// === impl Between ===

impl Between {
    fn shown(&self, number: &str) -> String {
        let literal = |bound: f64| format!("toFloat64({bound:?})");
        let least = self
            .least
            .map(|least| format!("{number} >= {}", literal(least)));
        let most = self
            .most
            .map(|most| format!("{number} <= {}", literal(most)));
        match (least, most) {
            (None, None) => format!("ifNull({number} = {number}, false)"),
            (Some(one), None) | (None, Some(one)) => format!("ifNull({one}, false)"),
            (Some(least), Some(most)) => format!("ifNull({least} AND {most}, false)"),
        }
    }
}
