//! What spans of every platform say, in the names that each really sends.

use prost::Message as _;

use super::{Architecture, ByteSize, CONSUMER, Platform, SERVER, Trigger};
use crate::otlp::common::any_value::Value;
use crate::otlp::common::{AnyValue, KeyValue};
use crate::otlp::trace::Span;
use crate::wire::SpanView;

/// What a span and the attributes of its resource say. They leak, so that the answer may borrow.
struct FaasSpan;

impl FaasSpan {
    fn read(span: &Span, resource: &[KeyValue]) -> super::FaasSpan<'static> {
        let resource = Span {
            attributes: resource.to_vec(),
            ..Span::default()
        };
        let (known, resource) = (known(span), known(&resource));
        let read = super::FaasSpan::read(span.kind, &known, &resource);
        let sooner = super::FaasResource::new(resource).span(span.kind, &known);
        assert_eq!(sooner, read, "both ways give the same");
        read
    }
}

fn known(span: &Span) -> super::Known<'static> {
    let bytes: &'static [u8] = span.encode_to_vec().leak();
    let view = SpanView::read(bytes).expect("a span");
    super::Known::of(
        view.attributes()
            .map(|attribute| attribute.expect("an attribute")),
    )
}

fn attributes(pairs: &[(&str, Value)]) -> Vec<KeyValue> {
    pairs
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue {
                value: Some(value.clone()),
            }),
            ..KeyValue::default()
        })
        .collect()
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn span(kind: i32, pairs: &[(&str, Value)]) -> Span {
    Span {
        kind,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

#[test]
fn every_platform_s_names_mean_the_same() {
    struct Case {
        platform: Platform,
        resource: Vec<(&'static str, Value)>,
        span: Vec<(&'static str, Value)>,
        function: &'static str,
        request_id: Option<&'static str>,
        cold: Option<bool>,
        trigger: Trigger,
    }
    let cases = [
        Case {
            platform: Platform::AwsLambda,
            resource: vec![
                ("cloud.platform", text("aws_lambda")),
                ("faas.name", text("f")),
            ],
            span: vec![
                ("faas.invocation_id", text("r")),
                ("faas.coldstart", Value::BoolValue(true)),
                ("faas.trigger", text("http")),
            ],
            function: "f",
            request_id: Some("r"),
            cold: Some(true),
            trigger: Trigger::Http,
        },
        Case {
            platform: Platform::AwsLambda,
            resource: vec![
                ("cloud.platform", text("aws_lambda")),
                ("service.name", text("old")),
            ],
            span: vec![("faas.execution", text("r"))],
            function: "old",
            request_id: Some("r"),
            cold: None,
            trigger: Trigger::Unknown,
        },
        Case {
            platform: Platform::GoogleCloud,
            resource: vec![
                ("cloud.platform", text("gcp_cloud_run")),
                ("faas.name", text("f")),
            ],
            span: vec![],
            function: "f",
            request_id: None,
            cold: None,
            trigger: Trigger::Unknown,
        },
        Case {
            platform: Platform::AzureFunctions,
            resource: vec![("cloud.platform", text("azure_functions"))],
            span: vec![
                ("faas.name", text("f")),
                ("faas.invocation_id", text("r")),
                ("azure.functions.coldstart.impacted", text("True")),
                ("faas.trigger", text("timer")),
            ],
            function: "f",
            request_id: Some("r"),
            cold: Some(true),
            trigger: Trigger::Timer,
        },
        Case {
            platform: Platform::CloudflareWorkers,
            resource: vec![
                ("cloud.platform", text("cloudflare.workers")),
                ("faas.name", text("f")),
            ],
            span: vec![
                ("faas.invocation_id", text("r")),
                ("faas.cold_start", Value::BoolValue(false)),
                ("faas.trigger", text("queue")),
            ],
            function: "f",
            request_id: Some("r"),
            cold: Some(false),
            trigger: Trigger::PubSub,
        },
        Case {
            platform: Platform::Vercel,
            resource: vec![
                ("vercel.projectId", text("p")),
                ("service.name", text("site")),
            ],
            span: vec![],
            function: "site",
            request_id: None,
            cold: None,
            trigger: Trigger::Unknown,
        },
        Case {
            platform: Platform::AwsLambda,
            resource: vec![("faas.name", text("f"))],
            span: vec![
                ("aws.requestId", text("r")),
                ("ColdStart", text("false")),
                ("faas.trigger", text("pubsub")),
            ],
            function: "f",
            request_id: Some("r"),
            cold: Some(false),
            trigger: Trigger::PubSub,
        },
        Case {
            platform: Platform::GoogleCloud,
            resource: vec![
                ("cloud.platform", text("gcp_cloud_functions")),
                ("faas.name", text("f")),
                ("faas.instance", text("i")),
            ],
            span: vec![("faas.trigger", text("datasource"))],
            function: "f",
            request_id: None,
            cold: None,
            trigger: Trigger::Datasource,
        },
        Case {
            platform: Platform::CloudflareWorkers,
            resource: vec![("service.name", text("worker"))],
            span: vec![
                ("cloudflare.ray_id", text("8f")),
                ("cloudflare.cold_start_ms", Value::IntValue(12)),
                ("faas.trigger", text("cron")),
            ],
            function: "worker",
            request_id: None,
            cold: Some(true),
            trigger: Trigger::Timer,
        },
        Case {
            platform: Platform::DenoDeploy,
            resource: vec![
                ("deno.deployment_id", text("d")),
                ("service.name", text("site")),
            ],
            span: vec![],
            function: "site",
            request_id: None,
            cold: None,
            trigger: Trigger::Unknown,
        },
        Case {
            platform: Platform::Other,
            resource: vec![("faas.name", text("f"))],
            span: vec![
                ("aws_request_id", text("r")),
                ("readiness", text("cold")),
                ("faas.trigger", text("something new")),
            ],
            function: "f",
            request_id: Some("r"),
            cold: Some(true),
            trigger: Trigger::Other,
        },
        Case {
            platform: Platform::Other,
            resource: vec![("service.name", text("lambda"))],
            span: vec![
                ("functionname", text("f")),
                ("request_id", text("r")),
                ("cold_start", text("true")),
            ],
            function: "lambda",
            request_id: Some("r"),
            cold: Some(true),
            trigger: Trigger::Unknown,
        },
    ];
    for case in cases {
        let span = span(SERVER, &case.span);
        let resource = attributes(&case.resource);
        let read = FaasSpan::read(&span, &resource);
        let about = format!("{:?} {:?}", case.platform, case.span);
        assert_eq!(read.platform, case.platform, "{about}");
        assert_eq!(read.function, Some(case.function), "{about}");
        assert_eq!(read.request_id, case.request_id, "{about}");
        assert_eq!(read.cold, case.cold, "{about}");
        assert_eq!(read.trigger, case.trigger, "{about}");
        assert!(read.is_invocation, "{about}");
    }
}

#[test]
fn a_span_that_answers_nobody_or_is_no_function_is_no_invocation() {
    let id = [("faas.invocation_id", text("r"))];
    let client = span(3, &id);
    assert!(!FaasSpan::read(&client, &[]).is_invocation);
    assert_eq!(FaasSpan::read(&client, &[]).request_id, Some("r"));
    let web = span(SERVER, &[("http.request.method", text("GET"))]);
    let resource = attributes(&[("service.name", text("web"))]);
    assert!(!FaasSpan::read(&web, &resource).is_invocation);
    let own = span(SERVER, &[("request_id", text("of the application"))]);
    assert_eq!(FaasSpan::read(&own, &resource).request_id, None);
}

#[test]
fn the_span_s_own_word_wins_over_its_resource_s() {
    let resource = attributes(&[
        ("cloud.platform", text("azure_functions")),
        ("service.name", text("site")),
        ("faas.name", text("of the app")),
    ]);
    let span = span(CONSUMER, &[("faas.name", text("app/function"))]);
    let read = FaasSpan::read(&span, &resource);
    assert_eq!(read.function, Some("app/function"));
    assert!(read.is_invocation);
}

#[test]
fn the_rest_of_what_a_lambda_says_is_read() {
    let resource = attributes(&[
        ("cloud.platform", text("aws_lambda")),
        ("cloud.region", text("eu-central-1")),
        ("cloud.account.id", text("123456789012")),
        ("faas.name", text("f")),
        ("faas.version", text("$LATEST")),
        ("faas.instance", text("2026/11/24/[$LATEST]ab")),
        ("faas.max_memory", Value::IntValue(134_217_728)),
        ("process.runtime.name", text("python")),
        ("host.arch", text("arm64")),
    ]);
    let span = span(
        SERVER,
        &[("http.response.status_code", Value::IntValue(502))],
    );
    let expected = super::FaasSpan {
        platform: Platform::AwsLambda,
        function: Some("f"),
        version: Some("$LATEST"),
        region: Some("eu-central-1"),
        account: Some("123456789012"),
        instance: Some("2026/11/24/[$LATEST]ab"),
        memory: Some(ByteSize::from_mib(128)),
        runtime: Some("python"),
        architecture: Architecture::Arm64,
        is_invocation: true,
        http_status: 502,
        ..super::FaasSpan::default()
    };
    assert_eq!(FaasSpan::read(&span, &resource), expected);
}

#[test]
fn memory_is_read_in_mib_as_early_conventions_counted_it() {
    for size in [
        text("512"),
        Value::IntValue(512),
        Value::IntValue(536_870_912),
    ] {
        let span = span(SERVER, &[("faas.max_memory", size)]);
        let read = FaasSpan::read(&span, &[]);
        assert_eq!(read.memory, Some(ByteSize::from_mib(512)));
    }
}

#[test]
fn what_a_caller_says_of_the_function_that_it_calls_makes_no_invocation() {
    let called = [
        ("faas.invoked_name", text("f")),
        ("faas.invoked_region", text("eu-central-1")),
    ];
    let span = span(SERVER, &called);
    let read = FaasSpan::read(&span, &[]);
    assert!(!read.is_invocation);
    assert_eq!(read.function, None);
}

#[test]
fn the_id_of_a_call_to_aws_is_an_invocations_only_where_lambda_is_called() {
    let id = ("aws.request_id", text("r"));
    let service = |name| ("rpc.service", text(name));
    let invoked = ("faas.invoked_name", text("callee"));
    let own = ("faas.invocation_id", text("own"));
    let cases = [
        (3, vec![id.clone(), service("DynamoDB")], None),
        (3, vec![id.clone()], None),
        (3, vec![id.clone(), service("Lambda")], Some("r")),
        (3, vec![id.clone(), invoked], Some("r")),
        (3, vec![id.clone(), service("S3"), own], Some("own")),
        (SERVER, vec![id], Some("r")),
    ];
    for (kind, said, expected) in cases {
        let read = FaasSpan::read(&span(kind, &said), &[]);
        assert_eq!(read.request_id, expected, "{kind} {said:?}");
    }
}
