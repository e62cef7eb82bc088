//! Coldtrace's API as the demo asks it: over HTTP, like anybody.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::escaped;

/// Small, so that the pages of the list are judged too.
const PAGE: usize = 25;
/// What the channel of the shop's pager is called.
const PAGER: &str = "pager";
/// In bytes; a journey of the shop is a few dozen kilobytes.
const BODY_LIMIT: u64 = 64 << 20;

/// Where the API is.
#[derive(Clone)]
pub(super) struct Api {
    base: String,
    agent: ureq::Agent,
}

/// An invocation as the API lists it; what the demo does not look at is left out.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiInvocation {
    pub(super) request_id: String,
    pub(super) function: String,
    pub(super) start: Number,
    pub(super) outcome: String,
    pub(super) cold: String,
    pub(super) runtime: String,
    pub(super) duration: Option<Number>,
    pub(super) billed: Option<Number>,
    pub(super) init: Option<Number>,
    pub(super) max_memory_bytes: Option<Number>,
    pub(super) platform_trace_id: Option<String>,
}

/// A 64-bit integer, which the API writes as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Number(pub(super) u64);

/// The journey of one invocation.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Journey {
    pub(super) trace_ids: Vec<String>,
    pub(super) invocations: Vec<ApiInvocation>,
    pub(super) spans: Vec<ApiSpan>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiSpan {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) phase: String,
    pub(super) marks: Vec<String>,
}

/// One line of the table.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiFunction {
    pub(super) function: String,
    pub(super) invocations: Number,
    pub(super) cold_starts: Number,
    pub(super) errors: Number,
    pub(super) p50: Number,
    pub(super) p95: Number,
}

/// What about a function costs, as the API tells it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ApiFinding {
    pub(super) kind: String,
}

#[derive(Deserialize)]
struct FindingList {
    findings: Vec<ApiFinding>,
}

#[derive(Deserialize)]
struct ChannelList {
    channels: Vec<ApiChannel>,
}

#[derive(Deserialize)]
struct ApiChannel {
    channel: String,
    name: String,
}

#[derive(Deserialize)]
struct FunctionList {
    functions: Vec<ApiFunction>,
}

#[derive(Deserialize)]
struct InvocationList {
    invocations: Vec<ApiInvocation>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct InvocationDetail {
    trace: Journey,
}

impl TryFrom<String> for Number {
    type Error = std::num::ParseIntError;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        digits.parse().map(Self)
    }
}

impl Api {
    pub(super) fn new(base: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        Self {
            base: base.to_owned(),
            agent,
        }
    }

    /// Whether every part of Coldtrace says that it is ready.
    pub(super) async fn is_ready(&self) -> bool {
        matches!(self.get("/readyz").await, Ok((200, _)))
    }

    pub(super) async fn functions(&self) -> anyhow::Result<Vec<ApiFunction>> {
        let list: FunctionList = self.read("/api/v1/functions").await?;
        Ok(list.functions)
    }

    /// Every invocation that the list tells, page after page.
    pub(super) async fn invocations(&self) -> anyhow::Result<Vec<ApiInvocation>> {
        let mut found = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let after = match &cursor {
                Some(cursor) => format!("&cursor={}", escaped(cursor)),
                None => String::new(),
            };
            let path = format!("/api/v1/invocations?limit={PAGE}{after}");
            let list: InvocationList = self.read(&path).await?;
            found.extend(list.invocations);
            cursor = list.next_cursor;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// The journey of an invocation, or `None` where the API knows no such invocation.
    pub(super) async fn journey(&self, request_id: &str) -> anyhow::Result<Option<Journey>> {
        let path = format!("/api/v1/invocations/{}", escaped(request_id));
        let (status, body) = self.get(&path).await?;
        if status == 404 {
            return Ok(None);
        }
        let detail: InvocationDetail = parsed(&path, status, &body)?;
        Ok(Some(detail.trace))
    }

    pub(super) async fn findings(&self, function: &str) -> anyhow::Result<Vec<ApiFinding>> {
        let function = escaped(function);
        let path = format!("/api/v1/functions/{function}/findings");
        let list: FindingList = self.read(&path).await?;
        Ok(list.findings)
    }

    /// Has alerts delivered to the pager at this address.
    pub(super) async fn page(&self, url: &str) -> anyhow::Result<()> {
        let path = "/api/v1/alerts/channels";
        let list: ChannelList = self.read(path).await?;
        let known = list.channels.iter().find(|one| one.name == PAGER);
        let body = json!({ "name": PAGER, "kind": "webhook", "url": url });
        let (status, answer) = match known {
            // Of a run before, which had another address.
            Some(known) => {
                let path = format!("{path}/{}", escaped(&known.channel));
                self.send("PUT", &path, body).await?
            }
            None => self.send("POST", path, body).await?,
        };
        if !(200..300).contains(&status) {
            bail!("{path}: {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    async fn send(
        &self,
        method: &'static str,
        path: &str,
        body: Value,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let (agent, url) = (self.agent.clone(), format!("{}{path}", self.base));
        let asked = move || -> anyhow::Result<(u16, Vec<u8>)> {
            let request = ureq::http::Request::builder()
                .method(method)
                .uri(&url)
                .header("content-type", "application/json")
                .body(body.to_string())?;
            let mut answer = agent.run(request).with_context(|| url.clone())?;
            Ok((answer.status().as_u16(), answer.body_mut().read_to_vec()?))
        };
        tokio::task::spawn_blocking(asked)
            .await
            .context("asking the API")?
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let (status, body) = self.get(path).await?;
        parsed(path, status, &body)
    }

    async fn get(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let (agent, url) = (self.agent.clone(), format!("{}{path}", self.base));
        let asked = move || -> anyhow::Result<(u16, Vec<u8>)> {
            let mut answer = agent.get(&url).call().with_context(|| url.clone())?;
            let status = answer.status().as_u16();
            let body = answer.body_mut().with_config().limit(BODY_LIMIT);
            Ok((status, body.read_to_vec()?))
        };
        tokio::task::spawn_blocking(asked)
            .await
            .context("asking the API")?
    }
}

fn parsed<T: DeserializeOwned>(path: &str, status: u16, body: &[u8]) -> anyhow::Result<T> {
    if status != 200 {
        bail!("{path}: {status}: {}", String::from_utf8_lossy(body));
    }
    serde_json::from_slice(body).with_context(|| format!("the answer of {path}"))
}
