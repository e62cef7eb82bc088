//! What ends an init or an invocation before its time.

use std::process::ExitStatus;
use std::time::Duration;

use coldtrace_model::{Outcome, RequestId};

use crate::api::Failure;
use crate::invocation::{InvocationError, Response};

/// A fault. The sandbox's processes do not survive it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    cause: Cause,
    stage: Stage,
}

/// When it came to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the processes were ready.
    Init,
    Restore,
    Invoke,
}

#[derive(Clone, Debug)]
enum Cause {
    /// The time limit.
    Timeout,
    /// The memory limit.
    OutOfMemory,
    /// The runtime's process ended.
    RuntimeExit(ExitStatus),
    /// The runtime could not load the function.
    RuntimeInit(Failure),
    /// An extension ended, or said that it fails; or a process could not be started.
    Platform { error_type: String, message: String },
}

/// What the sandbox's end tells the extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Spindown,
    Timeout,
    Failure,
}

// === impl Reason ===

impl Reason {
    /// The `shutdownReason`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Spindown => "spindown",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

// === impl Fault ===

impl Fault {
    pub(super) fn timeout() -> Self {
        Cause::Timeout.into()
    }

    pub(super) fn out_of_memory() -> Self {
        Cause::OutOfMemory.into()
    }

    pub(super) fn runtime_exit(status: ExitStatus) -> Self {
        Cause::RuntimeExit(status).into()
    }

    pub(super) fn runtime_init(failure: Failure) -> Self {
        Cause::RuntimeInit(failure).into()
    }

    pub(super) fn extension_exit(name: &str, status: ExitStatus) -> Self {
        let message = format!("extension {name} ended with {status}");
        Self::platform("Extension.Crash", message)
    }

    pub(super) fn platform(error_type: impl Into<String>, message: String) -> Self {
        Cause::Platform {
            error_type: error_type.into(),
            message,
        }
        .into()
    }

    pub(super) fn in_init(self) -> Self {
        let stage = Stage::Init;
        Self { stage, ..self }
    }

    pub(super) fn in_restore(self) -> Self {
        let stage = Stage::Restore;
        Self { stage, ..self }
    }

    pub(super) fn is_timeout(&self) -> bool {
        matches!(self.cause, Cause::Timeout)
    }

    /// The word for it in telemetry's `status`.
    pub(super) fn status(&self) -> &'static str {
        match self.cause {
            Cause::Timeout => "timeout",
            _ => "error",
        }
    }

    /// Telemetry's `errorType`; a timeout has none.
    pub(super) fn error_type(&self) -> Option<&str> {
        match &self.cause {
            Cause::Timeout => None,
            Cause::OutOfMemory => Some("Runtime.OutOfMemory"),
            Cause::RuntimeExit(_) => Some("Runtime.ExitError"),
            Cause::RuntimeInit(failure) => Some(&failure.platform_type),
            Cause::Platform { error_type, .. } => Some(error_type),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        match self.cause {
            Cause::Timeout if self.stage == Stage::Restore => Outcome::InitError,
            Cause::Timeout => Outcome::Timeout,
            Cause::OutOfMemory => Outcome::OutOfMemory,
            Cause::RuntimeInit(_) => Outcome::InitError,
            Cause::RuntimeExit(_) | Cause::Platform { .. } if self.stage != Stage::Invoke => {
                Outcome::InitError
            }
            Cause::RuntimeExit(_) | Cause::Platform { .. } => Outcome::Crash,
        }
    }

    pub(super) fn reason(&self) -> Reason {
        match self.cause {
            Cause::Timeout => Reason::Timeout,
            _ => Reason::Failure,
        }
    }

    /// The caller's answer.
    pub(super) fn response(&self, request_id: RequestId, limit: Duration) -> Response {
        let id = &request_id;
        let of_runtime = |what: &str| format!("RequestId: {id} Error: {what}");
        let error = match &self.cause {
            Cause::Timeout if self.stage == Stage::Restore => InvocationError {
                error_type: "SnapStartTimeoutException".to_owned(),
                message: of_runtime("the restore took too long"),
            },
            Cause::Timeout => InvocationError {
                error_type: "Sandbox.Timedout".to_owned(),
                message: of_runtime(&format!(
                    "Task timed out after {:.2} seconds",
                    limit.as_secs_f64()
                )),
            },
            Cause::RuntimeInit(failure) => {
                return failure.clone().into_response(request_id);
            }
            Cause::OutOfMemory => InvocationError {
                error_type: "Runtime.OutOfMemory".to_owned(),
                message: of_runtime("Runtime exited with error: signal: killed"),
            },
            Cause::RuntimeExit(status) => InvocationError {
                error_type: "Runtime.ExitError".to_owned(),
                message: of_runtime(&format!("Runtime exited with error: {status}")),
            },
            Cause::Platform {
                error_type,
                message,
            } => InvocationError {
                error_type: error_type.clone(),
                message: of_runtime(message),
            },
        };
        Response::failed(request_id, error)
    }
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            stage: Stage::Invoke,
        }
    }
}
