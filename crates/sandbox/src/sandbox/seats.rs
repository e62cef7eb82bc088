//! The runtime's side: who of it waits for an invocation, and which invocations it works on.
//!
//! On demand there is one seat. On managed instances there are as many as invocations at once; which of the runtime's workers
//! takes which is the workers' business. No I/O but the answers to the runtime's calls.

use std::collections::{BTreeSet, VecDeque};

use super::roster::answer;
use crate::api::{Refusal, Reply, RuntimeEvent};

/// The seats of one generation of processes.
pub(super) struct Seats {
    most: usize,
    /// The runtime asked for its first invocation, or to be restored.
    is_started: bool,
    waiting: VecDeque<Reply<RuntimeEvent>>,
    /// Request ids.
    working: BTreeSet<String>,
    /// Given while nobody waited: a worker whose invocation has timed out still works on it. There are no more than seats.
    given: VecDeque<RuntimeEvent>,
    /// The runtime waits to be restored.
    restoring: Option<Reply<()>>,
}

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            is_started: false,
            waiting: VecDeque::new(),
            working: BTreeSet::new(),
            given: VecDeque::new(),
            restoring: None,
        }
    }

    /// Whether the runtime has got through its init.
    pub(super) fn is_started(&self) -> bool {
        self.is_started
    }

    /// Whether the runtime waits for an invocation.
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the runtime waits to be restored.
    pub(super) fn is_restoring(&self) -> bool {
        self.restoring.is_some()
    }

    /// The runtime asks for an invocation. False where it may not.
    pub(super) fn next(&mut self, reply: Reply<RuntimeEvent>) -> bool {
        if self.most == 1 && !self.working.is_empty() {
            answer(reply, Err(invalid_state("the invocation is not answered")));
            return false;
        }
        self.is_started = true;
        match self.given.pop_front() {
            Some(event) => answer(reply, Ok(event)),
            None => {
                // Who asks again has given up asking before.
                self.waiting.truncate(self.most - 1);
                self.waiting.push_back(reply);
            }
        }
        true
    }

    /// The runtime asks to be restored.
    pub(super) fn restore_next(&mut self, reply: Reply<()>) {
        self.is_started = true;
        self.restoring = Some(reply);
    }

    /// Restores the runtime, if it waits for that.
    pub(super) fn restore(&mut self) {
        if let Some(restoring) = self.restoring.take() {
            answer(restoring, Ok(()));
        }
    }

    pub(super) fn give(&mut self, event: RuntimeEvent) {
        self.working.insert(event.request_id.to_string());
        match self.waiting.pop_front() {
            Some(waiting) => answer(waiting, Ok(event)),
            None => self.given.push_back(event),
        }
    }

    /// Takes note that an invocation was answered.
    pub(super) fn answered(&mut self, request_id: &str) -> Result<(), Refusal> {
        if self.working.is_empty() {
            return Err(invalid_state("there is no invocation to answer"));
        }
        match self.working.remove(request_id) {
            true => Ok(()),
            false => Err(Refusal {
                status: http::StatusCode::BAD_REQUEST,
                error_type: "InvalidRequestID",
                message: "Invalid request ID".to_owned(),
            }),
        }
    }

    /// Nobody waits for the answer to this invocation any more.
    pub(super) fn forget(&mut self, request_id: &str) {
        self.working.remove(request_id);
        self.given
            .retain(|event| event.request_id.as_str() != request_id);
    }
}

/// For a call that does not fit what happened before.
pub(super) fn invalid_state(message: &str) -> Refusal {
    Refusal::forbidden("InvalidStateTransition", message)
}

#[cfg(test)]
mod tests {
    use coldtrace_model::RequestId;
    use tokio::sync::oneshot;

    use super::*;

    fn event(request_id: &str) -> RuntimeEvent {
        RuntimeEvent {
            request_id: RequestId::parse(request_id).unwrap(),
            deadline_millis: 0,
            arn: String::new(),
            trace_header: String::new(),
            payload: Default::default(),
        }
    }

    #[test]
    fn several_seats_take_several_invocations_and_each_is_answered_once() {
        let mut seats = Seats::new(2);
        let (first_tx, mut first) = oneshot::channel();
        assert!(seats.next(first_tx) && seats.is_started());
        seats.give(event("a"));
        seats.give(event("b"));
        let (second_tx, mut second) = oneshot::channel();
        assert!(seats.next(second_tx), "while the other is being worked on");
        let got = [&mut first, &mut second]
            .map(|one| one.try_recv().unwrap().unwrap().request_id.to_string());
        assert_eq!(got, ["a", "b"]);
        assert_eq!(seats.answered("b"), Ok(()));
        let again = seats.answered("b").unwrap_err();
        assert_eq!(again.error_type, "InvalidRequestID");
        seats.forget("a");
        let late = seats.answered("a").unwrap_err();
        assert_eq!(late.error_type, "InvalidStateTransition");
    }

    #[test]
    fn the_only_seat_takes_no_invocation_before_it_has_answered() {
        let mut seats = Seats::new(1);
        let (first_tx, _first) = oneshot::channel();
        assert!(seats.next(first_tx));
        seats.give(event("a"));
        let (second_tx, mut second) = oneshot::channel();
        assert!(!seats.next(second_tx));
        assert!(second.try_recv().unwrap().is_err());
    }
}
