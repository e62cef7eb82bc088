//! One request to a receiver. Blocks; bounded in time and in what is read.

use std::error::Error as _;
use std::io::Read as _;
use std::time::{Duration, Instant};

use coldtrace_alerts::{Format, WEBHOOK_HEADERS, with_routing_key};
use coldtrace_control::Attempt;
use coldtrace_model::UnixNanos;
use serde_json::{Map, Value, json};
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::unversioned::transport::DefaultConnector;

use super::retry::{Answer, retry_after};
use crate::alerts::address::{Checked, Own, Policy, UrlError};
use crate::alerts::channel::{HIDDEN, Target};

/// For name, connection, request and answer together.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Of an answer's body, in bytes: what the log keeps.
const ANSWER: u64 = 4 << 10;
const SECOND: u64 = 1_000_000_000;
const USER_AGENT: &str = concat!("Coldtrace/", env!("CARGO_PKG_VERSION"));

/// Sends to receivers, and to nobody whom the policy does not allow.
#[derive(Debug)]
pub(crate) struct Sender {
    agent: Agent,
}

/// What is sent, and under which id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter<'a> {
    pub(super) id: &'a str,
    pub(super) body: &'a str,
}

// === impl Sender ===

impl Sender {
    pub(crate) fn new(policy: Policy, own: Own) -> Self {
        Self::with_timeout(policy, own, TIMEOUT)
    }

    pub(super) fn with_timeout(policy: Policy, own: Own, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            // What the environment says of proxies is for others: behind one nothing could be checked.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_idle_connections(0)
            .user_agent(USER_AGENT)
            .build();
        let resolver = Checked::new(policy, own);
        Self {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
        }
    }

    /// Sends once. What comes of it is another's business.
    pub(super) fn send(
        &self,
        target: &Target,
        letter: Letter<'_>,
        now: UnixNanos,
    ) -> (Answer, Attempt) {
        let (headers, body) = match written(target, letter, now) {
            Ok(written) => written,
            Err(reason) => return not_sent(now, reason),
        };
        let mut request = Request::post(&target.url);
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        for (name, value) in &target.secrets.headers {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(body) else {
            return not_sent(now, "the address or a header can't be sent".to_owned());
        };
        let began = Instant::now();
        let answered = self.agent.run(request);
        let (answer, mut attempt) = match answered {
            Ok(response) => read(response, target, now),
            Err(error) => failed(&error, target, now),
        };
        attempt.took = began.elapsed();
        attempt.request = logged(target, &headers);
        (answer, attempt)
    }
}

type Headers = Vec<(&'static str, String)>;

fn written(
    target: &Target,
    letter: Letter<'_>,
    now: UnixNanos,
) -> Result<(Headers, String), String> {
    let body = match target.format {
        Format::Pagerduty => {
            let key = target.secrets.routing_key.as_deref().unwrap_or_default();
            with_routing_key(letter.body, key).ok_or("what is kept is no event")?
        }
        _ => letter.body.to_owned(),
    };
    let mut headers = vec![("content-type", "application/json".to_owned())];
    if let Some(signer) = &target.signer {
        let values = signer.headers(letter.id, now.0 / SECOND, &body);
        headers.extend(WEBHOOK_HEADERS.into_iter().zip(values));
    }
    Ok((headers, body))
}

fn read(mut response: Response<ureq::Body>, target: &Target, now: UnixNanos) -> (Answer, Attempt) {
    let status = response.status().as_u16();
    let header = response.headers().get("retry-after");
    let wait = header.and_then(|value| retry_after(value.to_str().ok()?, now));
    let mut body = Vec::new();
    let cut = response.body_mut().as_reader().take(ANSWER);
    // The status is the answer; a body that breaks off is as good as its beginning.
    let broken = { cut }.read_to_end(&mut body).err();
    let shown = target.secrets.hide(&String::from_utf8_lossy(&body));
    let attempt = Attempt {
        status: Some(status),
        answer: shown,
        error: broken.map(|error| format!("the answer broke off: {error}")),
        ..blank(now)
    };
    (Answer::Status(status, wait), attempt)
}

fn failed(error: &ureq::Error, target: &Target, now: UnixNanos) -> (Answer, Attempt) {
    let answer = match error {
        ureq::Error::Other(cause) if cause.is::<UrlError>() => Answer::NotSent,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Answer::NotSent,
        _ => Answer::None,
    };
    let mut told = error.to_string();
    let cause = error.source().map(ToString::to_string);
    if let Some(cause) = cause.filter(|cause| !told.contains(cause)) {
        told = format!("{told}: {cause}");
    }
    let attempt = Attempt {
        error: Some(target.secrets.hide(&told)),
        ..blank(now)
    };
    (answer, attempt)
}

/// What is told of something that can't be sent at all.
pub(super) fn not_sent(now: UnixNanos, reason: String) -> (Answer, Attempt) {
    let attempt = Attempt {
        error: Some(reason),
        ..blank(now)
    };
    (Answer::NotSent, attempt)
}

fn blank(now: UnixNanos) -> Attempt {
    Attempt {
        at: now,
        took: Duration::ZERO,
        request: "{}".to_owned(),
        status: None,
        answer: String::new(),
        error: None,
    }
}

/// What the log keeps of a request: no path, which is a secret of some, no signature, which would be good for minutes, and of
/// headers that somebody gave the names.
fn logged(target: &Target, headers: &Headers) -> String {
    let own = headers.iter().map(|(name, value)| match *name {
        "webhook-signature" => (*name, HIDDEN),
        name => (name, value.as_str()),
    });
    let given = target.secrets.headers.keys();
    let given = given.map(|name| (name.as_str(), HIDDEN));
    let headers: Map<String, Value> = own
        .chain(given)
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({ "method": "POST", "url": target.shown_url, "headers": headers }).to_string()
}
