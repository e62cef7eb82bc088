//! How an invocation ended, from the platform's words and the circumstances.

use coldtrace_model::Outcome;

use super::invocation::Circumstances;
use crate::runtime_api::Mode;
use crate::telemetry_api::event::{Report, Status};

/// Errors of an init that never came to a handler.
const INIT_ERRORS: [&str; 5] = [
    "Runtime.ImportModuleError",
    "Runtime.UserCodeSyntaxError",
    "Runtime.HandlerNotFound",
    "Runtime.MalformedHandlerName",
    "Runtime.InvalidEntrypoint",
];
/// Who names an error that is not the application's own.
const PLATFORM_PREFIXES: [&str; 3] = ["Runtime.", "Extension.", "Sandbox."];

/// As the platform's account has it, which knows the memory.
pub(super) fn of_report(report: &Report, about: Circumstances<'_>) -> Outcome {
    let ended = of_end(report.status, &report.error_type, about);
    // The platform does not always name it: a runtime that died at its memory limit died of it.
    let reached_limit = report.max_memory.is_some() && report.max_memory >= about.memory;
    match ended {
        Outcome::Crash if reached_limit => Outcome::OutOfMemory,
        ended => ended,
    }
}

/// As the runtime's end has it.
pub(super) fn of_end(status: Status, error_type: &str, about: Circumstances<'_>) -> Outcome {
    let is_init_error = INIT_ERRORS.contains(&error_type)
        || about.init_failure.is_some_and(|init| init == error_type);
    match (status, error_type) {
        (Status::Success, _) => Outcome::Ok,
        (Status::Timeout, _) | (_, "Sandbox.Timedout") => Outcome::Timeout,
        (_, "Runtime.OutOfMemory") => Outcome::OutOfMemory,
        _ if is_init_error => Outcome::InitError,
        (Status::Failure, _) => Outcome::Error,
        (Status::Error, error_type) if is_the_handlers(error_type, about.mode) => Outcome::Error,
        (Status::Error, _) => Outcome::Crash,
    }
}

/// Managed instances tell a handler that raised as an error, too, and may call it unknown.
fn is_the_handlers(error_type: &str, mode: Mode) -> bool {
    let is_named_by_platform = PLATFORM_PREFIXES
        .iter()
        .any(|prefix| error_type.starts_with(prefix));
    match mode {
        Mode::ManagedInstances => !is_named_by_platform || error_type == "Runtime.Unknown",
        Mode::OnDemand => !error_type.is_empty() && !is_named_by_platform,
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_model::{ByteSize, RequestId};

    use super::*;

    #[test]
    fn words_and_circumstances_give_the_outcome() {
        let on_demand = Circumstances {
            init_failure: None,
            memory: Some(ByteSize::from_mib(128)),
            mode: Mode::OnDemand,
        };
        let managed = Circumstances {
            mode: Mode::ManagedInstances,
            ..on_demand
        };
        let after_failed_init = Circumstances {
            init_failure: Some("Runtime.ExitError"),
            ..on_demand
        };
        let check = |about, status, error_type, max_mib, expected| {
            let report = Report {
                request_id: RequestId::parse("r").unwrap(),
                status,
                error_type: String::from(error_type),
                duration: None,
                billed: None,
                memory: None,
                max_memory: Some(ByteSize::from_mib(max_mib)),
                init: None,
                restore: None,
                spans: Vec::new(),
                tracing: None,
            };
            let found = of_report(&report, about);
            assert_eq!(found, expected, "{status:?} {error_type} {max_mib}");
        };
        use Status::{Error, Failure, Success, Timeout};
        check(on_demand, Success, "", 128, Outcome::Ok);
        check(on_demand, Failure, "", 128, Outcome::Error);
        check(on_demand, Failure, "ValueError", 60, Outcome::Error);
        check(on_demand, Timeout, "", 128, Outcome::Timeout);
        check(on_demand, Error, "", 60, Outcome::Crash);
        check(on_demand, Error, "Runtime.ExitError", 60, Outcome::Crash);
        check(
            on_demand,
            Error,
            "Runtime.ExitError",
            128,
            Outcome::OutOfMemory,
        );
        check(
            on_demand,
            Error,
            "Runtime.OutOfMemory",
            127,
            Outcome::OutOfMemory,
        );
        check(on_demand, Error, "ValueError", 60, Outcome::Error);
        check(
            on_demand,
            Error,
            "Runtime.ImportModuleError",
            60,
            Outcome::InitError,
        );
        check(
            after_failed_init,
            Error,
            "Runtime.ExitError",
            60,
            Outcome::InitError,
        );
        check(managed, Error, "Runtime.Unknown", 60, Outcome::Error);
        check(managed, Error, "Sandbox.Timedout", 60, Outcome::Timeout);
        check(managed, Error, "Runtime.ExitError", 60, Outcome::Crash);
    }
}
