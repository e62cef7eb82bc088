use super::*;
use crate::otlp::common::AnyValue;

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
