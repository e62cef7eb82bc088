//! Parameters of a request, each told by name where it is wrong. A name that an endpoint does not know is a mistake too: a
//! filter that is overlooked gives a wrong answer.

use axum::extract::Query;
use axum::http::Uri;
use coldtrace_model::{Nanos, TimeRange, UnixNanos};
use serde::{Deserialize, Serialize};

use super::error::ApiError;

/// Reach of a list without `from`.
const DEFAULT_REACH: Nanos = Nanos::from_millis(60 * 60 * 1_000);
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

/// The parameters of one request, by name. An empty one counts as absent.
pub(super) struct Params {
    pairs: Vec<(String, String)>,
}

/// In which order a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    /// Latest first.
    #[default]
    Newest,
    /// Longest first.
    Slowest,
    /// Those that failed, or those with the most failures, first.
    Errors,
    /// Dearest first.
    Cost,
    /// Those that came most often first.
    Count,
    /// Those that came last first.
    LastSeen,
    /// Those that came for the first time last first.
    FirstSeen,
}

/// `from` and `to` as they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GivenRange {
    from: Option<UnixNanos>,
    to: Option<UnixNanos>,
}

impl Params {
    /// The query string's parameters, of which the endpoint knows `known`.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Self, ApiError> {
        let Query(mut pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| ApiError::invalid("query", error.body_text()))?;
        for (index, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = match known {
                    [] => "there is none".to_owned(),
                    known => format!("there are {}", known.join(", ")),
                };
                return Err(ApiError::invalid(
                    name,
                    format!("there is no such parameter here; {known}"),
                ));
            }
            if pairs[..index].iter().any(|(other, _)| other == name) {
                return Err(ApiError::invalid(name, "is given more than once"));
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self { pairs })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let pair = self.pairs.iter().find(|(known, _)| known == name)?;
        Some(&pair.1)
    }

    pub(super) fn range(&self) -> Result<GivenRange, ApiError> {
        Ok(GivenRange {
            from: self.time("from")?,
            to: self.time("to")?,
        })
    }

    pub(super) fn limit(&self) -> Result<u32, ApiError> {
        Ok(self.limit_if_given()?.unwrap_or(DEFAULT_LIMIT))
    }

    /// Of a list that is told whole where nobody asks for less.
    pub(super) fn limit_if_given(&self) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.text("limit") else {
            return Ok(None);
        };
        let limit = text.parse().ok();
        limit
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .map(Some)
            .ok_or_else(|| {
                ApiError::invalid("limit", format!("must be a number from 1 to {MAX_LIMIT}"))
            })
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(ApiError::invalid(name, "must be true or false")),
        }
    }

    /// One of the orders that a list has, of which the first is its own.
    pub(super) fn order(&self, known: &[Order]) -> Result<Order, ApiError> {
        let Some(name) = self.text("sort") else {
            return Ok(known.first().copied().unwrap_or_default());
        };
        let order = known.iter().find(|order| order.as_str() == name);
        order.copied().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|order| order.as_str()).collect();
            ApiError::invalid("sort", format!("must be one of {}", names.join(", ")))
        })
    }

    /// A length of time in nanoseconds.
    pub(super) fn length(&self, name: &str) -> Result<Option<Nanos>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let is_digits = text.bytes().all(|digit| digit.is_ascii_digit());
        let length = text.parse().ok().filter(|_| is_digits).map(Nanos);
        let told = "must be a length of time in nanoseconds, such as 250000000";
        length
            .map(Some)
            .ok_or_else(|| ApiError::invalid(name, told))
    }

    /// A part of one, neither nothing nor all.
    pub(super) fn share(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let share = text
            .parse()
            .ok()
            .filter(|share| *share > 0.0 && *share < 1.0);
        share
            .map(Some)
            .ok_or_else(|| ApiError::invalid(name, "must be a share between 0 and 1, such as 0.05"))
    }

    pub(super) fn time(&self, name: &str) -> Result<Option<UnixNanos>, ApiError> {
        let given = self.text(name).map(|text| time(name, text));
        given.transpose()
    }
}

/// A time that was given under this name.
pub(super) fn time(name: &str, text: &str) -> Result<UnixNanos, ApiError> {
    let is_digits = text.bytes().all(|digit| digit.is_ascii_digit());
    let time = text.parse().ok().map(UnixNanos);
    let stored = time.filter(|&time| is_digits && time <= UnixNanos::MAX_STORED);
    let told = "must be a time in Unix nanoseconds, such as 1767225600000000000";
    stored.ok_or_else(|| ApiError::invalid(name, told))
}

// === impl Order ===

impl Order {
    fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Slowest => "slowest",
            Self::Errors => "errors",
            Self::Cost => "cost",
            Self::Count => "count",
            Self::LastSeen => "last_seen",
            Self::FirstSeen => "first_seen",
        }
    }
}

// === impl GivenRange ===

impl GivenRange {
    /// What the list reaches over, with the defaults filled in.
    pub(super) fn or_last_hour(self, now: UnixNanos) -> Result<TimeRange, ApiError> {
        self.or_last(DEFAULT_REACH, now)
    }

    /// The same for a list that reaches as far back by default.
    pub(super) fn or_last(self, reach: Nanos, now: UnixNanos) -> Result<TimeRange, ApiError> {
        let to = self.to.unwrap_or(now);
        let from = self.from.unwrap_or(to.minus(reach));
        if from > to {
            return Err(ApiError::invalid("from", "must not be later than `to`"));
        }
        Ok(TimeRange { from, to })
    }

    /// Whether what is given, if anything, says the same.
    pub(super) fn fits(self, range: TimeRange) -> bool {
        self.from.is_none_or(|from| from == range.from) && self.to.is_none_or(|to| to == range.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 8] = [
        "from",
        "to",
        "limit",
        "sort",
        "cold",
        "function",
        "slowest",
        "min_duration",
    ];

    fn params(query: &str) -> Result<Params, ApiError> {
        let uri: Uri = format!("/list?{query}").parse().expect("a path");
        Params::read(&uri, &KNOWN)
    }

    fn wrong<T: std::fmt::Debug>(read: Result<T, ApiError>) -> String {
        match read.expect_err("it is wrong") {
            ApiError::Invalid { parameter, .. } => parameter,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let read = |query: &str| params(query).expect("names are known");
        assert_eq!(wrong(params("functoin=x").map(|_| ())), "functoin");
        assert_eq!(wrong(params("limit=1&limit=2").map(|_| ())), "limit");
        for limit in ["0", "1001", "-1", "many", "1e2"] {
            assert_eq!(wrong(read(&format!("limit={limit}")).limit()), "limit");
        }
        for time in [
            "-1",
            "%2B1",
            "now",
            "99999999999999999999",
            "9223372036854775808",
        ] {
            assert_eq!(wrong(read(&format!("to={time}")).range()), "to");
        }
        assert_eq!(wrong(read("cold=yes").flag("cold")), "cold");
        assert_eq!(
            wrong(read("sort=cost").order(&[Order::Newest, Order::Slowest])),
            "sort"
        );
        for share in ["0", "1", "-0.1", "NaN", "inf", "5%25"] {
            assert_eq!(
                wrong(read(&format!("slowest={share}")).share("slowest")),
                "slowest"
            );
        }
        for length in ["1s", "-1", "%2B1", "1e9", "99999999999999999999"] {
            let read = read(&format!("min_duration={length}"));
            assert_eq!(wrong(read.length("min_duration")), "min_duration");
        }
        let backwards = read("from=2&to=1").range().expect("times");
        assert_eq!(wrong(backwards.or_last_hour(UnixNanos(3))), "from");
    }

    #[test]
    fn what_is_absent_or_empty_has_its_default() {
        let read = params("function=&limit=").expect("names are known");
        assert_eq!(read.text("function"), None);
        assert_eq!(read.limit(), Ok(DEFAULT_LIMIT));
        let now = UnixNanos(7_200_000_000_000);
        let range = read.range().expect("none").or_last_hour(now);
        let expected = TimeRange {
            from: UnixNanos(3_600_000_000_000),
            to: now,
        };
        assert_eq!(range, Ok(expected));
    }
}
