//! What holds for any evidence, however broken.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_analysis::{
    Evidence, FindingKind, Mark, Messages, Node, Observed, SandboxLife, SandboxPhase, Trace,
    VersionCount, explain, findings, profile, rebuild, verdict,
};
use coldtrace_model::{
    ByteSize, Cold, FactSet, Invocation, Nanos, Outcome, PhaseKind, RequestId, SandboxId, Span,
    SpanId, SpanKind, TimeRange, TraceId, Trigger, UnixNanos,
};
use coldtrace_testkit::{at, invocation, phase, span, span_id, trace_id};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::picture::is_sound;

/// Small for the most part, where what is rare meets soonest; one of fifty is large.
pub(super) fn any_evidence() -> impl Strategy<Value = Evidence> {
    prop_oneof![
        49 => evidence_of(30, 16),
        1 => evidence_of(300, 200),
    ]
}

/// Of few ids, so that spans meet: as parents, as copies, in rings.
fn evidence_of(spans: usize, ids: u64) -> impl Strategy<Value = Evidence> {
    (
        vec(any_span(ids), 0..spans),
        vec(any_invocation(), 0..6),
        vec(any_phase(), 0..6),
    )
        .prop_map(|(spans, invocations, phases)| Evidence {
            spans,
            invocations,
            phases,
        })
}

fn any_time() -> impl Strategy<Value = UnixNanos> {
    prop_oneof![
        20 => (0..200_u32).prop_map(|millis| at(f64::from(millis))),
        1 => select(vec![UnixNanos(0), UnixNanos(1), UnixNanos(u64::MAX)]),
    ]
}

fn any_request() -> impl Strategy<Value = Option<&'static str>> {
    option::of(select(vec!["r1", "r2", "r3"]))
}

fn any_sandbox() -> impl Strategy<Value = Option<&'static str>> {
    option::of(select(vec!["s1", "s2"]))
}

fn any_span(ids: u64) -> impl Strategy<Value = Span> {
    let ids = (1..3_u128, 1..ids, option::of(1..ids));
    let phases = vec![
        "",
        "",
        "",
        "invocation",
        "init",
        "runtime_init",
        "restore",
        "extension_overhead",
    ];
    let origin = (any_request(), any_sandbox(), select(phases));
    let what = (0..6_i32, any_time(), any_time(), 0..4_u8);
    (ids, origin, what).prop_map(
        |((trace, id, parent), (request, sandbox, phase), (kind, start, end, service))| {
            let mut span = span(&format!("{trace}/{id}"))
                .trace(trace)
                .id(id)
                .phase(phase)
                .service(["checkout", "inventory", "payments", ""][usize::from(service)])
                .kind(SpanKind::from_number(kind));
            if let Some(parent) = parent {
                span = span.under(parent);
            }
            if let Some(request) = request {
                span = span.request(request);
            }
            if let Some(sandbox) = sandbox {
                span = span.sandbox(sandbox);
            }
            let mut span = span.build();
            (span.start, span.end) = (start, end);
            span
        },
    )
}

fn any_invocation() -> impl Strategy<Value = Invocation> {
    let told = (
        option::of(any_time()),
        option::of(0..100_u64),
        option::of(0..20_u64),
    );
    let platform = option::of((1..3_u128, 1..16_u64));
    let state = (
        0..16_u8,
        select(Outcome::ALL),
        select(Cold::ALL),
        select(Trigger::ALL),
    );
    (
        any_request(),
        any_sandbox(),
        any_time(),
        told,
        platform,
        state,
    )
        .prop_map(
            |(request, sandbox, start, (deadline, duration, overhead), platform, state)| {
                let mut builder = invocation(request.unwrap_or("r9"));
                if let Some(sandbox) = sandbox {
                    builder = builder.sandbox(sandbox);
                }
                if let Some((trace, span)) = platform {
                    builder = builder.platform_span(trace, span);
                }
                let (facts, outcome, cold, trigger) = state;
                builder
                    .with(|row| {
                        row.facts = FactSet(facts);
                        row.start = start;
                        row.deadline = deadline;
                        row.duration = duration.map(Nanos::from_millis);
                        row.extension_overhead = overhead.map(Nanos::from_millis);
                        row.response_latency = overhead.map(Nanos::from_millis);
                        row.runtime_overhead = duration.map(Nanos::from_millis);
                        row.outcome = outcome;
                        row.cold = cold;
                        row.trigger = trigger;
                    })
                    .build()
            },
        )
}

fn any_phase() -> impl Strategy<Value = SandboxPhase> {
    (
        any_request(),
        select(vec!["s1", "s2", "s3"]),
        select(PhaseKind::ALL),
        any_time(),
        0..100_u64,
    )
        .prop_map(|(request, sandbox, kind, start, millis)| {
            let mut told = phase(kind, 0.0, 0.0);
            told.start = start;
            told.duration = Nanos::from_millis(millis);
            told.request_id = request.map(|id| id.parse().expect("a test's id is valid"));
            SandboxPhase {
                sandbox_id: SandboxId::parse(sandbox).expect("a test's id is valid"),
                function: "checkout".to_owned(),
                phase: told,
            }
        })
}

/// Sandboxes, versions and messages that nobody in his senses would tell.
fn any_counts() -> impl Strategy<Value = (Vec<SandboxLife>, Vec<VersionCount>, Messages)> {
    let number = || prop_oneof![8 => 0..200_u64, 1 => Just(u64::MAX)];
    let life = (number(), vec(number(), 4), number()).prop_map(|(invocations, used, limit)| {
        let used: [u64; 4] = used.try_into().expect("four");
        SandboxLife {
            sandbox_id: SandboxId::parse("s1").expect("an id"),
            invocations,
            used: used.map(ByteSize),
            limit: ByteSize(limit),
        }
    });
    let version = (0..3_u8, number(), number(), any_time()).prop_map(
        |(version, invocations, errors, first_seen)| VersionCount {
            version: version.to_string(),
            invocations,
            errors,
            first_seen,
        },
    );
    let messages = (number(), number()).prop_map(|(processed, distinct)| Messages {
        processed,
        distinct,
        examples: vec![RequestId::parse("r1").expect("an id")],
    });
    (vec(life, 0..6), vec(version, 0..4), messages)
}

/// Counts by ids and side, since a client and a server may share an id.
fn counted<'a>(
    spans: impl Iterator<Item = &'a Span>,
) -> BTreeMap<(TraceId, SpanId), (usize, usize)> {
    let mut counts = BTreeMap::new();
    for span in spans {
        let count: &mut (usize, usize) = counts.entry((span.trace_id, span.span_id)).or_default();
        match span.kind {
            SpanKind::Client | SpanKind::Producer => count.0 += 1,
            _ => count.1 += 1,
        }
    }
    counts
}

/// Trees that each property is asked about.
const TREES: u32 = 10_000;
/// Of several trees each.
const FUNCTIONS: u32 = TREES / 4;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(TREES))]

    #[test]
    fn any_evidence_becomes_a_forest_whose_roots_are_tiled(evidence in any_evidence()) {
        is_sound(&rebuild(evidence));
    }

    /// What a finding gains was waited for, but for messages in queues and what a time limit cut off.
    #[test]
    fn findings_point_into_the_trace_and_gain_no_more_than_a_root_took(evidence in any_evidence()) {
        let invocations = evidence.invocations.clone();
        let trace = rebuild(evidence);
        let longest = trace.roots.iter().map(|&root| {
            let sections = trace.critical_path.iter().filter(|section| root_of(&trace, section.node) == root);
            sections.map(|section| section.end.since(section.start).0).sum::<u64>()
        });
        let longest = longest.max().unwrap_or(0);
        let mut before = None;
        for finding in findings(&trace, &invocations) {
            prop_assert!(finding.node < trace.nodes.len());
            prop_assert!(!finding.evidence.is_empty());
            prop_assert!(finding.evidence.windows(2).all(|pair| pair[0] < pair[1]), "{finding:?}");
            prop_assert!(finding.evidence.iter().all(|&place| place < trace.nodes.len()));
            let is_beside = matches!(finding.kind, FindingKind::QueueWait | FindingKind::TimeoutSuspect);
            prop_assert!(is_beside || finding.gain.0 <= longest, "{finding:?} of {longest}");
            prop_assert!(before.is_none_or(|before| finding.gain <= before), "the greatest come first");
            before = Some(finding.gain);
        }
    }

    /// Who tells the tree as it was repaired is told the same tree; and the same times, where all ends were told: a length that is an
    /// estimate looks measured the second time, and then clocks are compared by it.
    #[test]
    fn what_was_repaired_needs_no_repair(evidence in any_evidence()) {
        let trace = rebuild(evidence);
        let again = rebuild(as_repaired(&trace));
        prop_assert_eq!(again.nodes.len(), trace.nodes.len());
        let is_estimated = |node: &Node| {
            node.marks.contains(Mark::EndsBeforeStart) || node.marks.contains(Mark::Unfinished)
        };
        let are_times_told = !trace.nodes.iter().any(is_estimated);
        for (place, node) in again.nodes.iter().enumerate() {
            let before = place_of(again.span(place));
            let parent = node.parent.map(|parent| place_of(again.span(parent)));
            prop_assert_eq!(parent, trace.nodes[before].parent);
            let placed = [Mark::Orphan, Mark::Adopted, Mark::CycleCut, Mark::DuplicateRemoved];
            prop_assert!(placed.iter().all(|&mark| !node.marks.contains(mark)), "{:?}", node);
            if are_times_told {
                let times = |span: &Span| (span.start, span.end);
                prop_assert_eq!(times(again.span(place)), times(trace.span(before)));
                prop_assert!(!node.marks.contains(Mark::SkewCorrected), "{:?}", node);
            }
        }
    }

    #[test]
    fn every_span_comes_out_exactly_once(evidence in any_evidence()) {
        let sent = counted(evidence.spans.iter());
        let trace = rebuild(evidence);
        prop_assert_eq!(trace.spans.len(), trace.nodes.len());
        let shown = counted((0..trace.nodes.len()).map(|place| trace.span(place)));
        for ids in sent.keys() {
            prop_assert!(shown.contains_key(ids), "{ids:?} is lost");
        }
        for (ids, (clients, others)) in shown {
            prop_assert!(clients <= 1 && others <= 1, "{ids:?} is shown twice");
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        evidence in any_evidence(),
        seed in any::<u64>(),
    ) {
        let mut shuffled = evidence.clone();
        shuffle(&mut shuffled.spans, seed);
        shuffle(&mut shuffled.invocations, seed);
        shuffle(&mut shuffled.phases, seed);
        prop_assert_eq!(in_display_order(rebuild(evidence)), in_display_order(rebuild(shuffled)));
    }

    #[test]
    fn what_was_sent_about_a_span_is_not_changed(evidence in any_evidence()) {
        let sent = evidence.spans.clone();
        for mut shown in rebuild(evidence).spans {
            let is_as_sent = sent.iter().any(|span| {
                (shown.start, shown.end) = (span.start, span.end);
                *span == shown
            });
            prop_assert!(is_as_sent || shown.scope.name == "coldtrace", "{shown:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(FUNCTIONS))]

    /// Whatever is known of each, and whatever is counted beside: it is told in words, and no gain is more than all.
    #[test]
    fn an_invocation_and_a_function_are_explained_whatever_is_told_of_them(
        journeys in vec(any_evidence(), 1..8),
        (lives, versions, messages) in any_counts(),
        total in prop_oneof![0..100_u64, Just(u64::MAX)],
    ) {
        let mut observed = Observed {
            range: TimeRange { from: at(0.0), to: at(0.0) },
            total,
            invocations: Vec::new(),
            profiles: Vec::new(),
            phases: Vec::new(),
            lives,
            versions,
            messages,
        };
        for evidence in journeys {
            let invocations = evidence.invocations.clone();
            observed.phases.extend(evidence.phases.clone());
            let trace = rebuild(evidence);
            let found = findings(&trace, &invocations);
            for one in &invocations {
                let verdict = verdict(&trace, &invocations, &found, one);
                prop_assert!(verdict.text.ends_with('.'), "{}", verdict.text);
                // So that what is seen is seen often enough to be told.
                for _ in 0..8 {
                    observed.profiles.push(profile(&trace, &invocations, &one.request_id));
                    observed.invocations.push(one.clone());
                }
            }
        }
        for finding in explain("checkout", &observed) {
            prop_assert!((0.0..=1.0).contains(&finding.gain.failures), "{finding:?}");
            prop_assert!(!finding.words().text.is_empty());
        }
    }
}

#[test]
fn among_random_trees_is_everything_that_is_repaired() {
    let mut runner = TestRunner::deterministic();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..TREES / 10 {
        let evidence = any_evidence().new_tree(&mut runner).expect("evidence");
        let trace = rebuild(evidence.current());
        let marks: BTreeSet<&str> = trace
            .nodes
            .iter()
            .flat_map(|node| node.marks.iter().map(Mark::as_str))
            .collect();
        for mark in marks {
            *counts.entry(mark).or_default() += 1;
        }
    }
    for mark in Mark::ALL {
        let count = counts.get(mark.as_str()).copied().unwrap_or(0);
        assert!(count > 20, "{} is rare: {counts:?}", mark.as_str());
    }
}

/// The spans of a repaired trace, each under the parent that it was given, in one trace, with ids that say where it stood.
fn as_repaired(trace: &Trace) -> Evidence {
    let id = |place: usize| span_id(place as u64 + 1);
    let spans = trace.nodes.iter().enumerate().map(|(place, node)| {
        let mut span = trace.span(place).clone();
        (span.trace_id, span.span_id) = (trace_id(1), id(place));
        span.parent_span_id = node.parent.map(id);
        // It would tell where the span belongs, if nothing else did.
        span.origin.request_id = None;
        span
    });
    Evidence {
        spans: spans.collect(),
        ..Evidence::default()
    }
}

fn place_of(span: &Span) -> usize {
    u64::from_be_bytes(*span.span_id.as_bytes()) as usize - 1
}

/// The trace with its spans where their nodes are.
fn in_display_order(mut trace: Trace) -> Trace {
    trace.spans = (0..trace.nodes.len())
        .map(|place| trace.span(place).clone())
        .collect();
    for (place, node) in trace.nodes.iter_mut().enumerate() {
        node.span = place;
    }
    trace
}

/// Puts the items into an order that the seed decides.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for place in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        items.swap(place, (seed >> 33) as usize % (place + 1));
    }
}

fn root_of(trace: &Trace, node: usize) -> usize {
    let mut root = node;
    while let Some(parent) = trace.nodes[root].parent {
        root = parent;
    }
    root
}
