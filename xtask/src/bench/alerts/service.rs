//! `coldtrace up` beside a benchmark's engine.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::bench::child::Process;
use crate::bench::store::{DATABASE, Programs, Server};

/// A running service.
pub(super) struct Service {
    process: Process,
    /// `http://...`
    url: String,
}

// === impl Service ===

impl Service {
    /// With these settings, and what this folder keeps. It does not settle, which would take as long as there is something to do.
    pub(super) fn start(
        programs: &Programs,
        server: &Server,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let mut command = Command::new(&programs.coldtrace);
        command
            .arg("up")
            .arg("--data-dir")
            .arg(folder.join("data"))
            .env("COLDTRACE_COLLECTOR__GRPC_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_COLLECTOR__HTTP_LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_QUERY__LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_SETTLE__ENABLED", "false")
            .env("COLDTRACE_STORE__URL", &server.url)
            .env("COLDTRACE_STORE__DATABASE", DATABASE)
            .envs(settings.iter().copied());
        let mut process = Process::start("up", &mut command, folder)?;
        let url = process.wait_for(|process| {
            let printed = process.printed()?;
            let line = printed.lines().find(|line| line.contains("ui and API"));
            let address = line.and_then(|line| line.split_whitespace().last());
            Ok(address.map(str::to_owned))
        })?;
        Ok(Self { process, url })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// A metric; 0 where it is not told.
    pub(super) fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let url = format!("{}/metrics", self.url);
        let mut reply = ureq::get(&url).call().context("ask for metrics")?;
        let text = reply.body_mut().read_to_string().context("read metrics")?;
        let mut rest = text.lines().filter_map(|line| line.strip_prefix(name));
        let value = rest.find_map(|rest| rest.strip_prefix(' ')?.trim().parse().ok());
        Ok(value.unwrap_or_default())
    }
}
