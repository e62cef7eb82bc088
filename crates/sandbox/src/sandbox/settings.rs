//! What all sandboxes of a function share.

use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::environment;
use crate::config::{FunctionConfig, Runtime};

/// A function's settings, and what was found out about its runtime.
pub(crate) struct Settings {
    config: FunctionConfig,
    runtime: OnceCell<RuntimeVersion>,
}

/// A runtime's version as the platform writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuntimeVersion {
    /// `AWS_EXECUTION_ENV`: `AWS_Lambda_python3.12`.
    pub(super) execution_environment: String,
    /// Telemetry's `runtimeVersion`: `python:3.12.v4`.
    pub(super) telemetry: String,
}

// === impl Settings ===

impl Settings {
    pub(crate) fn new(config: FunctionConfig) -> Self {
        Self {
            config,
            runtime: OnceCell::new(),
        }
    }

    pub(crate) fn config(&self) -> &FunctionConfig {
        &self.config
    }

    /// The runtime's version, found by asking the interpreter once.
    pub(super) async fn runtime(&self) -> &RuntimeVersion {
        self.runtime.get_or_init(|| ask(&self.config.runtime)).await
    }
}

async fn ask(runtime: &Runtime) -> RuntimeVersion {
    if matches!(runtime, Runtime::Custom { .. }) {
        return RuntimeVersion::of(runtime, "");
    }
    let asked = Command::new(runtime.interpreter())
        .arg("--version")
        .env_clear()
        .envs(environment::inherited())
        .stdin(Stdio::null())
        .output()
        .await;
    let told = match asked {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => {
            // The start of the runtime will fail, and say so to the caller.
            tracing::warn!(%error, "cannot ask the interpreter for its version");
            String::new()
        }
    };
    RuntimeVersion::of(runtime, &told)
}

// === impl RuntimeVersion ===

impl RuntimeVersion {
    /// From what interpreters print: `Python 3.11.7`, `v20.20.2`.
    fn of(runtime: &Runtime, told: &str) -> Self {
        let is_digit_or_dot = |letter: char| letter.is_ascii_digit() || letter == '.';
        let number = told.trim_matches(|letter| !is_digit_or_dot(letter));
        let mut parts = number.split('.');
        let mut next = || parts.next().filter(|part| !part.is_empty()).unwrap_or("0");
        let (major, minor, patch) = (next(), next(), next());
        match runtime {
            Runtime::Python { .. } => Self {
                execution_environment: format!("AWS_Lambda_python{major}.{minor}"),
                telemetry: format!("python:{major}.{minor}.v{patch}"),
            },
            Runtime::Node { .. } => Self {
                execution_environment: format!("AWS_Lambda_nodejs{major}.x"),
                telemetry: format!("nodejs:{major}.v{minor}"),
            },
            // The variable is not set there.
            Runtime::Custom { .. } => Self {
                execution_environment: String::new(),
                telemetry: "provided:al2023.v1".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_the_platform_does() {
        let python = Runtime::Python {
            interpreter: "python3".into(),
            path: Vec::new(),
        };
        let node = Runtime::Node {
            interpreter: "node".into(),
            node_path: Vec::new(),
        };
        let cases = [
            (
                &python,
                "Python 3.11.7\n",
                "AWS_Lambda_python3.11",
                "python:3.11.v7",
            ),
            (
                &node,
                "v20.20.2\n",
                "AWS_Lambda_nodejs20.x",
                "nodejs:20.v20",
            ),
            (&node, "", "AWS_Lambda_nodejs0.x", "nodejs:0.v0"),
        ];
        for (runtime, told, execution_environment, telemetry) in cases {
            let expected = RuntimeVersion {
                execution_environment: execution_environment.to_owned(),
                telemetry: telemetry.to_owned(),
            };
            assert_eq!(RuntimeVersion::of(runtime, told), expected);
        }
    }
}
