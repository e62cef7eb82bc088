//! The extension as a child process, with a platform and a collector of its own.

use std::future::Future;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::authority::Authority;
use crate::collector::{Behaviour, Collector};
use crate::otlp;
use crate::platform::{Offer, Platform};

/// Only bounds a failure: longer than the extension ever pauses between two tries.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a test sets.
pub(crate) struct Setting {
    pub(crate) offer: Offer,
    pub(crate) behaviour: Behaviour,
    pub(crate) flush_budget: Duration,
    /// The collector speaks TLS, with a certificate of this authority.
    pub(crate) authority: Option<Authority>,
    /// Beside what every scene sets; wins.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// The ports on which the extension listens.
pub(crate) struct Ports {
    pub(crate) otlp_grpc: u16,
    pub(crate) otlp_http: u16,
    pub(crate) telemetry: u16,
    pub(crate) xray: u16,
    pub(crate) datadog: u16,
}

pub(crate) struct Scene {
    pub(crate) platform: Platform,
    pub(crate) collector: Collector,
    pub(crate) ports: Ports,
    setting: Setting,
    scratch: TempDir,
    extension: Child,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            offer: Offer::default(),
            behaviour: Behaviour::default(),
            flush_budget: Duration::from_secs(1),
            authority: None,
            environment: Vec::new(),
        }
    }
}

impl Scene {
    pub(crate) async fn open(setting: Setting) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        Self::start(setting, scratch).await
    }

    /// The sandbox's processes start again, over the same scratch disk.
    pub(crate) async fn reset(self, behaviour: Behaviour) -> Self {
        let setting = Setting {
            behaviour,
            ..self.setting
        };
        Self::start(setting, self.scratch).await
    }

    async fn start(setting: Setting, scratch: TempDir) -> Self {
        let platform = Platform::open(setting.offer).await;
        let tls = setting.authority.as_ref().map(Authority::acceptor);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let collector = Collector::open(setting.behaviour, tls).await;
        let ports = Ports::free();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldtrace-extension"));
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", &platform.address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "checkout")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("COLDTRACE_OTLP_GRPC_PORT", ports.otlp_grpc.to_string())
            .env("COLDTRACE_OTLP_HTTP_PORT", ports.otlp_http.to_string())
            .env("COLDTRACE_TELEMETRY_PORT", ports.telemetry.to_string())
            .env("COLDTRACE_XRAY_PORT", ports.xray.to_string())
            .env("COLDTRACE_DATADOG_PORT", ports.datadog.to_string())
            .env(
                "COLDTRACE_FLUSH_BUDGET_MS",
                setting.flush_budget.as_millis().to_string(),
            )
            .env("TMPDIR", scratch.path())
            .stdin(Stdio::null())
            // Ended with its test, whatever became of it.
            .kill_on_drop(true);
        if setting.behaviour != Behaviour::NotConfigured {
            let port = collector.address.port();
            command.env("COLDTRACE_ENDPOINT", format!("{scheme}://localhost:{port}"));
        }
        command.envs(setting.environment.iter().map(|(key, value)| (*key, value)));
        let extension = command.spawn().expect("start the extension");
        Self {
            platform,
            collector,
            ports,
            setting,
            scratch,
            extension,
        }
    }

    /// Delivers telemetry; the extension answers 200 whatever it is.
    pub(crate) async fn telemetry(&self, events: &str) {
        let request = format!(
            "POST /telemetry HTTP/1.1\r\nhost: sandbox.localdomain\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{events}",
            events.len()
        );
        let reply = otlp::raw(self.ports.telemetry, &request).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }

    /// Waits for the extension to end well; how long that took.
    pub(crate) async fn ended(&mut self) -> Duration {
        let since = Instant::now();
        let exit = patience(self.extension.wait()).await;
        let exit = exit.expect("wait for the extension");
        assert!(exit.success(), "{exit}");
        since.elapsed()
    }

    pub(crate) fn scratch_is_empty(&self) -> bool {
        let mut entries = std::fs::read_dir(self.scratch.path()).expect("a folder");
        entries.next().is_none()
    }
}

impl Ports {
    /// Free when asked; nothing else on this machine takes ports that it was not given.
    fn free() -> Self {
        let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").expect("bind"));
        let [otlp_grpc, otlp_http, telemetry, xray, datadog] = listeners
            .each_ref()
            .map(|listener| listener.local_addr().expect("an address").port());
        Self {
            otlp_grpc,
            otlp_http,
            telemetry,
            xray,
            datadog,
        }
    }
}

pub(crate) async fn patience<T>(waited_for: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, waited_for).await;
    waited.expect("it happens in good time")
}

pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the services' tasks are not in this crate's graph"
    )]
    drop(tokio::spawn(task));
}
