//! What comes of an attempt: delivered, again later, given up, or nothing more to this channel. Pure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use coldtrace_alerts::Format;
use coldtrace_control::Outcome;
use coldtrace_model::{Nanos, UnixNanos};

const SECOND: u64 = 1_000_000_000;
/// Until the next attempts; then always the last of them.
const PAUSES: [u64; 6] = [5, 30, 120, 300, 900, 1_800];
/// How long something is tried.
const PATIENCE: Nanos = Nanos(3 * 24 * 3_600 * SECOND);
/// Attempts at what is refused for what it is. That is seldom mended by itself, and a mistake in passing is outlived.
const ATTEMPTS_IF_REFUSED: u32 = 3;
/// The longest that a receiver may have us wait.
const LONGEST_WAIT: u64 = 24 * 3_600;
/// In which a pause is longer or shorter, so that what failed together does not come together again.
const JITTER: f64 = 0.2;

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The receiver answered with this status, and that it wants to be left alone for so many seconds.
    Status(u16, Option<u64>),
    /// Nobody answered.
    None,
    /// It was not sent: what is configured does not allow it, or can't be read.
    NotSent,
}

/// What has been tried before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    pub(super) entry: &'a str,
    /// How often, without this time.
    pub(super) attempts: u32,
    /// Since when, if it was.
    pub(super) since: Option<UnixNanos>,
}

/// What comes of this answer at this time.
pub(super) fn outcome(
    format: Format,
    tried: Tried<'_>,
    answer: &Answer,
    now: UnixNanos,
) -> Outcome {
    let attempts = tried.attempts.saturating_add(1);
    let is_over = now.since(tried.since.unwrap_or(now)) >= PATIENCE;
    let after = |least: u64| match is_over {
        true => Outcome::Failed,
        false => Outcome::Again(now.plus(pause(tried.entry, attempts, least))),
    };
    match *answer {
        Answer::Status(200..=299, _) => Outcome::Delivered,
        Answer::Status(410, _) => Outcome::Disabled("the receiver answered 410 Gone".to_owned()),
        // What PagerDuty finds wrong with an event stays wrong.
        Answer::Status(400, _) if format == Format::Pagerduty => Outcome::Failed,
        Answer::Status(408 | 425 | 429 | 500.., wait) => after(wait.unwrap_or(0).min(LONGEST_WAIT)),
        Answer::None => after(0),
        Answer::Status(_, wait) if attempts < ATTEMPTS_IF_REFUSED => {
            after(wait.unwrap_or(0).min(LONGEST_WAIT))
        }
        Answer::NotSent if attempts < ATTEMPTS_IF_REFUSED => after(0),
        Answer::Status(..) | Answer::NotSent => Outcome::Failed,
    }
}

/// Seconds of a `Retry-After`: a number, or a date.
pub(super) fn retry_after(header: &str, now: UnixNanos) -> Option<u64> {
    let header = header.trim();
    match header.parse() {
        Ok(seconds) => Some(seconds),
        Err(_) => http_date(header).map(|date| date.saturating_sub(now.0 / SECOND)),
    }
}

/// The pause after so many attempts. Each entry and attempt has its own jitter, the same whenever it is asked for.
fn pause(entry: &str, attempts: u32, least: u64) -> Nanos {
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let [.., longest] = PAUSES;
    let seconds = PAUSES.get(place).copied().unwrap_or(longest);
    let mut hasher = DefaultHasher::new();
    (entry, attempts).hash(&mut hasher);
    let spread = (hasher.finish() % 2_001) as f64 / 1_000.0 - 1.0;
    let nanos = (seconds * SECOND) as f64 * (1.0 + JITTER * spread);
    Nanos((nanos as u64).max(least.saturating_mul(SECOND)))
}

/// Unix seconds of `Fri, 27 Nov 2026 00:00:00 GMT`, the one form that is written nowadays.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, date) = text.split_once(", ")?;
    let mut parts = date.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(str::parse::<u64>);
    let mut next = || clock.next()?.ok();
    let (hour, minute, second) = (next()?, next()?, next()?);
    let is_date = (1970..=9999).contains(&year) && (1..=31).contains(&day);
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !is_date || !is_time || parts.next() != Some("GMT") {
        return None;
    }
    // Days since the epoch, by Howard Hinnant's algorithm: years begin in March.
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_795_737_600 * SECOND);

    fn told(answer: &Answer, attempts: u32) -> Outcome {
        let tried = Tried {
            entry: "msg_1",
            attempts,
            since: (attempts > 0).then_some(NOW),
        };
        outcome(Format::Webhook, tried, answer, NOW)
    }

    fn seconds(outcome: &Outcome) -> f64 {
        match outcome {
            Outcome::Again(due) => due.since(NOW).0 as f64 / SECOND as f64,
            other => panic!("it is not tried again: {other:?}"),
        }
    }

    #[test]
    fn what_fails_is_tried_again_ever_more_seldom_for_three_days() {
        let expected = [5.0, 30.0, 120.0, 300.0, 900.0, 1_800.0, 1_800.0];
        for (attempts, expected) in (0..).zip(expected) {
            for answer in [
                Answer::None,
                Answer::Status(503, None),
                Answer::Status(429, None),
            ] {
                let waits = seconds(&told(&answer, attempts));
                assert!((waits / expected - 1.0).abs() <= JITTER + 1e-9, "{waits}");
            }
        }
        let tried = |since| Tried {
            entry: "msg_1",
            attempts: 150,
            since: Some(since),
        };
        let nearly = UnixNanos(NOW.0 - PATIENCE.0 + 1);
        let last = outcome(Format::Slack, tried(nearly), &Answer::None, NOW);
        assert!(matches!(last, Outcome::Again(_)));
        let over = outcome(
            Format::Slack,
            tried(NOW.minus(PATIENCE)),
            &Answer::None,
            NOW,
        );
        assert_eq!(over, Outcome::Failed);
    }

    #[test]
    fn entries_that_failed_together_do_not_come_again_together() {
        let pauses: std::collections::BTreeSet<u64> = (0..50)
            .map(|n| pause(&format!("msg_{n}"), 2, 0).0)
            .collect();
        assert!(pauses.len() > 40, "{}", pauses.len());
    }

    #[test]
    fn a_receiver_may_ask_to_be_left_alone_but_not_for_ever() {
        assert!((seconds(&told(&Answer::Status(429, Some(600)), 0)) - 600.0).abs() < 1e-9);
        assert!(seconds(&told(&Answer::Status(503, Some(u64::MAX)), 0)) <= 86_400.0);
        assert!(seconds(&told(&Answer::Status(503, Some(0)), 1)) >= 24.0);
        for (header, expected) in [
            ("120", Some(120)),
            ("Fri, 27 Nov 2026 00:02:00 GMT", Some(120)),
            ("Thu, 26 Nov 2026 00:00:00 GMT", Some(0)),
            ("Tue, 29 Feb 2028 00:00:00 GMT", Some(39_657_600)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(retry_after(header, NOW), expected, "{header}");
        }
    }

    #[test]
    fn what_is_refused_for_what_it_is_is_given_up_soon() {
        for status in [301, 400, 401, 403, 404] {
            let answer = Answer::Status(status, None);
            assert!(matches!(told(&answer, 1), Outcome::Again(_)));
            assert_eq!(told(&answer, 2), Outcome::Failed);
        }
        assert_eq!(told(&Answer::NotSent, 2), Outcome::Failed);
        assert!(matches!(
            told(&Answer::Status(410, None), 0),
            Outcome::Disabled(_)
        ));
        assert_eq!(told(&Answer::Status(204, None), 9), Outcome::Delivered);
        let tried = Tried {
            entry: "msg_1",
            attempts: 0,
            since: None,
        };
        let refused = outcome(Format::Pagerduty, tried, &Answer::Status(400, None), NOW);
        assert_eq!(refused, Outcome::Failed, "it stays wrong");
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_it(header in ".{0,40}") {
            let told = [&header, &format!("Fri, {header}")].map(|one| retry_after(one, NOW));
            proptest::prop_assert!(told.len() == 2);
        }
    }
}
