//! Two cohorts' paths laid over each other.

use std::fmt::Write as _;

use coldtrace_analysis::{Evidence, Flame, PathTree, flame, path_tree, rebuild};
use coldtrace_model::{Outcome, RequestId, Span, SpanKind};
use coldtrace_testkit::{invocation, span};
use proptest::prelude::*;

use super::properties::any_evidence;

/// A handler that calls, each call `(name, from, to)` in milliseconds.
fn tree(end: f64, calls: &[(&str, f64, f64)]) -> PathTree {
    let request = "one";
    let handler = span("handler").id(2).under(1).request(request);
    let handler = handler.kind(SpanKind::Server).at(0.0, end).build();
    let called = calls.iter().zip(3..).map(|(&(name, from, to), id)| {
        let call = span(name).id(id).under(2).kind(SpanKind::Client);
        call.at(from, to).build()
    });
    let spans: Vec<Span> = std::iter::once(handler).chain(called).collect();
    let one = invocation(request).platform_span(1, 1).started(0.0);
    let invocations = vec![one.ended(Outcome::Ok, end).build()];
    let trace = rebuild(Evidence {
        spans,
        invocations: invocations.clone(),
        phases: Vec::new(),
    });
    let request = RequestId::parse(request).expect("a request id");
    path_tree(&trace, &invocations, &request).expect("it is in its trace")
}

/// A line per frame: means in milliseconds and shares, the selected first.
fn told(flame: &Flame) -> String {
    let mut text = String::new();
    let mut depths: Vec<usize> = Vec::new();
    for frame in &flame.frames {
        let depth = frame.parent.map_or(0, |parent| depths[parent] + 1);
        depths.push(depth);
        let [selected, rest] = frame.sides.map(|side| {
            let share = (side.share * 100.0).round();
            format!("{} ms in {share} %", side.mean.as_millis_f64())
        });
        let (category, name) = (frame.category.as_str(), &frame.name);
        writeln!(
            text,
            "{:1$}{name} ({category}): {selected}, rest {rest}",
            "",
            depth * 2
        )
        .expect("a string takes everything");
    }
    text
}

#[test]
fn what_differs_most_comes_first_and_calls_of_one_operation_are_one() {
    let slow = [
        tree(
            400.0,
            &[("GET stock", 10.0, 310.0), ("SELECT id = 1", 310.0, 330.0)],
        ),
        tree(
            300.0,
            &[("GET stock", 10.0, 110.0), ("SELECT id = 2", 110.0, 190.0)],
        ),
    ];
    let fast = [
        tree(
            100.0,
            &[("GET stock", 10.0, 20.0), ("SELECT id = 3", 20.0, 70.0)],
        ),
        tree(
            100.0,
            &[("SELECT id = 4", 20.0, 70.0), ("SELECT id = 4", 70.0, 90.0)],
        ),
    ];
    let expected = "\
checkout (handler): 350 ms in 100 %, rest 100 ms in 100 %
  handler (handler): 350 ms in 100 %, rest 100 ms in 100 %
    GET stock (downstream): 200 ms in 100 %, rest 5 ms in 50 %
    SELECT id = 1 (downstream): 50 ms in 100 %, rest 60 ms in 100 %
";
    assert_eq!(told(&flame([&slow, &fast])), expected);
}

#[test]
fn without_invocations_there_is_nothing() {
    assert_eq!(flame([&[], &[]]).frames, []);
    let one = [tree(100.0, &[])];
    let flame = flame([&[], &one]);
    assert_eq!(flame.of, [0, 1]);
    assert_eq!(flame.frames[0].sides[0].mean.0, 0);
    assert_eq!(flame.frames[0].sides[1].share, 1.0);
}

proptest! {
    #[test]
    fn a_flame_is_as_long_as_the_path_and_no_child_exceeds_its_parent(evidence in any_evidence()) {
        let invocations = evidence.invocations.clone();
        let trace = rebuild(evidence);
        for one in &invocations {
            let Some(tree) = path_tree(&trace, &invocations, &one.request_id) else {
                continue;
            };
            let flame = flame([std::slice::from_ref(&tree), &[]]);
            let mut below = vec![0_u128; flame.frames.len()];
            for frame in &flame.frames {
                if let Some(parent) = frame.parent {
                    below[parent] += u128::from(frame.sides[0].mean.0);
                }
            }
            for (frame, below) in flame.frames.iter().zip(below) {
                prop_assert!(below <= u128::from(frame.sides[0].mean.0));
            }
            let root = trace.roots.iter().find(|&&root| {
                trace.span(root).origin.request_id.as_ref() == Some(&one.request_id)
            });
            // With others above it, it is told from its own start.
            if let (Some(&root), 1) = (root, trace.roots.len()) {
                let whole: u64 = trace.nodes.iter().map(|node| node.critical_time.0).sum();
                if trace.span(root).origin.phase == "invocation" {
                    prop_assert_eq!(flame.frames.first().map_or(0, |frame| frame.sides[0].mean.0), whole);
                }
            }
        }
    }
}
