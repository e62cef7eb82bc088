//! Answers that took a while are kept for a while: a page that is opened again, or by several at once, asks the store once.
//!
//! They are kept by tenant and by the whole question, in memory. Who asks the same while it is being answered waits for that answer.
//! What was quick is not kept: it is always the newest. Invariant: nobody is given what was answered to another tenant, and nothing
//! that is older than the lifetime, which the header `age` tells in seconds.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use coldtrace_model::Tenant;
use coldtrace_service::metrics::{Counter, Registry};
use moka::future::Cache;
use tokio::time::Instant;

use super::access::Access;
use super::show::Shown;

/// In bytes, of all answers together.
const MOST: u64 = 64 << 20;
/// What is answered sooner is not kept.
const SLOW: Duration = Duration::from_millis(100);

/// Answers that were given of late. Clones share them.
#[derive(Clone)]
pub(crate) struct Answers {
    /// None if nothing is to be kept.
    kept: Option<Cache<Question, Answer>>,
    again: Counter,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    tenant: Tenant,
    /// Path and query.
    asked: String,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    given: Instant,
}

// === impl Answers ===

impl Answers {
    /// Kept for so long; zero for not at all.
    pub(crate) fn lasting(lifetime: Duration, registry: &Registry) -> Self {
        let kept = (!lifetime.is_zero()).then(|| {
            Cache::builder()
                .max_capacity(MOST)
                .weigher(|question: &Question, answer: &Answer| {
                    let bytes = question.asked.len() + answer.body.len();
                    u32::try_from(bytes).unwrap_or(u32::MAX)
                })
                .time_to_live(lifetime)
                .build()
        });
        Self {
            kept,
            again: registry.counter(
                "coldtrace_query_kept_answers_total",
                "Requests to the API that were answered with what another one was told within query.keep_answers.",
                &[],
            ),
        }
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        let access = request.extensions().get::<Access>();
        let (Some(kept), Some(access)) = (&self.kept, access) else {
            return next.run(request).await;
        };
        if request.method() != Method::GET || request.extensions().get::<Shown>().is_some() {
            return next.run(request).await;
        }
        let uri = request.uri();
        let question = Question {
            tenant: access.tenant.clone(),
            asked: uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
        };
        let mut took = None;
        let asked = async {
            let started = Instant::now();
            let answer = Answer::whole(next.run(request).await).await;
            took = Some(started.elapsed());
            match answer.status.is_success() {
                true => Ok(answer),
                false => Err(answer),
            }
        };
        let answer = kept.try_get_with(question.clone(), asked).await;
        if took.is_some_and(|took| took < SLOW) {
            kept.invalidate(&question).await;
        }
        let is_again = took.is_none();
        if is_again {
            self.again.inc();
        }
        match answer {
            Ok(answer) => answer.told(is_again),
            Err(failed) => Arc::unwrap_or_clone(failed).told(is_again),
        }
    }
}

/// Answers with what was told of late, or asks and keeps what is told.
pub(super) async fn keep(State(answers): State<Answers>, request: Request, next: Next) -> Response {
    answers.answer(request, next).await
}

// === impl Answer ===

impl Answer {
    async fn whole(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        // What is written as JSON is there as a whole, and collecting it can't fail.
        let body = to_bytes(body, usize::MAX).await;
        Self {
            status: parts.status,
            headers: parts.headers,
            body: body.unwrap_or_default(),
            given: Instant::now(),
        }
    }

    fn told(self, is_again: bool) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if is_again {
            let age = self.given.elapsed().as_secs();
            response.headers_mut().insert(header::AGE, age.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Router;
    use axum::middleware;
    use axum::routing::get;
    use coldtrace_control::{Gate, Holder, Rings};
    use coldtrace_store::{Store, StoreConfig};
    use tower::ServiceExt as _;

    use super::super::access::Api;
    use super::*;
    use crate::deployment::intake;
    use crate::journey::Limits;
    use crate::keyring::Keyring;

    const LIFETIME: Duration = Duration::from_secs(10);

    /// A route that tells how often it was asked, and takes as long as its query says, in milliseconds; 500 for a failure.
    fn counting(answers: Answers, asked: Arc<AtomicU32>) -> Router {
        let handler = async move |request: Request| {
            let length: u64 = request.uri().query().unwrap_or("0").parse().unwrap();
            tokio::time::sleep(Duration::from_millis(length)).await;
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            match length {
                500 => (StatusCode::SERVICE_UNAVAILABLE, number.to_string()),
                _ => (StatusCode::OK, number.to_string()),
            }
        };
        Router::new().route(
            "/",
            get(handler).layer(middleware::from_fn_with_state(answers, keep)),
        )
    }

    fn api() -> Api {
        let store = Store::connect(StoreConfig {
            url: "http://127.0.0.1:9".to_owned(),
            user: "default".to_owned(),
            password: String::new(),
            database: "coldtrace".to_owned(),
        });
        let folder = tempfile::tempdir().expect("a folder");
        let alerts = crate::alerts::alerts_in(folder.path());
        let gate = Gate::new(Rings::default(), true);
        let keyring = Keyring::elsewhere(Rings::default());
        Api::new(store, Limits::default(), gate, alerts, intake(), keyring)
    }

    async fn ask(router: &Router, tenant: &str, path: &str) -> (String, bool) {
        told(router, request(tenant, path)).await
    }

    fn request(tenant: &str, path: &str) -> Request {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        let holder = Holder {
            tenant: Tenant::parse(tenant).unwrap(),
            grant: None,
        };
        request.extensions_mut().insert(api().access(holder));
        request
    }

    async fn told(router: &Router, request: Request) -> (String, bool) {
        let Ok(reply) = router.clone().oneshot(request).await;
        let has_age = reply.headers().contains_key(header::AGE);
        let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
        (String::from_utf8(body.to_vec()).unwrap(), has_age)
    }

    #[tokio::test(start_paused = true)]
    async fn what_took_long_is_told_again_to_the_same_tenant_alone() {
        let answers = Answers::lasting(LIFETIME, &Registry::new());
        let router = counting(answers, Arc::default());
        let (first, second) =
            tokio::join!(ask(&router, "ours", "/?200"), ask(&router, "ours", "/?200"));
        assert_eq!((&*first.0, &*second.0), ("1", "1"), "asked once by both");
        assert_eq!(ask(&router, "ours", "/?200").await, ("1".to_owned(), true));
        assert_eq!(ask(&router, "ours", "/?300").await, ("2".to_owned(), false));
        assert_eq!(
            ask(&router, "theirs", "/?200").await,
            ("3".to_owned(), false)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_quick_or_failed_is_asked_again() {
        let answers = Answers::lasting(LIFETIME, &Registry::new());
        let router = counting(answers, Arc::default());
        for (path, number) in [("/?20", 1), ("/?20", 2), ("/?500", 3), ("/?500", 4)] {
            assert_eq!(
                ask(&router, "ours", path).await,
                (number.to_string(), false)
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_whose_queries_are_shown_is_neither_kept_nor_told_what_was() {
        let answers = Answers::lasting(LIFETIME, &Registry::new());
        let router = counting(answers, Arc::default());
        let shown = async || {
            let mut request = request("ours", "/?200");
            request.extensions_mut().insert(Shown);
            told(&router, request).await
        };
        assert_eq!(shown().await, ("1".to_owned(), false));
        assert_eq!(ask(&router, "ours", "/?200").await, ("2".to_owned(), false));
        assert_eq!(shown().await, ("3".to_owned(), false));
        assert_eq!(ask(&router, "ours", "/?200").await, ("2".to_owned(), true));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_kept_where_that_is_asked() {
        let router = counting(
            Answers::lasting(Duration::ZERO, &Registry::new()),
            Arc::default(),
        );
        for number in ["1", "2"] {
            assert_eq!(
                ask(&router, "ours", "/?200").await,
                (number.to_owned(), false)
            );
        }
    }
}
