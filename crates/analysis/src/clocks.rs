//! Corrects the difference between the clocks of different machines.
//!
//! A client's span contains its server's. Every such pair of two clocks bounds their difference; one difference is chosen
//! for all pairs of two clocks, so that spans of one machine never move against each other. Only calls that wait are taken
//! as evidence: a queue may hold a message for ever.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use coldtrace_model::{AttributeValue, Resource, Span, SpanKind, UnixNanos, attribute};
use foldhash::{HashMap, HashMapExt as _};

use crate::Mark;
use crate::draft::{Draft, Role};

/// Greater differences are no skew but nonsense; they are told and left as they are.
const MAX_CORRECTION: i64 = 1_000_000_000;

/// The clocks of a platform's sandboxes are well kept, but the platform tells whole milliseconds: what is below is noise.
const SANDBOX_NOISE: i64 = 5_000_000;

/// Which clock a span was recorded by. Ordered, so that nothing depends on the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Clock {
    /// A function's sandbox.
    Sandbox(String),
    /// A machine, or a container.
    Host(String),
    /// Nothing is said but the service: all of its processes are taken for one.
    Service(String),
}

/// Bounds of a difference in nanoseconds: what must be added to the second clock.
#[derive(Clone, Copy)]
struct Bounds {
    least: i64,
    most: i64,
}

/// Shifts the spans of clocks that are wrong against their callers'.
pub(crate) fn align(draft: &mut Draft) {
    let calls = calls(draft);
    if calls.is_empty() {
        return;
    }
    let (clocks, clock_of) = clocks(&draft.spans);
    let differences = differences(draft, &calls, &clocks, &clock_of);
    if differences.values().all(|&difference| difference == 0) {
        return;
    }
    let offsets = offsets(draft, &clocks, &clock_of, &differences);
    for place in 0..draft.items.len() {
        let offset = offsets[clock_of[place]];
        if offset != 0 {
            shift(draft, place, offset);
        }
    }
    for (clock, offset) in clocks.iter().zip(offsets) {
        if offset != 0 {
            draft.warnings.push(format!(
                "the clock of {clock} was corrected by {}",
                millis(offset)
            ));
        }
    }
}

/// A call between two processes, that one waited for.
struct Call {
    caller: usize,
    callee: usize,
    bounds: Bounds,
}

/// All calls that tell of two clocks, unless all of them look right as they are.
fn calls(draft: &Draft) -> Vec<Call> {
    let calls = || {
        (0..draft.items.len()).filter_map(|callee| {
            let caller = caller(draft, callee)?;
            Some(Call {
                caller,
                callee,
                bounds: Bounds::of_call(draft, caller, callee)?,
            })
        })
    };
    let looks_right = |call: Call| call.bounds.least <= 0 && call.bounds.most >= 0;
    if calls().all(looks_right) {
        return Vec::new();
    }
    calls().collect()
}

/// All clocks in their order, and the clock of each span as an index into them.
fn clocks(spans: &[Span]) -> (Vec<Clock>, Vec<usize>) {
    let mut numbers: HashMap<Clock, usize> = HashMap::new();
    let mut by_resource: HashMap<*const Resource, usize> = HashMap::new();
    let mut by_sandbox: HashMap<&str, usize> = HashMap::new();
    let mut number = |clock: Clock| {
        let next = numbers.len();
        *numbers.entry(clock).or_insert(next)
    };
    let mut clock_of = Vec::with_capacity(spans.len());
    for span in spans {
        clock_of.push(match &span.origin.sandbox_id {
            Some(id) => *by_sandbox
                .entry(id.as_str())
                .or_insert_with(|| number(Clock::Sandbox(id.as_str().to_owned()))),
            None => *by_resource
                .entry(Arc::as_ptr(&span.resource))
                .or_insert_with(|| number(Clock::of(&span.resource))),
        });
    }
    let mut clocks: Vec<(Clock, usize)> = numbers.into_iter().collect();
    clocks.sort_unstable();
    let mut moved_to = vec![0; clocks.len()];
    for (place, (_, number)) in clocks.iter().enumerate() {
        moved_to[*number] = place;
    }
    for clock in &mut clock_of {
        *clock = moved_to[*clock];
    }
    (
        clocks.into_iter().map(|(clock, _)| clock).collect(),
        clock_of,
    )
}

/// What must be added to the second clock of each pair to make it agree with the first, where that is not 0.
fn differences(
    draft: &mut Draft,
    calls: &[Call],
    clocks: &[Clock],
    clock_of: &[usize],
) -> BTreeMap<(usize, usize), i64> {
    let mut bounds: BTreeMap<(usize, usize), Vec<Bounds>> = BTreeMap::new();
    for call in calls {
        let (theirs, ours) = (clock_of[call.caller], clock_of[call.callee]);
        if theirs == ours {
            continue;
        }
        let (pair, bound) = if theirs < ours {
            ((theirs, ours), call.bounds)
        } else {
            ((ours, theirs), call.bounds.reversed())
        };
        bounds.entry(pair).or_default().push(bound);
    }
    let mut differences = BTreeMap::new();
    for ((first, second), bounds) in bounds {
        let difference = agree(&bounds);
        let is_noise = clocks[first].is_sandbox()
            && clocks[second].is_sandbox()
            && difference.abs() < SANDBOX_NOISE;
        if difference.abs() > MAX_CORRECTION {
            draft.warnings.push(format!(
                "the clocks of {} and {} differ by {}, which is too much to correct",
                clocks[first],
                clocks[second],
                millis(difference)
            ));
        } else {
            // A pair that agrees still ties its clocks together.
            differences.insert((first, second), if is_noise { 0 } else { difference });
        }
    }
    differences
}

/// The client's span that waited for this one.
fn caller(draft: &Draft, place: usize) -> Option<usize> {
    let item = &draft.items[place];
    let is_served = item.role == Role::Invocation || item.kind == SpanKind::Server;
    let mut parent = item.parent().filter(|_| is_served)?;
    // The handler's span says more of the call than the platform's, which goes on after the response.
    if item.role == Role::Work && draft.items[parent].role == Role::Invocation {
        parent = draft.items[parent].parent()?;
    }
    let caller = &draft.items[parent];
    let is_call = caller.kind == SpanKind::Client && caller.role == Role::Work;
    (is_call && caller.is_measured() && item.is_measured()).then_some(parent)
}

/// One difference that suits all pairs best: within everybody's bounds and nearest to none, else the middle one.
fn agree(bounds: &[Bounds]) -> i64 {
    let least = bounds.iter().map(|bound| bound.least).max().unwrap_or(0);
    let most = bounds.iter().map(|bound| bound.most).min().unwrap_or(0);
    if least <= most {
        return 0.clamp(least, most);
    }
    let mut middles: Vec<i64> = bounds
        .iter()
        .map(|bound| bound.least.midpoint(bound.most))
        .collect();
    middles.sort_unstable();
    middles[middles.len() / 2]
}

/// What must be added to each clock. In each group of clocks that called each other, one is right: a root's.
fn offsets(
    draft: &Draft,
    clocks: &[Clock],
    clock_of: &[usize],
    differences: &BTreeMap<(usize, usize), i64>,
) -> Vec<i64> {
    let mut neighbours: Vec<Vec<(usize, i64)>> = vec![Vec::new(); clocks.len()];
    for (&(first, second), &difference) in differences {
        neighbours[first].push((second, difference));
        neighbours[second].push((first, -difference));
    }
    let mut first_root = vec![UnixNanos(u64::MAX); clocks.len()];
    for (item, &clock) in draft.items.iter().zip(clock_of) {
        if item.parent().is_none() {
            first_root[clock] = first_root[clock].min(item.start);
        }
    }
    let mut order: Vec<usize> = (0..clocks.len()).collect();
    order.sort_by_key(|&clock| first_root[clock]);
    let mut offsets: Vec<Option<i64>> = vec![None; clocks.len()];
    let mut queue = VecDeque::new();
    for right in order {
        if offsets[right].is_none() {
            offsets[right] = Some(0);
            queue.push_back((right, 0));
        }
        while let Some((clock, offset)) = queue.pop_front() {
            for &(neighbour, difference) in &neighbours[clock] {
                if offsets[neighbour].is_none() {
                    // A long chain of clocks must not add up to nonsense either.
                    let sum = (offset + difference).clamp(-MAX_CORRECTION, MAX_CORRECTION);
                    offsets[neighbour] = Some(sum);
                    queue.push_back((neighbour, sum));
                }
            }
        }
    }
    offsets.into_iter().map(Option::unwrap_or_default).collect()
}

fn shift(draft: &mut Draft, place: usize, offset: i64) {
    let shifted = |time: UnixNanos| UnixNanos(time.0.saturating_add_signed(offset));
    let item = &mut draft.items[place];
    item.marks.insert(Mark::SkewCorrected);
    item.start = shifted(item.start);
    if !item.end.is_unknown() {
        item.end = shifted(item.end);
    }
    for event in &mut draft.spans[place].events {
        event.time = shifted(event.time);
    }
}

fn millis(nanos: i64) -> String {
    format!("{:+.3} ms", nanos as f64 / 1e6)
}

// === impl Clock ===

impl Clock {
    fn of(resource: &Resource) -> Self {
        let text = |key| {
            attribute(&resource.attributes, key)
                .and_then(AttributeValue::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let host = || text("host.id").or_else(|| text("host.name"));
        let instance = || text("faas.instance");
        host()
            .map(Self::Host)
            .or_else(|| instance().map(Self::Sandbox))
            .unwrap_or_else(|| Self::Service(resource.service().to_owned()))
    }

    const fn is_sandbox(&self) -> bool {
        matches!(self, Self::Sandbox(_))
    }
}

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sandbox(id) => write!(f, "sandbox {id}"),
            Self::Host(name) => write!(f, "host {name}"),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

// === impl Bounds ===

impl Bounds {
    /// What one call tells: the callee's clock must be moved so that it worked while the caller waited.
    fn of_call(draft: &Draft, caller: usize, callee: usize) -> Option<Self> {
        let (waits, works) = (&draft.items[caller], &draft.items[callee]);
        let least = difference(waits.start, works.start)?;
        // The platform goes on after the response, and a callee that took longer was not waited for to its end.
        let fits = difference(waits.end, works.end)?;
        let most = if works.role == Role::Invocation || fits < least {
            difference(waits.end, works.start)?
        } else {
            fits
        };
        Some(Self { least, most })
    }

    const fn reversed(self) -> Self {
        Self {
            least: -self.most,
            most: -self.least,
        }
    }
}

/// `a - b`, if it is within a century or so.
fn difference(a: UnixNanos, b: UnixNanos) -> Option<i64> {
    i64::try_from(i128::from(a.0) - i128::from(b.0))
        .ok()
        .filter(|difference| difference.unsigned_abs() < 1 << 62)
}
