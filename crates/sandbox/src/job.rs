//! An invocation on its way through a sandbox: answered once, concluded once.

use std::time::{Duration, SystemTime};

use coldtrace_model::{ByteSize, Outcome, RequestId};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::invocation::{Event, InvocationError, Invoked, Observed, Report, Response};
use crate::random;

/// An invocation that somebody waits for.
pub(crate) struct Job {
    pub(crate) request_id: RequestId,
    pub(crate) event: Event,
    sent: SystemTime,
    sent_at: Instant,
    reply: Option<oneshot::Sender<Response>>,
    answer: Option<(Response, Duration)>,
    observer: Box<dyn FnOnce(&Invoked) + Send>,
}

/// What the sandbox knows of an invocation at its end.
pub(crate) struct Conclusion {
    pub(crate) report: Report,
    pub(crate) exit: Option<String>,
    /// In bytes.
    pub(crate) peak_memory: u64,
}

impl Job {
    /// Requested now.
    pub(crate) fn new(
        event: Event,
        reply: oneshot::Sender<Response>,
        observer: impl FnOnce(&Invoked) + Send + 'static,
    ) -> Self {
        let request_id = RequestId::parse(&random::uuid());
        Self {
            request_id: request_id.expect("a UUID is a request id"),
            event,
            sent: SystemTime::now(),
            sent_at: Instant::now(),
            reply: Some(reply),
            answer: None,
            observer: Box::new(observer),
        }
    }

    /// Answers the caller. What is said later, after a fault, the caller does not hear, but the observer does.
    pub(crate) fn answer(&mut self, response: Response) {
        if let Some(reply) = self.reply.take() {
            // The caller may have gone.
            reply.send(response.clone()).ok();
            self.answer = Some((response, self.sent_at.elapsed()));
        } else if let Some((answer, _)) = &mut self.answer {
            *answer = response;
        }
    }

    /// Tells the observer. The caller must have been answered.
    pub(crate) fn conclude(self, conclusion: Conclusion) {
        let (answer, wall) = self
            .answer
            .expect("an invocation is answered before it is concluded");
        let invoked = Invoked {
            request_id: self.request_id,
            payload: answer.payload,
            error: answer.error,
            report: conclusion.report,
            observed: Observed {
                sent: self.sent,
                wall,
                held: self.sent_at.elapsed(),
                exit: conclusion.exit,
                peak_memory: conclusion.peak_memory,
            },
        };
        (self.observer)(&invoked);
    }

    /// For an invocation that no sandbox could be made for.
    pub(crate) fn abandon(mut self, serial: u64, error: &std::io::Error) {
        let error = InvocationError {
            error_type: "Sandbox.Failure".to_owned(),
            message: format!("cannot make a sandbox: {error}"),
        };
        self.answer(Response::failed(self.request_id.clone(), error));
        self.conclude(Conclusion {
            report: Report {
                status: Outcome::InitError,
                cold: true,
                duration: Duration::ZERO,
                billed: Duration::ZERO,
                init: None,
                restore: None,
                max_memory: ByteSize(0),
                sandbox: serial,
            },
            exit: None,
            peak_memory: 0,
        });
    }
}
