//! Events as the sources of Lambda's triggers shape them, around a body of one's own.
//!
//! Each has what such an event always has; what depends on the source's own settings (authorizers, attributes, versions) is
//! left out. Where a source carries a trace, the event carries it as the source does, and the invocation continues it.

use std::time::SystemTime;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::config::FunctionConfig;
use crate::invocation::Event;
use crate::queue::Message;
use crate::{random, timestamp, trace_header};

const HOST: &str = "api.example.com";
const CALLER: &str = "203.0.113.7";

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An HTTP API or a function URL, payload version 2.0: the body of a POST. Its headers have the trace, X-Ray's and W3C's.
    HttpApi,
    /// A queue: the body of one message, whose attribute `AWSTraceHeader` has the sender's trace.
    Sqs,
    /// A topic: the text of one notification. It carries no trace.
    Sns,
    /// An event bus: the detail of one event. It carries no trace.
    EventBridge,
    /// A rule with a schedule; the body is its detail, which Lambda leaves empty.
    Schedule,
    /// A bucket: an object was created. The body may be an object that names `bucket`, `key` and `size`.
    S3,
}

// === impl Source ===

impl Source {
    /// All there are.
    pub const ALL: [Self; 6] = [
        Self::HttpApi,
        Self::Sqs,
        Self::Sns,
        Self::EventBridge,
        Self::Schedule,
        Self::S3,
    ];

    /// Its name on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpApi => "http-api",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::EventBridge => "eventbridge",
            Self::Schedule => "schedule",
            Self::S3 => "s3",
        }
    }

    /// The source of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// An event of now, for this function. `trace_header` is X-Ray's header of whoever caused it.
    pub fn event(self, config: &FunctionConfig, body: &str, trace_header: Option<String>) -> Event {
        let now = SystemTime::now();
        let value = || serde_json::from_str::<Value>(body).unwrap_or_else(|_| json!(body));
        let trace = trace_header.as_deref();
        let payload = match self {
            Self::HttpApi => http_api(config, body, trace, now),
            Self::Sqs => {
                let message = Message::received_once(body.to_owned(), trace_header.clone(), now);
                let record = message.record(&config.name, &config.region, &config.account);
                json!({"Records": [record]})
            }
            Self::Sns => sns(config, body, now),
            Self::EventBridge => bus(config, ("shop.example", "OrderPlaced"), &value(), now),
            Self::Schedule => schedule(config, &value(), now),
            Self::S3 => s3(config, &value(), body.len(), now),
        };
        let trace_header = match self {
            // Its poller invokes: another service under the same trace.
            Self::Sqs => trace_header.as_deref().and_then(trace_header::continued),
            _ => trace_header,
        };
        Event {
            payload: Bytes::from(payload.to_string()),
            trace_header,
        }
    }
}

fn http_api(config: &FunctionConfig, body: &str, trace: Option<&str>, now: SystemTime) -> Value {
    let millis = timestamp::epoch_millis(now);
    let agent = "curl/8.5.0";
    let mut headers = json!({
        "accept": "*/*",
        "content-length": body.len().to_string(),
        "content-type": "application/json",
        "host": HOST,
        "user-agent": agent,
        "x-forwarded-for": CALLER,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(header) = trace {
        headers["x-amzn-trace-id"] = json!(header);
        if let Some(traceparent) = trace_header::traceparent(header) {
            headers["traceparent"] = json!(traceparent);
        }
    }
    json!({
        "version": "2.0",
        "routeKey": "POST /",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": config.account,
            "apiId": "api",
            "domainName": HOST,
            "domainPrefix": "api",
            "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": CALLER, "userAgent": agent},
            "requestId": random::uuid(),
            "routeKey": "POST /",
            "stage": "$default",
            "time": timestamp::common_log(now),
            "timeEpoch": millis,
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

fn sns(config: &FunctionConfig, body: &str, now: SystemTime) -> Value {
    let FunctionConfig {
        region, account, ..
    } = config;
    let topic = format!("arn:aws:sns:{region}:{account}:{}", config.name);
    let subscription = format!("{topic}:{}", random::uuid());
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {
            "Type": "Notification",
            "MessageId": random::uuid(),
            "TopicArn": topic,
            "Subject": null,
            "Message": body,
            "Timestamp": timestamp::rfc3339(now),
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": {},
        },
    }]})
}

/// `kind` is the source and its detail's type.
fn bus(config: &FunctionConfig, kind: (&str, &str), detail: &Value, now: SystemTime) -> Value {
    let (source, detail_type) = kind;
    json!({
        "version": "0",
        "id": random::uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": config.account,
        "time": timestamp::rfc3339_seconds(now),
        "region": config.region,
        "resources": [],
        "detail": detail,
    })
}

fn schedule(config: &FunctionConfig, detail: &Value, now: SystemTime) -> Value {
    let FunctionConfig {
        region,
        account,
        name,
        ..
    } = config;
    let mut event = bus(config, ("aws.events", "Scheduled Event"), detail, now);
    event["resources"] = json!([format!("arn:aws:events:{region}:{account}:rule/{name}")]);
    event
}

fn s3(config: &FunctionConfig, named: &Value, size: usize, now: SystemTime) -> Value {
    let text = |field: &str, usual: &str| named[field].as_str().unwrap_or(usual).to_owned();
    let bucket = text("bucket", "bucket");
    let size = named["size"].as_u64().unwrap_or(size as u64);
    let principal = json!({"principalId": config.account});
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": config.region,
        "eventTime": timestamp::rfc3339(now),
        "eventName": "ObjectCreated:Put",
        "userIdentity": principal,
        "requestParameters": {"sourceIPAddress": CALLER},
        "responseElements": {"x-amz-request-id": random::digits::<8>(), "x-amz-id-2": random::digits::<16>()},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": random::uuid(),
            "bucket": {"name": bucket, "ownerIdentity": principal, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {
                "key": text("key", "object.json"),
                "size": size,
                "eTag": random::digits::<16>(),
                "sequencer": random::digits::<9>(),
            },
        },
    }]})
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use coldtrace_model::ByteSize;

    use super::*;
    use crate::config::{Initialization, LogFormat, Runtime};

    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    const BODY: &str = r#"{"order":7}"#;

    fn made(source: Source, body: &str) -> (Value, Option<String>) {
        let config = FunctionConfig {
            name: "tea".to_owned(),
            version: "$LATEST".to_owned(),
            runtime: Runtime::Custom {
                bootstrap: "bootstrap".into(),
            },
            handler: String::new(),
            code_dir: "code".into(),
            memory: ByteSize::from_mib(128),
            timeout: Duration::from_secs(3),
            environment: Vec::new(),
            extensions: Vec::new(),
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            max_concurrency: 1,
            idle_timeout: Duration::from_secs(1),
            initialization: Initialization::OnDemand,
            log_format: LogFormat::Text,
            is_throttled: false,
        };
        let event = source.event(&config, body, Some(HEADER.to_owned()));
        let payload = serde_json::from_slice(&event.payload).expect("an event is JSON");
        (payload, event.trace_header)
    }

    #[test]
    fn a_request_carries_its_trace_in_both_tongues() {
        let (event, trace_header) = made(Source::HttpApi, BODY);
        assert_eq!(event["body"], BODY);
        assert_eq!(event["headers"]["x-amzn-trace-id"], HEADER);
        assert_eq!(
            event["headers"]["traceparent"],
            "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
        );
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        assert_eq!(trace_header.as_deref(), Some(HEADER));
    }

    #[test]
    fn a_message_carries_the_senders_trace_and_the_invocation_continues_it() {
        let (event, trace_header) = made(Source::Sqs, BODY);
        let record = &event["Records"][0];
        assert_eq!(record["body"], BODY);
        assert_eq!(record["attributes"]["AWSTraceHeader"], HEADER);
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
        let trace_header = trace_header.expect("it has one");
        assert_ne!(trace_header, HEADER);
        assert!(trace_header.starts_with("Root=1-5759e988-bd862e3fe1be46a994272793;"));
    }

    #[test]
    fn others_have_their_body_where_handlers_look_for_it() {
        let (event, _) = made(Source::Sns, BODY);
        assert_eq!(event["Records"][0]["Sns"]["Message"], BODY);
        let (event, _) = made(Source::EventBridge, BODY);
        assert_eq!(event["detail"]["order"], 7);
        let (event, _) = made(Source::Schedule, "{}");
        assert_eq!(
            (&event["source"], &event["detail-type"]),
            (&json!("aws.events"), &json!("Scheduled Event"))
        );
        let (event, _) = made(Source::S3, r#"{"bucket": "teapots", "key": "a/b.json"}"#);
        let told = &event["Records"][0]["s3"];
        assert_eq!(told["bucket"]["arn"], "arn:aws:s3:::teapots");
        assert_eq!(told["object"]["key"], "a/b.json");
    }

    #[test]
    fn every_source_is_found_by_its_name() {
        for source in Source::ALL {
            assert_eq!(Source::from_name(source.as_str()), Some(source));
        }
        assert_eq!(Source::from_name("pigeon"), None);
    }
}
