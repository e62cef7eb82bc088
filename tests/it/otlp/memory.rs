//! What a request takes in memory: a few times its body, whatever it is made of.

use coldtrace_tests::{Backend, BackendOptions, Reply, post};

use super::Signal;
use super::call::{Client, Grpc, framed};
use super::wire::{bytes, fixed64, message, now};

/// Peak memory over the body's size.
const FACTOR: u64 = 4;
/// Of a small body: buffers, threads' stacks, an allocator that grows by steps.
const LEAST: u64 = 8 << 20;

/// What the process holds now, in bytes.
pub(super) fn resident(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

/// The most that it ever held.
pub(super) fn peak(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("a figure in KiB") * 1024
}

/// As structs they would take more than is allowed.
const ATTRIBUTES: usize = 300_000;

fn send(backend: &Backend, kind: &str, body: &[u8]) -> Reply {
    let url = format!("{}/v1/traces", backend.http);
    let reply = post(&url, &[("content-type", kind)], body);
    reply.expect("the connection is answered, not cut")
}

/// A body of one part many times.
struct Probe {
    name: &'static str,
    kind: &'static str,
    body: Vec<u8>,
}

fn protobuf(name: &'static str, body: Vec<u8>) -> Probe {
    Probe {
        name,
        kind: "application/x-protobuf",
        body,
    }
}

fn json(name: &'static str, open: &str, part: &str, times: usize, close: &str) -> Probe {
    let parts = vec![part; times].join(",");
    Probe {
        name,
        kind: "application/json",
        body: format!("{open}{parts}{close}").into_bytes(),
    }
}

fn empty_spans() -> Vec<u8> {
    message(1, &[message(2, &[[0x12, 0].repeat(2 << 20)])])
}

fn probes() -> Vec<Probe> {
    let span = |attributes: &[u8]| {
        let fields = [
            bytes(1, &[7; 16]),
            bytes(2, &[8; 8]),
            fixed64(7, now()),
            attributes.to_vec(),
        ];
        message(1, &[message(2, &[message(2, &fields)])])
    };
    let attribute = message(9, &[bytes(1, b"k"), message(2, &[bytes(1, b"v")])]);
    let start = now();
    let in_span = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef","startTimeUnixNano":"{start}","attributes":["#
    );
    vec![
        protobuf("2 Mi empty spans", empty_spans()),
        protobuf("100,000 resources", [0x0a, 0].repeat(100_000)),
        protobuf("300,000 attributes", span(&attribute.repeat(ATTRIBUTES))),
        protobuf(
            "300,000 attributes of nothing",
            span(&[0x4a, 0].repeat(ATTRIBUTES)),
        ),
        json(
            "2 Mi empty spans in JSON",
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#,
            "{}",
            2 << 20,
            "]}]}]}",
        ),
        json(
            "100,000 resources in JSON",
            r#"{"resourceSpans":["#,
            "{}",
            100_000,
            "]}",
        ),
        json(
            "300,000 attributes of nothing in JSON",
            &in_span,
            "{}",
            ATTRIBUTES,
            "]}]}]}]}",
        ),
    ]
}

fn backend() -> Backend {
    BackendOptions::default()
        .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
        .start()
}

fn assert_rise(name: &str, backend: &Backend, before: u64, body: usize) {
    let rise = peak(backend.pid()).saturating_sub(before);
    let allowed = LEAST.max(FACTOR * body as u64);
    assert!(
        rise <= allowed,
        "{name}: {rise} bytes for a body of {body}, {allowed} allowed"
    );
}

#[test]
fn a_body_takes_a_few_times_its_size_whatever_it_is_made_of() {
    for Probe { name, kind, body } in probes() {
        let mut backend = backend();
        assert_eq!(
            send(&backend, kind, &[]).status / 100,
            if kind.ends_with("json") { 4 } else { 2 }
        );
        let before = resident(backend.pid());
        let reply = send(&backend, kind, &body);
        assert!([200, 400].contains(&reply.status), "{name}: {reply:?}");
        assert_rise(name, &backend, before, body.len());
        assert!(backend.stop().success());
    }
}

#[test]
fn a_message_takes_a_few_times_its_size_over_grpc_as_well() {
    let mut backend = backend();
    let client = Client::new(&backend);
    let call = |message: &[u8]| {
        let answer = client.grpc(&Grpc::export(Signal::Traces, framed(0, message)));
        assert_eq!(answer.of_call("grpc-status"), Some("0"), "{answer:?}");
        answer
    };
    call(&[]);
    let before = resident(backend.pid());
    let body = empty_spans();
    let rejected = call(&body).partial().map(|(rejected, _)| rejected);
    assert_eq!(rejected, Some(2 << 20), "none has an id");
    assert_rise("over gRPC", &backend, before, body.len());
    assert!(backend.stop().success());
}
