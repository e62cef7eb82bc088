//! Shipping beyond the plain collector: TLS, and any backend that takes OTLP.

use std::convert::Infallible;
use std::io::Read as _;
use std::time::Duration;

use bytes::Bytes;
use coldtrace_proto::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::authority::Authority;
use crate::collector::Behaviour;
use crate::scene::{Scene, Setting, patience, spawn};
use crate::started;

/// A request as a backend got it.
#[derive(Clone)]
struct Got {
    path: String,
    headers: HeaderMap,
    /// As gRPC's frame says.
    is_compressed: bool,
    body: Bytes,
}

struct Backend {
    port: u16,
    got: watch::Sender<Vec<Got>>,
}

impl Backend {
    /// Over HTTP/1.1. The first requests for lines are answered so.
    async fn http(first_for_lines: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let got = watch::Sender::new(Vec::new());
        let served = got.clone();
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let got = served.clone();
                spawn(async move {
                    let service = service_fn(|request| take(request, &got, first_for_lines));
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    drop(connection.await);
                });
            }
        });
        Self { port, got }
    }

    /// Over HTTP/2 as gRPC has it.
    async fn grpc() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let got = watch::Sender::new(Vec::new());
        let served = got.clone();
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn(answer_grpc(stream, served.clone()));
            }
        });
        Self { port, got }
    }

    async fn wait_for(&self, path: &str, times: usize) -> Vec<Got> {
        let of_path = |got: &[Got]| -> Vec<Got> {
            got.iter().filter(|one| one.path == path).cloned().collect()
        };
        let mut got = self.got.subscribe();
        let enough = patience(got.wait_for(|got| of_path(got).len() >= times)).await;
        of_path(&enough.expect("the backend goes on"))
    }
}

async fn take(
    request: Request<Incoming>,
    got: &watch::Sender<Vec<Got>>,
    first_for_lines: &[u16],
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let body = body.collect().await.expect("a body").to_bytes();
    let before = got.borrow().iter().filter(|one| one.path == path).count();
    let status = match path.ends_with("/v1/logs") {
        true => first_for_lines.get(before).copied().unwrap_or(200),
        false => 200,
    };
    got.send_modify(|got| {
        got.push(Got {
            path,
            headers: head.headers,
            is_compressed: false,
            body,
        });
    });
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = StatusCode::from_u16(status).expect("a status");
    Ok(reply)
}

async fn answer_grpc(stream: tokio::net::TcpStream, got: watch::Sender<Vec<Got>>) {
    let mut connection = h2::server::handshake(stream).await.expect("a handshake");
    while let Some(Ok((request, mut reply))) = connection.accept().await {
        let got = got.clone();
        spawn(async move {
            let (head, mut stream) = request.into_parts();
            let mut body = Vec::new();
            while let Some(Ok(data)) = stream.data().await {
                drop(stream.flow_control().release_capacity(data.len()));
                body.extend_from_slice(&data);
            }
            got.send_modify(|got| {
                got.push(Got {
                    path: head.uri.path().to_owned(),
                    headers: head.headers,
                    is_compressed: body[0] == 1,
                    body: Bytes::from(body).slice(5..),
                });
            });
            let mut stream = reply
                .send_response(Response::new(()), false)
                .expect("a reply");
            drop(stream.send_data(Bytes::from_static(&[0; 5]), false));
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            drop(stream.send_trailers(trailers));
        });
    }
}

fn to_backend(environment: Vec<(&'static str, String)>) -> Setting {
    Setting {
        behaviour: Behaviour::NotConfigured,
        environment,
        ..Setting::default()
    }
}

/// One invocation with a line of its own, to its end.
async fn invoke_once(scene: &Scene) {
    scene.platform.asked(1).await;
    scene.platform.invoke("R1", Duration::from_secs(5));
    scene
        .telemetry(
            r#"[{"time":"2099-01-01T00:00:01Z","type":"platform.start","record":{"requestId":"R1"}},
            {"time":"2099-01-01T00:00:01Z","type":"function","record":"hello\n"},
            {"time":"2099-01-01T00:00:01Z","type":"platform.runtimeDone","record":{"requestId":"R1","status":"success"}},
            {"time":"2099-01-01T00:00:01Z","type":"platform.report","record":{"requestId":"R1","status":"success","metrics":{"durationMs":10}}}]"#,
        )
        .await;
}

fn unpacked(body: &Bytes) -> Bytes {
    let mut unpacked = Vec::new();
    let mut gzip = flate2::read::MultiGzDecoder::new(&body[..]);
    gzip.read_to_end(&mut unpacked).expect("gzip");
    unpacked.into()
}

fn check_traces(body: &Bytes) {
    let traces = ExportTraceServiceRequest::decode(body.clone()).expect("OTLP");
    let group = &traces.resource_spans[0];
    assert_eq!(group.scope_spans[0].spans[0].name, "checkout");
}

fn check_lines(body: &Bytes) {
    let lines = ExportLogsServiceRequest::decode(body.clone()).expect("OTLP");
    let group = &lines.resource_logs[0];
    let resource = group.resource.as_ref().expect("a resource");
    assert!(
        resource
            .attributes
            .iter()
            .any(|attribute| attribute.key == "faas.name")
    );
    let line = &group.scope_logs[0].log_records[0];
    assert_eq!(line.attributes[0].key, "faas.invocation_id");
}

#[tokio::test]
async fn a_collector_behind_tls_of_a_private_authority_is_shipped_to() {
    let authority = Authority::new("h2");
    let ca = authority.path().display().to_string();
    let mut scene = Scene::open(Setting {
        authority: Some(authority),
        environment: vec![("COLDTRACE_CA", ca)],
        ..Setting::default()
    })
    .await;
    scene.platform.asked(1).await;
    scene.platform.invoke("R1", Duration::from_secs(5));
    scene.collector.wait_for(|told| started(told, "R1")).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
}

#[tokio::test]
async fn a_collector_whose_certificate_nobody_vouches_for_is_told_nothing() {
    let mut scene = Scene::open(Setting {
        authority: Some(Authority::new("h2")),
        ..Setting::default()
    })
    .await;
    scene.platform.asked(1).await;
    scene.platform.invoke("R1", Duration::from_millis(500));
    scene.platform.asked(2).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
    assert!(scene.collector.told().is_empty());
}

#[tokio::test]
async fn any_backend_gets_spans_and_lines_over_http_and_each_once() {
    // Lines can't be taken at first: spans are not sent again for that.
    let backend = Backend::http(&[503]).await;
    let base = format!("http://localhost:{}/otlp", backend.port);
    let mut scene = Scene::open(to_backend(vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", base),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=a%20b".to_owned()),
    ]))
    .await;
    invoke_once(&scene).await;
    let lines = backend.wait_for("/otlp/v1/logs", 2).await;
    assert_eq!(lines[0].body, lines[1].body, "sent again");
    check_lines(&lines[1].body);
    let traces = backend.wait_for("/otlp/v1/traces", 1).await;
    check_traces(&traces[0].body);
    assert_eq!(traces[0].headers["x-team"], "a b");
    assert_eq!(traces[0].headers["content-type"], "application/x-protobuf");
    scene.platform.asked(2).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
    let all = backend.wait_for("/otlp/v1/traces", 1).await;
    let spans: usize = all
        .iter()
        .map(|got| ExportTraceServiceRequest::decode(got.body.clone()).expect("OTLP"))
        .map(|request| request.resource_spans.len())
        .sum();
    assert_eq!(spans, 1, "the invocation is told once");
}

#[tokio::test]
async fn any_backend_gets_spans_and_lines_over_grpc() {
    let backend = Backend::grpc().await;
    let base = format!("http://127.0.0.1:{}", backend.port);
    let mut scene = Scene::open(to_backend(vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", base),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc".to_owned()),
    ]))
    .await;
    invoke_once(&scene).await;
    let path = |signal: &str, service: &str| {
        format!("/opentelemetry.proto.collector.{signal}.v1.{service}/Export")
    };
    let traces = backend.wait_for(&path("trace", "TraceService"), 1).await;
    check_traces(&traces[0].body);
    let lines = backend.wait_for(&path("logs", "LogsService"), 1).await;
    check_lines(&lines[0].body);
    scene.platform.asked(2).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
}

#[tokio::test]
async fn what_a_backend_wants_compressed_comes_compressed() {
    let asked = |base: String, protocol: &str| {
        to_backend(vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", base),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.to_owned()),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip".to_owned()),
        ])
    };
    let backend = Backend::http(&[]).await;
    let base = format!("http://127.0.0.1:{}", backend.port);
    let mut scene = Scene::open(asked(base, "http/protobuf")).await;
    invoke_once(&scene).await;
    let traces = backend.wait_for("/v1/traces", 1).await;
    assert_eq!(traces[0].headers["content-encoding"], "gzip");
    check_traces(&unpacked(&traces[0].body));
    let lines = backend.wait_for("/v1/logs", 1).await;
    check_lines(&unpacked(&lines[0].body));
    scene.platform.asked(2).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;

    let backend = Backend::grpc().await;
    let base = format!("http://127.0.0.1:{}", backend.port);
    let mut scene = Scene::open(asked(base, "grpc")).await;
    invoke_once(&scene).await;
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let traces = backend.wait_for(path, 1).await;
    assert_eq!(traces[0].headers["grpc-encoding"], "gzip");
    assert!(traces[0].is_compressed);
    check_traces(&unpacked(&traces[0].body));
    scene.platform.asked(2).await;
    scene.platform.shutdown("spindown");
    scene.ended().await;
}
