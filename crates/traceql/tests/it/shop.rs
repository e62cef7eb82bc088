//! A fixed trace that the tables ask about.
//!
//! ```text
//! 1 POST /orders          gateway    server    0-100 ms   failed
//! └ 2 checkout            gateway    client    5-95
//!   └ 3 checkout          checkout   server   10-90
//!     ├ 4 SELECT orders   checkout   client   15-25
//!     ├ 5 SELECT orders   checkout   client   26-40
//!     ├ 6 PUT image       checkout   client   45-60      an event, a link
//!     └ 7 charge          checkout   internal 60-85      failed, two events
//!       └ 8 hash          checkout   internal 61-62
//! 9 cleanup               cron       unspecified 200-230
//! ```

use std::sync::LazyLock;

use coldtrace_analysis::{Evidence, Trace, rebuild};
use coldtrace_model::{AttributeValue, SpanKind};
use coldtrace_testkit::{SpanBuilder, span};
use coldtrace_traceql::{Tree, parse};

pub(crate) fn shop() -> &'static Trace {
    static SHOP: LazyLock<Trace> = LazyLock::new(rebuilt);
    &SHOP
}

fn rebuilt() -> Trace {
    let texts = |texts: [&str; 2]| {
        AttributeValue::Array(
            texts
                .map(|text| AttributeValue::String(text.to_owned()))
                .to_vec(),
        )
    };
    let spans: [SpanBuilder; 9] = [
        span("POST /orders")
            .id(1)
            .kind(SpanKind::Server)
            .service("gateway")
            .at(0.0, 100.0)
            .attribute("http.route", "/orders")
            .attribute("http.response.status_code", 500)
            .attribute("user", "ann")
            .failed("upstream failed"),
        span("checkout")
            .id(2)
            .under(1)
            .kind(SpanKind::Client)
            .service("gateway")
            .at(5.0, 95.0)
            .attribute("peer service", "checkout"),
        span("checkout")
            .id(3)
            .under(2)
            .kind(SpanKind::Server)
            .service("checkout")
            .resource_attribute("cloud.region", "eu-west-1")
            .at(10.0, 90.0)
            .attribute("faas.coldstart", true)
            .attribute("user", "bob")
            .attribute("tags", texts(["red", "blue"])),
        span("SELECT orders")
            .id(4)
            .under(3)
            .kind(SpanKind::Client)
            .service("checkout")
            .at(15.0, 25.0)
            .attribute("db.system", "postgresql")
            .attribute("db.rows", 3),
        span("SELECT orders")
            .id(5)
            .under(3)
            .kind(SpanKind::Client)
            .service("checkout")
            .at(26.0, 40.0)
            .attribute("db.system", "postgresql")
            .attribute("db.rows", 50),
        span("PUT image")
            .id(6)
            .under(3)
            .kind(SpanKind::Client)
            .service("checkout")
            .at(45.0, 60.0)
            .attribute("size", 1.5)
            .event("retry", 50.0)
            .link(0x77, 0x70),
        span("charge")
            .id(7)
            .under(3)
            .kind(SpanKind::Internal)
            .service("checkout")
            .at(60.0, 85.0)
            .attribute("amount", 12)
            .attribute("fee", 0.5)
            .event("attempt", 62.0)
            .event("exception", 84.0)
            .failed("card declined"),
        span("hash")
            .id(8)
            .under(7)
            .kind(SpanKind::Internal)
            .service("checkout")
            .at(61.0, 62.0),
        span("cleanup")
            .id(9)
            .kind(SpanKind::Unspecified)
            .service("cron")
            .scope("cron-lib")
            .at(200.0, 230.0),
    ];
    rebuild(Evidence {
        spans: spans.map(SpanBuilder::build).to_vec(),
        ..Evidence::default()
    })
}

/// The spans that a query finds, by the numbers above: spansets apart by `|`, with what they were split by or filtered by.
pub(crate) fn found(trace: &Trace, query: &str) -> String {
    let query = match parse(query) {
        Ok(query) => query,
        Err(error) => return format!("refused at {}: {error}", error.character(query)),
    };
    let tree = Tree::of(trace);
    let answer = query.evaluate(&tree);
    let spanset = |spanset: &coldtrace_traceql::Spanset<'_>| {
        let spans = spanset.spans.iter().map(|&place| (place + 1).to_string());
        let values = spanset
            .values
            .iter()
            .map(|(words, value)| format!("{words} = {value}"));
        spans.chain(values).collect::<Vec<_>>().join(" ")
    };
    answer
        .spansets
        .iter()
        .map(spanset)
        .collect::<Vec<_>>()
        .join(" | ")
}

#[test]
fn its_spans_stand_in_the_order_of_their_numbers() {
    let trace = shop();
    for place in 0..trace.nodes.len() {
        let number = place as u64 + 1;
        assert_eq!(
            trace.span(place).span_id,
            coldtrace_testkit::span_id(number)
        );
    }
    assert_eq!(trace.warnings, Vec::<String>::new());
}
