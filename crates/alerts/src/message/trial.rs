//! What a channel is sent when somebody tries it: an alert that says that it is none, and its end.

use coldtrace_model::UnixNanos;

use crate::group::{Kind, Message};
use crate::notice::{
    AlertId, Change, Comparison, Labels, Reading, RuleId, Severity, Transition, TransitionId, Unit,
    Why,
};

const NAME: &str = "Coldtrace test";

/// A beginning and its end, to be sent one after the other, so that a trial leaves nothing open at the receiver.
pub fn trial(channel: &str, at: UnixNanos) -> [Message; 2] {
    let labels = Labels::from([("alertname".to_owned(), NAME.to_owned())]);
    let message = |kind, change, number| Message {
        kind,
        group: labels.clone(),
        at,
        number,
        transitions: vec![transition(channel, change, number, at, &labels)],
        still: Vec::new(),
    };
    [
        message(Kind::Firing, Change::Firing, 1),
        message(Kind::Resolved, Change::Resolved, 2),
    ]
}

fn transition(
    channel: &str,
    change: Change,
    number: u64,
    at: UnixNanos,
    labels: &Labels,
) -> Transition {
    let mut labels = labels.clone();
    labels.insert("severity".to_owned(), Severity::Info.as_str().to_owned());
    let alert = format!("{:016x}", at.0);
    Transition {
        id: TransitionId(format!("{alert}-{number}")),
        alert: AlertId(alert),
        rule: RuleId("test".to_owned()),
        rule_name: NAME.to_owned(),
        change,
        severity: Severity::Info,
        at,
        since: at,
        labels,
        summary: match change {
            Change::Firing => format!("A test of the channel {channel}: nothing is wrong"),
            Change::Resolved => format!("The test of the channel {channel} is over"),
        },
        runbook: None,
        reading: Reading {
            name: "test".to_owned(),
            unit: Unit::Count,
            value: Some(1.0),
            bad: Comparison::Above,
            threshold: 0.0,
        },
        why: Why::default(),
    }
}
