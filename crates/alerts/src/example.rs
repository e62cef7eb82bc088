//! Transitions for tests.

use coldtrace_model::{Nanos, UnixNanos};

use crate::notice::{
    AlertId, Cause, Change, Comparison, Example, Labels, Link, PathShift, Point, Reading, RuleId,
    Severity, Transition, TransitionId, Unit, Why,
};

const MINUTE: u64 = 60_000_000_000;
/// 2026-11-27T00:00:00Z.
pub(crate) const MIDNIGHT: UnixNanos = UnixNanos(1_795_737_600_000_000_000);

/// A transition without reasons; odd numbers fire.
pub(crate) fn transition(alert: &str, number: u32, change: Change) -> Transition {
    let begun = u64::from(number.saturating_sub(1) / 2) * 10;
    let ended = match change {
        Change::Firing => 0,
        Change::Resolved => 5,
    };
    let labels = [
        ("alertname", "checkout is slow"),
        ("function", "checkout"),
        ("severity", "critical"),
    ];
    Transition {
        id: TransitionId(format!("{alert}-{number}")),
        alert: AlertId(alert.to_owned()),
        rule: RuleId("file:checkout is slow".to_owned()),
        rule_name: "checkout is slow".to_owned(),
        change,
        severity: Severity::Critical,
        at: UnixNanos(MIDNIGHT.0 + (begun + ended) * MINUTE),
        since: UnixNanos(MIDNIGHT.0 + begun * MINUTE),
        labels: labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        summary: "checkout: p95 duration over 5 min is 1.31 s, above 800 ms".to_owned(),
        runbook: Some("https://wiki.example/checkout?a=1&b=2".to_owned()),
        reading: Reading {
            name: "p95 duration over 5 min".to_owned(),
            unit: Unit::Nanos,
            value: Some(1_310_000_000.0),
            bad: Comparison::Above,
            threshold: 800_000_000.0,
        },
        why: Why::default(),
    }
}

/// Why checkout is slow.
pub(crate) fn why() -> Why {
    let values = [320.0, 340.0, 330.0, 410.0, 905.0, 1_310.0];
    let history = values.iter().zip(0..).map(|(millis, minute)| Point {
        at: UnixNanos(MIDNIGHT.0 - (5 - minute) * MINUTE),
        value: (minute != 2).then_some(millis * 1e6),
    });
    let example = |number: u32| Example {
        request_id: format!("8f0e2d1c-0000-4000-8000-00000000000{number}"),
        duration: Some(Nanos::from_millis(1_300 + u64::from(number))),
        outcome: "ok".to_owned(),
        href: format!("https://traces.example/invocations/8f0e2d1c-{number}"),
    };
    Why {
        history: history.collect(),
        causes: vec![
            Cause {
                key: "peer.service".to_owned(),
                value: Some("inventory <v2>".to_owned()),
                of_bad: 0.98,
                of_rest: 0.12,
            },
            Cause {
                key: "cache.hit".to_owned(),
                value: None,
                of_bad: 0.9,
                of_rest: 0.25,
            },
        ],
        path: vec![PathShift {
            what: "GET /stock & price of inventory".to_owned(),
            before: Nanos::from_millis(41),
            now: Nanos::from_millis(1_012),
        }],
        examples: (1..=3).map(example).collect(),
        links: vec![
            Link {
                title: "The alert".to_owned(),
                href: "https://traces.example/alerts/00000000000000aa".to_owned(),
            },
            Link {
                title: "Compared with before".to_owned(),
                href: "https://traces.example/functions/checkout/compare?from=1&to=2".to_owned(),
            },
        ],
    }
}

/// A beginning and its end, with reasons.
pub(crate) fn pair() -> [Transition; 2] {
    let mut fires = transition("00000000000000aa", 1, Change::Firing);
    fires.why = why();
    let mut ended = transition("00000000000000aa", 2, Change::Resolved);
    ended.reading.value = Some(402_000_000.0);
    ended.summary = "checkout: p95 duration over 5 min is 402 ms again, below 800 ms".to_owned();
    [fires, ended]
}

/// A group's labels.
pub(crate) fn group() -> Labels {
    [("alertname", "checkout is slow"), ("function", "checkout")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
