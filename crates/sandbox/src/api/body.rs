//! Bodies of requests, with a bound.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::Refusal;

/// The largest reply of a function, in bytes: 6 MB and a little for the envelope, as on Lambda.
pub(super) const REPLY_LIMIT: usize = 6 * 1024 * 1024 + 100;

/// Why a body could not be read.
pub(super) enum Unread {
    TooLarge,
    /// The connection ended in the middle of it.
    Broken,
}

/// Reads the whole body.
pub(super) async fn read(request: Request<Incoming>) -> Result<Bytes, Unread> {
    let body = Limited::new(request.into_body(), REPLY_LIMIT);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

// === impl Unread ===

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                error_type: "RequestEntityTooLarge",
                message: format!("exceeded the limit of {REPLY_LIMIT} bytes"),
            },
            Unread::Broken => Self {
                status: StatusCode::BAD_REQUEST,
                error_type: "TruncatedRequest",
                message: "the body ended too early".to_owned(),
            },
        }
    }
}
