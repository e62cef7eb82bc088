//! A tail: what comes into the store that somebody follows, each thing once, soon after it can be read.
//!
//! Rows come out of the order of their times: a sandbox tells of an invocation's end at its next one, and a line may wait for
//! its batch. So a look reaches back over what may still come and passes over what was told before ([`memory`]). What comes later
//! than that is not told. How much a look reads, tells and remembers is bounded; where more came than it can follow, it
//! says that something was skipped. Not here: when to look, and how it is written ([`crate::http`]).

mod memory;
mod seats;
mod state;

use std::collections::HashMap;

use coldtrace_model::{Invocation, LogRecord, Nanos, Outcome, RequestId, Tenant, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::reader::{InvocationState, LineFilter, LineQuery, ReadError};

use memory::{Followed as _, identity};
use seats::Seat;
pub(crate) use seats::{Full, Tails};
use state::State;

use crate::journey;

/// An invocation may last 15 minutes, and the report of one waits for the next of its sandbox, which may be long away.
const INVOCATIONS_REACH: Nanos = Nanos::from_millis(60 * 60 * 1_000);
/// Lines are sent while an invocation lasts or at its end, and once more where that failed.
const LINES_REACH: Nanos = Nanos::from_millis(2 * 60 * 1_000);
/// What one look names, at most: the latest.
const LOOKED_AT: u32 = 20_000;

/// What is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Invocations, told again whenever more is known of them.
    Invocations(InvocationSubject),
    /// Logged lines.
    Lines(LineFilter),
}

/// Which invocations are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InvocationSubject {
    /// Of this function only.
    pub(crate) function: Option<String>,
    /// With one of these outcomes; empty for any.
    pub(crate) outcomes: Vec<Outcome>,
    /// Only those that waited for a start, or only those that did not.
    pub(crate) cold: Option<bool>,
}

/// How far somebody has followed: what an event's id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which tail.
    pub(crate) tail: u64,
    /// How many events it has told.
    pub(crate) number: u64,
    /// The latest time of what it has told.
    pub(crate) time: UnixNanos,
}

/// Something that came, with where the tail stands once it is told.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) position: Position,
    pub(crate) what: What,
}

/// What came.
#[derive(Debug)]
pub(crate) enum What {
    /// An invocation of which nothing was known, or less.
    Invocation(Box<Invocation>),
    /// A line with its function or service.
    Line(String, Box<LogRecord>),
    /// More than could be followed.
    Skipped,
}

/// A tail that is being followed. When dropped, what it remembers is kept for a while, for whoever comes back.
pub(crate) struct Tail {
    reader: Reader,
    seat: Seat,
    state: State,
}

// === impl Subject ===

impl Subject {
    /// How far back a look reaches.
    fn reach(&self) -> Nanos {
        match self {
            Self::Invocations(_) => INVOCATIONS_REACH,
            Self::Lines(_) => LINES_REACH,
        }
    }
}

impl InvocationSubject {
    fn has(&self, state: &InvocationState) -> bool {
        let is_waited_for = state.cold.is_waited_for();
        self.cold.is_none_or(|cold| cold == is_waited_for)
            && (self.outcomes.is_empty() || self.outcomes.contains(&state.outcome))
    }
}

// === impl Tail ===

impl Tail {
    /// Goes on behind a position, or begins now. Fails where too many follow already.
    pub(crate) fn open(
        tails: &Tails,
        tenant: Tenant,
        reader: Reader,
        subject: Subject,
        after: Option<Position>,
        now: UnixNanos,
    ) -> Result<Self, Full> {
        let seat = tails.seat(tenant)?;
        let kept = after.and_then(|after| Some((seat.kept(after.tail, &subject)?, after)));
        let state = match kept {
            Some((kept, after)) => kept.back_at(after),
            None => State::new(subject, after, now),
        };
        Ok(Self {
            reader,
            seat,
            state,
        })
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> Position {
        self.state.position()
    }

    /// What has come since the last look, the earliest first. The first look tells only what came behind the position at which it
    /// was opened.
    pub(crate) async fn look(&mut self, now: UnixNanos) -> Result<Vec<News>, ReadError> {
        match self.state.subject().clone() {
            Subject::Invocations(subject) => self.look_at_invocations(&subject, now).await,
            Subject::Lines(filter) => self.look_at_lines(&filter, now).await,
        }
    }

    async fn look_at_invocations(
        &mut self,
        subject: &InvocationSubject,
        now: UnixNanos,
    ) -> Result<Vec<News>, ReadError> {
        let range = self.state.range(now);
        let stamps = self.reader.invocation_stamps(range).await?;
        let changed = self.state.changed(&stamps);
        let function = subject.function.as_deref();
        let found = self
            .reader
            .invocation_states(&changed, range.from, function, LOOKED_AT)
            .await?;
        let is_cut = found.from > range.from;
        let states = found.states.into_iter().filter(|state| subject.has(state));
        let new = self.state.new_of(states, is_cut);
        let mut request_ids: Vec<RequestId> =
            new.items.iter().map(|one| one.request_id.clone()).collect();
        request_ids.sort();
        request_ids.dedup();
        let invocations = self.reader.invocations_of(&request_ids).await?;
        // From here on nothing waits: a look is remembered whole or not at all.
        let mut shown: HashMap<u64, Invocation> = invocations
            .into_iter()
            .map(|one| (identity(one.filed_at, &one.function, &one.request_id), one))
            .collect();
        let mut news = self.state.skipped();
        for state in &new.items {
            // What is not shown is a span's account of an invocation of which its sandbox told.
            match shown.remove(&state.identity()) {
                // More may have come since.
                Some(shown) => news.push(News {
                    position: self.state.tell(state, shown.facts),
                    what: What::Invocation(Box::new(shown)),
                }),
                None => self.state.pass_over(state),
            }
        }
        if !new.has_more {
            self.state.remember_stamps(&stamps);
        }
        self.state
            .seen(range.from.max(found.from), now, new.has_more);
        Ok(news)
    }

    async fn look_at_lines(
        &mut self,
        filter: &LineFilter,
        now: UnixNanos,
    ) -> Result<Vec<News>, ReadError> {
        let range = self.state.range(now);
        let query = LineQuery {
            range,
            filter,
            after: None,
            limit: LOOKED_AT as usize,
        };
        let keys = self.reader.line_keys(&query).await?;
        let is_cut = keys.len() >= query.limit;
        let oldest = keys.last().filter(|_| is_cut).map(|key| key.time);
        let new = self.state.new_of(keys.into_iter(), is_cut);
        let lines = self.reader.lines_at(&new.items, filter).await?;
        let mut news = self.state.skipped();
        for (key, row) in lines {
            let position = self.state.tell(&key, key.facts());
            if let Some((service, record)) = journey::line(row) {
                let what = What::Line(service, Box::new(record));
                news.push(News { position, what });
            }
        }
        self.state
            .seen(oldest.unwrap_or(range.from), now, new.has_more);
        Ok(news)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let subject = self.state.subject().clone();
        let empty = State::new(subject, None, UnixNanos(0));
        self.seat.keep(std::mem::replace(&mut self.state, empty));
    }
}
