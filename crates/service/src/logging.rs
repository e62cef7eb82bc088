//! Structured logs on standard error, for people or for machines.

use std::fmt;
use std::io::IsTerminal as _;
use std::str::FromStr;

use tracing::Level;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::self_traces::{SelfTraces, SelfTracesError, Sender, TARGET};

/// How a log line looks.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A log format that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not `text` or `json`")]
pub struct LogFormatError;

/// Which lines are written, in `tracing`'s directives: `info`, `warn,coldtrace_collector=debug`.
#[derive(Clone)]
pub struct LogFilter(String);

/// A filter that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("is not a log filter such as `info` or `warn,coldtrace_collector=debug`")]
pub struct LogFilterError(#[source] ParseError);

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// It was started before in this process.
    #[error("logging is started already")]
    Again(#[source] TryInitError),
    /// Traces of our own were asked for and can't be sent.
    #[error(transparent)]
    SelfTraces(#[from] SelfTracesError),
}

/// Starts logging for the process, without traces of it. Only once.
pub fn init(format: LogFormat, filter: &LogFilter) -> Result<(), LoggingError> {
    start(format, filter, None)
}

/// Starts logging for the process, and traces of its requests where they are asked for. Only once.
pub fn init_traced(
    format: LogFormat,
    filter: &LogFilter,
    traces: &SelfTraces,
    service: &str,
) -> Result<Option<Sender>, LoggingError> {
    let sender = traces.start(service)?;
    start(format, filter, sender.as_ref())?;
    Ok(sender)
}

fn start(
    format: LogFormat,
    filter: &LogFilter,
    traces: Option<&Sender>,
) -> Result<(), LoggingError> {
    let lines_only = format!("{TARGET}=off")
        .parse()
        .expect("a target and its level");
    let filter = EnvFilter::builder()
        .parse_lossy(&filter.0)
        .add_directive(lines_only);
    let traces = traces.map(|sender| {
        tracing_opentelemetry::layer()
            .with_tracer(sender.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(TARGET, Level::INFO))
    });
    let registry = tracing_subscriber::registry().with(traces);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => registry
            .with(lines.with_target(false).with_filter(filter))
            .try_init(),
        LogFormat::Json => registry
            .with(lines.json().flatten_event(true).with_filter(filter))
            .try_init(),
    }
    .map_err(LoggingError::Again)
}

// === impl LogFormat, LogFilter ===

impl FromStr for LogFormat {
    type Err = LogFormatError;

    fn from_str(text: &str) -> Result<Self, LogFormatError> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(LogFormatError),
        }
    }
}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        EnvFilter::builder()
            .parse(text)
            .map(|_| Self(text.to_owned()))
            .map_err(LogFilterError)
    }
}

// As it was written: `print-config` shows it.
impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_checked_before_logging_starts() {
        assert!(
            "warn,coldtrace_collector=debug"
                .parse::<LogFilter>()
                .is_ok()
        );
        assert!("coldtrace_collector=loud".parse::<LogFilter>().is_err());
    }
}
