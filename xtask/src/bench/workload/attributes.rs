//! Attributes by the semantic conventions: twelve of a resource, eleven of every span, of which some repeat and some do
//! not, as in life.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::numbers::{Numbers, mixed};
use super::template::{Value, Values};

/// Sandboxes of a function.
const SANDBOXES: u64 = 500;
const USERS: u64 = 50_000;
const ORDERS: u64 = 1_000_000;
const CLIENTS: u64 = 20_000;
/// Things that paths name.
const PATHS: u64 = 100_000;

const VERBS: &[&str] = &[
    "get", "list", "create", "update", "check", "cancel", "price", "route",
];
const NOUNS: &[&str] = &[
    "order", "cart", "stock", "payment", "label", "user", "quote", "refund",
];
const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH"];
const AGENTS: &[&str] = &[
    "okhttp/4.12.0",
    "axios/1.7.2",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
];
const HOSTS: &[&str] = &[
    "pay.internal",
    "stock.internal",
    "mail.internal",
    "users.internal",
    "search.internal",
    "rates.example.com",
    "tax.example.com",
];
const STORES: &[&str] = &["postgresql", "redis", "mysql", "mongodb"];
const SERVICES: &[&str] = &["DynamoDB", "S3", "SQS", "SNS", "SecretsManager", "Lambda"];
const CALLS: &[&str] = &[
    "GetItem",
    "PutItem",
    "Query",
    "GetObject",
    "PutObject",
    "SendMessage",
];
const QUEUES: &[&str] = &["orders", "payments", "mails", "audit", "shipments"];
const FAILURES: &[&str] = &[
    "connection reset by peer",
    "deadline exceeded after 3000 ms",
    "ConditionalCheckFailedException: the conditional request failed",
    "payment was declined",
    "too many connections",
];
const ERRORS: &[&str] = &[
    "java.net.SocketException",
    "TimeoutError",
    "ConditionalCheckFailed",
    "Declined",
];
const STEPS: &[&str] = &["validate", "load", "transform", "merge", "render", "audit"];

/// What a span stands for.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// The invocation.
    Root,
    /// A call to another function.
    Call,
    Http,
    Database,
    Aws,
    Queue,
    Internal,
}

/// Where a span stands.
pub(super) struct Context {
    pub(super) function: u64,
    pub(super) span: u32,
    pub(super) trace: u32,
    pub(super) cold: bool,
    pub(super) failed: bool,
}

// === impl Work ===

impl Work {
    /// What functions do under their root.
    pub(super) fn any(numbers: &mut Numbers) -> Self {
        match numbers.below(100) {
            0..30 => Self::Http,
            30..60 => Self::Database,
            60..70 => Self::Aws,
            70..75 => Self::Queue,
            _ => Self::Internal,
        }
    }

    /// OTLP's number.
    pub(super) fn kind(self) -> i32 {
        match self {
            Self::Internal => 1,
            Self::Root => 2,
            Self::Call | Self::Http | Self::Database | Self::Aws => 3,
            Self::Queue => 4,
        }
    }
}

/// The function's name.
pub(super) fn function_name(function: u64) -> String {
    let verb = VERBS[(function % 8) as usize];
    let noun = NOUNS[(function / 8 % 8) as usize];
    format!("{noun}-{verb}")
}

/// The sandbox's id: one of many of the function.
pub(super) fn sandbox(function: u64, values: &mut Values) -> String {
    let pool = SANDBOXES;
    values.text(Value::Sandbox { function, pool })
}

/// The function, and the sandbox.
pub(super) fn of_resource(function: u64, values: &mut Values) -> Resource {
    let name = function_name(function);
    let runtime =
        ["nodejs22.x", "python3.13", "java21", "provided.al2023"][(function % 4) as usize];
    let language = ["nodejs", "python", "java", "rust"][(function % 4) as usize];
    let attributes = vec![
        text("service.name", &name),
        text(
            "service.version",
            &format!("1.{}.{}", function % 7, function % 11),
        ),
        text("deployment.environment.name", "production"),
        text("cloud.provider", "aws"),
        text("cloud.platform", "aws_lambda"),
        text(
            "cloud.region",
            ["eu-central-1", "us-east-1"][(function % 2) as usize],
        ),
        text("cloud.account.id", "123456789012"),
        text("faas.name", &name),
        text("faas.version", &format!("{}", 1 + function % 30)),
        text("faas.instance", &sandbox(function, values)),
        text("process.runtime.name", runtime),
        text("telemetry.sdk.language", language),
    ];
    Resource {
        attributes,
        ..Resource::default()
    }
}

/// A span's name and attributes.
pub(super) fn of_span(
    work: Work,
    context: &Context,
    numbers: &mut Numbers,
    values: &mut Values,
) -> (String, Vec<KeyValue>) {
    match work {
        Work::Root => root(context, numbers, values),
        Work::Call | Work::Http => http(work, context, numbers, values),
        Work::Database => database(context, numbers, values),
        Work::Aws => aws(context, numbers, values),
        Work::Queue => queue(context, numbers, values),
        Work::Internal => internal(context, numbers, values),
    }
}

/// An event's name and attributes.
pub(super) fn of_event(failed: bool, numbers: &mut Numbers) -> (String, Vec<KeyValue>) {
    if failed {
        let attributes = vec![
            text("exception.type", numbers.pick(ERRORS)),
            text("exception.message", failure(numbers)),
        ];
        return ("exception".to_owned(), attributes);
    }
    let attributes = vec![
        text("cache.key.kind", numbers.pick(NOUNS)),
        number("cache.age.ms", numbers.below(600)),
    ];
    (
        numbers
            .pick(&["cache.miss", "cache.hit", "retry"])
            .to_owned(),
        attributes,
    )
}

/// Why something failed.
pub(super) fn failure(numbers: &mut Numbers) -> &'static str {
    FAILURES[numbers.below(FAILURES.len() as u64) as usize]
}

fn root(context: &Context, numbers: &mut Numbers, values: &mut Values) -> (String, Vec<KeyValue>) {
    let noun = NOUNS[(context.function / 8 % 8) as usize];
    let method = METHODS[(mixed(context.function) % 5) as usize];
    let attributes = vec![
        text(
            "faas.invocation_id",
            &values.text(Value::RequestId(context.trace)),
        ),
        text("faas.trigger", "http"),
        flag("faas.coldstart", context.cold),
        text("http.request.method", method),
        text("http.route", &format!("/v1/{noun}s/{{id}}")),
        text(
            "url.path",
            &format!("/v1/{noun}s/{}", digits(7, PATHS, context, values)),
        ),
        text("url.scheme", "https"),
        number(
            "http.response.status_code",
            if context.failed { 500 } else { 200 },
        ),
        text("user_agent.original", numbers.pick(AGENTS)),
        text(
            "client.address",
            &format!("2001:db8::{}", digits(6, CLIENTS, context, values)),
        ),
        text(
            "enduser.id",
            &format!("user-{}", digits(6, USERS, context, values)),
        ),
    ];
    (format!("{method} /v1/{noun}s/{{id}}"), attributes)
}

fn http(
    work: Work,
    context: &Context,
    numbers: &mut Numbers,
    values: &mut Values,
) -> (String, Vec<KeyValue>) {
    let method = numbers.pick(METHODS);
    let host = match work {
        Work::Call => "gateway.internal",
        _ => numbers.pick(HOSTS),
    };
    let noun = numbers.pick(NOUNS);
    let status = *[200, 200, 200, 201, 204, 304, 404]
        .get(numbers.below(7) as usize)
        .expect("seven");
    let attributes = vec![
        text("http.request.method", method),
        text(
            "url.full",
            &format!(
                "https://{host}/{noun}s/{}",
                digits(7, PATHS, context, values)
            ),
        ),
        text("server.address", host),
        number("server.port", 443),
        text(
            "network.peer.address",
            &format!("10.0.{}.{}", numbers.below(4), numbers.below(64)),
        ),
        text("network.protocol.version", "1.1"),
        number(
            "http.response.status_code",
            if context.failed { 503 } else { status },
        ),
        number("http.response.body.size", numbers.long_tailed(900)),
        text("peer.service", host.split('.').next().unwrap_or(host)),
        text("user_agent.original", numbers.pick(AGENTS)),
        number("thread.id", numbers.below(16)),
    ];
    (method.to_owned(), attributes)
}

fn database(
    context: &Context,
    numbers: &mut Numbers,
    values: &mut Values,
) -> (String, Vec<KeyValue>) {
    let store = numbers.pick(STORES);
    let table = numbers.pick(NOUNS);
    let operation = numbers.pick(&["SELECT", "INSERT", "UPDATE", "DELETE"]);
    let attributes = vec![
        text("db.system.name", store),
        text("db.namespace", "shop"),
        text("db.operation.name", operation),
        text("db.collection.name", table),
        text(
            "db.query.text",
            &format!("{operation} id, total, state FROM {table}s WHERE user_id = ? LIMIT 50"),
        ),
        text(
            "server.address",
            &format!("{store}-{}.internal", numbers.below(6)),
        ),
        number("server.port", 5432),
        number("db.response.returned_rows", numbers.long_tailed(12)),
        text("app.order.id", &digits(8, ORDERS, context, values)),
        text(
            "thread.name",
            &format!("pool-1-thread-{}", numbers.below(16)),
        ),
        number("thread.id", numbers.below(16)),
    ];
    (format!("{operation} {table}s"), attributes)
}

fn aws(context: &Context, numbers: &mut Numbers, values: &mut Values) -> (String, Vec<KeyValue>) {
    let service = numbers.pick(SERVICES);
    let call = numbers.pick(CALLS);
    let attributes = vec![
        text("rpc.system", "aws-api"),
        text("rpc.service", service),
        text("rpc.method", call),
        text("aws.request_id", &values.text(Value::Uuid(context.span))),
        text("cloud.region", "eu-central-1"),
        text(
            "server.address",
            &format!("{}.eu-central-1.amazonaws.com", service.to_lowercase()),
        ),
        number("server.port", 443),
        number(
            "http.response.status_code",
            if context.failed { 400 } else { 200 },
        ),
        number("http.response.body.size", numbers.long_tailed(400)),
        text("aws.resource", &format!("{}-table", numbers.pick(NOUNS))),
        number("thread.id", numbers.below(16)),
    ];
    (format!("{service}.{call}"), attributes)
}

fn queue(context: &Context, numbers: &mut Numbers, values: &mut Values) -> (String, Vec<KeyValue>) {
    let queue = numbers.pick(QUEUES);
    let attributes = vec![
        text("messaging.system", "aws_sqs"),
        text("messaging.destination.name", queue),
        text("messaging.operation.name", "send"),
        text("messaging.operation.type", "publish"),
        text(
            "messaging.message.id",
            &values.text(Value::Uuid(context.span)),
        ),
        number("messaging.message.body.size", numbers.long_tailed(700)),
        number("messaging.batch.message_count", 1 + numbers.below(10)),
        text("server.address", "sqs.eu-central-1.amazonaws.com"),
        number("server.port", 443),
        text(
            "enduser.id",
            &format!("user-{}", digits(6, USERS, context, values)),
        ),
        number("thread.id", numbers.below(16)),
    ];
    (format!("send {queue}"), attributes)
}

fn internal(
    context: &Context,
    numbers: &mut Numbers,
    values: &mut Values,
) -> (String, Vec<KeyValue>) {
    let step = numbers.pick(STEPS);
    let noun = numbers.pick(NOUNS);
    let attributes = vec![
        text(
            "code.function.name",
            &format!("com.example.shop.{noun}.{step}"),
        ),
        text(
            "code.file.path",
            &format!("src/main/java/shop/{noun}/{step}.java"),
        ),
        number("code.line.number", numbers.below(400)),
        text(
            "thread.name",
            &format!("pool-1-thread-{}", numbers.below(16)),
        ),
        number("thread.id", numbers.below(16)),
        text("app.step", step),
        number("app.items", numbers.long_tailed(8)),
        flag("app.cache.hit", numbers.one_in(3)),
        decimal("app.cart.total", numbers.long_tailed(4_000) as f64 / 100.0),
        text("app.order.id", &digits(8, ORDERS, context, values)),
        text(
            "enduser.id",
            &format!("user-{}", digits(6, USERS, context, values)),
        ),
    ];
    (format!("{noun}.{step}"), attributes)
}

/// Digits of one of so many values; the same for all of a span.
fn digits(width: u8, pool: u64, context: &Context, values: &mut Values) -> String {
    let span = context.span;
    values.text(Value::Digits { pool, width, span })
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Any::StringValue(value.to_owned()))
}

fn number(key: &str, value: u64) -> KeyValue {
    attribute(key, Any::IntValue(value as i64))
}

fn decimal(key: &str, value: f64) -> KeyValue {
    attribute(key, Any::DoubleValue(value))
}

fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Any::BoolValue(value))
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
