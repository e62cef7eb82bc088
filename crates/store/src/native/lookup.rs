//! Rows of the lookup indexes, gathered from the rows that they find again: one for each trace and request of a batch.
//!
//! The engine could gather them in views, and took a quarter of an insert for it (docs/adr/0015-lookup-rows.md); here the
//! spans of a trace mostly follow each other, and the one that came last is the first that is looked at. Rows merge in the
//! engine, so that a batch may name a trace again, and an insert may be repeated. Invariant: rows are ordered as their
//! traces first came.

use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::column::Dictionary;
use super::{MOST_TIME, Partition};
use crate::rows::{Owner, RequestTraceRow, TraceIndexRow};

/// What is listed of a trace is compared with so many before it; behind them it may be listed twice.
const COMPARED: usize = 16;
const NONE: u32 = u32::MAX;

/// The traces of a batch.
#[derive(Default)]
pub(super) struct Traces {
    owners: Vec<(Partition, String)>,
    /// Who came last: mostly the next as well.
    owner: usize,
    all: Vec<Trace>,
    numbers: HashTable<u32>,
    /// Strangers choose the ids.
    hasher: RandomState,
    last: usize,
    services: Dictionary,
    request_ids: Dictionary,
    listed: Vec<Listed>,
}

struct Trace {
    owner: u32,
    id: [u8; 16],
    from: u64,
    to: u64,
    /// The newest of its services and of its requests in `listed`, or [`NONE`].
    services: u32,
    requests: u32,
    has_own: bool,
}

/// A service or a request of a trace.
struct Listed {
    text: u32,
    /// The first time, Unix nanoseconds.
    from: u64,
    next: u32,
}

/// A time within a trace.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Of the row that names the trace.
    pub(super) partition: Partition,
    pub(super) tenant: &'a str,
    pub(super) trace_id: [u8; 16],
    /// Unix nanoseconds.
    pub(super) ts: u64,
    pub(super) end: u64,
    pub(super) service: &'a str,
    /// Empty if none.
    pub(super) request_id: &'a str,
    /// By a span that no platform made.
    pub(super) is_own: bool,
}

// === impl Traces ===

impl Traces {
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        let owner = self.owner_of(seen.partition, seen.tenant);
        let number = self.number(owner, seen.trace_id, seen.ts);
        let trace = &mut self.all[number];
        trace.from = trace.from.min(seen.ts);
        trace.to = trace.to.max(seen.end.min(MOST_TIME));
        trace.has_own |= seen.is_own;
        let service = self.services.number(seen.service.as_bytes());
        list(&mut self.listed, &mut trace.services, service, seen.ts);
        if !seen.request_id.is_empty() {
            let request = self.request_ids.number(seen.request_id.as_bytes());
            list(&mut self.listed, &mut trace.requests, request, seen.ts);
        }
    }

    /// Calls back for every trace and for every request of one.
    pub(super) fn rows(
        &self,
        mut trace_row: impl FnMut(Partition, &TraceIndexRow<'_>),
        mut request_row: impl FnMut(Partition, &RequestTraceRow<'_>),
    ) {
        let (mut services, mut request_ids) = (Vec::new(), Vec::new());
        for trace in &self.all {
            let (partition, tenant) = &self.owners[trace.owner as usize];
            let owner = Owner {
                tenant,
                keep_days: partition.keep_days,
            };
            services.clear();
            services.extend(
                self.list(trace.services)
                    .map(|item| self.services.get(item.text)),
            );
            request_ids.clear();
            for item in self.list(trace.requests) {
                let request_id = self.request_ids.get(item.text);
                request_ids.push(request_id);
                let row = RequestTraceRow {
                    owner,
                    request_id,
                    trace_id: trace.id,
                    min_ts: item.from,
                };
                request_row(*partition, &row);
            }
            let row = TraceIndexRow {
                owner,
                trace_id: trace.id,
                min_ts: trace.from,
                max_end: trace.to,
                services: &services,
                request_ids: &request_ids,
                has_own: trace.has_own,
            };
            trace_row(*partition, &row);
        }
    }

    fn owner_of(&mut self, partition: Partition, tenant: &str) -> u32 {
        let is_it = |(of, name): &(Partition, String)| *of == partition && name == tenant;
        if !self.owners.get(self.owner).is_some_and(is_it) {
            let known = self.owners.iter().position(is_it);
            self.owner = known.unwrap_or(self.owners.len());
        }
        if self.owner == self.owners.len() {
            self.owners.push((partition, tenant.to_owned()));
        }
        self.owner as u32
    }

    fn number(&mut self, owner: u32, id: [u8; 16], ts: u64) -> usize {
        let is_it = |trace: &Trace| trace.id == id && trace.owner == owner;
        if !self.all.get(self.last).is_some_and(is_it) {
            let Self {
                all,
                numbers,
                hasher,
                ..
            } = self;
            let hash = hasher.hash_one((owner, id));
            let known = numbers.find(hash, |number| is_it(&all[*number as usize]));
            self.last = match known {
                Some(number) => *number as usize,
                None => {
                    let hash_of = |number: &u32| {
                        let trace = &all[*number as usize];
                        hasher.hash_one((trace.owner, trace.id))
                    };
                    numbers.insert_unique(hash, all.len() as u32, hash_of);
                    all.push(Trace {
                        owner,
                        id,
                        from: ts,
                        to: 0,
                        services: NONE,
                        requests: NONE,
                        has_own: false,
                    });
                    all.len() - 1
                }
            };
        }
        self.last
    }

    /// From the newest to the oldest.
    fn list(&self, head: u32) -> impl Iterator<Item = &Listed> {
        let first = self.listed.get(head as usize);
        std::iter::successors(first, |item| self.listed.get(item.next as usize))
    }
}

fn list(listed: &mut Vec<Listed>, head: &mut u32, text: u32, ts: u64) {
    let mut at = *head;
    for _ in 0..COMPARED {
        let Some(item) = listed.get_mut(at as usize) else {
            break;
        };
        if item.text == text {
            item.from = item.from.min(ts);
            return;
        }
        at = item.next;
    }
    listed.push(Listed {
        text,
        from: ts,
        next: *head,
    });
    *head = u32::try_from(listed.len() - 1).expect("a batch has fewer items");
}
