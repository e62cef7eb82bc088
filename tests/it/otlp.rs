//! OTLP to the letter (specification 1.11): a table of requests and what each is answered, sent to the real process.
//!
//! A row that carries a message goes over every transport that can carry it: HTTP/1.1, HTTP/2, gRPC; the answer is given
//! once, and each transport's own form of it is derived. Rows about a transport itself name headers and bytes.
//! `docs/otlp.md` says in words what the table says in rows.

mod abuse;
mod answer;
mod call;
mod connections;
mod encodings;
mod exporters;
mod framing;
mod json;
mod memory;
mod messages;
mod overload;
mod paths;
mod wire;

use coldtrace_tests::{Backend, BackendOptions};

use answer::{Answer, Expected};
use call::{Client, Grpc, Http};

/// Small, so that what exceeds it is quickly sent.
const LIMIT: usize = 1 << 20;

/// One row of the table.
struct Row {
    name: &'static str,
    sent: Sent,
    expected: Expected,
}

/// What is sent.
enum Sent {
    /// A message in protobuf: over HTTP/1.1, HTTP/2 and gRPC.
    Message(Signal, Vec<u8>),
    /// A message in JSON: over HTTP/1.1 and HTTP/2.
    Json(Signal, Vec<u8>),
    /// A request: over HTTP/1.1 and HTTP/2.
    Http(Http),
    /// A call, as it is.
    Grpc(Grpc),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    Traces,
    Logs,
}

/// A collector is enough, and it accepts while the store is away.
fn backend() -> Backend {
    BackendOptions::default()
        .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
        .set("COLDTRACE_COLLECTOR__BODY_LIMIT", "1MiB")
        .set(
            "COLDTRACE_COLLECTOR__ALLOWED_ORIGINS",
            "https://shop.example",
        )
        .start()
}

#[test]
fn every_request_is_answered_as_the_specification_has_it() {
    let mut backend = backend();
    let client = Client::new(&backend);
    let rows: Vec<Row> = [
        messages::rows(),
        json::rows(),
        encodings::rows(),
        framing::rows(),
        paths::rows(),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert!(rows.len() >= 80, "{} rows", rows.len());

    let answers = rows.iter().flat_map(|row| {
        let answers = row.sent.over_every_transport(&client);
        answers.into_iter().map(move |answer| (row, answer))
    });
    let wrong: Vec<String> = answers
        .filter_map(|(row, (transport, answer))| {
            let why = row.expected.differs_from(&answer)?;
            Some(format!("{} ({transport}): {why}\n  {answer:?}", row.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(backend.is_alive());
    assert!(!backend.told().contains("panicked"), "{}", backend.told());
    assert!(backend.stop().success());
}

// === impl Sent, Signal ===

impl Sent {
    fn over_every_transport(&self, client: &Client) -> Vec<(&'static str, Answer)> {
        match self {
            Self::Message(signal, message) => {
                let request = Http::export(*signal, "application/x-protobuf", message.clone());
                let call = Grpc::export(*signal, call::framed(0, message));
                vec![
                    ("HTTP/1.1", client.http1(&request)),
                    ("HTTP/2", client.http2(&request)),
                    ("gRPC", client.grpc(&call)),
                ]
            }
            Self::Json(signal, text) => {
                let request = Http::export(*signal, "application/json", text.clone());
                vec![
                    ("HTTP/1.1", client.http1(&request)),
                    ("HTTP/2", client.http2(&request)),
                ]
            }
            Self::Http(request) => vec![
                ("HTTP/1.1", client.http1(request)),
                ("HTTP/2", client.http2(request)),
            ],
            Self::Grpc(call) => vec![("gRPC", client.grpc(call))],
        }
    }
}

impl Signal {
    fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        }
    }
}
