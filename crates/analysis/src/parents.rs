//! Gives every span its parent: the one that it names, else the one that its request, its sandbox and the time tell.
//!
//! Three traces meet at an invocation: the caller's (`client span`), the platform's (`invocation`) and the function's own
//! (`handler`), each knowing at most one of the others. They are joined to client span > invocation > handler.

use coldtrace_model::{Span, SpanKind};
use foldhash::{HashMap, HashMapExt as _};

use crate::Mark;
use crate::draft::{Draft, Item, Rank, Role, rank};
use crate::duplicates::{Index, Named};
use crate::requests::{CLOCK_TOLERANCE, Requests};

/// Sets the parents of all items, which may still form rings. `halves` are pairs of server and client that share an id.
pub(crate) fn assign(
    draft: &mut Draft,
    index: &Index,
    requests: &Requests,
    halves: &[(usize, usize)],
) {
    let parents = Parents::as_sent(draft, index, requests, halves);
    for attempt in &requests.attempts {
        if let Some(span) = attempt.span {
            draft.items[span].set_invocation(attempt.row);
        }
    }
    let mut callers = vec![None; requests.attempts.len()];
    let places = if requests.attempts.is_empty() {
        0..0
    } else {
        0..draft.items.len()
    };
    for place in places {
        match draft.items[place].role {
            Role::Work => parents.work(draft, requests, place, &mut callers),
            Role::Invocation => {}
            Role::InitPart => parents.init_part(draft, requests, place),
            Role::Init | Role::Restore | Role::Overhead | Role::Phase => {
                parents.phase(draft, requests, place);
            }
        }
    }
    for (attempt, caller) in requests.attempts.iter().zip(callers) {
        if let (Some(span), Some(caller)) = (attempt.span, caller)
            && draft.items[span].role == Role::Invocation
            && draft.items[span].parent() != Some(caller.place)
        {
            draft.items[span].set_parent(Some(caller.place));
            draft.items[span].marks.insert(Mark::Adopted);
        }
    }
    let orphans = parents.mark_orphans(draft);
    draft.warn(
        orphans,
        "names a parent that never arrived",
        "name parents that never arrived",
    );
}

/// The call that caused an attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Caller {
    /// Whether it was found by the request that it names, which says less than the handler's own word.
    by_request: bool,
    /// Of several the first.
    rank: Rank,
    place: usize,
}

struct Parents {
    /// Names a parent that is not there.
    is_dangling: Vec<bool>,
    /// The topmost span above each invocation, by the parents as they were sent.
    top: HashMap<usize, usize>,
}

// === impl Parents ===

impl Parents {
    /// Sets the parents that the spans name, where they are there.
    fn as_sent(
        draft: &mut Draft,
        index: &Index,
        requests: &Requests,
        halves: &[(usize, usize)],
    ) -> Self {
        let mut is_dangling = vec![false; draft.spans.len()];
        let mut rings = 0;
        for (place, item) in draft.items.iter_mut().enumerate() {
            match index.named_by(place) {
                None => {}
                Some(Named::Itself) => {
                    item.marks.insert(Mark::CycleCut);
                    rings += 1;
                }
                Some(Named::Other(parent)) => {
                    item.set_parent(parent);
                    is_dangling[place] = parent.is_none();
                }
            }
        }
        draft.warn(
            rings,
            "names itself as its parent",
            "name themselves as their parents",
        );
        for &(server, client) in halves {
            draft.items[server].set_parent(Some(client));
            is_dangling[server] = false;
        }
        let invocations = requests.attempts.iter().filter_map(|attempt| attempt.span);
        let top = tops(&draft.items, invocations);
        Self { is_dangling, top }
    }

    /// Work that a function did: under its invocation, if what it names does not tell.
    fn work(
        &self,
        draft: &mut Draft,
        requests: &Requests,
        place: usize,
        callers: &mut [Option<Caller>],
    ) {
        let span = &draft.spans[place];
        let mut offer = |attempt: usize, caller: usize, by_request: bool| {
            let caller = Caller {
                by_request,
                rank: rank(span),
                place: caller,
            };
            if callers[attempt].is_none_or(|best| caller < best) {
                callers[attempt] = Some(caller);
            }
        };
        if let Some(attempt) = requests.caused_by(span) {
            offer(attempt, place, true);
        }
        let sent = draft.items[place].parent();
        // Who has a parent in its own process has its place.
        if sent.is_some_and(|parent| !is_entry(span, &draft.spans[parent])) {
            return;
        }
        let Some(attempt) = requests.of_span(span) else {
            return;
        };
        let Some(invocation) = requests.attempts[attempt].span else {
            return;
        };
        if invocation == place
            || sent == Some(invocation)
            || self.top.get(&invocation) == Some(&place)
        {
            return;
        }
        if let Some(caller) = sent {
            // Without a span of the platform's, the server's span is the invocation, and has its place.
            if draft.items[invocation].role != Role::Invocation {
                return;
            }
            offer(attempt, caller, false);
        }
        let preparation = self.preparation(draft, requests, attempt, place);
        draft.items[place].set_parent(preparation.or(Some(invocation)));
        draft.items[place].marks.insert(Mark::Adopted);
    }

    /// The init during which a span was recorded, if it was.
    fn preparation(
        &self,
        draft: &Draft,
        requests: &Requests,
        attempt: usize,
        place: usize,
    ) -> Option<usize> {
        let attempt = &requests.attempts[attempt];
        let start = draft.items[place].start;
        if start.plus(CLOCK_TOLERANCE) >= draft.items[attempt.span?].start {
            return None;
        }
        let began = |&phase: &usize| {
            let item = &draft.items[phase];
            matches!(item.role, Role::Init | Role::Restore)
                && item.start <= start.plus(CLOCK_TOLERANCE)
        };
        let phases = attempt.phases.iter().copied().filter(began);
        phases.max_by_key(|&phase| rank(&draft.spans[phase]))
    }

    /// A phase: under the invocation that waited for it, if what it names does not tell.
    fn phase(&self, draft: &mut Draft, requests: &Requests, place: usize) {
        if draft.items[place].parent().is_none()
            && let Some(attempt) = Self::attempt_of(draft, requests, place)
        {
            self.adopt(draft, place, requests.attempts[attempt].span);
        }
    }

    /// A part of an init: under the init around it. Whoever sends the parts first can only name their invocation, which
    /// is right where the init is not known.
    fn init_part(&self, draft: &mut Draft, requests: &Requests, place: usize) {
        let sent = draft.items[place].parent();
        if sent.is_some_and(|parent| draft.items[parent].role != Role::Invocation) {
            return;
        }
        let Some(attempt) = Self::attempt_of(draft, requests, place) else {
            return;
        };
        let attempt = &requests.attempts[attempt];
        let init = attempt
            .phases
            .iter()
            .copied()
            .filter(|&phase| draft.items[phase].role == Role::Init)
            .filter(|&phase| draft.items[phase].start <= draft.items[place].start)
            .max_by_key(|&phase| rank(&draft.spans[phase]));
        match (sent, init) {
            (None, init) => self.adopt(draft, place, init.or(attempt.span)),
            // The platform's own account is put in order, not repaired.
            (Some(_), Some(init)) => draft.items[place].set_parent(Some(init)),
            (Some(_), None) => {}
        }
    }

    fn attempt_of(draft: &Draft, requests: &Requests, place: usize) -> Option<usize> {
        requests
            .of_phase_span(place)
            .or_else(|| requests.of_span(&draft.spans[place]))
    }

    fn adopt(&self, draft: &mut Draft, place: usize, parent: Option<usize>) {
        if let Some(parent) = parent.filter(|&parent| self.top.get(&parent) != Some(&place)) {
            draft.items[place].set_parent(Some(parent));
            draft.items[place].marks.insert(Mark::Adopted);
        }
    }

    /// Marks what stands alone though it named a parent. The platform's own spans name X-Ray's, which nobody exports.
    fn mark_orphans(&self, draft: &mut Draft) -> usize {
        let mut orphans = 0;
        for (item, &is_dangling) in draft.items.iter_mut().zip(&self.is_dangling) {
            if is_dangling && item.parent().is_none() && item.role != Role::Invocation {
                item.marks.insert(Mark::Orphan);
                orphans += 1;
            }
        }
        orphans
    }
}

/// True if the span is where a call enters a process: it serves, and its parent was recorded elsewhere.
fn is_entry(span: &Span, parent: &Span) -> bool {
    // First what is cheap to see: few spans serve.
    if !matches!(span.kind, SpanKind::Server | SpanKind::Consumer) {
        return false;
    }
    let (here, there) = (&span.origin, &parent.origin);
    match (&here.sandbox_id, &there.sandbox_id) {
        (Some(here), Some(there)) => here != there,
        _ => match (&here.request_id, &there.request_id) {
            (Some(here), Some(there)) => here != there,
            _ => span.resource.service() != parent.resource.service(),
        },
    }
}

/// The topmost span above each of these, no edge walked twice; in a ring, one of the ring.
fn tops(items: &[Item], of: impl Iterator<Item = usize>) -> HashMap<usize, usize> {
    let mut top = HashMap::new();
    let mut path = Vec::new();
    for from in of {
        let mut place = from;
        let found = loop {
            if let Some(&found) = top.get(&place) {
                break found;
            }
            // Until its path is done a span is its own top, which ends the walk around a ring.
            top.insert(place, place);
            path.push(place);
            match items[place].parent() {
                Some(parent) => place = parent,
                None => break place,
            }
        };
        top.extend(path.drain(..).map(|place| (place, found)));
    }
    top
}
