//! Which web pages may send: browsers ask before they do (CORS).
//!
//! Nobody's, unless `collector.allowed_origins` names them: a browser's spans come from strangers, and a collector on
//! loopback is within reach of every page that a developer opens.

use std::str::FromStr;
use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};

use super::Reply;

/// Any page.
const ANY: &str = "*";
/// How long a browser need not ask again, in seconds: the longest that browsers keep.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins of pages that may send, such as `https://shop.example`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cors {
    origins: Arc<[String]>,
}

/// Why text is no list of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a list of origins such as `https://shop.example, http://localhost:3000`, or `*`")]
pub struct NotOrigins;

/// What a page asked, if it may.
pub(crate) struct Asked {
    origin: Option<HeaderValue>,
    /// The headers that it is going to send, if it asks before it does.
    preflight: Option<Option<HeaderValue>>,
}

// === impl Cors ===

impl Cors {
    pub(crate) fn ask<B>(&self, request: &Request<B>) -> Asked {
        let headers = request.headers();
        let origin = headers.get(ORIGIN).filter(|origin| self.allows(origin));
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let preflight = is_preflight.then(|| headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned());
        Asked {
            preflight: preflight.filter(|_| origin.is_some()),
            origin: origin.cloned(),
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let mut origins = self.origins.iter();
        origins.any(|allowed| allowed == ANY || allowed.as_bytes() == origin.as_bytes())
    }
}

impl FromStr for Cors {
    type Err = NotOrigins;

    fn from_str(text: &str) -> Result<Self, NotOrigins> {
        let origins = text
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty());
        let origins: Arc<[String]> = origins.map(str::to_ascii_lowercase).collect();
        let is_origin = |origin: &String| {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            origin == ANY || !(host.is_empty() || host.contains('/'))
        };
        match origins.iter().all(is_origin) {
            true => Ok(Self { origins }),
            false => Err(NotOrigins),
        }
    }
}

/// As it is written in a configuration.
impl std::fmt::Debug for Cors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.origins.join(", "), f)
    }
}

// === impl Asked ===

impl Asked {
    /// The answer to a browser that asks first.
    pub(crate) fn preflight(&self) -> Option<Reply> {
        let headers = self.preflight.as_ref()?;
        let mut reply = Response::new(Empty::new().boxed_unsync());
        *reply.status_mut() = StatusCode::NO_CONTENT;
        self.mark(&mut reply);
        let allow = reply.headers_mut();
        allow.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        if let Some(headers) = headers {
            // What is meant for nobody is ignored here, so that there is no need to choose.
            allow.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        allow.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(reply)
    }

    /// Lets the page read the reply, its time to come again included.
    pub(crate) fn mark(&self, reply: &mut Reply) {
        if let Some(origin) = &self.origin {
            let headers = reply.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("retry-after"),
            );
            headers.insert(VARY, HeaderValue::from_static("origin"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_they_are_written() {
        for (text, read) in [
            ("", Some("")),
            ("*", Some("*")),
            (
                "https://Shop.example , http://localhost:3000",
                Some("https://shop.example, http://localhost:3000"),
            ),
            ("shop.example", None),
            ("https://shop.example/path", None),
        ] {
            let origins = text.parse::<Cors>().ok();
            let origins = origins.map(|origins| format!("{origins:?}"));
            assert_eq!(origins, read.map(|read| format!("{read:?}")), "{text}");
        }
    }
}
