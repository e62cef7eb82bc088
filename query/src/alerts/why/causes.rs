//! In which order what sets bad invocations apart is told: first what somebody may have done, not what they look like.
//!
//! A comparison tells by how much a value sets them apart, and of bad invocations that is most of all how they are bad: each of those that
//! failed has an error's type, and nobody else has one. Of such, one is told in its place; others come after what may be a
//! reason. Of values that the same invocations have, the one that names a release stands for all. Where it ran is told last: after
//! a release all of its sandboxes are new, and are no reason.

use coldtrace_alerts::Cause;
use coldtrace_analysis::compare::Difference;

use crate::compare::{KeyInWords, Told};

/// Causes that are told.
const MOST: usize = 5;
/// Of those that resources tell.
const MOST_OF_RESOURCES: usize = 2;
/// Keys that tell which release ran.
const RELEASES: [&str; 9] = [
    "version",
    "resource.deployment.id",
    "resource.faas.version",
    "resource.service.version",
    "resource.vcs.ref.head.revision",
    "span.faas.version",
    "span.service.version",
    "span.deployment.id",
    "span.deployment.version",
];
/// Keys that tell how an invocation ended.
const SYMPTOMS: [&str; 9] = [
    "error_type",
    "outcome",
    "span.error",
    "span.error.type",
    "span.http.response.status_code",
    "span.http.status_code",
    "span.otel.status_code",
    "span.otel.status_description",
    "span.rpc.grpc.status_code",
];
/// The same, by how they begin.
const SYMPTOM_PREFIXES: [&str; 2] = ["span.error.", "span.exception."];

/// Keys that tell where it ran.
const PLACES: [&str; 12] = [
    "sandbox",
    "resource.aws.log.stream.names",
    "resource.container.id",
    "resource.faas.instance",
    "resource.host.id",
    "resource.host.name",
    "resource.k8s.pod.name",
    "resource.k8s.pod.uid",
    "resource.process.pid",
    "resource.service.instance.id",
    "span.faas.instance",
    "span.process.pid",
];
/// From so many keys of spans on that bad ones lack and hardly anybody else, it is the span that they lack.
const LACKED: usize = 3;
const HARDLY_ANYBODY: f64 = 0.05;

/// What a key tells of; what is worth more is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Release,
    Circumstance,
    Symptom,
    Place,
}

/// A value that was found.
type Found<'a> = (&'a Difference, &'a KeyInWords);

/// Findings of both kinds in the order of what they tell. Of resources a few: they were told from a sample, and are of few kinds.
pub(super) fn merged(counted: Vec<Told>, resources: Vec<Told>) -> Vec<Told> {
    let resources = resources.into_iter().take(MOST_OF_RESOURCES);
    let mut all: Vec<Told> = counted.into_iter().chain(resources).collect();
    all.sort_by(|a, b| b.difference.score.total_cmp(&a.difference.score));
    all
}

/// The causes among findings, which stand in the order of what they tell.
pub(super) fn ranked(findings: &[Told]) -> Vec<Cause> {
    let (mut first, mut symptoms, mut also) = (Vec::new(), Vec::new(), Vec::new());
    let mut places = Vec::new();
    let mut has_symptom = false;
    let is_told = told(findings);
    for finding in findings {
        let mut same: Vec<Found<'_>> = all_of(finding).filter(|one| is_told(*one)).collect();
        // Of the same kind, they stay in their order.
        same.sort_by_key(|(_, words)| Kind::of(&words.key));
        let mut same = same.into_iter();
        let Some(named) = same.next() else { continue };
        match Kind::of(&named.1.key) {
            Kind::Place => places.push(named),
            Kind::Symptom if has_symptom => symptoms.push(named),
            kind => {
                has_symptom |= kind == Kind::Symptom;
                first.push(named);
            }
        }
        also.extend(same);
    }
    let all = first.into_iter().chain(symptoms).chain(also).chain(places);
    let mut releases: Vec<&KeyInWords> = Vec::new();
    let all = all.filter(|(_, words)| {
        let is_release = Kind::of(&words.key) == Kind::Release;
        // Under another name it is the same cause.
        let is_again = releases.iter().any(|other| other.value == words.value);
        if is_release {
            releases.push(words);
        }
        !(is_release && is_again)
    });
    all.take(MOST).map(cause).collect()
}

fn all_of(finding: &Told) -> impl Iterator<Item = Found<'_>> {
    let others = finding.also.iter();
    let others = others.map(|other| (&other.difference, &other.words));
    std::iter::once((&finding.difference, &finding.words)).chain(others)
}

/// Which are told: not what bad ones lack because their span is not there, as when they were cut off.
fn told(findings: &[Told]) -> impl Fn(Found<'_>) -> bool {
    let is_lacked = |(difference, words): Found<'_>| {
        let is_of_span = words.key.starts_with("span.") && words.value.is_none();
        is_of_span && difference.share_rest <= HARDLY_ANYBODY
    };
    let lacked = findings
        .iter()
        .flat_map(all_of)
        .filter(|one| is_lacked(*one));
    let is_span = lacked.count() >= LACKED;
    move |found| !(is_span && is_lacked(found))
}

fn cause((difference, words): Found<'_>) -> Cause {
    Cause {
        key: words.key.clone(),
        value: words.value.clone(),
        of_bad: difference.share_selected,
        of_rest: difference.share_rest,
    }
}

// === impl Kind ===

impl Kind {
    fn of(key: &str) -> Self {
        let is_symptom = SYMPTOMS.contains(&key)
            || SYMPTOM_PREFIXES
                .iter()
                .any(|prefix| key.starts_with(prefix));
        match RELEASES.contains(&key) {
            true => Self::Release,
            false if is_symptom => Self::Symptom,
            false if PLACES.contains(&key) => Self::Place,
            false => Self::Circumstance,
        }
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_analysis::compare::{Frequency, KeyValue};

    use super::*;
    use crate::compare::AlsoTold;

    fn difference(place: u64) -> Difference {
        Difference {
            key: place,
            value: KeyValue::Value(place),
            frequency: Frequency::default(),
            share_selected: 1.0,
            share_rest: place as f64 / 100.0,
            lift: None,
            z: 9.0,
            p: 0.0,
            score: 1.0,
        }
    }

    fn words(key: &str) -> KeyInWords {
        KeyInWords {
            key: key.to_owned(),
            value: Some("x".to_owned()),
        }
    }

    /// Findings of these keys, each with those that go with it.
    fn findings_of(findings: &[(&str, &[&str])]) -> Vec<Told> {
        let one = |(place, (key, also)): (usize, &(&str, &[&str]))| Told {
            difference: difference(place as u64),
            explains: None,
            words: words(key),
            also: also
                .iter()
                .map(|key| AlsoTold {
                    difference: difference(place as u64 + 50),
                    words: words(key),
                })
                .collect(),
        };
        findings.iter().enumerate().map(one).collect()
    }

    fn keys(findings: &[(&str, &[&str])]) -> Vec<String> {
        let causes = ranked(&findings_of(findings)).into_iter();
        causes.map(|cause| cause.key).collect()
    }

    #[test]
    fn what_bad_invocations_look_like_leaves_room_for_reasons() {
        let looks = [
            ("error_type", &["outcome"][..]),
            ("span.http.status_code", &[]),
            ("span.exception.type", &[]),
            ("version", &[]),
            ("span.tenant", &[]),
        ];
        let expected = [
            "error_type",
            "version",
            "span.tenant",
            "span.http.status_code",
            "span.exception.type",
        ];
        assert_eq!(keys(&looks), expected);
    }

    #[test]
    fn of_what_the_same_invocations_have_the_release_is_told_first() {
        let findings = [
            ("span.cache", &["span.team", "version"][..]),
            ("error_type", &["span.step"]),
        ];
        let expected = [
            "version",
            "span.step",
            "span.cache",
            "span.team",
            "error_type",
        ];
        assert_eq!(keys(&findings), expected);
        let causes = ranked(&findings_of(&findings));
        assert_eq!(causes[0].of_rest, 0.5, "its own shares");
    }

    #[test]
    fn where_it_ran_comes_last_and_a_release_once() {
        let findings = [
            ("resource.faas.instance", &[][..]),
            ("version", &[]),
            ("resource.faas.version", &["resource.service.version"]),
            ("span.plan", &[]),
        ];
        let expected = ["version", "span.plan", "resource.faas.instance"];
        assert_eq!(keys(&findings), expected, "all have the same value here");
    }

    #[test]
    fn what_bad_ones_lack_with_their_span_is_no_reason() {
        let lacking = |keys: &[&str]| {
            let mut findings: Vec<Told> = Vec::new();
            for key in keys {
                findings.extend(findings_of(&[(key, &[])]));
            }
            for finding in &mut findings {
                finding.words.value = None;
            }
            findings.extend(findings_of(&[("version", &[])]));
            let causes = ranked(&findings).into_iter();
            causes.map(|cause| cause.key).collect::<Vec<_>>()
        };
        let few = ["span.a", "span.b"];
        assert_eq!(lacking(&few), ["span.a", "span.b", "version"]);
        assert_eq!(lacking(&["span.a", "span.b", "span.c"]), ["version"]);
    }

    #[test]
    fn no_more_are_told_than_somebody_reads() {
        let findings = [("a", &["b", "c", "d", "e", "f"][..]), ("g", &[])];
        assert_eq!(keys(&findings), ["a", "g", "b", "c", "d"]);
        assert_eq!(keys(&[]), [""; 0]);
    }
}
