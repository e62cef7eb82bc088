//! What is sent in a body: JSON, and no more of it than people write.
//!
//! Whatever is wrong with it is told as every error is, never in the framework's own words.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::error::ApiError;

/// In bytes. A rule with every list full has some tens of thousands.
const LARGEST: usize = 256 << 10;

/// A body.
pub(super) struct Body(pub(super) Value);

// === impl Body ===

impl<S: Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let told = "must be JSON, and said to be: content-type: application/json";
            return Err(ApiError::invalid("body", told));
        }
        let bytes = to_bytes(request.into_body(), LARGEST).await;
        let bytes = bytes.map_err(|_| {
            let most = LARGEST >> 10;
            let told = format!("is larger than {most} KB, or was cut off");
            ApiError::invalid("body", told)
        })?;
        let value = serde_json::from_slice(&bytes);
        value
            .map(Self)
            .map_err(|error| ApiError::invalid("body", format!("is no JSON: {error}")))
    }
}

/// No form of another site can send this type.
fn is_json(headers: &HeaderMap) -> bool {
    let told = headers.get(header::CONTENT_TYPE);
    let told = told.and_then(|told| told.to_str().ok()).unwrap_or_default();
    let kind = told.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn read(kind: &str, body: impl Into<axum::body::Body>) -> Result<Value, String> {
        let request = Request::post("/").header(header::CONTENT_TYPE, kind);
        let request = request.body(body.into()).expect("a request");
        let read = Body::from_request(request, &()).await;
        read.map(|Body(value)| value)
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn it_is_json_of_a_bounded_size_and_says_so() {
        assert_eq!(read("application/json", "1").await, Ok(Value::from(1)));
        assert_eq!(
            read("Application/JSON; charset=utf-8", "null").await,
            Ok(Value::Null)
        );
        let wrong = [
            read("text/plain", "1").await,
            read("", "1").await,
            read("application/json", "{").await,
            read("application/json", "").await,
            read("application/json", "[".repeat(10_000)).await,
            read("application/json", " ".repeat(LARGEST + 1)).await,
        ];
        insta::assert_debug_snapshot!(wrong.map(|one| one.expect_err("it is wrong")));
    }
}
