//! The town around the shop: what an API gateway, a queue service, the bank and the stock database are elsewhere, as one
//! HTTP server on loopback.
//!
//! It notes every call that passes by with the ids that the caller's SDK wrote into it: whoever claims to have stored
//! everything must know these spans.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use coldtrace_model::{SpanId, TraceId};
use serde_json::{Map, Value, json};

use super::ledger::{Call, Ledger};
use super::orders::Dice;
use super::pager::{Message, Pager};
use super::shop::Shop;

/// The stock database looks for it for a while.
pub(super) const SLOW_ARTICLE: &str = "samovar";
/// The stock database has it without a price.
pub(super) const DISCONTINUED_ARTICLE: &str = "tea-cosy-1987";
/// The bank declines it.
pub(super) const DECLINED_CARD: &str = "4000-declined";
/// The bank takes its time.
pub(super) const SLOW_CARD: &str = "4000-slow";
/// The bank never answers in time.
pub(super) const HANGING_CARD: &str = "4000-hanging";

const STOCK_USUAL: Duration = Duration::from_millis(8);
const SHELF_USUAL: Duration = Duration::from_millis(6);
const STOCK_SLOW: Duration = Duration::from_millis(700);
/// There and back.
const STOCK_FAR_AWAY: Duration = Duration::from_millis(800);
const BANK_USUAL: Duration = Duration::from_millis(15);
const BANK_SLOW: Duration = Duration::from_millis(500);
/// Longer than checkout's time limit.
const BANK_HANGING: Duration = Duration::from_secs(10);

const TRACE_HEADER: &str = "x-amzn-trace-id";

/// What the handlers share.
#[derive(Clone)]
struct Town {
    shop: Arc<Shop>,
    ledger: Ledger,
    pager: Pager,
    /// For trace ids; locked for a line.
    dice: Arc<Mutex<Dice>>,
}

/// The routes. `seed` decides the trace ids together with the time.
pub(super) fn router(shop: Arc<Shop>, ledger: Ledger, pager: Pager, seed: u64) -> Router {
    let town = Town {
        shop,
        ledger,
        pager,
        dice: Arc::new(Mutex::new(Dice::new(!seed))),
    };
    Router::new()
        .route("/functions/{name}", post(function))
        .route("/queues/receipts", post(queue))
        .route("/bank/payments", post(bank))
        .route("/stock", post(stock))
        .route("/us-west-2/stock", post(stock_far_away))
        .route("/pager", post(page))
        .route("/shelves/{sku}", get(shelf))
        .with_state(town)
}

/// As a function's URL does it: the request becomes an event, the reply a response, a failure 502.
async fn function(
    State(town): State<Town>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trace_header = match header_text(&headers, TRACE_HEADER) {
        Some(given) => given.to_owned(),
        None => town.new_trace_header(),
    };
    town.note_call("checkout", &headers);
    let event = gateway_event(&name, &headers, &trace_header, &body);
    let payload = Bytes::from(event.to_string());
    let Some(invoked) = town.shop.invoke(&name, payload, trace_header).await else {
        return (StatusCode::NOT_FOUND, "no such function\n").into_response();
    };
    match invoked {
        Some(reply) => gateway_response(&reply),
        None => {
            let failed = json!({"message": "Internal Server Error"});
            (StatusCode::BAD_GATEWAY, axum::Json(failed)).into_response()
        }
    }
}

/// SendMessage, with X-Ray's header taken from the request as SQS does.
async fn queue(State(town): State<Town>, headers: HeaderMap, body: Bytes) -> Response {
    town.note_call("checkout", &headers);
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(message) = request["MessageBody"].as_str() else {
        let error = json!({"__type": "com.amazonaws.sqs#MissingParameter", "message": "MessageBody is missing"});
        return (StatusCode::BAD_REQUEST, axum::Json(error)).into_response();
    };
    let trace_header = header_text(&headers, TRACE_HEADER).map(str::to_owned);
    let message_id = town.shop.send_receipt(message, trace_header).await;
    axum::Json(json!({"MessageId": message_id})).into_response()
}

async fn bank(State(town): State<Town>, headers: HeaderMap, body: Bytes) -> Response {
    town.note_call("checkout", &headers);
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (patience, status, reply) = match request["card"].as_str().unwrap_or_default() {
        DECLINED_CARD => (
            BANK_USUAL,
            StatusCode::PAYMENT_REQUIRED,
            json!({"reason": "insufficient funds"}),
        ),
        SLOW_CARD => (BANK_SLOW, StatusCode::OK, json!({"paid": true})),
        HANGING_CARD => (BANK_HANGING, StatusCode::OK, json!({"paid": true})),
        _ => (BANK_USUAL, StatusCode::OK, json!({"paid": true})),
    };
    tokio::time::sleep(patience).await;
    (status, axum::Json(reply)).into_response()
}

async fn stock(State(town): State<Town>, headers: HeaderMap, body: Bytes) -> Response {
    town.note_call("inventory", &headers);
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let sku = request["sku"].as_str().unwrap_or_default();
    let price = match sku {
        DISCONTINUED_ARTICLE => Value::Null,
        _ => json!({"cents": 250 + 100 * sku.len()}),
    };
    let patience = if sku == SLOW_ARTICLE {
        STOCK_SLOW
    } else {
        STOCK_USUAL
    };
    tokio::time::sleep(patience).await;
    axum::Json(json!({"sku": sku, "price": price})).into_response()
}

async fn stock_far_away(town: State<Town>, headers: HeaderMap, body: Bytes) -> Response {
    tokio::time::sleep(STOCK_FAR_AWAY).await;
    stock(town, headers, body).await
}

/// Of who runs the shop: it rings when an alert comes.
async fn page(State(town): State<Town>, body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Message>(&body) {
        Ok(message) => {
            town.pager.ring(message);
            StatusCode::NO_CONTENT
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

async fn shelf(State(town): State<Town>, Path(sku): Path<String>, headers: HeaderMap) -> Response {
    town.note_call("inventory", &headers);
    tokio::time::sleep(SHELF_USUAL).await;
    axum::Json(json!({"sku": sku, "shelf": sku.len()})).into_response()
}

impl Town {
    fn new_trace_header(&self) -> String {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let (upper, lower, parent) = (dice.next(), dice.next(), dice.next());
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = seconds.map_or(0, |since| since.as_secs());
        let upper = upper as u32;
        format!("Root=1-{seconds:08x}-{upper:08x}{lower:016x};Parent={parent:016x};Sampled=1")
    }

    fn note_call(&self, caller: &'static str, headers: &HeaderMap) {
        let root = header_text(headers, TRACE_HEADER).and_then(root_of);
        let context = header_text(headers, "traceparent").and_then(traceparent);
        if let (Some(root), Some((trace_id, span_id))) = (root, context) {
            self.ledger.call(Call {
                caller,
                root,
                trace_id,
                span_id,
            });
        }
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The trace id in X-Ray's header: `Root=1-5759e988-bd862e3fe1be46a994272793;...`.
pub(super) fn root_of(trace_header: &str) -> Option<TraceId> {
    let root = trace_header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root=1-"))?;
    root.replacen('-', "", 1).parse().ok()
}

/// Trace and span of W3C's header: `00-{trace}-{span}-{flags}`.
fn traceparent(header: &str) -> Option<(TraceId, SpanId)> {
    let mut parts = header.split('-').skip(1);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The event of an HTTP API, payload version 2.0.
fn gateway_event(name: &str, headers: &HeaderMap, trace_header: &str, body: &Bytes) -> Value {
    let mut told: Map<String, Value> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), json!(value.to_str().ok()?))))
        .collect();
    told.insert(TRACE_HEADER.to_owned(), json!(trace_header));
    let path = format!("/{name}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": told,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "demo",
            "domainName": header_text(headers, "host"),
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": header_text(headers, "user-agent"),
            },
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": now.map_or(0, |since| since.as_millis() as u64),
        },
        "body": String::from_utf8_lossy(body),
        "isBase64Encoded": false,
    })
}

fn gateway_response(reply: &[u8]) -> Response {
    let reply: Value = serde_json::from_slice(reply).unwrap_or_default();
    let status = reply["statusCode"]
        .as_u64()
        .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok())
        .unwrap_or(StatusCode::OK);
    let body = match &reply["body"] {
        Value::String(body) => body.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_headers_are_read() {
        let root = root_of(
            "Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        );
        assert_eq!(
            root.map(|id| id.to_string()).as_deref(),
            Some("5759e988bd862e3fe1be46a994272793")
        );
        assert_eq!(root_of("Sampled=1"), None);
        let context = traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let (trace_id, span_id) = context.expect("it is well-formed");
        assert_eq!(trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span_id.to_string(), "b7ad6b7169203331");
        assert_eq!(traceparent("00-0af7651916cd43dd8448eb211c80319c"), None);
    }
}
