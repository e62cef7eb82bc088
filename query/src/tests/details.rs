use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use coldtrace_analysis::Room;
use coldtrace_control::Scope;
use coldtrace_model::Span;
use coldtrace_testkit::{engine, resource, span};
use http_body_util::BodyExt as _;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::fixture::{Data, an_order};
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
async fn in_blocks_the_same_is_told_and_each_block_is_a_line() {
    const CALLS: u64 = 4_500;
    let engine = engine::start().await;
    Data::of(&engine.store())
        .spans("wide", &alike(1, CALLS))
        .await;
    let served = Served::on(&engine.store());
    let trace = "/api/v1/traces/00000000000000000000000000000001";
    let rows = served.ok(trace).await;
    let request = Request::get(format!("{trace}?spans=blocks")).body(Body::empty());
    let reply = served.ask(request.expect("a request")).await;
    let body = reply.into_body().collect().await.expect("a body");
    let text = String::from_utf8(body.to_bytes().to_vec()).expect("it is UTF-8");

    let lines: Vec<&str> = text.lines().collect();
    let (head, tail) = (lines[0], lines[lines.len() - 1]);
    assert!(head.ends_with("\"blocks\":["), "{head}");
    assert!(tail.starts_with(']'), "{tail}");
    let blocks: Vec<Value> = lines[1..lines.len() - 1]
        .iter()
        .map(|line| serde_json::from_str(line.trim_end_matches(',')).expect("a block"))
        .collect();
    assert_eq!(
        blocks.len() as u64,
        (1 + 2 * CALLS).div_ceil(1_000),
        "each has a thousand spans"
    );
    let mut told: Value = serde_json::from_str(&text).expect("all of it is JSON");
    assert_eq!(told["blocks"], json!(blocks));
    let column = |name: &str| -> Vec<Value> {
        let columns = blocks.iter().map(|block| block[name].as_array());
        columns
            .flat_map(|column| column.expect(name))
            .cloned()
            .collect()
    };
    let spans = rows["spans"].as_array().expect("spans");
    let ids: Vec<Value> = spans.iter().map(|span| span["span_id"].clone()).collect();
    assert_eq!(column("span_id"), ids);
    let parents: Vec<Value> = spans.iter().map(|span| span["parent"].clone()).collect();
    assert_eq!(column("parent"), parents, "they count through all blocks");
    let sections = rows["critical_path"].as_array().expect("sections");
    let path = &told["critical_path"];
    assert_eq!(path["span"].as_array().map(Vec::len), Some(sections.len()));

    let mut around = rows;
    for one in [&mut told, &mut around] {
        for name in ["spans", "blocks", "critical_path"] {
            one.as_object_mut().expect("an object").remove(name);
        }
    }
    assert_eq!(told, around, "the rest is the same");

    let wrong = served.get(&format!("{trace}?spans=columns")).await;
    assert_eq!(wrong.0, 400);
    assert_eq!(wrong.1["error"]["message"], "must be rows or blocks");
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
                "order-1?spans=blocks".into(),
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
                format!("{ORDER_TRACE}?spans=blocks"),
                ORDER_TRACE.replace('2', "7"),
                "xyz".into(),
            ],
        ),
        (
            "/api/v1/traces/{trace_id}/operations",
            vec![
                format!("{ORDER_TRACE}/operations"),
                format!("{}/operations", ORDER_TRACE.replace('2', "7")),
                "xyz/operations".into(),
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

/// A root with so many calls alike, each with a query below it; the last but one is the longest and failed.
fn alike(trace: u128, calls: u64) -> Vec<Span> {
    let shared = resource("wide");
    let mut spans = vec![
        span("all")
            .trace(trace)
            .id(1)
            .resource(&shared)
            .at(0.0, 2_000.0)
            .build(),
    ];
    for call in 1..=calls {
        let (id, start) = (call * 2, call as f64);
        let one = |name: &str| span(name).trace(trace).resource(&shared);
        let outer = one("call").id(id).under(1);
        let outer = outer.attribute("item", call.to_string().as_str());
        spans.push(match call + 1 == calls {
            true => outer.at(start, start + 90.0).failed("no stock").build(),
            false => outer.at(start, start + 50.0).build(),
        });
        let inner = one("query").id(id + 1).under(id);
        spans.push(inner.at(start + 1.0, start + 2.0).build());
    }
    spans
}

#[tokio::test]
async fn a_journey_with_more_spans_than_are_shown_is_folded_and_opens_below_each() {
    let engine = engine::start().await;
    Data::of(&engine.store())
        .spans("wide", &alike(1, 500))
        .await;
    let trace = "/api/v1/traces/00000000000000000000000000000001";
    let whole = Served::on(&engine.store()).ok(trace).await;
    assert_eq!(shown(&whole), 1_001);
    assert_eq!(whole["spans_total"], 1_001);
    assert_eq!(whole["folds"], json!([]));
    assert_eq!(whole["warnings"], json!([]));

    let limits = Limits {
        spans: 100,
        folded: Room {
            spans: 50,
            alike: 1,
        },
        below: Room {
            spans: 60,
            alike: 10,
        },
        ..Limits::default()
    };
    let served = Served::with(&engine.store(), limits);
    let folded = served.ok(trace).await;
    let names = |trace: &Value| -> Vec<String> {
        let spans = trace["spans"].as_array().expect("a list").iter();
        spans
            .map(|one| one["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&folded), ["all", "call", "query"]);
    assert_eq!(folded["spans_total"], 1_001);
    let longest = &folded["spans"][1];
    assert_eq!(longest["attributes"], whole["spans"][997]["attributes"]);
    assert_eq!(longest["status_message"], "no stock");
    let fold = &folded["folds"][0];
    assert_eq!(
        *fold,
        json!({ "span": 1, "siblings": 500, "errors": 1, "hidden": 998, "total": "25040000000", "critical_time": fold["critical_time"] })
    );
    assert_eq!(
        folded["warnings"][0],
        "1001 spans are too many to show: of siblings that are alike the longest are shown, 3 spans in all; \
         findings go by names, kinds and times alone"
    );

    let root = folded["spans"][0]["span_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let below = served.ok(&format!("{trace}?below={root}")).await;
    assert_eq!(
        shown(&below),
        1 + 10 * 2,
        "the ten longest, with what is below them"
    );
    assert_eq!(below["folds"][0]["siblings"], 500);
    let call = longest["span_id"].as_str().expect("an id");
    let below = served.ok(&format!("{trace}?below={call}")).await;
    assert_eq!(names(&below), ["call", "query"]);
    assert_eq!(below["spans"][0]["depth"], 0);
    assert_eq!(below["folds"], json!([]));

    let limits = Limits {
        looked_at: 200,
        ..limits
    };
    let cut = Served::with(&engine.store(), limits).ok(trace).await;
    assert_eq!(cut["spans_total"], 1_001);
    assert_eq!(
        cut["warnings"][1],
        "the first 200 of 1001 spans are looked at"
    );

    let missing = served.get(&format!("{trace}?below=ffffffffffffffff")).await;
    assert_eq!(missing.0, 404);
    let wrong = served.get(&format!("{trace}?below=xyz")).await;
    assert_eq!(wrong.0, 400);
}

fn shown(trace: &Value) -> usize {
    trace["spans"].as_array().expect("a list").len()
}
