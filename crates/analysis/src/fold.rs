//! A trace that is too large to be shown, with siblings that are alike folded into one of them.
//!
//! Invariants: what is left keeps its parents, its order and its figures; every span that is not left stands in exactly one fold
//! or is counted as left out; the critical path still covers each root.

use std::sync::Arc;

use coldtrace_model::{Nanos, Resource, Span, SpanKind, StatusCode};
use foldhash::{HashMap, HashMapExt as _};

use crate::{Finding, Hop, Section, Trace};

/// How much of a trace is to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Spans in all.
    pub spans: usize,
    /// Of siblings that are alike, where they are folded: the longest, of which the first stands for all.
    pub alike: usize,
}

/// Siblings that are alike (service, name, kind), of which the longest stands for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Index of the node that stands for them.
    pub node: usize,
    /// How many siblings it stands for, itself included.
    pub siblings: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Spans that are not shown: other siblings, and all that is below them.
    pub hidden: u64,
    /// Sum of the siblings' durations.
    pub total: Nanos,
    /// Sum of the critical time of what is not shown.
    pub critical_time: Nanos,
}

/// A trace after folding, with what names nodes of it by their index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// What is left.
    pub trace: Trace,
    /// By node.
    pub folds: Vec<Fold>,
    /// Spans that are in no fold and not shown either: below the depth to which there was room.
    pub left_out: u64,
    /// Of each node before where it, or what stands for it, is now; nothing of what was left out.
    places: Vec<Option<usize>>,
}

/// Where a node is not left: under which fold, by the place of what stands for it, or nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Shown,
    Under(usize),
    LeftOut,
}

/// What siblings have in common. A resource is known by its address: equal ones of one trace are shared.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'a> {
    parent: Option<usize>,
    name: &'a str,
    kind: SpanKind,
    resource: *const Resource,
}

/// Folds the groups that hide most, until there is room for what is left; where folding is not enough, the deepest are left out.
/// A trace that has room is unchanged. O(n log n).
pub fn fold(trace: Trace, room: Room) -> Folded {
    let count = trace.nodes.len();
    if count <= room.spans {
        let places = (0..count).map(Some).collect();
        return Folded {
            trace,
            places,
            ..Folded::default()
        };
    }
    let sizes = sizes(&trace);
    let mut fates = vec![Fate::Shown; count];
    let mut shown = count;
    let mut folds = Vec::new();
    for group in groups(&trace, &sizes, room.alike.max(1)) {
        if shown <= room.spans {
            break;
        }
        // Under a fold that hides more.
        if fates[group.stands] != Fate::Shown {
            continue;
        }
        let fold = folded(&trace, &sizes, &group, &mut fates);
        shown -= fold.hidden as usize;
        folds.push(fold);
    }
    leave_out(&trace, shown, room.spans, &mut fates);
    left(trace, &fates, folds)
}

impl Folded {
    /// A finding of the trace before, of what is left; nothing where that is not.
    pub fn finding(&self, finding: &Finding) -> Option<Finding> {
        let mut evidence: Vec<usize> = finding
            .evidence
            .iter()
            .filter_map(|&node| self.places[node])
            .collect();
        evidence.dedup();
        Some(Finding {
            node: self.places[finding.node]?,
            evidence,
            ..*finding
        })
    }

    /// An invocation's place of the trace before, in what is left.
    pub fn hop(&self, hop: Hop) -> Hop {
        let place = |node: Option<usize>| node.and_then(|node| self.places[node]);
        Hop {
            node: place(hop.node),
            cause: place(hop.cause),
            ..hop
        }
    }
}

/// Spans of each subtree.
fn sizes(trace: &Trace) -> Vec<usize> {
    let mut sizes = vec![1; trace.nodes.len()];
    for (place, node) in trace.nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            sizes[parent] += sizes[place];
        }
    }
    sizes
}

/// Siblings that are alike.
struct Group {
    /// The longest.
    stands: usize,
    members: Vec<usize>,
    /// Those that are not among the longest that are kept.
    hidden: Vec<usize>,
    /// Spans that are hidden with them.
    hides: usize,
}

/// Groups of siblings that are alike and more than are kept, the one that hides most first: so before what is inside it.
fn groups(trace: &Trace, sizes: &[usize], kept: usize) -> Vec<Group> {
    let mut alike: HashMap<Likeness<'_>, Vec<usize>> = HashMap::new();
    for (place, node) in trace.nodes.iter().enumerate() {
        let span = trace.span(place);
        let likeness = Likeness {
            parent: node.parent,
            name: &span.name,
            kind: span.kind,
            resource: Arc::as_ptr(&span.resource),
        };
        alike.entry(likeness).or_default().push(place);
    }
    let many = alike.into_values().filter(|members| members.len() > kept);
    let mut groups: Vec<Group> = many
        .map(|members| {
            let mut by_length = members.clone();
            by_length.sort_by_key(|&place| std::cmp::Reverse(length(trace.span(place))));
            let hidden = by_length.split_off(kept);
            Group {
                stands: by_length[0],
                members,
                hides: hidden.iter().map(|&place| sizes[place]).sum(),
                hidden,
            }
        })
        .collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.hides), group.members[0]));
    groups
}

fn length(span: &Span) -> Nanos {
    span.end.since(span.start)
}

/// Hides all but the longest, with what is below them. Nothing there was hidden before: what is inside hides less, and comes later.
fn folded(trace: &Trace, sizes: &[usize], group: &Group, fates: &mut [Fate]) -> Fold {
    let spans = || group.members.iter().map(|&place| trace.span(place));
    let mut fold = Fold {
        node: group.stands,
        siblings: group.members.len() as u64,
        errors: spans()
            .filter(|span| span.status.code == StatusCode::Error)
            .count() as u64,
        hidden: group.hides as u64,
        total: Nanos(spans().map(|span| length(span).0).sum()),
        critical_time: Nanos(0),
    };
    for &member in &group.hidden {
        let below = fates.iter_mut().enumerate();
        for (place, fate) in below.skip(member).take(sizes[member]) {
            fold.critical_time.0 += trace.nodes[place].critical_time.0;
            *fate = Fate::Under(group.stands);
        }
    }
    fold
}

/// What stands at and below a node, as a trace of its own. Its critical path is that part of the whole one's.
pub fn below(trace: Trace, root: usize) -> Trace {
    let size = sizes(&trace)[root];
    let fates: Vec<Fate> = (0..trace.nodes.len())
        .map(|place| match (root..root + size).contains(&place) {
            true => Fate::Shown,
            false => Fate::LeftOut,
        })
        .collect();
    let depth = trace.nodes[root].depth;
    let critical_path = trace.critical_path.iter();
    let is_below = |section: &&Section| (root..root + size).contains(&section.node);
    let critical_path: Vec<Section> = critical_path.filter(is_below).copied().collect();
    let mut trace = Trace {
        critical_path,
        ..trace
    };
    trace.nodes[root].parent = None;
    let mut part = left(trace, &fates, Vec::new()).trace;
    for node in &mut part.nodes {
        node.depth -= depth;
    }
    let ends = part.spans.iter().map(|span| span.end);
    part.end = ends.max().unwrap_or(part.start);
    let starts = part.spans.iter().map(|span| span.start);
    part.start = starts.min().unwrap_or(part.start);
    part
}

/// Of what is still too much, the deepest.
fn leave_out(trace: &Trace, shown: usize, most: usize, fates: &mut [Fate]) {
    if shown <= most {
        return;
    }
    let is_shown = |place: &usize| fates[*place] == Fate::Shown;
    let mut places: Vec<usize> = (0..fates.len()).filter(is_shown).collect();
    places.sort_by_key(|&place| (trace.nodes[place].depth, place));
    for &place in &places[most..] {
        fates[place] = Fate::LeftOut;
    }
}

fn left(trace: Trace, fates: &[Fate], folds: Vec<Fold>) -> Folded {
    let Trace {
        start,
        end,
        spans,
        nodes,
        critical_path,
        warnings,
        ..
    } = trace;
    let mut own = vec![None; nodes.len()];
    let kept = (0..nodes.len()).filter(|&place| fates[place] == Fate::Shown);
    for (index, place) in kept.enumerate() {
        own[place] = Some(index);
    }
    let places: Vec<Option<usize>> = (0..nodes.len())
        .map(|place| match fates[place] {
            Fate::Under(stands) => own[stands],
            _ => own[place],
        })
        .collect();
    let mut spans: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut of_left = Trace {
        start,
        end,
        warnings,
        critical_path: sections(critical_path, &nodes, &places),
        ..Trace::default()
    };
    for (place, node) in nodes.into_iter().enumerate() {
        let (Some(index), Some(span)) = (own[place], spans[node.span].take()) else {
            continue;
        };
        let parent = node.parent.and_then(|parent| own[parent]);
        if parent.is_none() {
            of_left.roots.push(index);
        }
        of_left.spans.push(span);
        of_left.nodes.push(crate::Node {
            span: index,
            parent,
            ..node
        });
    }
    let all = places.len() as u64;
    let mut folds: Vec<Fold> = folds
        .into_iter()
        .filter_map(|fold| {
            let node = own[fold.node]?;
            Some(Fold { node, ..fold })
        })
        .collect();
    folds.sort_by_key(|fold| fold.node);
    let hidden: u64 = folds.iter().map(|fold| fold.hidden).sum();
    let shown = of_left.nodes.len() as u64;
    Folded {
        trace: of_left,
        folds,
        left_out: all - hidden - shown,
        places,
    }
}

/// With what stands for each node; that of what was left out is its nearest ancestor's that is shown.
fn sections(
    critical_path: Vec<Section>,
    nodes: &[crate::Node],
    places: &[Option<usize>],
) -> Vec<Section> {
    let mut left: Vec<Section> = Vec::new();
    for section in critical_path {
        let mut above = section.node;
        let node = loop {
            match (places[above], nodes[above].parent) {
                (Some(node), _) => break node,
                (None, Some(parent)) => above = parent,
                (None, None) => break 0,
            }
        };
        match left.last_mut() {
            Some(last) if last.node == node && last.end == section.start => last.end = section.end,
            _ => left.push(Section { node, ..section }),
        }
    }
    left
}
