//! Who is let in, over both transports, and what of it is stored.

use coldtrace_control::{Db, Limits, NewKey, Scope, Secret, Source};
use coldtrace_model::{Nanos, Tenant};
use tonic::Code;
use tonic::metadata::MetadataValue;

use super::*;

/// A collector that demands keys, and the folder where they are made.
struct Guarded {
    collector: Collector,
    db: Db,
    source: Source,
    rings: Rings,
    _folders: [tempfile::TempDir; 2],
}

impl Guarded {
    fn start(store: impl Destination) -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let (source, ring) = Source::database(folders[0].path()).unwrap();
        let rings = Rings::new(ring);
        let collector = Collector::start_for(folders[1].path(), store, rings.clone(), |_| ());
        Self {
            collector,
            db: Db::open(folders[0].path()).unwrap(),
            source,
            rings,
            _folders: folders,
        }
    }

    fn key(&mut self, tenant: &str, scope: Scope) -> Secret {
        self.key_until(tenant, scope, None)
    }

    fn key_until(&mut self, tenant: &str, scope: Scope, expires: Option<UnixNanos>) -> Secret {
        let key = NewKey {
            name: "test".to_owned(),
            tenant: Tenant::parse(tenant).unwrap(),
            scope,
            expires,
        };
        let secret = self.db.create(&key, UnixNanos::now()).unwrap();
        self.follow();
        secret
    }

    /// What the process does once a second.
    fn follow(&mut self) {
        if let Some(ring) = self.source.poll().unwrap() {
            self.rings.replace(ring);
        }
    }

    /// HTTP's status and gRPC's code, for the same key.
    fn answers(&self, key: Option<&str>) -> (u16, Code) {
        let header = key.map(|key| format!("authorization: Bearer {key}\r\n"));
        let http = self.post(&header.unwrap_or_default());
        let grpc = match self.export(key) {
            Ok(_) => Code::Ok,
            Err(status) => status.code(),
        };
        (http.status, grpc)
    }

    fn post(&self, headers: &str) -> HttpReply {
        self.post_body(headers, &traces(3))
    }

    fn post_body(&self, headers: &str, body: &[u8]) -> HttpReply {
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {PROTOBUF}\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        ask(self.collector.http, &head, body)
    }

    fn export(&self, key: Option<&str>) -> Result<u64, tonic::Status> {
        let mut request = tonic::Request::new(batch(1));
        if let Some(key) = key {
            let value = MetadataValue::try_from(format!("Bearer {key}")).unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = self.collector.ingest();
        let reply = self.collector.runtime.block_on(client.export(request));
        reply.map(|reply| reply.into_inner().rejected)
    }
}

#[test]
fn who_has_no_key_of_ours_is_told_so_and_nothing_is_stored() {
    let store = Fake::default();
    let mut guarded = Guarded::start(store.clone());
    assert_eq!(
        guarded.answers(None),
        (200, Code::Ok),
        "open while there is no key"
    );
    let before = guarded.key("acme", Scope::Ingest);
    let mistyped = format!("{}x", before.reveal());
    let read = guarded.key("acme", Scope::Read);
    let expired = guarded.key_until("acme", Scope::Ingest, Some(UnixNanos(1)));
    let other_folder = tempfile::tempdir().unwrap();
    let mut elsewhere = Db::open(other_folder.path()).unwrap();
    let key = NewKey {
        name: String::new(),
        tenant: Tenant::single(),
        scope: Scope::Ingest,
        expires: None,
    };
    let unknown = elsewhere.create(&key, UnixNanos::now()).unwrap();
    for key in [
        None,
        Some(""),
        Some("secret"),
        Some(mistyped.as_str()),
        Some(expired.reveal()),
        Some(unknown.reveal()),
    ] {
        assert_eq!(
            guarded.answers(key),
            (401, Code::Unauthenticated),
            "{key:?}"
        );
    }
    assert_eq!(
        guarded.answers(Some(read.reveal())),
        (403, Code::PermissionDenied)
    );
    let told = guarded.post(&format!("x-api-key: {mistyped}\r\n"));
    assert!(
        told.head.contains("\r\nwww-authenticate: bearer"),
        "{}",
        told.head
    );
    let told = String::from_utf8_lossy(&told.body).into_owned();
    assert!(
        told.contains("mistyped") && !told.contains(&mistyped),
        "{told}"
    );
    guarded.collector.stop();
    assert_eq!(
        store.span_rows(),
        6,
        "the two that came before there were keys"
    );
}

#[test]
fn a_large_body_without_a_key_is_answered_before_it_has_all_come() {
    let mut guarded = Guarded::start(Fake::default());
    guarded.key("acme", Scope::Ingest);
    let refused = guarded.post_body("", &vec![0; 600 << 10]);
    assert_eq!(refused.status, 401, "and its sender could read it");
    guarded.collector.stop();
}

#[test]
fn rotation_and_revocation_need_no_restart() {
    let mut guarded = Guarded::start(Fake::default());
    let first = guarded.key("acme", Scope::Ingest);
    let id = first.id().as_str();
    assert_eq!(guarded.answers(Some(first.reveal())), (200, Code::Ok));

    let grace = Duration::from_secs(3_600);
    let second = guarded.db.rotate(id, grace, UnixNanos::now()).unwrap();
    guarded.follow();
    assert_eq!(guarded.answers(Some(first.reveal())), (200, Code::Ok));
    assert_eq!(guarded.answers(Some(second.reveal())), (200, Code::Ok));

    let long_ago = UnixNanos::now().minus(Nanos(2 * 3_600_000_000_000));
    let third = guarded.db.rotate(id, grace, long_ago).unwrap();
    guarded.follow();
    let denied = (401, Code::Unauthenticated);
    assert_eq!(
        guarded.answers(Some(second.reveal())),
        denied,
        "its grace is over"
    );
    assert_eq!(guarded.answers(Some(third.reveal())), (200, Code::Ok));

    guarded.db.revoke(id, UnixNanos::now()).unwrap();
    guarded.follow();
    assert_eq!(guarded.answers(Some(third.reveal())), denied);
    assert_eq!(guarded.answers(None), denied, "and it is not open again");
    guarded.collector.stop();
}

#[test]
fn metrics_are_for_who_runs_the_service() {
    let mut guarded = Guarded::start(Fake::default());
    let ingest = guarded.key("acme", Scope::Ingest);
    let admin = guarded.key("acme", Scope::Admin);
    let get = |path: &str, key: &str| {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {key}\r\n\r\n"
        );
        ask(guarded.collector.http, &head, b"").status
    };
    assert_eq!(get("/metrics", ""), 401);
    assert_eq!(get("/metrics", ingest.reveal()), 403);
    assert_eq!(get("/metrics", admin.reveal()), 200);
    assert_eq!(get("/healthz", ""), 200, "probes have no key");
    guarded.collector.stop();
}

#[test]
fn a_quota_is_told_with_the_time_to_come_again() {
    let mut guarded = Guarded::start(Fake::default());
    let [slow, free] = ["slow", "free"].map(|tenant| guarded.key(tenant, Scope::Ingest));
    let limits = Limits {
        bytes_per_second: Some(10),
        ..Limits::default()
    };
    let tenant = Tenant::parse("slow").unwrap();
    guarded.db.set_limits(&tenant, limits).unwrap();
    guarded.follow();
    let header = format!("x-api-key: {}\r\n", slow.reveal());
    let slow = Some(slow.reveal());
    assert_eq!(
        guarded.answers(slow),
        (200, Code::ResourceExhausted),
        "the second is too much"
    );
    let refused = guarded.post(&header);
    assert_eq!(refused.status, 429);
    assert!(
        refused.head.contains("\r\nretry-after: "),
        "{}",
        refused.head
    );
    let status = guarded.export(slow).unwrap_err();
    assert!(!status.details().is_empty(), "RetryInfo");
    assert_eq!(guarded.answers(Some(free.reveal())), (200, Code::Ok));
    let admin = guarded.key("ops", Scope::Admin);
    let head = format!(
        "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {}\r\n\r\n",
        admin.reveal()
    );
    let metrics = String::from_utf8(ask(guarded.collector.http, &head, b"").body).unwrap();
    let line = r#"coldtrace_collector_tenant_refusals_total{limit="bytes",tenant="slow"} 3"#;
    let other_order = r#"coldtrace_collector_tenant_refusals_total{tenant="slow",limit="bytes"} 3"#;
    assert!(
        metrics.contains(line) || metrics.contains(other_order),
        "{metrics}"
    );
    guarded.collector.stop();
}

#[test]
fn the_tenant_is_the_keys_whatever_the_request_says() {
    let supervisor = Runtime::new().unwrap();
    let engine = supervisor.block_on(coldtrace_testkit::engine::start());
    let mut guarded = Guarded::start(engine.store().writer());
    let [acme, umbrella] = ["acme", "umbrella"].map(|tenant| guarded.key(tenant, Scope::Ingest));
    let limits = Limits {
        keep_days: Some(90),
        ..Limits::default()
    };
    let tenant = Tenant::parse("umbrella").unwrap();
    guarded.db.set_limits(&tenant, limits).unwrap();
    guarded.follow();
    let spoofed = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"tenant","value":{{"stringValue":"umbrella"}}}}]}},
            "scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"{}","name":"work",
            "startTimeUnixNano":"{now}","endTimeUnixNano":"{now}",
            "attributes":[{{"key":"tenant.id","value":{{"stringValue":"umbrella"}}}}]}}]}}]}}]}}"#,
        "09".repeat(16),
        "01".repeat(8),
        now = UnixNanos::now().0
    );
    let headers = |key: &Secret| {
        format!(
            "x-scope-orgid: umbrella\r\nx-tenant-id: umbrella\r\nx-tenant: umbrella\r\nx-api-key: {}\r\n",
            key.reveal()
        )
    };
    for key in [&acme, &umbrella] {
        let head = format!(
            "POST /v1/traces?tenant=umbrella HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n",
            headers(key),
            spoofed.len()
        );
        let taken = ask(guarded.collector.http, &head, spoofed.as_bytes());
        assert_eq!(
            taken.status,
            200,
            "{}",
            String::from_utf8_lossy(&taken.body)
        );
    }
    assert_eq!(guarded.export(Some(acme.reveal())).unwrap(), 1);
    guarded.collector.stop();
    let store = engine.store_config();
    for (tenant, keep_days, spans) in [("acme", 14, 1 + 3), ("umbrella", 90, 1)] {
        let question = format!(
            "SELECT count() FROM spans WHERE tenant = '{tenant}' AND keep_days = {keep_days}"
        );
        assert_eq!(on_engine::ask(&store, &question), Some(spans), "{question}");
    }
    let all = "SELECT count() FROM spans";
    assert_eq!(
        on_engine::ask(&store, all),
        Some(5),
        "the same bytes of two tenants are two requests"
    );
    supervisor.block_on(engine.stop());
}
