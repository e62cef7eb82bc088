//! Invocations that fail or do their work twice.

use coldtrace_model::{Nanos, Outcome};

use super::gain::{Among, Case, Gain, Saved, quantile};
use super::{Fault, Figure, FunctionFinding, Question, VersionCount, calls, words};
use crate::{Confidence, NanoDollars};

/// Fewer are chance.
const LEAST_TIMEOUTS: usize = 3;
const LEAST_TIMEOUT_SHARE: f64 = 0.005;

/// Versions with fewer invocations have no rate.
const LEAST_INVOCATIONS: u64 = 50;
/// How much more of them must fail, and how many standard errors that must be.
const LEAST_MORE: f64 = 0.01;
const LEAST_TIMES: f64 = 1.5;
const LEAST_Z: f64 = 4.0;

const LEAST_REPEATS: u64 = 5;
const LEAST_REPEAT_SHARE: f64 = 0.005;

pub(super) fn find(case: &Case<'_>, found: &mut Vec<FunctionFinding>) {
    found.extend(timeouts(case));
    found.extend(regression(case));
    found.extend(duplicates(case));
}

fn timeouts(case: &Case<'_>) -> Option<FunctionFinding> {
    let ended = |outcome: Outcome| {
        let invocations = case.invocations();
        invocations.filter_map(move |(place, one)| {
            let duration = one.duration.filter(|_| one.outcome == outcome)?;
            Some((place, duration))
        })
    };
    let mut usual: Vec<u64> = ended(Outcome::Ok).map(|(_, duration)| duration.0).collect();
    usual.sort_unstable();
    let usual = quantile(&usual, 0.5);
    let saved: Vec<Saved> = ended(Outcome::Timeout)
        .map(|(place, duration)| {
            let time = Nanos(duration.0.saturating_sub(usual.0));
            Saved {
                place,
                time,
                billed: time,
            }
        })
        .collect();
    let share = case.share_of_sample(saved.len());
    if saved.len() < LEAST_TIMEOUTS || share < LEAST_TIMEOUT_SHARE {
        return None;
    }
    let suspects = calls::suspects(case);
    let suspect = suspects.first();
    let mut gain = case.gain(Among::All, &saved);
    gain.failures = share;
    let mut evidence = vec![
        (
            words::TYPICAL,
            Figure::Length(case.observed.invocations[saved[0].place].duration?),
        ),
        (words::USUAL, Figure::Length(usual)),
        ("invocations", Figure::Count(case.count(Among::All) as u64)),
    ];
    evidence.extend(suspect.map(|(_, times)| ("suspected", Figure::Count(*times as u64))));
    Some(FunctionFinding {
        fault: Fault::Timeouts,
        about: suspect.map_or_else(String::new, |(about, _)| about.clone()),
        seen: case.of_all(saved.len(), Among::All),
        share,
        gain,
        confidence: match suspect {
            Some(_) => Confidence::High,
            None => Confidence::Medium,
        },
        evidence,
        examples: case.examples(&saved),
        question: Question::Ended(Outcome::Timeout.as_str()),
    })
}

/// The newest version beside all before it.
fn regression(case: &Case<'_>) -> Option<FunctionFinding> {
    let enough = |version: &&VersionCount| version.invocations >= LEAST_INVOCATIONS;
    let versions = case.observed.versions.iter();
    let newest = versions
        .clone()
        .filter(enough)
        .max_by_key(|version| (version.first_seen, &version.version))?;
    let (mut invocations, mut errors) = (0_u64, 0_u64);
    for before in versions.filter(|one| one.first_seen < newest.first_seen) {
        invocations = invocations.saturating_add(before.invocations);
        errors = errors.saturating_add(before.errors);
    }
    if invocations < LEAST_INVOCATIONS {
        return None;
    }
    let rate = |errors: u64, invocations: u64| (errors as f64 / invocations as f64).min(1.0);
    let (before, now) = (
        rate(errors, invocations),
        rate(newest.errors, newest.invocations),
    );
    let pooled = rate(
        errors.saturating_add(newest.errors),
        invocations.saturating_add(newest.invocations),
    );
    let each = 1.0 / invocations as f64 + 1.0 / newest.invocations as f64;
    let z = (now - before) / (pooled * (1.0 - pooled) * each).sqrt();
    // Not a number where nothing failed at all.
    let is_clear = z >= LEAST_Z && now - before >= LEAST_MORE && now >= before * LEAST_TIMES;
    if !is_clear {
        return None;
    }
    let failing = case
        .invocations()
        .filter(|(_, one)| one.version == newest.version && one.outcome.is_failure());
    let more = (now - before) * newest.invocations as f64;
    Some(FunctionFinding {
        fault: Fault::ErrorRegression,
        about: newest.version.clone(),
        seen: newest.errors,
        share: now,
        gain: Gain {
            failures: (more / case.observed.total.max(1) as f64).min(1.0),
            ..Gain::default()
        },
        confidence: Confidence::High,
        evidence: vec![
            (words::NOW, Figure::Share(now)),
            (words::BEFORE, Figure::Share(before)),
            ("invocations", Figure::Count(newest.invocations)),
            ("invocations_before", Figure::Count(invocations)),
        ],
        examples: calls::first_of(failing.map(|(_, one)| &one.request_id)),
        question: Question::Ended(Outcome::Error.as_str()),
    })
}

fn duplicates(case: &Case<'_>) -> Option<FunctionFinding> {
    let messages = &case.observed.messages;
    let again = messages.processed.saturating_sub(messages.distinct);
    let share = again as f64 / messages.processed.max(1) as f64;
    if again < LEAST_REPEATS || share < LEAST_REPEAT_SHARE {
        return None;
    }
    let billed = case
        .invocations()
        .filter_map(|(place, one)| Some((place, one.billed?)));
    let all = case.monthly(Among::All, billed);
    Some(FunctionFinding {
        fault: Fault::DuplicateProcessing,
        about: String::new(),
        seen: again,
        share,
        gain: Gain {
            monthly: all.map(|all| NanoDollars((all.0 as f64 * share) as i64)),
            ..Gain::default()
        },
        confidence: Confidence::High,
        evidence: vec![
            ("processed", Figure::Count(messages.processed)),
            ("distinct", Figure::Count(messages.distinct)),
        ],
        examples: calls::first_of(messages.examples.iter()),
        question: words::of_messages(case.function),
    })
}
