use coldtrace_model::{LogRecord, RequestId};
use coldtrace_store::Store;
use coldtrace_testkit::{engine, trace_id};
use serde_json::Value;

use super::fixture::{Data, line};
use super::served::Served;

/// From the tests' epoch, a day.
const RANGE: &str = "from=1767225600000000000&to=1767312000000000000";
const HOUR: f64 = 3_600_000.0;

#[tokio::test]
async fn lines_are_found_by_whose_they_are_how_severe_they_are_and_what_they_say() {
    let engine = engine::start().await;
    some_lines(&engine.store()).await;
    let served = Served::on(&engine.store());
    let all = [
        "Grüße an alle",
        "Connection REFUSED by db-1",
        "refused: a connection",
        "started",
    ];
    let cases: &[(&str, &[&str])] = &[
        ("", &all),
        ("function=cart", &all[1..]),
        ("function=nobody", &[]),
        ("request_id=r-1", &["refused: a connection", "started"]),
        (
            "trace_id=0000000000000000000000000000000A",
            &["Connection REFUSED by db-1"],
        ),
        ("severity=warn", &all[1..3]),
        ("severity=ERROR", &["Connection REFUSED by db-1"]),
        ("severity=17", &["Connection REFUSED by db-1"]),
        ("text=connection%20refused", &["Connection REFUSED by db-1"]),
        ("words=connection%20%20refused", &all[1..3]),
        ("words=connection+refused&text=DB-1", &all[1..2]),
        ("text=GR%C3%9CSSE", &[]),
        ("text=GR%C3%BC%C3%9FE", &["Grüße an alle"]),
        ("text=%25", &[]),
        ("text='%5C", &[]),
    ];
    for (filter, expected) in cases {
        let reply = served.ok(&format!("/api/v1/logs?{RANGE}&{filter}")).await;
        assert_eq!(bodies(&reply), *expected, "{filter}");
        assert_eq!(reply["next_cursor"], Value::Null, "{filter}");
    }
}

#[tokio::test]
async fn pages_hold_every_line_as_often_as_it_was_printed() {
    let engine = engine::start().await;
    let store = engine.store();
    let data = Data::of(&store);
    // Lines of one millisecond, most of them alike, and some of hours before.
    let mut lines: Vec<LogRecord> = (0..9).map(|_| line(20.0 * HOUR, "again")).collect();
    lines.extend((0..4).map(|number| line(20.0 * HOUR, &format!("another {number}"))));
    lines.extend((0..12).map(|hour| line(f64::from(hour) * HOUR, &format!("at {hour}"))));
    data.logs("cart", "", &lines).await;
    let served = Served::on(&store);
    let whole = bodies(&served.ok(&format!("/api/v1/logs?{RANGE}")).await);
    assert_eq!(whole.len(), 25);
    assert_eq!(whole.last().map(String::as_str), Some("at 0"));
    for limit in [1, 2, 5, 24, 25] {
        let mut path = format!("/api/v1/logs?{RANGE}&limit={limit}");
        let mut walked = Vec::new();
        loop {
            let reply = served.ok(&path).await;
            walked.extend(bodies(&reply));
            let Some(cursor) = reply["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/v1/logs?limit={limit}&cursor={cursor}");
        }
        assert_eq!(walked, whole, "{limit} a page");
    }
}

async fn some_lines(store: &Store) {
    let data = Data::of(store);
    let of_request = |line: LogRecord| LogRecord {
        request_id: RequestId::parse("r-1").ok(),
        ..line
    };
    let severe = |severity, line: LogRecord| LogRecord { severity, ..line };
    let lines = [
        severe(0, of_request(line(1_000.0, "started"))),
        severe(13, of_request(line(2_000.0, "refused: a connection"))),
        LogRecord {
            trace_id: Some(trace_id(10)),
            ..severe(18, line(3.0 * HOUR, "Connection REFUSED by db-1"))
        },
    ];
    data.logs("cart", "sandbox", &lines).await;
    data.logs("mailer", "", &[line(4.0 * HOUR, "Grüße an alle")])
        .await;
    let strangers = Data::of_a_stranger(store);
    strangers
        .logs("cart", "", &[line(2_000.0, "refused: not yours")])
        .await;
}

fn bodies(reply: &Value) -> Vec<String> {
    let logs = reply["logs"].as_array().expect("a list");
    let body = |line: &Value| line["body"].as_str().expect("a body").to_owned();
    logs.iter().map(body).collect()
}
