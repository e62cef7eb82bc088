//! Settings, from the environment alone. A bad value costs one warning and leaves the default: nothing here can fail a function.
//!
//! The only place that reads the environment.

use std::path::PathBuf;
use std::time::Duration;

use coldtrace_model::{Architecture, ByteSize, Cold};

use crate::log::Level;
use crate::payload::redact::Redaction;

pub(crate) mod destination;

use destination::Destination;

/// How long the function may be held for a flush at most.
const FLUSH_BUDGET: Duration = Duration::from_secs(1);
/// OTLP's own ports, where every SDK looks by default.
const OTLP_GRPC_PORT: u16 = 4317;
const OTLP_HTTP_PORT: u16 = 4318;
/// Constant over restarts, because the platform goes on delivering to the port that the last process named.
const TELEMETRY_PORT: u16 = 4319;
const RUNTIME_API_PORT: u16 = 4320;
/// What a person reads of a payload.
const CAPTURE_BYTES: usize = 4 << 10;
const MAX_CAPTURE_BYTES: usize = 64 << 10;

/// Everything that the environment tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// `AWS_LAMBDA_RUNTIME_API`: host and port of the platform.
    pub(crate) runtime_api: String,
    /// `COLDTRACE_ENDPOINT`, else `OTEL_EXPORTER_OTLP_*`. Without one the extension only keeps the platform company.
    pub(crate) destination: Option<Destination>,
    /// `COLDTRACE_OTLP_GRPC_PORT`.
    pub(crate) otlp_grpc_port: u16,
    /// `COLDTRACE_OTLP_HTTP_PORT`.
    pub(crate) otlp_http_port: u16,
    /// `COLDTRACE_TELEMETRY_PORT`.
    pub(crate) telemetry_port: u16,
    /// `COLDTRACE_XRAY_PORT`: where X-Ray's segments are taken, if they are.
    pub(crate) xray_port: Option<u16>,
    /// `COLDTRACE_DATADOG_PORT`: where traces of Datadog's tracers are taken, if they are.
    pub(crate) datadog_port: Option<u16>,
    /// `COLDTRACE_RUNTIME_API_PORT`: where the wrapper leads the runtime.
    pub(crate) runtime_api_port: u16,
    /// `COLDTRACE_CAPTURE*` and `COLDTRACE_REDACT`.
    pub(crate) capture: Capture,
    /// `COLDTRACE_FLUSH_BUDGET_MS`.
    pub(crate) flush_budget: Duration,
    /// `COLDTRACE_LOG`.
    pub(crate) log: Level,
    /// `COLDTRACE_PANIC_AT`, which only a debug build minds: a test's wish.
    pub(crate) panic_at: Option<String>,
    /// `TMPDIR`, where what a reset must not forget is kept.
    pub(crate) scratch: PathBuf,
    /// What the platform tells of the function.
    pub(crate) function: FunctionSettings,
}

/// What of requests and responses is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    /// `COLDTRACE_CAPTURE`.
    pub(crate) mode: CaptureMode,
    /// `COLDTRACE_CAPTURE_BYTES`: of each payload at most.
    pub(crate) limit: usize,
    /// `COLDTRACE_REDACT`: further keys whose values are not shown.
    pub(crate) redaction: Redaction,
}

/// Of which invocations payloads are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CaptureMode {
    /// None, and the runtime is left alone.
    #[default]
    Off,
    /// None; what caused an invocation is read from its event.
    Cause,
    /// Of those that failed.
    Errors,
    All,
}

/// The function as its environment shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FunctionSettings {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) memory: Option<ByteSize>,
    pub(crate) region: String,
    pub(crate) architecture: Architecture,
    pub(crate) initialization: Initialization,
}

/// How the platform makes sandboxes of this function: `AWS_LAMBDA_INITIALIZATION_TYPE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Initialization {
    #[default]
    OnDemand,
    Provisioned,
    SnapStart,
    ManagedInstances,
}

/// What the reading found wrong, for one warning each.
pub(crate) type Warnings = Vec<String>;

// === impl Config ===

impl Config {
    /// Reads the process's environment.
    pub(crate) fn from_environment() -> (Self, Warnings) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads it"
        )]
        Self::read(|key| std::env::var(key).ok())
    }

    /// Reads through `lookup`.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> (Self, Warnings) {
        let mut reading = Reading {
            lookup: &lookup,
            warnings: Vec::new(),
        };
        let otlp_grpc_port = reading.port("COLDTRACE_OTLP_GRPC_PORT", OTLP_GRPC_PORT);
        let otlp_http_port = reading.port("COLDTRACE_OTLP_HTTP_PORT", OTLP_HTTP_PORT);
        let config = Self {
            runtime_api: reading.text("AWS_LAMBDA_RUNTIME_API").unwrap_or_default(),
            destination: Destination::read(&mut reading, [otlp_grpc_port, otlp_http_port]),
            otlp_grpc_port,
            otlp_http_port,
            telemetry_port: reading.port("COLDTRACE_TELEMETRY_PORT", TELEMETRY_PORT),
            xray_port: reading.asked_port("COLDTRACE_XRAY_PORT"),
            datadog_port: reading.asked_port("COLDTRACE_DATADOG_PORT"),
            runtime_api_port: reading.port("COLDTRACE_RUNTIME_API_PORT", RUNTIME_API_PORT),
            capture: Capture::read(&mut reading),
            flush_budget: reading
                .parsed("COLDTRACE_FLUSH_BUDGET_MS", |text| {
                    let millis = text.parse().map_err(|_| "is not a number of milliseconds");
                    millis.map(Duration::from_millis)
                })
                .unwrap_or(FLUSH_BUDGET),
            log: reading
                .parsed("COLDTRACE_LOG", Level::parse)
                .unwrap_or_default(),
            panic_at: reading.text("COLDTRACE_PANIC_AT"),
            scratch: reading
                .text("TMPDIR")
                .map_or_else(|| PathBuf::from("/tmp"), PathBuf::from),
            function: FunctionSettings::read(&mut reading),
        };
        (config, reading.warnings)
    }
}

// === impl Capture ===

impl Capture {
    fn read(reading: &mut Reading<'_>) -> Self {
        let limit = reading.parsed("COLDTRACE_CAPTURE_BYTES", |text| {
            text.parse().map_err(|_| "is not a number of bytes")
        });
        let redaction = reading.text("COLDTRACE_REDACT");
        Self {
            mode: reading
                .parsed("COLDTRACE_CAPTURE", CaptureMode::parse)
                .unwrap_or_default(),
            limit: limit.unwrap_or(CAPTURE_BYTES).min(MAX_CAPTURE_BYTES),
            redaction: redaction.map_or_else(Redaction::default, |text| Redaction::parse(&text)),
        }
    }
}

// === impl CaptureMode ===

impl CaptureMode {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "off" => Ok(Self::Off),
            "cause" => Ok(Self::Cause),
            "errors" => Ok(Self::Errors),
            "all" => Ok(Self::All),
            _ => Err("is none of off, cause, errors, all"),
        }
    }
}

// === impl FunctionSettings ===

impl FunctionSettings {
    fn read(reading: &mut Reading<'_>) -> Self {
        Self {
            name: reading.text("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default(),
            version: reading
                .text("AWS_LAMBDA_FUNCTION_VERSION")
                .unwrap_or_default(),
            memory: reading.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", |text| {
                let mib = text.parse().map_err(|_| "is not a number of MiB");
                mib.map(ByteSize::from_mib)
            }),
            region: reading.text("AWS_REGION").unwrap_or_default(),
            architecture: match std::env::consts::ARCH {
                "x86_64" => Architecture::X86_64,
                "aarch64" => Architecture::Arm64,
                _ => Architecture::Unknown,
            },
            initialization: reading
                .text("AWS_LAMBDA_INITIALIZATION_TYPE")
                .map_or_else(Initialization::default, |text| {
                    Initialization::from_name(&text)
                }),
        }
    }
}

// === impl Initialization ===

impl Initialization {
    /// The kind with this name; what is not known is taken for the usual one.
    fn from_name(name: &str) -> Self {
        match name {
            "provisioned-concurrency" => Self::Provisioned,
            "snap-start" => Self::SnapStart,
            "lambda-managed-instances" => Self::ManagedInstances,
            _ => Self::OnDemand,
        }
    }

    /// What the first invocation of such a sandbox is.
    pub(crate) const fn first_invocation(self) -> Cold {
        match self {
            Self::OnDemand => Cold::OnDemand,
            // Nobody waits for these.
            Self::Provisioned | Self::ManagedInstances => Cold::Provisioned,
            Self::SnapStart => Cold::SnapStart,
        }
    }
}

/// One pass over the environment.
struct Reading<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    warnings: Warnings,
}

// === impl Reading ===

impl Reading<'_> {
    /// The value, where there is one that is not empty.
    fn text(&mut self, key: &str) -> Option<String> {
        let text = (self.lookup)(key)?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let text = self.text(key)?;
        parse(&text)
            .map_err(|problem| self.warnings.push(format!("{key}={text:?} {problem}")))
            .ok()
    }

    fn port(&mut self, key: &str, default: u16) -> u16 {
        self.asked_port(key).unwrap_or(default)
    }

    /// A port that is off unless it is asked for.
    fn asked_port(&mut self, key: &str) -> Option<u16> {
        self.parsed(key, |text| text.parse().map_err(|_| "is not a port"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn read(pairs: &[(&str, &str)]) -> (Config, Warnings) {
        Config::read(|key| {
            let pair = pairs.iter().find(|(name, _)| *name == key);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_the_defaults_without_a_warning() {
        let (config, warnings) = read(&[]);
        assert_eq!(warnings, Warnings::new());
        assert_eq!(config.destination, None);
        assert_eq!(
            (
                config.otlp_grpc_port,
                config.otlp_http_port,
                config.telemetry_port
            ),
            (4317, 4318, 4319)
        );
        assert_eq!(config.flush_budget, Duration::from_secs(1));
    }

    #[test]
    fn a_bad_value_is_one_warning_and_the_default() {
        let (config, warnings) = read(&[
            ("COLDTRACE_ENDPOINT", "ftp://collector"),
            ("COLDTRACE_OTLP_HTTP_PORT", "99999"),
            ("COLDTRACE_FLUSH_BUDGET_MS", "soon"),
            ("COLDTRACE_LOG", "loud"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ]);
        assert_eq!(config.destination, None);
        assert_eq!(config.otlp_http_port, 4318);
        assert_eq!(config.function.memory, Some(ByteSize::from_mib(128)));
        assert_eq!(
            warnings,
            [
                "COLDTRACE_OTLP_HTTP_PORT=\"99999\" is not a port",
                "COLDTRACE_ENDPOINT=\"ftp://collector\" must begin with http:// or https://",
                "COLDTRACE_FLUSH_BUDGET_MS=\"soon\" is not a number of milliseconds",
                "COLDTRACE_LOG=\"loud\" is none of off, error, warn, info, debug",
            ]
        );
    }
}
