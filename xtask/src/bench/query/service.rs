//! `coldtrace query` beside a benchmark's engine.

use std::process::Command;

use anyhow::Context as _;

use crate::bench::child::Process;
use crate::bench::store::{DATABASE, Programs, Server};
use crate::workspace;

/// A running query service.
pub(in crate::bench) struct Service {
    _process: Process,
    _folder: tempfile::TempDir,
    /// `http://...`
    pub(in crate::bench) url: String,
}

// === impl Service ===

impl Service {
    /// One that does not settle: who asks must not wait for that.
    pub(in crate::bench) fn start(programs: &Programs, server: &Server) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-query-")
            .tempdir_in(workspace::target())
            .context("create a folder for the query service")?;
        let mut command = Command::new(&programs.coldtrace);
        command
            .arg("query")
            .arg("--data-dir")
            .arg(folder.path().join("data"))
            .env("COLDTRACE_QUERY__LISTEN", "127.0.0.1:0")
            .env("COLDTRACE_SETTLE__ENABLED", "false")
            .env("COLDTRACE_QUERY__KEEP_ANSWERS", "0s")
            .env("COLDTRACE_STORE__URL", &server.url)
            .env("COLDTRACE_STORE__DATABASE", DATABASE);
        let mut process = Process::start("query", &mut command, folder.path())?;
        let url = process.wait_for(|process| {
            let printed = process.printed()?;
            let line = printed.lines().find(|line| line.contains("ui and API"));
            let address = line.and_then(|line| line.split_whitespace().last());
            Ok(address.map(str::to_owned))
        })?;
        Ok(Self {
            _process: process,
            _folder: folder,
            url,
        })
    }

    /// The body of the answer to a path, which must be one of success.
    pub(in crate::bench) fn get(&self, path: &str) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.url);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .new_agent();
        let reply = agent.get(&url).call().context("ask the query service")?;
        let status = reply.status();
        let body = reply.into_body().into_with_config().limit(u64::MAX);
        let text = body.read_to_string().context("read the answer")?;
        anyhow::ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(text)
    }
}
