//! Where the time of two cohorts went: their invocations' critical paths laid over each other, one tree for both.
//!
//! A step is what one invocation waited for, under what it waited for that; equal steps of one parent are one. Equal are calls
//! of one operation, and other spans of one name. Not here: who is in which cohort. Invariant: a frame's time is its own and
//! that of its children, whatever was left out.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use coldtrace_model::{Invocation, Nanos, RequestId};

use crate::Trace;
use crate::findings::{Operations, name};
use crate::function::{alone, place_of};
use crate::verdict::Category;

/// Further down it is told as a part of what stands there: nobody reads a flame of more.
const DEEPEST: u32 = 48;
/// What is less of the longer cohort is told as a part of what stands above.
const LEAST_SHARE: f64 = 0.002;

/// The critical path of one invocation, by what stood above what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathTree {
    steps: Vec<Step>,
}

/// Both cohorts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flame {
    /// How many invocations of each it is of.
    pub of: [usize; 2],
    /// A parent before its children; of siblings first what differs most. The first is the invocation, unless there is none.
    pub frames: Vec<Frame>,
}

/// A step of one cohort or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Index into `Flame::frames`; smaller than its own.
    pub parent: Option<usize>,
    /// What the time was spent on.
    pub category: Category,
    /// What a span of it is called, with whom it calls.
    pub name: String,
    /// Of each cohort.
    pub sides: [FrameSide; 2],
}

/// What a frame is to a cohort.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameSide {
    /// On the critical path, with what stands below, in the mean of all invocations of the cohort.
    pub mean: Nanos,
    /// The share of the invocations that waited for it, 0 to 1.
    pub share: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    parent: Option<usize>,
    key: u64,
    category: Category,
    name: String,
    own: Nanos,
}

/// Frames while they are added up.
#[derive(Default)]
struct Sums {
    all: Vec<Sum>,
    by_key: HashMap<(Option<usize>, u64), usize>,
}

struct Sum {
    parent: Option<usize>,
    category: Category,
    name: String,
    /// With what stands below.
    total: [u128; 2],
    invocations: [usize; 2],
}

/// The critical path of an invocation of a trace; nothing if it has no span of it. The invocations are those of the trace.
pub fn path_tree(
    trace: &Trace,
    invocations: &[Invocation],
    request_id: &RequestId,
) -> Option<PathTree> {
    let place = place_of(trace, request_id)?;
    match alone(trace, invocations, place) {
        None => Some(PathTree::of(trace, place)),
        Some(own) => Some(PathTree::of(&own, place_of(&own, request_id)?)),
    }
}

/// Two cohorts by the paths of their invocations, the selected first.
pub fn flame(cohorts: [&[PathTree]; 2]) -> Flame {
    let mut sums = Sums::default();
    for (side, trees) in cohorts.into_iter().enumerate() {
        trees.iter().for_each(|tree| sums.add(side, tree));
    }
    sums.flame(cohorts.map(<[PathTree]>::len))
}

// === impl PathTree ===

impl PathTree {
    /// Its steps with their depths, a parent before its children.
    fn of(trace: &Trace, place: usize) -> Self {
        let operations = Operations::of(trace);
        let mut tree = Self::default();
        let mut by_key: HashMap<(Option<usize>, u64), usize> = HashMap::new();
        // Of each node below, its step and how deep that is.
        let mut places: Vec<Option<(usize, u32)>> = vec![None; trace.nodes.len()];
        for at in place..trace.nodes.len() {
            let above = match trace.nodes[at].parent {
                _ if at == place => None,
                Some(parent) if places[parent].is_some() => places[parent],
                _ => continue,
            };
            let (step, depth) = match above {
                Some((step, depth @ DEEPEST..)) => (step, depth),
                _ => {
                    let parent = above.map(|(step, _)| step);
                    let step = Step::of(trace, &operations, at, parent);
                    let known = by_key.entry((parent, step.key)).or_insert_with(|| {
                        tree.steps.push(step);
                        tree.steps.len() - 1
                    });
                    (*known, above.map_or(0, |(_, depth)| depth + 1))
                }
            };
            places[at] = Some((step, depth));
            let own = &mut tree.steps[step].own;
            *own = own.plus(trace.nodes[at].critical_time);
        }
        tree
    }

    /// Of every step what stands below with it.
    fn totals(&self) -> Vec<Nanos> {
        let mut totals: Vec<Nanos> = self.steps.iter().map(|step| step.own).collect();
        for (place, step) in self.steps.iter().enumerate().rev() {
            if let Some(parent) = step.parent {
                totals[parent] = totals[parent].plus(totals[place]);
            }
        }
        totals
    }
}

// === impl Step ===

impl Step {
    fn of(trace: &Trace, operations: &Operations<'_>, at: usize, parent: Option<usize>) -> Self {
        let (category, key, name) = match operations.get(at) {
            Some(operation) => (Category::Downstream, operation, name(trace, at)),
            None => {
                let category = Category::of(trace, at);
                let span = trace.span(at);
                let mut hasher = DefaultHasher::new();
                (category, &span.name).hash(&mut hasher);
                (category, hasher.finish(), span.name.clone())
            }
        };
        Self {
            parent,
            key,
            category,
            name,
            own: Nanos(0),
        }
    }
}

// === impl Sums ===

impl Sums {
    fn add(&mut self, side: usize, tree: &PathTree) {
        // Of each step its frame.
        let mut frames: Vec<usize> = Vec::with_capacity(tree.steps.len());
        for (step, total) in tree.steps.iter().zip(tree.totals()) {
            let parent = step.parent.map(|parent| frames[parent]);
            let frame = *self.by_key.entry((parent, step.key)).or_insert_with(|| {
                self.all.push(Sum {
                    parent,
                    category: step.category,
                    name: step.name.clone(),
                    total: [0; 2],
                    invocations: [0; 2],
                });
                self.all.len() - 1
            });
            frames.push(frame);
            let sum = &mut self.all[frame];
            sum.total[side] += u128::from(total.0);
            sum.invocations[side] += usize::from(total > Nanos(0));
        }
    }

    fn flame(self, of: [usize; 2]) -> Flame {
        let told = |sum: &Sum| {
            [0, 1].map(|side| {
                let count = of[side].max(1);
                let mean = sum.total[side] / count as u128;
                FrameSide {
                    mean: Nanos(u64::try_from(mean).unwrap_or(u64::MAX)),
                    share: sum.invocations[side] as f64 / count as f64,
                }
            })
        };
        let told: Vec<[FrameSide; 2]> = self.all.iter().map(told).collect();
        let longest = told.iter().flatten().map(|told| told.mean).max();
        let least = longest.unwrap_or_default().0 as f64 * LEAST_SHARE;
        let is_shown = |place: usize| told[place].iter().any(|told| told.mean.0 as f64 > least);
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.all.len()];
        let mut waiting: Vec<(Option<usize>, usize)> = Vec::new();
        for place in (0..self.all.len()).filter(|&place| is_shown(place)) {
            match self.all[place].parent {
                // Where a parent is not shown no child is: it has no more than that.
                Some(parent) => below[parent].push(place),
                None => waiting.push((None, place)),
            }
        }
        let differs = |place: usize| {
            let [selected, rest] = told[place].map(|told| told.mean.0);
            selected.abs_diff(rest)
        };
        let mut frames = Vec::new();
        waiting.sort_by_key(|&(_, place)| differs(place));
        while let Some((parent, place)) = waiting.pop() {
            let sum = &self.all[place];
            frames.push(Frame {
                parent,
                category: sum.category,
                name: sum.name.clone(),
                sides: told[place],
            });
            let own = frames.len() - 1;
            below[place].sort_by(|&a, &b| {
                let by_name = self.all[b].name.cmp(&self.all[a].name);
                differs(a).cmp(&differs(b)).then(by_name)
            });
            waiting.extend(below[place].iter().map(|&child| (Some(own), child)));
        }
        Flame { of, frames }
    }
}
