use std::io::{Read as _, Write as _};

use coldtrace_model::UnixNanos;
use coldtrace_proto::otlp::ExportTraceServiceRequest;
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use coldtrace_proto::v1::ingest_client::IngestClient;
use coldtrace_proto::v1::{ExportRequest, Fact, OtlpPayload, Sandbox, Started, fact};
use coldtrace_service::config::HumanBytes;
use coldtrace_service::tls::TlsSettings;
use prost::Message as _;
use tokio::runtime::Runtime;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use super::*;
use crate::insert::tests::{Fake, Fault};
use crate::log::Acknowledge;

mod keys;
mod on_engine;
mod overload;
mod tls;

/// A collector in this process, on a runtime of its own: when that is dropped, nothing more happens, as after a kill.
struct Collector {
    runtime: Runtime,
    grpc: SocketAddr,
    http: SocketAddr,
    shutdown: Shutdown,
    ended: tokio::sync::oneshot::Receiver<()>,
}

struct HttpReply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Collector {
    fn start(data_dir: &Path, store: &Fake) -> Self {
        Self::start_with(data_dir, store, |_| ())
    }

    fn start_with(data_dir: &Path, store: &Fake, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(data_dir, store.clone(), change)
    }

    fn start_on(
        data_dir: &Path,
        store: impl Destination,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        Self::start_for(data_dir, store, Rings::default(), change)
    }

    fn start_for(
        data_dir: &Path,
        store: impl Destination,
        rings: Rings,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut config = Config {
            grpc_listen: any,
            http_listen: any,
            keep_days: 14,
            acknowledge: Acknowledge::Log,
            log_cap: HumanBytes(64 << 20),
            body_limit: HumanBytes(1 << 20),
            memory_cap: HumanBytes(16 << 20),
            allowed_origins: Cors::default(),
            tls: TlsSettings::default(),
        };
        change(&mut config);
        let runtime = Runtime::new().unwrap();
        let (registry, health, shutdown) = (Registry::new(), Health::new(), Shutdown::new());
        let app = App::build_on(config, store, rings, data_dir, &registry, &health);
        let app = runtime.block_on(app).unwrap();
        assert!(health.is_ready());
        let (grpc, http) = (app.grpc_addr(), app.http_addr());
        let (ended_tx, ended) = tokio::sync::oneshot::channel();
        let tasks = Tasks::new();
        let run = app.run(shutdown.clone());
        runtime.block_on(async {
            tasks.spawn_finite("app", async move {
                run.await;
                ended_tx.send(()).ok();
            });
        });
        Self {
            runtime,
            grpc,
            http,
            shutdown,
            ended,
        }
    }

    fn ingest(&self) -> IngestClient<Channel> {
        let address = Channel::from_shared(format!("http://{}", self.grpc)).unwrap();
        let channel = self.runtime.block_on(address.connect()).unwrap();
        IngestClient::new(channel)
    }

    fn export(&self, request: ExportRequest) -> Result<u64, tonic::Status> {
        let mut client = self.ingest();
        let reply = self.runtime.block_on(client.export(request));
        reply.map(|reply| reply.into_inner().rejected)
    }

    fn post(&self, kind: &str, body: &[u8]) -> HttpReply {
        self.post_to("/v1/traces", kind, body)
    }

    fn post_to(&self, path: &str, kind: &str, body: &[u8]) -> HttpReply {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        ask(self.http, &head, body)
    }

    fn get(&self, path: &str) -> HttpReply {
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        ask(self.http, &head, b"")
    }

    /// Asks it to end, and waits until it has.
    fn stop(self) {
        self.shutdown.trigger();
        self.runtime.block_on(self.ended).unwrap();
    }

    fn kill(self) {
        // Its lock on the log is given back when everything is dropped.
        self.runtime.shutdown_timeout(Duration::from_secs(60));
    }
}

fn ask(address: SocketAddr, head: &str, body: &[u8]) -> HttpReply {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let split = reply.windows(4).position(|window| window == b"\r\n\r\n");
    let split = split.expect("a head");
    let head = String::from_utf8(reply[..split].to_vec()).unwrap();
    HttpReply {
        status: head[9..12].parse().unwrap(),
        head: head.to_lowercase(),
        body: reply[split + 4..].to_vec(),
    }
}

fn traces(spans: u8) -> Vec<u8> {
    traces_of(9, spans)
}

fn traces_of(trace: u8, spans: u8) -> Vec<u8> {
    let span = |number: u8| Span {
        trace_id: vec![trace; 16],
        span_id: vec![number; 8],
        name: "work".to_owned(),
        start_time_unix_nano: UnixNanos::now().0,
        end_time_unix_nano: UnixNanos::now().0,
        ..Span::default()
    };
    let scope_spans = ScopeSpans {
        spans: (1..=spans).map(span).collect(),
        ..ScopeSpans::default()
    };
    let resource_spans = ResourceSpans {
        scope_spans: vec![scope_spans],
        ..ResourceSpans::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![resource_spans],
    };
    request.encode_to_vec()
}

fn batch(id: u8) -> ExportRequest {
    let started = Fact {
        request_id: "request".to_owned(),
        filed_at_unix_nano: UnixNanos::now().0,
        kind: Some(fact::Kind::Started(Started::default())),
    };
    let nameless = Fact {
        request_id: String::new(),
        ..started.clone()
    };
    ExportRequest {
        batch_id: vec![id; 16],
        sandbox: Some(Sandbox {
            id: "sandbox".to_owned(),
            function: "checkout".to_owned(),
            ..Sandbox::default()
        }),
        facts: vec![started, nameless],
        payloads: vec![OtlpPayload {
            signal: 1,
            request: traces(3).into(),
            platform: false,
        }],
        ..ExportRequest::default()
    }
}

const PROTOBUF: &str = "application/x-protobuf";

#[test]
fn an_extensions_batch_is_stored_once_however_often_it_comes() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Fake::default());
    let collector = Collector::start(folder.path(), &store);
    let (first, second) = (batch(1), batch(2));
    assert_eq!(
        collector.export(first.clone()).unwrap(),
        1,
        "a fact without a request"
    );
    assert_eq!(collector.export(first).unwrap(), 1, "answered as at first");
    assert_eq!(collector.export(second.clone()).unwrap(), 1);
    collector.stop();
    assert_eq!(store.span_rows(), 6, "two batches of three spans");

    let collector = Collector::start(folder.path(), &store);
    assert_eq!(
        collector.export(second).unwrap(),
        1,
        "known after a restart"
    );
    collector.stop();
    assert_eq!(store.span_rows(), 6);
}

#[test]
fn sandboxes_of_one_snapshot_make_the_same_batch_ids_and_lose_nothing() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Fake::default());
    let collector = Collector::start(folder.path(), &store);
    let first = batch(1);
    let mut clone = first.clone();
    clone.payloads[0].request = traces_of(8, 3).into();
    collector.export(first).unwrap();
    collector.export(clone).unwrap();
    collector.stop();
    assert_eq!(store.span_rows(), 6);
}

#[test]
fn what_was_acknowledged_before_a_kill_is_stored_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Fake::failing(&[Fault::Refused; 100]);
    let collector = Collector::start(folder.path(), &store);
    for spans in 1..=5 {
        assert_eq!(collector.post(PROTOBUF, &traces(spans)).status, 200);
    }
    collector.kill();
    let store = Fake::default();
    Collector::start(folder.path(), &store).stop();
    assert_eq!(store.span_rows(), 1 + 2 + 3 + 4 + 5);
}

#[test]
fn where_the_store_is_to_have_it_first_a_client_waits_for_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Fake::failing(&[Fault::Refused; 3]);
    let collector = Collector::start_with(folder.path(), &store, |config| {
        config.acknowledge = Acknowledge::Store;
    });
    for number in 1..=2 {
        assert_eq!(collector.post(PROTOBUF, &traces_of(number, 5)).status, 200);
        assert_eq!(store.span_rows(), 5 * u64::from(number), "it has them");
    }
    collector.stop();
}

#[test]
fn a_packed_message_over_grpc_is_read() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Fake::default());
    let collector = Collector::start(folder.path(), &store);
    let mut client = collector
        .ingest()
        .send_compressed(CompressionEncoding::Gzip);
    let reply = collector.runtime.block_on(client.export(batch(1)));
    assert_eq!(reply.unwrap().into_inner().rejected, 1);
    drop(client);
    collector.stop();
    assert_eq!(store.span_rows(), 3);
}

#[test]
fn at_the_logs_cap_clients_are_told_when_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Fake::failing(&[Fault::Refused; 10_000]);
    let collector = Collector::start_with(folder.path(), &store, |config| {
        config.log_cap = HumanBytes(1_000);
    });
    let fitting = collector.post(PROTOBUF, &traces(10));
    assert_eq!(fitting.status, 200);
    let refused = collector.post(
        "application/json; charset=utf-8",
        br#"{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}"#,
    );
    assert_eq!(refused.status, 200, "nothing to keep is no burden");

    let refused = collector.post(PROTOBUF, &traces(20));
    assert_eq!(refused.status, 429);
    assert!(
        refused.head.contains("\r\nretry-after: 5"),
        "{}",
        refused.head
    );
    assert!(refused.head.contains(PROTOBUF), "{}", refused.head);
    let mut large = batch(1);
    large.payloads[0].request = traces(20).into();
    let status = collector.export(large);
    let status = status.unwrap_err();
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    assert!(!status.details().is_empty(), "RetryInfo");
    // Where the exporter for Python looks for it: `seconds`, field 1, is 5.
    let retry = status.metadata().get_bin("google.rpc.retryinfo-bin");
    let retry = retry.map(|retry| retry.to_bytes().unwrap());
    assert_eq!(retry.as_deref(), Some(&[0x0a, 2, 0x08, 5][..]));
    assert!(status.message().contains("collector.log_cap"), "{status}");
    collector.stop();
}

#[test]
fn it_tells_of_itself_where_otlp_is_served_over_http() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Fake::default());
    let collector = Collector::start(folder.path(), &store);
    assert_eq!(collector.get("/healthz").body, b"ok\n");
    let ready = collector.get("/readyz");
    assert_eq!(ready.status, 200);
    assert!(ready.body.starts_with(b"{\"components\":{\"collector\""));
    let metrics = String::from_utf8(collector.get("/metrics").body).unwrap();
    assert!(metrics.contains("coldtrace_collector_accepted_rows_total{item=\"span\"} 0\n"));
    assert_eq!(collector.get("/elsewhere").status, 404);
    collector.stop();
}

#[test]
fn what_is_too_large_or_not_served_is_told_so_for_good() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Fake::default());
    let collector = Collector::start(folder.path(), &store);
    let mut large = batch(1);
    large.payloads[0].request = vec![0; 2 << 20].into();
    let status = collector.export(large).unwrap_err();
    assert_eq!(status.code(), tonic::Code::ResourceExhausted);
    assert!(status.details().is_empty(), "no RetryInfo");

    let without_sandbox = ExportRequest {
        sandbox: None,
        ..batch(1)
    };
    let status = collector.export(without_sandbox).unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    assert_eq!(status.message(), "the sandbox is missing");

    let too_large = collector.post(PROTOBUF, &vec![0; 2 << 20]);
    assert_eq!(too_large.status, 413);
    assert!(!too_large.body.is_empty(), "a status in the body");
    assert_eq!(collector.post("text/plain", b"hello").status, 415);
    let not_grpc = ask(
        collector.grpc,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"",
    );
    assert_eq!(not_grpc.status, 415);
    assert!(not_grpc.body.starts_with(b"gRPC is spoken here"));
    collector.stop();
    assert_eq!(store.span_rows(), 0);
}
