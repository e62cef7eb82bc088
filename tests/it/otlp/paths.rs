//! HTTP as such: paths, methods, content types, browsers.

use super::answer::{Expected, Refused, refused};
use super::call::Http;
use super::wire::{span, traces};
use super::{Row, Sent, Signal};

pub(super) fn rows() -> Vec<Row> {
    [types(), methods(), browsers()]
        .into_iter()
        .flatten()
        .collect()
}

fn row(name: &'static str, request: Http, expected: Expected) -> Row {
    Row {
        name,
        sent: Sent::Http(request),
        expected,
    }
}

fn export(kind: &str) -> Http {
    Http::export(Signal::Traces, kind, traces(&[span()]))
}

fn types() -> Vec<Row> {
    let untyped = Http {
        headers: vec![],
        ..export("")
    };
    // A refusal is told in the request's type; where that is unknown, in the one that people read.
    let not_served = |words| {
        Expected::Refused(Refused {
            http: 415,
            grpc: 3,
            words,
            detail: None,
            headers: &[("content-type", "application/json")],
        })
    };
    let json = Http::export(
        Signal::Traces,
        "application/json; charset=utf-8",
        b"{}".to_vec(),
    );
    vec![
        row(
            "the reply bears the request's type",
            export("application/x-protobuf"),
            Expected::Plain(200, &[("content-type", "application/x-protobuf")]),
        ),
        row(
            "protobuf by its registered name",
            export("application/protobuf"),
            Expected::Plain(200, &[("content-type", "application/protobuf")]),
        ),
        row(
            "JSON with a charset",
            json,
            Expected::Plain(200, &[("content-type", "application/json")]),
        ),
        row(
            "a type in capitals",
            export("Application/X-Protobuf"),
            Expected::Taken,
        ),
        row("text", export("text/plain"), not_served("text/plain")),
        row("no type", untyped, not_served("content type")),
        row(
            "gRPC on HTTP's port",
            export("application/grpc"),
            not_served("application/grpc"),
        ),
        row(
            "what is refused bears the request's type",
            Http::export(Signal::Traces, "application/protobuf", b"\xff".to_vec()),
            Expected::Plain(400, &[("content-type", "application/protobuf")]),
        ),
    ]
}

fn methods() -> Vec<Row> {
    let to = |path: &'static str| Http {
        path,
        ..export("application/x-protobuf")
    };
    let by = |method: &'static str| Http {
        method,
        body: vec![],
        ..export("application/json")
    };
    let not_post = || {
        Expected::Refused(Refused {
            http: 405,
            grpc: 12,
            words: "only POST",
            detail: None,
            headers: &[("allow", "POST")],
        })
    };
    vec![
        row("GET", by("GET"), not_post()),
        row("PUT", by("PUT"), not_post()),
        row("DELETE", by("DELETE"), not_post()),
        row(
            "HEAD has no body",
            by("HEAD"),
            Expected::Plain(405, &[("allow", "POST")]),
        ),
        row("OPTIONS from no browser", by("OPTIONS"), not_post()),
        row(
            "metrics are not served",
            to("/v1/metrics"),
            refused(404, 12, "/v1/metrics"),
        ),
        row(
            "a slash too many",
            to("/v1/traces/"),
            refused(404, 12, "/v1/traces/"),
        ),
        row("no path", to("/"), refused(404, 12, "`/`")),
        row(
            "a query is not looked at",
            to("/v1/traces?x=1"),
            Expected::Taken,
        ),
    ]
}

fn browsers() -> Vec<Row> {
    let from = |origin: &str| export("application/x-protobuf").with("origin", origin);
    let preflight = |origin: &str| {
        let asked = Http {
            method: "OPTIONS",
            headers: vec![],
            body: vec![],
            ..export("")
        };
        asked
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with(
                "access-control-request-headers",
                "content-type,authorization",
            )
    };
    vec![
        row(
            "a page that may send asks first",
            preflight("https://shop.example"),
            Expected::Plain(
                204,
                &[
                    ("access-control-allow-origin", "https://shop.example"),
                    ("access-control-allow-methods", "POST"),
                    ("access-control-allow-headers", "content-type,authorization"),
                    ("vary", "origin"),
                ],
            ),
        ),
        row(
            "a page that may not asks first",
            preflight("https://other.example"),
            Expected::Plain(405, &[("access-control-allow-origin", "(none)")]),
        ),
        row(
            "a page that may send",
            from("https://shop.example"),
            Expected::Plain(
                200,
                &[("access-control-allow-origin", "https://shop.example")],
            ),
        ),
        row(
            "a page that may not",
            from("https://other.example"),
            Expected::Plain(200, &[("access-control-allow-origin", "(none)")]),
        ),
    ]
}
