//! Who may read, and whose data.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use coldtrace_control::{Db, NewKey, Rings, Scope};
use coldtrace_model::{Tenant, UnixNanos};
use coldtrace_store::{Store, StoreConfig};
use coldtrace_testkit::{engine, span, trace_id};
use http_body_util::BodyExt as _;

use super::fixture::Data;
use super::served::Served;
use crate::journey::Limits;

/// What every route of the API is asked for.
const PATHS: [&str; 11] = [
    "/api/v1/compare?slowest=0.5",
    "/api/v1/functions",
    "/api/v1/invocations",
    "/api/v1/invocations/request",
    "/api/v1/logs",
    "/api/v1/search?q=%7B%7D",
    "/api/v1/search/suggest?q=%7B",
    "/api/v1/tail",
    "/api/v1/traces",
    "/api/v1/traces/0af7651916cd43dd8448eb211c80319c",
    "/api/v1/traces/0af7651916cd43dd8448eb211c80319c/operations",
];

pub(super) struct Keys {
    db: Db,
    _folder: tempfile::TempDir,
}

impl Keys {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            db: Db::open(folder.path()).expect("a new database"),
            _folder: folder,
        }
    }

    pub(super) fn make(
        &mut self,
        tenant: &str,
        scope: Scope,
        expires: Option<UnixNanos>,
    ) -> String {
        let key = NewKey {
            name: String::new(),
            tenant: Tenant::parse(tenant).expect("a tenant"),
            scope,
            expires,
        };
        let secret = self.db.create(&key, UnixNanos::now()).expect("a key");
        secret.reveal().to_owned()
    }

    pub(super) fn limit(&mut self, tenant: &str, limits: coldtrace_control::Limits) {
        let tenant = Tenant::parse(tenant).expect("a tenant");
        self.db.set_limits(&tenant, limits).expect("limits");
    }

    /// Whom they let in.
    pub(super) fn rings(&self) -> Rings {
        Rings::new(self.db.ring().expect("a ring"))
    }

    pub(super) fn serve(&self, store: &Store) -> Served {
        Served::behind(store, Limits::default(), self.rings())
    }

    pub(super) fn serve_with_rules(&self, store: &Store, rules: &str) -> Served {
        let rings = Rings::new(self.db.ring().expect("a ring"));
        Served::with_rules(store, Limits::default(), rings, rules)
    }
}

pub(super) fn nowhere() -> Store {
    Store::connect(StoreConfig {
        url: "http://127.0.0.1:9".to_owned(),
        user: "default".to_owned(),
        password: String::new(),
        database: "coldtrace".to_owned(),
    })
}

pub(super) fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = headers
        .iter()
        .fold(Request::get(path), |request, (name, value)| {
            request.header(*name, *value)
        });
    request.body(Body::empty()).expect("a request")
}

async fn status(served: &Served, path: &str, headers: &[(&str, &str)]) -> u16 {
    served.ask(get(path, headers)).await.status().as_u16()
}

#[tokio::test]
async fn no_route_of_the_api_answers_without_a_key_that_reads() {
    let mut keys = Keys::new();
    let ingest = keys.make("acme", Scope::Ingest, None);
    let expired = keys.make("acme", Scope::Read, Some(UnixNanos(1)));
    let read = keys.make("acme", Scope::Read, None);
    let served = keys.serve(&nowhere());
    for path in PATHS {
        let answer = served.ask(get(path, &[])).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let ask = |key: &str| get(path, &[("x-api-key", key)]);
        let (ingest, expired) = (served.ask(ask(&ingest)), served.ask(ask(&expired)));
        assert_eq!(ingest.await.status(), StatusCode::FORBIDDEN, "{path}");
        assert_eq!(expired.await.status(), StatusCode::UNAUTHORIZED, "{path}");
        // Let in, it finds that there is no store.
        let cookie = format!("theme=dark; coldtrace_key={read}");
        let bearer = format!("Bearer {read}");
        for (name, value) in [
            ("authorization", &bearer),
            ("x-api-key", &read),
            ("cookie", &cookie),
        ] {
            let status = status(&served, path, &[(name, value)]).await;
            assert_eq!(status, 503, "{path} with {name}");
        }
    }
}

#[tokio::test]
async fn what_concerns_all_tenants_needs_an_admin() {
    let mut keys = Keys::new();
    let read = keys.make("acme", Scope::Read, None);
    let admin = keys.make("acme", Scope::Admin, None);
    let served = keys.serve(&nowhere());
    for path in ["/metrics", "/api/v1/control/keys"] {
        assert_eq!(status(&served, path, &[]).await, 401, "{path}");
        let read = status(&served, path, &[("x-api-key", &read)]).await;
        assert_eq!(read, 403, "{path}");
        let admin = status(&served, path, &[("x-api-key", &admin)]).await;
        assert_eq!(admin, 200, "{path}");
    }
    assert_eq!(
        status(&served, "/healthz", &[]).await,
        200,
        "probes have no key"
    );
    let ring = served
        .ask(get("/api/v1/control/keys", &[("x-api-key", &admin)]))
        .await;
    let ring = ring.into_body().collect().await.expect("a body").to_bytes();
    let ring = String::from_utf8(ring.to_vec()).expect("text");
    assert!(
        !ring.contains(&admin) && !ring.contains(&read),
        "no secrets"
    );
}

#[tokio::test]
async fn without_keys_no_page_of_another_site_changes_anything() {
    let served = Served::without_store();
    let post = async |host: &str, origin: Option<&str>| {
        let request = Request::post("/api/v1/alerts/channels").header("host", host);
        let request = match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        };
        let request = request.body(Body::from("{}")).expect("a request");
        served.ask(request).await.status().as_u16()
    };
    for (host, origin, expected) in [
        ("localhost:7070", None, 400),
        ("localhost:7070", Some("http://localhost:7070"), 400),
        ("localhost:7070", Some("https://elsewhere.example"), 403),
        ("localhost:7070", Some("http://localhost:8080"), 403),
        ("localhost:7070", Some("null"), 403),
        ("elsewhere.example", Some("http://elsewhere.example"), 403),
        ("elsewhere.example", None, 403),
    ] {
        assert_eq!(post(host, origin).await, expected, "{host} {origin:?}");
    }
}

#[tokio::test]
async fn a_browser_signs_in_with_a_key_that_scripts_can_not_read() {
    let mut keys = Keys::new();
    let read = keys.make("acme", Scope::Read, None);
    let served = keys.serve(&nowhere());
    let sent = served
        .ask(get("/traces/ab?x=1", &[("accept", "text/html,*/*")]))
        .await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        sent.headers()[header::LOCATION],
        "/login?next=/traces/ab%3Fx%3D1"
    );

    let sign_in = |form: String| {
        let request = Request::post("/login");
        let kind = "application/x-www-form-urlencoded";
        let request = request.header("content-type", kind);
        request.body(Body::from(form)).expect("a request")
    };
    let refused = served.ask(sign_in(format!("key={read}x&next=/"))).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().get(header::SET_COOKIE).is_none());
    let page = refused
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let page = String::from_utf8(page.to_vec()).expect("text");
    assert!(page.contains("mistyped") && !page.contains(&read), "{page}");

    let taken = served
        .ask(sign_in(format!("key={read}&next=/traces/ab")))
        .await;
    assert_eq!(taken.status(), StatusCode::SEE_OTHER);
    assert_eq!(taken.headers()[header::LOCATION], "/traces/ab");
    let cookie = taken.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let (pair, _) = cookie.split_once(';').expect("attributes");
    let headers = [("accept", "text/html"), ("cookie", pair)];
    assert_eq!(status(&served, "/traces/ab", &headers).await, 200);
}

#[tokio::test]
async fn each_key_reads_its_own_tenant() {
    let engine = engine::start().await;
    let store = &engine.store();
    let mine = span("mine").service("shop").trace(0x51).id(1).at(0.0, 10.0);
    let theirs = span("theirs")
        .service("shop")
        .trace(0x52)
        .id(2)
        .at(0.0, 10.0);
    Data::of(store).spans("mine", &[mine.build()]).await;
    Data::of_a_stranger(store)
        .spans("theirs", &[theirs.build()])
        .await;
    let mut keys = Keys::new();
    let of_mine = keys.make("default", Scope::Read, None);
    let of_theirs = keys.make("stranger", Scope::Admin, None);
    let served = keys.serve(store);
    for (key, own, other) in [(&of_mine, 0x51, 0x52), (&of_theirs, 0x52, 0x51)] {
        let trace = |number| format!("/api/v1/traces/{}", trace_id(number));
        let headers = [("x-api-key", key.as_str()), ("x-scope-orgid", "stranger")];
        assert_eq!(status(&served, &trace(own), &headers).await, 200);
        assert_eq!(status(&served, &trace(other), &headers).await, 404);
        let list = "/api/v1/traces?from=1767225000000000000&to=1767226000000000000";
        let listed = served.ask(get(list, &headers)).await;
        let listed = listed
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        let listed: serde_json::Value = serde_json::from_slice(&listed).expect("JSON");
        let ids: Vec<&str> = listed["traces"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|trace| trace["trace_id"].as_str())
            .collect();
        assert_eq!(ids, [trace_id(own).to_string()]);
    }
    engine.stop().await;
}
