//! A trace that is too large to be shown.

use coldtrace_analysis::{Evidence, Room, Trace, below, fold, rebuild};
use coldtrace_model::{Nanos, Span};
use coldtrace_testkit::{resource, span};
use proptest::prelude::*;

const ROOM: Room = Room {
    spans: 100,
    alike: 1,
};

fn rebuilt(spans: Vec<Span>) -> Trace {
    rebuild(Evidence {
        spans,
        ..Evidence::default()
    })
}

/// A tree by each span's parent among those before it, of few names.
fn any_trace() -> impl Strategy<Value = Trace> {
    let one = (any::<prop::sample::Index>(), 0..3_u8, 1..1_000_u32);
    prop::collection::vec(one, 2..200).prop_map(|all| {
        let resource = resource("shop");
        let spans = all
            .iter()
            .enumerate()
            .map(|(place, (parent, name, length))| {
                let start = place as f64;
                let one = span(&format!("call {name}"))
                    .id(place as u64 + 1)
                    .resource(&resource)
                    .at(start, start + f64::from(*length));
                match place {
                    0 => one.build(),
                    _ => one.under(parent.index(place) as u64 + 1).build(),
                }
            });
        rebuilt(spans.collect())
    })
}

fn critical(trace: &Trace) -> u64 {
    trace.nodes.iter().map(|node| node.critical_time.0).sum()
}

proptest! {
    #[test]
    fn what_is_left_is_a_tree_of_the_same_and_all_that_is_not_is_counted(before in any_trace(), most in 1..60_usize, alike in 1..4_usize) {
        let all = before.nodes.len();
        let path = |trace: &Trace| trace.critical_path.iter().map(|one| one.end.since(one.start).0).sum::<u64>();
        let folded = fold(before.clone(), Room { spans: most, alike });
        let after = &folded.trace;
        if all <= most {
            prop_assert_eq!(after, &before);
        }
        prop_assert!(after.nodes.len() <= most);
        prop_assert_eq!(after.nodes.len(), after.spans.len());
        let hidden: u64 = folded.folds.iter().map(|fold| fold.hidden).sum();
        prop_assert_eq!(after.nodes.len() as u64 + hidden + folded.left_out, all as u64);
        for (place, node) in after.nodes.iter().enumerate() {
            prop_assert!(node.parent.is_none_or(|parent| parent < place));
            let parent = node.parent.map(|parent| after.span(parent).span_id);
            prop_assert_eq!(parent, after.span(place).parent_span_id);
        }
        prop_assert_eq!(path(after), path(&before));
        prop_assert!(after.critical_path.iter().all(|one| one.node < after.nodes.len()));
        let of_folds: u64 = folded.folds.iter().map(|fold| fold.critical_time.0).sum();
        if folded.left_out == 0 {
            prop_assert_eq!(critical(after) + of_folds, critical(&before));
        }
    }
}

proptest! {
    #[test]
    fn what_stands_below_a_span_is_a_trace_of_the_same(whole in any_trace(), at in any::<prop::sample::Index>()) {
        let root = at.index(whole.nodes.len());
        let is_below = |mut place: usize| loop {
            match whole.nodes[place].parent {
                _ if place == root => break true,
                Some(parent) => place = parent,
                None => break false,
            }
        };
        let places: Vec<usize> = (0..whole.nodes.len()).filter(|&place| is_below(place)).collect();
        let part = below(whole.clone(), root);
        let ids = |trace: &Trace, places: &[usize]| -> Vec<_> {
            places.iter().map(|&place| trace.span(place).span_id).collect()
        };
        let own: Vec<usize> = (0..part.nodes.len()).collect();
        prop_assert_eq!(ids(&part, &own), ids(&whole, &places));
        prop_assert_eq!(part.roots, vec![0]);
        prop_assert_eq!(part.nodes[0].depth, 0);
        let critical: u64 = places.iter().map(|&place| whole.nodes[place].critical_time.0).sum();
        let path: u64 = part.critical_path.iter().map(|one| one.end.since(one.start).0).sum();
        prop_assert_eq!(path, critical);
    }
}

#[test]
fn the_longest_of_those_alike_stands_for_all() {
    let resource = resource("shop");
    let many = 1_000;
    let mut spans = vec![
        span("all")
            .id(1)
            .resource(&resource)
            .at(0.0, 10_000.0)
            .build(),
    ];
    for call in 0..many {
        let (id, start) = (2 + call * 2, call as f64);
        let length = if call == 700 { 900.0 } else { 500.0 };
        let outer = span("outer").id(id).under(1).resource(&resource);
        let inner = span("inner").id(id + 1).under(id).resource(&resource);
        spans.push(outer.at(start, start + length).build());
        spans.push(inner.at(start, start + 1.0).build());
    }
    let folded = fold(rebuilt(spans), ROOM);
    let names: Vec<&str> = folded.trace.spans.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["all", "outer", "inner"]);
    let fold = folded.folds[0];
    assert_eq!((folded.folds.len(), fold.node, folded.left_out), (1, 1, 0));
    assert_eq!(
        (fold.siblings, fold.hidden, fold.errors),
        (many, (many - 1) * 2, 0)
    );
    assert_eq!(fold.total, Nanos::from_millis((many - 1) * 500 + 900));
    let longest = folded.trace.span(1);
    assert_eq!(longest.end.since(longest.start), Nanos::from_millis(900));
}

#[test]
fn a_deep_trace_without_anything_alike_loses_its_deepest() {
    let resource = resource("shop");
    let chain = |place: u64| {
        let one = span(&format!("step {place}"))
            .id(place + 1)
            .resource(&resource);
        let one = one.at(place as f64, 1_000.0 - place as f64);
        match place {
            0 => one.build(),
            _ => one.under(place).build(),
        }
    };
    let folded = fold(
        rebuilt((0..100).map(chain).collect()),
        Room { spans: 40, ..ROOM },
    );
    assert_eq!((folded.trace.nodes.len(), folded.left_out), (40, 60));
    assert_eq!(folded.trace.span(39).name, "step 39");
    assert!(folded.folds.is_empty());
}
