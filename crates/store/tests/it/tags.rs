//! What rules are scoped by, and how often functions were throttled.

use coldtrace_model::{FactSet, Outcome, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::native::Blocks;
use coldtrace_store::reader::Throttled;
use coldtrace_store::rows::{InvocationRow, Owner, ResourceRow, SpanRow};
use coldtrace_testkit::engine::{self, KEEP_DAYS};

use crate::push::{NONE, plain_span, push_span};
use crate::settle::{BEGIN, Data, MINUTE, SECOND, check, settle_all};

const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
const THEIRS: Owner<'static> = Owner {
    tenant: "theirs",
    keep_days: KEEP_DAYS,
};
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 60 * MINUTE),
    to: UnixNanos(BEGIN + 60 * MINUTE),
};

fn ended<'a>(owner: Owner<'static>, function: &'a str, ts: u64, id: &'a str) -> InvocationRow<'a> {
    InvocationRow {
        facts: FactSet::FINISHED,
        outcome: Outcome::Ok.number(),
        region: "eu-west-1",
        ..InvocationRow::empty(owner, function, ts, id)
    }
}

async fn with(reader: &Reader, key: &str, value: &str) -> Vec<String> {
    let found = reader.functions_with(key, value, RANGE).await;
    found.expect("names")
}

#[tokio::test]
async fn functions_are_found_by_what_their_resources_spans_and_invocations_tell() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let mut blocks = Blocks::default();
    for (owner, id, attrs) in [
        (MINE, 1, &[("team", "payments".into())][..]),
        (
            MINE,
            2,
            &[("team", "stock".into()), ("faas.name", "keeper".into())],
        ),
        (THEIRS, 3, &[("team", "payments".into())]),
    ] {
        let services = ["", "checkout", "stock-service", "others"];
        blocks.push_resource(&ResourceRow {
            owner,
            ts: BEGIN,
            resource_id: id,
            service: services[id as usize],
            schema_url: "",
            attrs,
            raw: b"",
        });
    }
    let mut answers = Vec::new();
    for (owner, function, id, plan) in [
        (MINE, "mailer", "mail-1", "pro"),
        (MINE, "checkout", "order-1", "free"),
        (THEIRS, "others", "theirs-1", "pro"),
    ] {
        blocks.push_invocation(&ended(owner, function, BEGIN, id));
        let span = SpanRow {
            request_id: id,
            ..plain_span(owner, BEGIN + SECOND)
        };
        answers.push((span, plan));
    }
    for (span, plan) in answers {
        push_span(&mut blocks, span, [("plan", plan)]);
    }
    data.insert(blocks).await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    for is_settled in [false, true] {
        let told = format!("settled: {is_settled}");
        assert_eq!(
            with(&reader, "team", "payments").await,
            ["checkout"],
            "{told}"
        );
        let both = ["keeper", "stock-service"];
        assert_eq!(with(&reader, "team", "stock").await, both, "{told}");
        assert_eq!(with(&reader, "plan", "pro").await, ["mailer"], "{told}");
        let in_region = with(&reader, "region", "eu-west-1").await;
        assert_eq!(in_region, ["checkout", "mailer"], "{told}");
        assert!(with(&reader, "plan", "it's").await.is_empty(), "{told}");
        assert!(with(&reader, "it's", "pro").await.is_empty(), "{told}");
        settle_all(&settler).await;
        check(&settler).await;
    }
    // Some windows are settled, and some are not yet.
    let late = ended(MINE, "reports", BEGIN + 6 * MINUTE, "report-1");
    data.invocations(&[late]).await;
    let in_region = with(&reader, "region", "eu-west-1").await;
    assert_eq!(in_region, ["checkout", "mailer", "reports"]);
}

#[tokio::test]
async fn a_throttle_is_known_by_its_type_or_by_the_code_that_a_client_tells() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let throttled = [
        "ThrottlingException",
        "botocore.errorfactory.TooManyRequestsException",
        "com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputExceededException",
        "google.api_core.exceptions.ResourceExhausted",
        "rateLimitExceeded",
    ];
    let others = ["ValueError", "NotThrottlingException", "Throttling.Else"];
    let mut blocks = Blocks::default();
    let ids: Vec<String> = (0..10).map(|number| format!("request-{number}")).collect();
    for (id, error_type) in ids.iter().zip(throttled.iter().chain(&others)) {
        blocks.push_invocation(&InvocationRow {
            outcome: Outcome::Error.number(),
            error_type,
            ..ended(MINE, "checkout", BEGIN + MINUTE, id)
        });
    }
    for (id, code) in [("told-1", "SlowDown"), ("told-2", "NoSuchKey")] {
        let message = format!(
            "An error occurred ({code}) when calling the PutObject operation (reached max retries: 4): no"
        );
        blocks.push_invocation(&ended(MINE, "archive", BEGIN + 6 * MINUTE, id));
        let span = SpanRow {
            request_id: id,
            status: 2,
            status_message: message.as_bytes(),
            ..plain_span(MINE, BEGIN + 6 * MINUTE + SECOND)
        };
        push_span(
            &mut blocks,
            span,
            [("exception.type", "botocore.exceptions.ClientError")],
        );
    }
    blocks.push_invocation(&InvocationRow {
        outcome: Outcome::Error.number(),
        error_type: "SlowDown",
        ..ended(THEIRS, "theirs", BEGIN, "theirs-1")
    });
    push_span(&mut blocks, plain_span(MINE, BEGIN), NONE);
    data.insert(blocks).await;
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let one = |minute: u64, function: &str, count| Throttled {
        start: UnixNanos(BEGIN + minute * MINUTE),
        function: function.to_owned(),
        count,
    };
    let expected = [one(0, "checkout", 5), one(5, "archive", 1)];
    let first = TimeRange {
        from: UnixNanos(BEGIN),
        to: UnixNanos(BEGIN + 3 * MINUTE),
    };
    for _ in 0..2 {
        let told = reader.throttles(RANGE).await.expect("throttles");
        assert_eq!(told, expected);
        let told = reader.throttles(first).await.expect("throttles");
        assert_eq!(told, expected[..1], "of the part that is asked about");
        let none = TimeRange {
            to: first.from,
            ..first
        };
        assert_eq!(reader.throttles(none).await.expect("throttles"), []);
        settle_all(&settler).await;
        check(&settler).await;
    }
}
