use std::collections::BTreeSet;

use coldtrace_control::Scope;
use coldtrace_testkit::engine;
use insta::assert_json_snapshot;
use serde_json::Value;

use super::fixture::{Data, an_order, wide};
use super::keys::{Keys, get};
use super::openapi::Description;
use super::served::Served;
use crate::journey::Limits;

const ORDER_TRACE: &str = "00000000000000000000000000000020";

#[tokio::test]
async fn an_invocation_comes_with_its_journey_and_its_lines() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let served = Served::on(&engine.store());
    let detail = served.ok("/api/v1/invocations/order-1").await;
    assert_json_snapshot!("detail", detail);
    let of_trace = served.ok(&format!("/api/v1/traces/{ORDER_TRACE}")).await;
    assert_eq!(
        of_trace, detail["trace"],
        "one journey, wherever it is entered"
    );
    let of_platform = "/api/v1/traces/00000000000000000000000000000010";
    assert_eq!(served.ok(of_platform).await, detail["trace"]);
}

#[tokio::test]
async fn every_reply_is_what_the_description_says() {
    let engine = engine::start().await;
    an_order(&engine.store()).await;
    let (served, away) = (Served::on(&engine.store()), Served::without_store());
    let mut keys = Keys::new();
    let may_not_read = keys.make("acme", Scope::Ingest, None);
    let locked = keys.serve(&engine.store());
    let description = Description::read();
    let range = "from=1767225600000000000&to=1767229200000000000";
    let errors = served.ok(&format!("/api/v1/errors?{range}")).await;
    let group = errors["errors"][0]["group"].as_str().expect("a group");
    let cases = [
        ("/api/v1/findings", vec![String::new(), "?from=x".into()]),
        (
            "/api/v1/changes",
            vec![format!("?{range}"), "?from=x".into()],
        ),
        (
            "/api/v1/cold-starts",
            vec![format!("?{range}"), "?from=x".into()],
        ),
        (
            "/api/v1/compare",
            vec![
                format!("?{range}&slowest=0.4"),
                format!("?{range}&outcome=oom"),
                "?slowest=2".into(),
            ],
        ),
        (
            "/api/v1/compare/paths",
            vec![format!("?{range}&slowest=0.4"), "?slowest=2".into()],
        ),
        (
            "/api/v1/functions",
            vec![format!("?{range}"), "?to=x".into()],
        ),
        (
            "/api/v1/functions/{function}",
            vec![
                format!("checkout?{range}"),
                format!("nobody?{range}"),
                "%FF".into(),
            ],
        ),
        (
            "/api/v1/errors",
            vec![format!("?{range}&limit=1"), "?sort=cost".into()],
        ),
        (
            "/api/v1/errors/{group}",
            vec![
                format!("{group}?{range}"),
                format!("00000000000000ff?{range}"),
                "ff".into(),
            ],
        ),
        (
            "/api/v1/functions/{function}/findings",
            vec![
                format!("mailer/findings?{range}"),
                format!("nobody/findings?{range}"),
                "mailer/findings?from=x".into(),
            ],
        ),
        (
            "/api/v1/functions/{function}/path",
            vec![
                format!("checkout/path?{range}"),
                format!("nobody/path?{range}"),
                "checkout/path?from=x".into(),
            ],
        ),
        (
            "/api/v1/functions/{function}/sandboxes",
            vec![
                format!("checkout/sandboxes?{range}"),
                format!("nobody/sandboxes?{range}"),
                "checkout/sandboxes?from=x".into(),
            ],
        ),
        (
            "/api/v1/invocations",
            vec![format!("?{range}&limit=1"), "?limit=0".into()],
        ),
        (
            "/api/v1/invocations/{request_id}",
            vec![
                "order-1".into(),
                "mail-1".into(),
                "nobody".into(),
                "%FF".into(),
            ],
        ),
        (
            "/api/v1/logs",
            vec![format!("?{range}&limit=1"), "?severity=x".into()],
        ),
        ("/api/v1/map", vec![format!("?{range}"), "?from=x".into()]),
        (
            "/api/v1/search",
            vec![
                format!("?{range}&limit=1&q=%7B%7D%7Cby(name)%7Cselect(name)"),
                "?q=%7B".into(),
            ],
        ),
        (
            "/api/v1/search/suggest",
            vec![format!("?{range}&q=%7B%20."), "?at=1".into()],
        ),
        ("/api/v1/settings", vec![String::new(), "?x=1".into()]),
        ("/api/v1/tail", vec!["?of=x".into()]),
        (
            "/api/v1/traces",
            vec![format!("?{range}&limit=1"), "?sort=x".into()],
        ),
        (
            "/api/v1/traces/{trace_id}",
            vec![
                ORDER_TRACE.into(),
                ORDER_TRACE.replace('2', "7"),
                "xyz".into(),
            ],
        ),
    ];
    let mut answered = BTreeSet::new();
    for (path, requests) in cases {
        let operation = format!("GET {path}");
        let folder = path.split('{').next().expect("a first part");
        for request in &requests {
            let (status, body) = served.get(&format!("{folder}{request}")).await;
            description.check(&operation, status.as_u16(), &body);
            answered.insert((operation.clone(), status.as_u16()));
        }
        let first = format!("{folder}{}", requests[0]);
        let no_key = get(&first, &[]);
        let wrong_key = get(&first, &[("x-api-key", &may_not_read)]);
        for (status, body) in [
            away.get(&first).await,
            locked.answer(no_key).await,
            locked.answer(wrong_key).await,
        ] {
            description.check(&operation, status.as_u16(), &body);
            answered.insert((operation.clone(), status.as_u16()));
        }
    }
    let mut described = description.answers();
    let (status, body) = away.get("/api/v1/tail").await;
    description.check("GET /api/v1/tail", status.as_u16(), &body);
    answered.insert(("GET /api/v1/tail".to_owned(), status.as_u16()));
    // What is followed has a test of its own.
    described.retain(|(operation, status)| {
        operation != "GET /api/v1/tail" || ![200, 429].contains(status)
    });
    // So have alerts, and keys and limits.
    let tested = ["alerts", "keys", "limits"].map(|part| format!(" /api/v1/{part}"));
    described.retain(|(operation, _)| !tested.iter().any(|part| operation.contains(part)));
    // A mistake of our own can't be had on demand; its body is that of every error.
    described.retain(|(_, status)| *status != 500);
    assert_eq!(
        answered, described,
        "every answer that is described was seen"
    );
}

#[tokio::test]
async fn a_journey_with_more_spans_than_are_shown_says_how_many_there_are() {
    let engine = engine::start().await;
    Data::of(&engine.store())
        .spans("wide", &wide(1, 1_000))
        .await;
    let trace = "/api/v1/traces/00000000000000000000000000000001";
    let whole = Served::on(&engine.store()).ok(trace).await;
    assert_eq!(shown(&whole), 1_000);
    assert_eq!(whole["spans_total"], 1_000);
    assert_eq!(whole["warnings"], Value::Array(Vec::new()));

    let limits = Limits {
        spans: 100,
        ..Limits::default()
    };
    let cut = Served::with(&engine.store(), limits).ok(trace).await;
    assert_eq!(shown(&cut), 100);
    assert_eq!(cut["spans_total"], 1_000);
    assert_eq!(cut["warnings"][0], "the first 100 of 1000 spans are shown");
}

fn shown(trace: &Value) -> usize {
    trace["spans"].as_array().expect("a list").len()
}
