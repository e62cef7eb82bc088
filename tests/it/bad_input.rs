//! What clients get wrong: each has a clear answer, and the process goes on.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use coldtrace_tests::{Backend, BackendOptions, Reply, post};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

/// A collector is enough, and it accepts while the store is away.
fn backend() -> Backend {
    BackendOptions::default()
        .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
        .start()
}

fn send(backend: &Backend, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let reply = post(&format!("{}/v1/traces", backend.http), headers, body);
    reply.expect("the connection is answered, not cut")
}

fn request(spans: &[Value]) -> Vec<u8> {
    json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
        .to_string()
        .into_bytes()
}

/// Of the present: what is older than the retention is rejected.
fn span(trace_id: &str, span_id: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("the clock is past 1970").as_nanos();
    json!({
        "traceId": trace_id,
        "spanId": span_id,
        "name": "work",
        "startTimeUnixNano": now.to_string(),
        "endTimeUnixNano": (now + 1).to_string(),
    })
}

fn good_span() -> Value {
    span("0123456789abcdef0123456789abcdef", "0123456789abcdef")
}

fn assert_unharmed(mut backend: Backend) {
    assert!(backend.is_alive(), "{}", backend.told());
    let reply = send(&backend, &[JSON], &request(&[good_span()]));
    assert_eq!(
        reply.status, 200,
        "a good request is accepted: {}",
        reply.body
    );
    assert!(!backend.told().contains("panicked"), "{}", backend.told());
    assert!(backend.stop().success());
}

#[test]
fn not_protobuf_is_refused() {
    let backend = backend();
    let reply = send(&backend, &[PROTOBUF], b"\xff\xff\xff\xff not protobuf");
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(
        reply.body.contains("protobuf"),
        "says what is wrong: {}",
        reply.body
    );
    assert_unharmed(backend);
}

#[test]
fn json_of_wrong_types_is_refused_with_its_place() {
    let backend = backend();
    let mut wrong = good_span();
    wrong["name"] = json!(7);
    let reply = send(&backend, &[JSON], &request(&[good_span(), wrong]));
    assert_eq!(reply.status, 400, "{}", reply.body);
    let place = "resourceSpans[0].scopeSpans[0].spans[1].name";
    assert!(reply.body.contains(place), "says where: {}", reply.body);
    assert_eq!(
        send(&backend, &[JSON], b"{\"resourceSpans\":").status,
        400,
        "cut short"
    );
    assert_eq!(
        send(&backend, &[JSON], b"[1, 2]").status,
        400,
        "not an object"
    );
    assert_unharmed(backend);
}

#[test]
fn spans_with_bad_ids_are_rejected_one_by_one() {
    let backend = backend();
    let spans = [
        good_span(),
        span(&"0".repeat(32), "0123456789abcdef"),
        span("0123456789abcdef0123456789abcdef", &"0".repeat(16)),
        span("0123", "0123456789abcdef"),
        span("0123456789abcdef0123456789abcdef", ""),
    ];
    let reply = send(&backend, &[JSON], &request(&spans));
    assert_eq!(reply.status, 200, "the good span is taken: {}", reply.body);
    let partial = &reply.json()["partialSuccess"];
    assert_eq!(partial["rejectedSpans"], "4", "{}", reply.body);
    assert_ne!(partial["errorMessage"], "", "says why: {}", reply.body);
    assert_unharmed(backend);
}

#[test]
fn a_gzip_bomb_is_refused() {
    let backend = backend();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..512 {
        bomb.write_all(&zeros).expect("compress into memory");
    }
    let bomb = bomb.finish().expect("compress into memory");
    assert!(
        bomb.len() < 1 << 20,
        "half a gigabyte in {} bytes",
        bomb.len()
    );
    let reply = send(&backend, &[PROTOBUF, GZIP], &bomb);
    assert_eq!(reply.status, 413, "{}", reply.body);
    let peak = peak_memory(backend.pid());
    assert!(
        peak < 400 << 20,
        "it was not unpacked: {peak} bytes at the peak"
    );
    let reply = send(&backend, &[PROTOBUF, GZIP], b"not gzip");
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert_unharmed(backend);
}

#[test]
fn a_body_of_a_hundred_megabytes_is_refused() {
    let backend = backend();
    let body = vec![b' '; 100_000_000];
    let url = format!("{}/v1/traces", backend.http);
    // The server may answer and close before the client has sent everything; then the client sees a cut connection.
    if let Some(reply) = post(&url, &[JSON], &body) {
        assert_eq!(reply.status, 413, "{}", reply.body);
        assert!(
            reply.body.contains("large") || reply.body.contains("limit"),
            "{}",
            reply.body
        );
    }
    let peak = peak_memory(backend.pid());
    assert!(
        peak < 400 << 20,
        "it was not held: {peak} bytes at the peak"
    );
    assert_unharmed(backend);
}

#[test]
fn a_content_type_that_is_not_otlp_is_refused() {
    let backend = backend();
    let reply = send(&backend, &[("content-type", "text/plain")], b"hello");
    assert_eq!(reply.status, 415, "{}", reply.body);
    assert_unharmed(backend);
}

/// The most that the process ever held, in bytes.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("VmHWM in KiB") * 1024
}
