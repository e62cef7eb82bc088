//! gRPC as such: prefixes, flags, deadlines, methods, content types.

use super::answer::{Expected, Refused, TOO_LARGE, refused};
use super::call::{Grpc, framed};
use super::wire::{span, traces};
use super::{Row, Sent, Signal};

pub(super) fn rows() -> Vec<Row> {
    [frames(), calls()].into_iter().flatten().collect()
}

fn row(name: &'static str, call: Grpc, expected: Expected) -> Row {
    Row {
        name,
        sent: Sent::Grpc(call),
        expected,
    }
}

fn frames() -> Vec<Row> {
    let whole = framed(0, &traces(&[span()]));
    let body = |body: Vec<u8>| Grpc::export(Signal::Traces, body);
    vec![
        row(
            "no message",
            body(vec![]),
            refused(200, 12, "no gRPC message"),
        ),
        row(
            "two messages",
            body(whole.repeat(2)),
            refused(200, 12, "more than one"),
        ),
        row(
            "a message and half of another",
            body([&whole[..], &whole[..9]].concat()),
            refused(200, 12, "more than one"),
        ),
        row(
            "half a prefix",
            body(vec![0, 0, 0]),
            refused(200, 13, "in the middle"),
        ),
        row(
            "half a message",
            body(whole[..20].to_vec()),
            refused(200, 13, "in the middle"),
        ),
        row(
            "a length beyond the limit",
            body(vec![0, 0xff, 0xff, 0xff, 0xff]),
            TOO_LARGE,
        ),
        row(
            "packed, and not how",
            body(framed(1, b"x")),
            refused(200, 13, "not how"),
        ),
        row(
            "packed as identity",
            body(framed(1, b"x")).with("grpc-encoding", "identity"),
            refused(200, 13, "not how"),
        ),
        row(
            "flags that there are not",
            body(framed(2, b"x")),
            refused(200, 13, "flags"),
        ),
    ]
}

fn calls() -> Vec<Row> {
    let call = || Grpc::export(Signal::Traces, framed(0, &traces(&[span()])));
    let to = |method: &'static str| Grpc { method, ..call() };
    let mut without_te = call();
    without_te.headers.retain(|(name, _)| *name != "te");
    let not_served = |words| {
        Expected::Refused(Refused {
            http: 200,
            grpc: 12,
            words,
            detail: None,
            headers: &[("content-type", "application/grpc")],
        })
    };
    vec![
        row(
            "a deadline far away",
            call().with("grpc-timeout", "10S"),
            Expected::Taken,
        ),
        row(
            "a deadline that can't be read",
            call().with("grpc-timeout", "soon"),
            Expected::Taken,
        ),
        row(
            "protobuf by name",
            call().with("content-type", "application/grpc+proto"),
            Expected::Taken,
        ),
        row(
            "without te: trailers, as some proxies send it",
            without_te,
            Expected::Taken,
        ),
        row(
            "messages in JSON",
            call().with("content-type", "application/grpc+json"),
            Expected::Plain(415, &[]),
        ),
        row(
            "gRPC-Web",
            call().with("content-type", "application/grpc-web+proto"),
            Expected::Plain(415, &[]),
        ),
        row(
            "no gRPC",
            call().with("content-type", "application/x-protobuf"),
            Expected::Plain(415, &[]),
        ),
        row(
            "a service that is not served",
            to("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
            not_served("MetricsService"),
        ),
        row(
            "a method that there is not",
            to("/opentelemetry.proto.collector.trace.v1.TraceService/Import"),
            not_served("Import"),
        ),
        row("a path that is none", to("/"), not_served("`/`")),
    ]
}
