//! A trace as text: what tests compare, and what people see.

use std::fmt::Write as _;

use coldtrace_analysis::{Evidence, Mark};
use coldtrace_analysis::{Trace, rebuild};
use coldtrace_model::UnixNanos;
use coldtrace_testkit::EPOCH;

/// The tree, a line per span: name, times in milliseconds, own time, marks.
pub(crate) fn tree(trace: &Trace) -> String {
    let mut text = String::new();
    for (place, node) in trace.nodes.iter().enumerate() {
        let span = trace.span(place);
        let marks: Vec<&str> = node.marks.iter().map(Mark::as_str).collect();
        writeln!(
            text,
            "{:indent$}{} {}..{} own {}{}{}",
            "",
            span.name,
            millis(span.start),
            millis(span.end),
            node.self_time.as_millis_f64(),
            if marks.is_empty() { "" } else { " " },
            marks.join(","),
            indent = node.depth as usize * 2,
        )
        .expect("a string takes everything");
    }
    text
}

/// The critical path in one line.
pub(crate) fn path(trace: &Trace) -> String {
    let sections = trace.critical_path.iter().map(|section| {
        format!(
            "{} {}..{}",
            trace.span(section.node).name,
            millis(section.start),
            millis(section.end)
        )
    });
    sections.collect::<Vec<_>>().join(" | ")
}

/// Rebuilds and checks what holds for every trace.
pub(crate) fn rebuilt(evidence: Evidence) -> Trace {
    let trace = rebuild(evidence);
    is_sound(&trace);
    trace
}

/// What holds for every trace, whatever the evidence.
pub(crate) fn is_sound(trace: &Trace) {
    let nodes = &trace.nodes;
    for (place, node) in nodes.iter().enumerate() {
        let span = trace.span(place);
        assert!(span.start <= span.end, "no length is negative");
        assert!(trace.start <= span.start && span.end <= trace.end);
        match node.parent {
            Some(parent) => {
                assert!(parent < place, "a parent stands before its children");
                assert_eq!(node.depth, nodes[parent].depth + 1);
            }
            None => assert_eq!(node.depth, 0),
        }
    }
    for pair in nodes.windows(2) {
        assert!(pair[1].depth <= pair[0].depth + 1, "display order");
    }
    let mut last_sibling = vec![None; nodes.len() + 1];
    for (place, node) in nodes.iter().enumerate() {
        let start = Some(trace.span(place).start);
        let of_parent = &mut last_sibling[node.parent.map_or(0, |parent| parent + 1)];
        assert!(*of_parent <= start, "siblings by start");
        *of_parent = start;
    }
    let roots: Vec<usize> = (0..nodes.len())
        .filter(|&place| nodes[place].parent.is_none())
        .collect();
    assert_eq!(trace.roots, roots);
    tiles(trace);
}

/// The sections of each root cover it from its start, or that of its sandbox's preparation, to its end.
fn tiles(trace: &Trace) {
    let mut root_of: Vec<usize> = Vec::new();
    for (place, node) in trace.nodes.iter().enumerate() {
        root_of.push(node.parent.map_or(place, |parent| root_of[parent]));
    }
    let mut sections = trace.critical_path.iter().peekable();
    let mut critical_times = vec![0; trace.nodes.len()];
    for &root in &trace.roots {
        let span = trace.span(root);
        let mut covered: Option<UnixNanos> = None;
        while let Some(section) = sections.next_if(|section| root_of[section.node] == root) {
            match covered {
                Some(covered) => assert_eq!(section.start, covered, "no gap, no overlap"),
                None => assert!(section.start <= span.start, "from the start on"),
            }
            assert!(section.start < section.end);
            critical_times[section.node] += section.end.since(section.start).0;
            covered = Some(section.end);
        }
        assert_eq!(covered.unwrap_or(span.start), span.end, "to the end");
    }
    assert_eq!(sections.next(), None, "root by root");
    for (node, critical_time) in trace.nodes.iter().zip(critical_times) {
        assert_eq!(node.critical_time.0, critical_time);
    }
}

fn millis(time: UnixNanos) -> f64 {
    (i128::from(time.0) - i128::from(EPOCH.0)) as f64 / 1e6
}
