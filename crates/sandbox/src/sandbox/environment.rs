//! The environment variables of a sandbox's processes.
//!
//! Of the host's own environment they get what is needed to find programs (`PATH`, `HOME`) and nothing else.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::ports::Ports;
use super::processes::FRAMED_LOG;
use crate::config::{FunctionConfig, Initialization, Runtime};

/// Variables, later ones win.
pub(super) type Variables = Vec<(OsString, OsString)>;

/// What both kinds of environment are made from.
pub(super) struct Environment<'a> {
    pub(super) config: &'a FunctionConfig,
    /// How this sandbox came to be.
    pub(super) initialization: Initialization,
    pub(super) ports: &'a Ports,
    pub(super) folder: &'a Folder,
    pub(super) api: SocketAddr,
    pub(super) log_stream: &'a str,
    /// `AWS_EXECUTION_ENV`; for the runtime.
    pub(super) execution_environment: &'a str,
}

impl Environment<'_> {
    /// What extensions see; on Lambda they do not see where the code is and where its logs go.
    pub(super) fn of_extensions(&self) -> Variables {
        let config = self.config;
        let tmp = self.folder.tmp().as_os_str();
        let mut variables = inherited();
        set(&mut variables, "LANG", "C.UTF-8");
        set(&mut variables, "TZ", ":UTC");
        set(&mut variables, "TMPDIR", tmp);
        for extension in &config.extensions {
            set_all(&mut variables, &extension.environment);
        }
        set_all(&mut variables, &config.environment);
        let sets_endpoint = |(key, _): &(String, String)| key == "OTEL_EXPORTER_OTLP_ENDPOINT";
        if !config.environment.iter().any(sets_endpoint) {
            let endpoint = format!("http://127.0.0.1:{}", self.ports.otlp_http);
            set(&mut variables, "OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        }
        for (key, port) in [
            ("COLDTRACE_OTLP_GRPC_PORT", self.ports.otlp_grpc),
            ("COLDTRACE_OTLP_HTTP_PORT", self.ports.otlp_http),
            ("COLDTRACE_TELEMETRY_PORT", self.ports.telemetry),
            ("COLDTRACE_RUNTIME_API_PORT", self.ports.runtime_api),
        ] {
            set(&mut variables, key, port.to_string());
        }
        // Off unless the function asks for it. Its tracer is pointed to where this sandbox listens.
        let asks_for = |asked: &str| config.environment.iter().any(|(key, _)| key == asked);
        let tracers = [
            (
                "COLDTRACE_XRAY_PORT",
                self.ports.xray,
                ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:"),
            ),
            (
                "COLDTRACE_DATADOG_PORT",
                self.ports.datadog,
                ("DD_TRACE_AGENT_URL", "http://127.0.0.1:"),
            ),
        ];
        for (key, port, (tracers_key, prefix)) in tracers {
            if asks_for(key) {
                set(&mut variables, key, port.to_string());
                set(&mut variables, tracers_key, format!("{prefix}{port}"));
            }
        }
        let memory = config.memory.as_mib().to_string();
        let reserved = [
            ("AWS_LAMBDA_RUNTIME_API", self.api.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", config.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", config.version.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory),
            (
                "AWS_LAMBDA_INITIALIZATION_TYPE",
                self.initialization.as_str().to_owned(),
            ),
            (
                "AWS_LAMBDA_LOG_FORMAT",
                config.log_format.as_str().to_owned(),
            ),
            ("AWS_REGION", config.region.clone()),
            ("AWS_DEFAULT_REGION", config.region.clone()),
        ];
        for (key, value) in reserved {
            set(&mut variables, key, value);
        }
        if let Initialization::ManagedInstances { concurrency } = self.initialization {
            let most = concurrency.max(1).to_string();
            set(&mut variables, "AWS_LAMBDA_MAX_CONCURRENCY", most);
        }
        variables
    }

    /// What the runtime sees.
    pub(super) fn of_runtime(&self) -> Variables {
        let config = self.config;
        let mut variables = self.of_extensions();
        set(&mut variables, "_HANDLER", &config.handler);
        set(&mut variables, "LAMBDA_TASK_ROOT", &config.code_dir);
        let log_group = format!("/aws/lambda/{}", config.name);
        set(&mut variables, "AWS_LAMBDA_LOG_GROUP_NAME", log_group);
        set(
            &mut variables,
            "AWS_LAMBDA_LOG_STREAM_NAME",
            self.log_stream,
        );
        set(
            &mut variables,
            "AWS_EXECUTION_ENV",
            self.execution_environment,
        );
        match &config.runtime {
            Runtime::Python { path, .. } => {
                set(&mut variables, "PYTHONPATH", joined(path));
                // Code is read-only on Lambda, too.
                set(&mut variables, "PYTHONDONTWRITEBYTECODE", "1");
                if config.logs_frames() {
                    set(&mut variables, "_LAMBDA_TELEMETRY_LOG_FD", FRAMED_LOG);
                }
            }
            Runtime::Custom { .. } => {}
            Runtime::Node { node_path, .. } => {
                set(&mut variables, "NODE_PATH", joined(node_path));
            }
        }
        variables
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the crate's only place that reads the environment, to hand a part of it on"
)]
pub(super) fn inherited() -> Variables {
    ["PATH", "HOME"]
        .into_iter()
        .filter_map(|key| Some((key.into(), std::env::var_os(key)?)))
        .collect()
}

fn set(variables: &mut Variables, key: &str, value: impl Into<OsString>) {
    variables.push((key.into(), value.into()));
}

fn set_all(variables: &mut Variables, more: &[(String, String)]) {
    for (key, value) in more {
        set(variables, key, value);
    }
}

fn joined(paths: &[PathBuf]) -> OsString {
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    // A path with a colon in it cannot be in such a list; nobody has one.
    std::env::join_paths(paths).unwrap_or_default()
}
