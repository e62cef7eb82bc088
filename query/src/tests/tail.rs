//! Tails, look by look under a clock of the test's; and as a client sees one.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use coldtrace_model::{FactSet, Invocation, LogRecord, Nanos, Outcome, Tenant, UnixNanos};
use coldtrace_store::Store;
use coldtrace_store::reader::LineFilter;
use coldtrace_testkit::{at, engine, invocation};
use http_body_util::BodyExt as _;

use super::fixture::{Data, line};
use super::openapi::Description;
use super::served::Served;
use crate::tail::{InvocationSubject, Position, Subject, Tail, Tails, What};

const SECOND: f64 = 1_000.0;
const MINUTE: f64 = 60.0 * SECOND;

/// Who follows, and where it stands.
struct Follower {
    tail: Tail,
    position: Position,
}

impl Follower {
    fn open(
        tails: &Tails,
        store: &Store,
        subject: &Subject,
        after: Option<Position>,
        millis: f64,
    ) -> Self {
        let tenant = Tenant::parse("default").expect("a tenant");
        let reader = store.reader(tenant.clone());
        let tail = Tail::open(tails, tenant, reader, subject.clone(), after, at(millis));
        let tail = tail.unwrap_or_else(|full| panic!("{full}"));
        let position = tail.position();
        Self { tail, position }
    }

    /// What a look tells, in a few words each.
    async fn look(&mut self, millis: f64) -> Vec<String> {
        let news = self.tail.look(at(millis)).await.expect("the store answers");
        let words = |what: &What| match what {
            What::Invocation(told) => format!("{} {}", told.request_id, told.outcome.as_str()),
            What::Line(service, record) => format!("{service}: {}", record.body),
            What::Skipped => "skipped".to_owned(),
        };
        self.position = news.last().map_or(self.position, |news| news.position);
        news.iter().map(|news| words(&news.what)).collect()
    }
}

fn started(request: &str, millis: f64) -> Invocation {
    let told = invocation(request).function("cart").started(millis);
    told.with(|told| told.facts = FactSet::STARTED).build()
}

fn ended(request: &str, millis: f64, outcome: Outcome) -> Invocation {
    let told = invocation(request).function("cart").started(millis);
    let told = told.ended(outcome, millis + 100.0);
    told.with(|told| told.facts = FactSet::REPORTED).build()
}

fn all_invocations() -> Subject {
    Subject::Invocations(InvocationSubject::default())
}

fn all_lines() -> Subject {
    Subject::Lines(LineFilter::default())
}

#[tokio::test]
async fn an_invocation_is_told_when_it_comes_and_whenever_more_is_known_of_it() {
    let engine = engine::start().await;
    let store = &engine.store();
    let data = Data::of(store);
    data.fact("old", &ended("old", 0.0, Outcome::Ok)).await;
    let tails = Tails::default();
    let mut all = Follower::open(&tails, store, &all_invocations(), None, MINUTE);
    let failed = Subject::Invocations(InvocationSubject {
        outcomes: vec![Outcome::Timeout],
        ..InvocationSubject::default()
    });
    let mut failed = Follower::open(&tails, store, &failed, None, MINUTE);
    assert_eq!(all.look(MINUTE).await, [""; 0], "it was there before");
    assert_eq!(failed.look(MINUTE).await, [""; 0]);

    data.fact("a", &started("a", 61.0 * SECOND)).await;
    let strangers = Data::of_a_stranger(store);
    strangers.fact("b", &started("b", 61.0 * SECOND)).await;
    assert_eq!(all.look(62.0 * SECOND).await, ["a running"]);
    assert_eq!(all.look(63.0 * SECOND).await, [""; 0]);

    data.fact("a ends", &ended("a", 61.0 * SECOND, Outcome::Timeout))
        .await;
    // Of an invocation that began ten minutes before the tail, nobody had told yet.
    data.fact("late", &ended("late", -9.0 * MINUTE, Outcome::Ok))
        .await;
    assert_eq!(all.look(64.0 * SECOND).await, ["late ok", "a timeout"]);
    assert_eq!(failed.look(64.0 * SECOND).await, ["a timeout"]);
    assert_eq!(all.look(65.0 * SECOND).await, [""; 0]);
    data.fact("too late", &ended("too late", -61.0 * MINUTE, Outcome::Ok))
        .await;
    assert_eq!(all.look(66.0 * SECOND).await, [""; 0]);
}

#[tokio::test]
async fn a_line_is_told_once_in_whatever_order_lines_come() {
    let engine = engine::start().await;
    let store = &engine.store();
    let data = Data::of(store);
    data.logs("before", "", &[line(0.0, "old")]).await;
    let mut all = Follower::open(&Tails::default(), store, &all_lines(), None, SECOND);
    assert_eq!(all.look(SECOND).await, [""; 0]);
    let twice = [line(2_000.0, "again"), line(2_000.0, "again")];
    data.logs("cart", "", &twice).await;
    assert_eq!(all.look(3_000.0).await, ["cart: again", "cart: again"]);
    let late = [line(500.0, "late"), line(2_500.0, "later")];
    data.logs("late", "", &late).await;
    assert_eq!(all.look(4_000.0).await, ["late: late", "late: later"]);
    assert_eq!(all.look(5_000.0).await, [""; 0]);
    // Two minutes after that, nobody waits for it any more.
    assert_eq!(all.look(MINUTE * 4.0).await, [""; 0]);
    data.logs("too late", "", &[line(6_000.0, "too late")])
        .await;
    assert_eq!(all.look(MINUTE * 4.0).await, [""; 0]);
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_and_nothing_twice() {
    let engine = engine::start().await;
    let store = &engine.store();
    let data = Data::of(store);
    let tails = Tails::default();
    let mut first = Follower::open(&tails, store, &all_lines(), None, 0.0);
    first.look(0.0).await;
    data.logs("one", "", &[line(1_000.0, "1"), line(1_500.0, "2")])
        .await;
    assert_eq!(first.look(2_000.0).await, ["one: 1", "one: 2"]);
    let position = first.position;
    data.logs("two", "", &[line(1_800.0, "3"), line(2_500.0, "4")])
        .await;
    let sent = first.look(3_000.0).await;
    assert_eq!(sent, ["two: 3", "two: 4"], "which the client does not get");
    drop(first);
    data.logs("three", "", &[line(1_200.0, "between")]).await;

    let mut back = Follower::open(&tails, store, &all_lines(), Some(position), 10_000.0);
    let missed = ["three: between", "two: 3", "two: 4"];
    assert_eq!(back.look(10_000.0).await, missed);
    assert_eq!(back.look(11_000.0).await, [""; 0]);

    // Where nobody remembers, it goes on behind the latest that was told.
    let elsewhere = Tails::default();
    let mut back = Follower::open(&elsewhere, store, &all_lines(), Some(position), 10_000.0);
    assert_eq!(back.look(10_000.0).await, ["two: 3", "two: 4"]);
    assert_eq!(back.look(11_000.0).await, [""; 0]);
}

#[tokio::test]
async fn a_burst_is_told_bit_by_bit_and_whole() {
    let engine = engine::start().await;
    let store = &engine.store();
    let data = Data::of(store);
    let mut all = Follower::open(&Tails::default(), store, &all_lines(), None, 0.0);
    all.look(0.0).await;
    let lines: Vec<LogRecord> = (0..1_200)
        .map(|number| line(1_000.0 + f64::from(number), &number.to_string()))
        .collect();
    data.logs("cart", "", &lines).await;
    let mut told = Vec::new();
    for second in [3.0, 4.0, 5.0] {
        let some = all.look(second * SECOND).await;
        assert!(some.len() <= 500, "{}", some.len());
        told.extend(some);
    }
    let expected: Vec<String> = (0..1_200).map(|number| format!("cart: {number}")).collect();
    assert_eq!(told, expected);
    // Who was away for more than an hour is told that there is a gap.
    assert_eq!(all.look(2.0 * 60.0 * MINUTE).await, ["skipped"]);
}

#[tokio::test]
async fn a_client_sees_events_with_ids_and_only_so_many_may_follow() {
    let engine = engine::start().await;
    let store = &engine.store();
    let served = Served::on(store);
    let mut followed = Vec::new();
    for _ in 0..10 {
        followed.push(served.ask(get("/api/v1/tail?of=logs&text=hello")).await);
    }
    let refused = served.ask(get("/api/v1/tail")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "30");
    let told = refused.into_body().collect().await.expect("a body");
    let told = serde_json::from_slice(&told.to_bytes()).expect("JSON");
    Description::read().check("GET /api/v1/tail", 429, &told);
    let mut one = followed.pop().expect("a tail");
    assert_eq!(one.status(), StatusCode::OK);
    assert_eq!(one.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(one.headers()[header::CACHE_CONTROL], "no-store");
    let begun = frame(&mut one).await;
    assert!(begun.starts_with("event: begun\nid: "), "{begun}");

    let now = LogRecord {
        time: UnixNanos::now().minus(Nanos(1)),
        ..line(0.0, "Hello,\nthere")
    };
    Data::of(store).logs("cart", "", &[now]).await;
    let told = frame(&mut one).await;
    let fields: Vec<&str> = told.lines().collect();
    assert_eq!(fields[0], "event: log");
    assert!(fields[1].starts_with("id: "), "{told}");
    let data = fields[2].strip_prefix("data: ").expect("data");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["body"], "Hello,\nthere");

    drop(one);
    let id = fields[1].trim_start_matches("id: ");
    let request = Request::get("/api/v1/tail?of=logs&text=hello").header("last-event-id", id);
    let mut back = served
        .ask(request.body(Body::empty()).expect("a request"))
        .await;
    assert_eq!(back.status(), StatusCode::OK, "there is a seat again");
    assert!(frame(&mut back).await.contains(id), "it goes on from there");

    served.end_tails();
    let rest = back.into_body().collect().await.expect("a body");
    assert!(rest.to_bytes().is_empty(), "it ends with the service");
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

/// What comes next, past comments.
async fn frame(answer: &mut axum::response::Response) -> String {
    loop {
        let frame = answer.body_mut().frame().await.expect("it goes on");
        let data = frame.expect("a frame").into_data().expect("data");
        let text = String::from_utf8(data.to_vec()).expect("text");
        if !text.starts_with(':') {
            return text;
        }
    }
}
