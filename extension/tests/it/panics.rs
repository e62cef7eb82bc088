//! A panic in any task of the extension costs data at most: the platform is asked for every call, and the process ends well.

use std::time::Duration;

use tokio::net::UdpSocket;

use crate::otlp;
use crate::scene::{Scene, Setting};

/// Every point of `src/faults.rs` that the code has.
const POINTS: [&str; 10] = [
    "worker",
    "lifecycle",
    "journal",
    "shipper",
    "telemetry",
    "otlp http",
    "otlp grpc",
    "x-ray",
    "datadog",
    "spool",
];

#[tokio::test]
async fn a_panic_anywhere_fails_no_invocation() {
    for point in POINTS {
        let mut scene = Scene::open(Setting {
            environment: vec![("COLDTRACE_PANIC_AT", point.to_owned())],
            ..Setting::default()
        })
        .await;
        for number in 1..=3 {
            scene.platform.asked(number).await;
            let request_id = format!("R{number}");
            scene.platform.invoke(&request_id, Duration::from_secs(2));
            provoke(&scene, &request_id).await;
        }
        // Not the hold alone ends it: each was let go before its deadline.
        scene.platform.asked(4).await;
        scene.platform.shutdown("timeout");
        scene.ended().await;
    }
}

#[test]
fn every_point_of_the_code_is_tried() {
    let source = env!("CARGO_MANIFEST_DIR").to_owned() + "/src";
    let mut folders = vec![std::path::PathBuf::from(source)];
    let mut points = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            let calls = text.split("faults::point(\"").skip(1);
            points.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    points.sort_unstable();
    let mut tried = POINTS.map(str::to_owned).to_vec();
    tried.sort_unstable();
    assert_eq!(points, tried);
}

/// Everything that wakes a task. Whoever panicked does not answer.
async fn provoke(scene: &Scene, request_id: &str) {
    let ports = &scene.ports;
    let body = "{\"resourceSpans\":[]}";
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    otlp::attempt(ports.otlp_http, &head).await;
    let empty_traces = "PUT /v0.4/traces HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 1\r\n\r\n\u{0}";
    otlp::attempt(ports.datadog, empty_traces).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    drop(socket.send_to(b"{}\n{}", ("127.0.0.1", ports.xray)).await);
    otlp::attempt_grpc(ports.otlp_grpc).await;
    let events = format!(
        r#"[{{"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{{"requestId":"{request_id}","status":"success"}}}}]"#
    );
    let head = format!(
        "POST /telemetry HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{events}",
        events.len()
    );
    otlp::attempt(ports.telemetry, &head).await;
}
