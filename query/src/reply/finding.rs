//! A function's finding, with the path of the list that shows it.

use coldtrace_analysis::{Figure, FunctionFinding, Gain, NanoDollars, Question};
use coldtrace_model::{RequestId, TimeRange};
use coldtrace_store::settle::ToldFinding;
use serde::{Serialize, Serializer};

use super::number::Decimal;

/// A signed 64-bit integer, as decimal digits in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signed(pub(crate) i64);

/// The schema `FunctionFinding`.
#[derive(Serialize)]
pub(crate) struct FunctionFindingReply<'a> {
    kind: &'static str,
    title: String,
    text: String,
    about: &'a str,
    seen: Decimal,
    share: f64,
    gain: GainReply,
    confidence: &'static str,
    evidence: Vec<FigureReply>,
    examples: Vec<&'a str>,
    question: String,
}

/// What would be saved.
#[derive(Serialize)]
pub(crate) struct GainReply {
    pub(crate) mean: Decimal,
    pub(crate) p50: Decimal,
    pub(crate) p95: Decimal,
    pub(crate) p99: Decimal,
    pub(crate) failures: f64,
    pub(crate) monthly: Option<Signed>,
}

/// The schema `Figure`: one of its values, and the same for people.
#[derive(Serialize)]
struct FigureReply {
    name: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Decimal>,
}

impl<'a> FunctionFindingReply<'a> {
    pub(crate) fn of(finding: &'a FunctionFinding, function: &str, range: TimeRange) -> Self {
        let words = finding.words();
        let evidence = finding.evidence.iter();
        Self {
            kind: finding.fault.as_str(),
            title: words.title,
            text: words.text,
            about: &finding.about,
            seen: Decimal(finding.seen),
            share: finding.share,
            gain: (&finding.gain).into(),
            confidence: finding.confidence.as_str(),
            evidence: evidence
                .map(|&(name, figure)| FigureReply::of(name, figure))
                .collect(),
            examples: finding.examples.iter().map(RequestId::as_str).collect(),
            question: path_of(&finding.question, function, range),
        }
    }
}

/// Where the API lists what a finding is about.
pub(crate) fn path_of(question: &Question, function: &str, range: TimeRange) -> String {
    let (from, to) = (range.from.0, range.to.0);
    let of_function = format!("function={}", escaped(function));
    let (list, filter) = match question {
        Question::Cold => ("invocations", format!("{of_function}&cold=true")),
        Question::Ended(outcome) => ("invocations", format!("{of_function}&outcome={outcome}")),
        Question::Slowest => ("invocations", format!("{of_function}&sort=slowest")),
        Question::Traces(query) => ("search", format!("q={}", escaped(query))),
    };
    format!("/api/v1/{list}?{filter}&from={from}&to={to}")
}

/// Anything in a query string, or in a path.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(byte.into());
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

impl FigureReply {
    fn of(name: &'static str, figure: Figure) -> Self {
        let mut reply = Self {
            name,
            text: figure.text(),
            count: None,
            share: None,
            length: None,
            bytes: None,
        };
        match figure {
            Figure::Count(count) => reply.count = Some(Decimal(count)),
            Figure::Share(share) => reply.share = Some(share),
            Figure::Length(length) => reply.length = Some(length.into()),
            Figure::Size(size) => reply.bytes = Some(size.into()),
        }
        reply
    }
}

impl From<&Gain> for GainReply {
    fn from(gain: &Gain) -> Self {
        Self {
            mean: gain.mean.into(),
            p50: gain.p50.into(),
            p95: gain.p95.into(),
            p99: gain.p99.into(),
            failures: gain.failures,
            monthly: gain.monthly.map(Signed::from),
        }
    }
}

impl From<&ToldFinding> for GainReply {
    fn from(told: &ToldFinding) -> Self {
        let [mean, p50, p95, p99] = told.gains.map(Decimal);
        Self {
            mean,
            p50,
            p95,
            p99,
            failures: told.failures,
            monthly: told.monthly.map(Signed),
        }
    }
}

impl Serialize for Signed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<NanoDollars> for Signed {
    fn from(dollars: NanoDollars) -> Self {
        Self(dollars.0)
    }
}
