//! What an event tells of its cause, and how much of a payload may leave the sandbox. Pure.

use coldtrace_model::Trigger;
use serde_json::Value;

pub(crate) mod redact;

/// Who caused an invocation, by its event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cause {
    pub(crate) trigger: Trigger,
    /// OpenTelemetry's names, and texts.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// Trace contexts of those who sent it: W3C's `traceparent`, or X-Ray's header.
    pub(crate) senders: Vec<String>,
}

// === impl Cause ===

impl Cause {
    /// As AWS's services shape their events; anything else is of another kind.
    pub(crate) fn of(event: &[u8]) -> Self {
        let Ok(event) = serde_json::from_slice::<Value>(event) else {
            return Self::default();
        };
        Self::of_http(&event)
            .or_else(|| Self::of_records(&event))
            .or_else(|| Self::of_bus(&event))
            .unwrap_or(Self {
                trigger: Trigger::Other,
                ..Self::default()
            })
    }

    /// API Gateway (both versions), function URLs, load balancers.
    fn of_http(event: &Value) -> Option<Self> {
        let context = event.get("requestContext")?;
        let second = context.get("http");
        let is_http = second.is_some() || event.get("httpMethod").is_some();
        if !is_http {
            return None;
        }
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let mut cause = Self {
            trigger: Trigger::Http,
            ..Self::default()
        };
        let method = text("/requestContext/http/method").or_else(|| text("/httpMethod"));
        let path = text("/rawPath").or_else(|| text("/path"));
        // Of the second version `GET /orders/{id}`, of the first the path alone.
        let route = text("/routeKey").or_else(|| text("/resource"));
        let route = route.map(|route| route.split_once(' ').map_or(route, |(_, path)| path));
        cause.say("http.request.method", method);
        cause.say("url.path", path);
        cause.say("http.route", route.filter(|route| route.starts_with('/')));
        cause.say("url.query", text("/rawQueryString"));
        cause.say("server.address", text("/requestContext/domainName"));
        let headers = event.get("headers").and_then(Value::as_object);
        for (name, value) in headers.into_iter().flatten() {
            match (name.to_ascii_lowercase().as_str(), value.as_str()) {
                ("traceparent", Some(value)) => cause.senders.push(value.to_owned()),
                ("user-agent", Some(value)) => cause.say("user_agent.original", Some(value)),
                _ => {}
            }
        }
        Some(cause)
    }

    /// Queues, topics, streams, buckets, tables: a list of records that name their source.
    fn of_records(event: &Value) -> Option<Self> {
        let records = event.get("Records")?.as_array()?;
        let first = records.first()?;
        let text = |record: &Value, key: &str| {
            let value = record.get(key).and_then(Value::as_str);
            value.map(str::to_owned)
        };
        let source = text(first, "eventSource").or_else(|| text(first, "EventSource"))?;
        let arn = text(first, "eventSourceARN");
        // `arn:aws:sqs:REGION:ACCOUNT:NAME`
        let name = arn
            .as_deref()
            .and_then(|arn| arn.rsplit(':').next().map(str::to_owned));
        let (trigger, system) = match source.as_str() {
            "aws:sqs" => (Trigger::PubSub, Some("aws_sqs")),
            "aws:sns" => (Trigger::PubSub, Some("aws.sns")),
            "aws:kinesis" => (Trigger::PubSub, Some("aws_kinesis")),
            "aws:s3" | "aws:dynamodb" => (Trigger::Datasource, None),
            _ => (Trigger::Other, None),
        };
        let mut cause = Self {
            trigger,
            ..Self::default()
        };
        cause.say("messaging.system", system);
        if system.is_some() {
            let topic = first.pointer("/Sns/TopicArn").and_then(Value::as_str);
            let topic = topic.and_then(|arn| arn.rsplit(':').next());
            cause.say("messaging.destination.name", name.as_deref().or(topic));
            let count = records.len().to_string();
            cause.say("messaging.batch.message_count", Some(&count));
        }
        let text_at = |pointer: &str| first.pointer(pointer).and_then(Value::as_str);
        if source == "aws:s3" {
            cause.say("faas.document.collection", text_at("/s3/bucket/name"));
            cause.say("faas.document.name", text_at("/s3/object/key"));
        }
        if source == "aws:s3" || source == "aws:dynamodb" {
            cause.say("faas.document.operation", text_at("/eventName"));
        }
        let headers = records.iter().flat_map(|record| {
            let at = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
            [
                at("/attributes/AWSTraceHeader"),
                at("/messageAttributes/traceparent/stringValue"),
                at("/Sns/MessageAttributes/traceparent/Value"),
            ]
        });
        cause.senders = headers.flatten().map(str::to_owned).collect();
        Some(cause)
    }

    /// EventBridge, and its schedules.
    fn of_bus(event: &Value) -> Option<Self> {
        let kind = event.get("detail-type")?.as_str()?;
        let source = event.get("source")?.as_str()?;
        let is_scheduled = kind == "Scheduled Event";
        let mut cause = Self {
            trigger: match is_scheduled {
                true => Trigger::Timer,
                false => Trigger::PubSub,
            },
            ..Self::default()
        };
        match is_scheduled {
            true => cause.say("faas.time", event.get("time").and_then(Value::as_str)),
            false => {
                cause.say("messaging.system", Some("aws_eventbridge"));
                cause.say("messaging.destination.name", Some(source));
                cause.say("messaging.message.type", Some(kind));
            }
        }
        let header = event.pointer("/detail/traceparent").and_then(Value::as_str);
        cause.senders.extend(header.map(str::to_owned));
        Some(cause)
    }

    fn say(&mut self, key: &'static str, value: Option<&str>) {
        let value = value.filter(|value| !value.is_empty());
        self.attributes
            .extend(value.map(|value| (key, value.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cause(event: &Value) -> Cause {
        Cause::of(event.to_string().as_bytes())
    }

    fn said<'a>(cause: &'a Cause, key: &str) -> Option<&'a str> {
        let found = cause.attributes.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn each_source_is_told_by_the_shape_of_its_event() {
        let second = cause(&json!({
            "version": "2.0", "routeKey": "GET /orders/{id}", "rawPath": "/orders/7", "rawQueryString": "a=1",
            "headers": {"TraceParent": "00-aa-bb-01", "user-agent": "curl"},
            "requestContext": {"http": {"method": "GET"}, "domainName": "api.example"},
        }));
        assert_eq!(second.trigger, Trigger::Http);
        assert_eq!(said(&second, "http.route"), Some("/orders/{id}"));
        assert_eq!(said(&second, "url.path"), Some("/orders/7"));
        assert_eq!(said(&second, "server.address"), Some("api.example"));
        assert_eq!(second.senders, ["00-aa-bb-01"]);
        let first = cause(&json!({
            "httpMethod": "POST", "path": "/x", "resource": "/{proxy+}", "headers": null, "requestContext": {},
        }));
        assert_eq!(first.trigger, Trigger::Http);
        assert_eq!(said(&first, "http.request.method"), Some("POST"));
        assert_eq!(said(&first, "http.route"), Some("/{proxy+}"));
        let queue = cause(&json!({"Records": [
            {"eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:orders",
             "attributes": {"AWSTraceHeader": "Root=1-a-b;Parent=c;Sampled=1"}},
            {"eventSource": "aws:sqs", "messageAttributes": {"traceparent": {"stringValue": "00-1-2-01"}}},
        ]}));
        assert_eq!(queue.trigger, Trigger::PubSub);
        assert_eq!(said(&queue, "messaging.destination.name"), Some("orders"));
        assert_eq!(said(&queue, "messaging.batch.message_count"), Some("2"));
        assert_eq!(
            queue.senders,
            ["Root=1-a-b;Parent=c;Sampled=1", "00-1-2-01"]
        );
        let topic = cause(&json!({"Records": [
            {"EventSource": "aws:sns", "Sns": {"TopicArn": "arn:aws:sns:eu-central-1:1:news"}},
        ]}));
        assert_eq!(said(&topic, "messaging.destination.name"), Some("news"));
        let bucket = cause(&json!({"Records": [
            {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"}}},
        ]}));
        assert_eq!(bucket.trigger, Trigger::Datasource);
        assert_eq!(said(&bucket, "faas.document.collection"), Some("b"));
        let bus = cause(
            &json!({"source": "shop", "detail-type": "paid", "detail": {"traceparent": "00-1-2-01"}}),
        );
        assert_eq!((bus.trigger, bus.senders.len()), (Trigger::PubSub, 1));
        let schedule =
            cause(&json!({"source": "aws.events", "detail-type": "Scheduled Event", "time": "t"}));
        assert_eq!(schedule.trigger, Trigger::Timer);
        assert_eq!(cause(&json!({"anything": 1})).trigger, Trigger::Other);
        assert_eq!(cause(&json!([])).trigger, Trigger::Other);
        assert_eq!(Cause::of(b"{"), Cause::default());
    }

    #[test]
    fn shapes_that_are_not_as_they_should_be_are_survived() {
        for event in [
            json!({"Records": 1}),
            json!({"Records": []}),
            json!({"Records": [1]}),
            json!({"requestContext": {"http": 1}, "headers": [1]}),
            json!({"detail-type": 1, "source": 2}),
        ] {
            cause(&event);
        }
    }
}
