//! HTTP as the tests need it: a status and a body, whatever the status.

use std::time::Duration;

use serde_json::Value;

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body, as text; bytes that are none are replaced.
    pub body: String,
}

impl Reply {
    /// The body parsed. Panics where it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// GET. `None` where nobody answers.
pub fn get(url: &str) -> Option<Reply> {
    read(agent().get(url).call())
}

/// GET of JSON that must succeed.
pub fn get_json(url: &str) -> Value {
    let reply = get(url).unwrap_or_else(|| panic!("nobody answers at {url}"));
    assert_eq!(reply.status, 200, "{url}: {}", reply.body);
    reply.json()
}

/// POST of bytes with headers. `None` where nobody answers, or the connection was closed in the middle.
pub fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Reply> {
    let mut request = agent().post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send(body))
}

/// DELETE with headers. `None` where nobody answers.
pub fn delete(url: &str, headers: &[(&str, &str)]) -> Option<Reply> {
    let mut request = agent().delete(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.call())
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .new_agent()
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Reply> {
    let mut response = answer.ok()?;
    let status = response.status().as_u16();
    // Traces of a thousand spans are a few megabytes.
    let body = response
        .body_mut()
        .with_config()
        .limit(256 << 20)
        .read_to_vec()
        .ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    Some(Reply { status, body })
}
