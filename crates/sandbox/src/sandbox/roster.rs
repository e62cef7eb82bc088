//! The extensions of a sandbox: who registered for what, and who waits for the next event.
//!
//! No I/O but the answers to the extensions' calls.

use std::collections::BTreeSet;

use crate::api::{Events, ExtensionEvent, Refusal, Reply};
use crate::random;

/// As on Lambda.
const MOST: usize = 10;

/// The extensions of one generation of processes.
pub(super) struct Roster {
    /// Executables that were started; who else registers lives inside the runtime's process.
    external: BTreeSet<String>,
    members: Vec<Member>,
    /// Set when the runtime is ready: nobody may register any more.
    closed: bool,
    shutdown: Option<ExtensionEvent>,
}

struct Member {
    id: String,
    name: String,
    events: Events,
    waiting: Option<Reply<ExtensionEvent>>,
    /// It has called next at least once.
    ready: bool,
}

/// An extension that has registered.
pub(super) struct Admitted {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) events: Events,
}

impl Roster {
    pub(super) fn new(external: impl IntoIterator<Item = String>) -> Self {
        Self {
            external: external.into_iter().collect(),
            members: Vec::new(),
            closed: false,
            shutdown: None,
        }
    }

    pub(super) fn register(&mut self, name: String, events: Events) -> Result<Admitted, Refusal> {
        let is_external = self.external.contains(&name);
        if self.closed {
            return Err(Refusal::forbidden(
                "Extension.RegistrationClosed",
                "extensions register before the runtime is ready",
            ));
        }
        if self.members.iter().any(|member| member.name == name) {
            return Err(Refusal::forbidden(
                "Extension.InvalidExtensionState",
                format!("extension {name} has registered already"),
            ));
        }
        if self.members.len() >= MOST {
            return Err(Refusal::forbidden(
                "Extension.TooManyExtensions",
                format!("there may be {MOST} extensions"),
            ));
        }
        if events.shutdown && !is_external {
            return Err(Refusal::forbidden(
                "Extension.InvalidEventType",
                format!(
                    "{name} is no file name of an external extension, and SHUTDOWN is for those"
                ),
            ));
        }
        let admitted = Admitted {
            id: random::uuid(),
            name: name.clone(),
            events,
        };
        self.members.push(Member {
            id: admitted.id.clone(),
            name,
            events,
            waiting: None,
            ready: false,
        });
        Ok(admitted)
    }

    /// Takes note that an extension waits for its next event. Returns its name and events if that makes it ready.
    pub(super) fn next(
        &mut self,
        id: &str,
        reply: Reply<ExtensionEvent>,
    ) -> Option<(String, Events)> {
        let shutdown = self.shutdown.clone();
        let Some(member) = self.members.iter_mut().find(|member| member.id == id) else {
            answer(reply, Err(unknown()));
            return None;
        };
        match shutdown {
            Some(shutdown) if member.events.shutdown => answer(reply, Ok(shutdown)),
            _ => member.waiting = Some(reply),
        }
        let is_first = !std::mem::replace(&mut member.ready, true);
        is_first.then(|| (member.name.clone(), member.events))
    }

    pub(super) fn name(&self, id: &str) -> Result<&str, Refusal> {
        let member = self.members.iter().find(|member| member.id == id);
        member
            .map(|member| member.name.as_str())
            .ok_or_else(unknown)
    }

    /// Whether every external extension has registered.
    pub(super) fn is_complete(&self) -> bool {
        let registered = |name: &String| self.members.iter().any(|member| member.name == *name);
        self.external.iter().all(registered)
    }

    /// Whether all wait for their first event.
    pub(super) fn is_ready(&self) -> bool {
        self.is_complete() && self.members.iter().all(|member| member.ready)
    }

    /// Whether all who are told of invocations are done with the current one.
    pub(super) fn is_done(&self) -> bool {
        let mut concerned = self.members.iter().filter(|member| member.events.invoke);
        concerned.all(|member| member.waiting.is_some())
    }

    /// Whether anybody is told of invocations.
    pub(super) fn follows_invocations(&self) -> bool {
        self.members.iter().any(|member| member.events.invoke)
    }

    pub(super) fn close_registration(&mut self) {
        self.closed = true;
    }

    /// Tells those who asked for it of an invocation.
    pub(super) fn invoke(&mut self, event: &ExtensionEvent) {
        for member in self
            .members
            .iter_mut()
            .filter(|member| member.events.invoke)
        {
            if let Some(waiting) = member.waiting.take() {
                answer(waiting, Ok(event.clone()));
            }
        }
    }

    /// Tells those who asked for it that the sandbox shuts down: now if they wait, else when they ask. Returns the external
    /// ones that have not asked for it.
    pub(super) fn shut_down(&mut self, event: &ExtensionEvent) -> Vec<String> {
        self.closed = true;
        self.shutdown = Some(event.clone());
        let mut told = BTreeSet::new();
        for member in self
            .members
            .iter_mut()
            .filter(|member| member.events.shutdown)
        {
            told.insert(member.name.clone());
            if let Some(waiting) = member.waiting.take() {
                answer(waiting, Ok(event.clone()));
            }
        }
        self.external.difference(&told).cloned().collect()
    }
}

/// Answers a call. The caller may have gone.
pub(super) fn answer<T>(reply: Reply<T>, answer: Result<T, Refusal>) {
    reply.send(answer).ok();
}

fn unknown() -> Refusal {
    Refusal::forbidden(
        "Extension.UnknownExtensionIdentifier",
        "no extension has registered with this identifier",
    )
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    const BOTH: Events = Events {
        invoke: true,
        shutdown: true,
    };

    fn roster() -> Roster {
        Roster::new(["tracer".to_owned()])
    }

    fn refused(registered: Result<Admitted, Refusal>) -> &'static str {
        registered
            .map(|_| ())
            .expect_err("it is refused")
            .error_type
    }

    #[test]
    fn registration_is_refused_as_the_platform_does() {
        let mut roster = roster();
        assert_eq!(
            refused(roster.register("inside".to_owned(), BOTH)),
            "Extension.InvalidEventType"
        );
        assert!(!roster.is_complete());
        assert!(roster.register("tracer".to_owned(), BOTH).is_ok());
        assert!(roster.is_complete());
        assert_eq!(
            refused(roster.register("tracer".to_owned(), BOTH)),
            "Extension.InvalidExtensionState"
        );
        for number in 1..MOST {
            let internal = Events {
                invoke: true,
                shutdown: false,
            };
            assert!(
                roster
                    .register(format!("inside-{number}"), internal)
                    .is_ok()
            );
        }
        assert_eq!(
            refused(roster.register("one-more".to_owned(), Events::default())),
            "Extension.TooManyExtensions"
        );
        roster.close_registration();
        assert_eq!(
            refused(roster.register("late".to_owned(), Events::default())),
            "Extension.RegistrationClosed"
        );
    }

    #[test]
    fn an_extension_that_asks_late_is_told_of_the_shutdown_when_it_asks() {
        let mut roster = roster();
        let admitted = roster
            .register("tracer".to_owned(), BOTH)
            .expect("it may register");
        let shutdown = ExtensionEvent::Shutdown {
            reason: "timeout",
            deadline_millis: 7,
        };
        assert_eq!(roster.shut_down(&shutdown), Vec::<String>::new());
        let (reply_tx, mut reply_rx) = oneshot::channel();
        assert!(
            roster.next(&admitted.id, reply_tx).is_some(),
            "it was never ready before"
        );
        let told = reply_rx.try_recv().expect("it is answered at once");
        assert!(matches!(
            told,
            Ok(ExtensionEvent::Shutdown {
                reason: "timeout",
                ..
            })
        ));
    }

    #[test]
    fn who_did_not_register_cannot_ask() {
        let mut roster = roster();
        let (reply_tx, mut reply_rx) = oneshot::channel();
        assert!(roster.next("somebody", reply_tx).is_none());
        let told = reply_rx.try_recv().expect("it is answered at once");
        assert_eq!(
            told.map(|_| ()).expect_err("it is refused").error_type,
            "Extension.UnknownExtensionIdentifier"
        );
    }
}
