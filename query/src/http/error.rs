//! What went wrong, as the API says it. The only file that knows status codes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use coldtrace_alerts::Mistake;
use coldtrace_control::{DbError, Denied};
use coldtrace_store::reader::ReadError;
use serde::Serialize;
use tracing::{error, warn};

use crate::alerts::AskError;
use crate::journey::JourneyError;

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// A parameter is wrong.
    Invalid {
        /// Which.
        parameter: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The query is none.
    Syntax {
        /// The stretch that is wrong, in characters from 0.
        at: Range<usize>,
        /// What is wrong and what to do.
        message: String,
    },
    /// What was sent is wrong, in these places.
    Mistakes(Vec<Mistake>),
    /// It can't be done as things stand.
    Conflict(String),
    /// Who asks is not let in, or not with this key.
    Denied(Denied),
    /// It would change something, and comes by a name that is not this machine's or from another site's page, though nobody needs
    /// a key here.
    Foreign,
    /// There is nothing under that id or path.
    NotFound(String),
    /// The path takes other methods.
    MethodNotAllowed,
    /// The store does not answer, or not in time.
    Unavailable(String),
    /// The tenant has as much of it as it may, or all have.
    TooMany(String),
    /// A mistake of ours; the log says which.
    Internal,
}

#[derive(Serialize)]
struct ErrorReply<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<At>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    mistakes: &'a [MistakeReply<'a>],
}

/// A mistake in what was sent.
#[derive(Serialize)]
pub(super) struct MistakeReply<'a> {
    /// Where: a key.
    at: &'a str,
    message: &'a str,
}

/// Characters of the parameter, from 0.
#[derive(Serialize)]
struct At {
    from: usize,
    to: usize,
}

/// In seconds, until it is worth to ask again.
const RETRY_AFTER: &str = "2";
/// The same where somebody has to leave first.
const RETRY_AFTER_OTHERS: &str = "30";

impl ApiError {
    pub(super) fn invalid(parameter: &str, message: impl Into<String>) -> Self {
        Self::Invalid {
            parameter: parameter.to_owned(),
            message: message.into(),
        }
    }

    /// Too many ask at once.
    pub(super) fn busy() -> Self {
        Self::Unavailable("too many requests at once; ask again in a moment".to_owned())
    }

    fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid { .. } | Self::Syntax { .. } | Self::Mistakes(_) => {
                (StatusCode::BAD_REQUEST, "invalid")
            }
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::Denied(Denied::Sealed) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::Denied(Denied::OutOfScope { .. }) | Self::Foreign => {
                (StatusCode::FORBIDDEN, "forbidden")
            }
            Self::Denied(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "invalid"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    fn message(&self) -> Cow<'_, str> {
        let told = match self {
            Self::Denied(denied) => return denied.to_string().into(),
            Self::Mistakes(mistakes) => return told(mistakes).into(),
            Self::Invalid { message, .. }
            | Self::Conflict(message)
            | Self::Syntax { message, .. }
            | Self::NotFound(message)
            | Self::TooMany(message)
            | Self::Unavailable(message) => message,
            Self::Foreign => {
                "without keys, changes are taken only by the address of this machine, such as localhost, and from no other site's page (`coldtrace keys create --scope write` makes a key)"
            }
            Self::MethodNotAllowed => "this path does not take that method",
            Self::Internal => "a mistake of Coldtrace's own; its log says more",
        };
        told.into()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let (parameter, at) = match &self {
            Self::Invalid { parameter, .. } => (Some(parameter.as_str()), None),
            Self::Syntax { at, .. } => {
                let (from, to) = (at.start, at.end);
                (Some("q"), Some(At { from, to }))
            }
            _ => (None, None),
        };
        let mistakes = match &self {
            Self::Mistakes(mistakes) => mistakes.as_slice(),
            _ => &[],
        };
        let mistakes: Vec<MistakeReply<'_>> = mistakes.iter().map(MistakeReply::of).collect();
        let body = axum::Json(ErrorReply {
            error: ErrorBody {
                code,
                message: &self.message(),
                parameter,
                at,
                mistakes: &mistakes,
            },
        });
        match self {
            Self::Denied(_) if status == StatusCode::UNAUTHORIZED => {
                (status, [(header::WWW_AUTHENTICATE, "Bearer")], body).into_response()
            }
            Self::Unavailable(_) | Self::Denied(Denied::Sealed) => {
                (status, [(header::RETRY_AFTER, RETRY_AFTER)], body).into_response()
            }
            Self::TooMany(_) => {
                (status, [(header::RETRY_AFTER, RETRY_AFTER_OTHERS)], body).into_response()
            }
            _ => (status, body).into_response(),
        }
    }
}

/// All mistakes in one text, for who shows no list.
fn told(mistakes: &[Mistake]) -> String {
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    told.join("; ")
}

// === impl MistakeReply ===

impl<'a> MistakeReply<'a> {
    pub(super) fn of(mistake: &'a Mistake) -> Self {
        Self {
            at: &mistake.place,
            message: &mistake.message,
        }
    }
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Db(DbError::NoSuch { what, id }) => {
                Self::NotFound(format!("there is no {what} {id}"))
            }
            AskError::Db(error @ (DbError::Taken(_) | DbError::TooMany { .. })) => {
                Self::Conflict(error.to_string())
            }
            AskError::Db(DbError::Busy) => {
                Self::Unavailable("the control database is busy; ask again in a moment".to_owned())
            }
            error => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                error!(%error, cause, "alerts can't be told or changed");
                Self::Internal
            }
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(error) => {
                warn!(%error, "the store was not read");
                Self::Unavailable(error.to_string())
            }
            ReadError::TooHeavy(why) => {
                warn!(why, "a question was too much for the store");
                Self::Unavailable(format!(
                    "this was too much for the store; ask for a shorter range of time ({why})"
                ))
            }
            error @ (ReadError::Refused(_) | ReadError::Unreadable(_) | ReadError::NoRow) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                error!(%error, cause, "a query of ours failed");
                Self::Internal
            }
        }
    }
}

impl From<JourneyError> for ApiError {
    fn from(error: JourneyError) -> Self {
        match error {
            JourneyError::Read(error) => error.into(),
            JourneyError::Rebuild(error) => {
                error!(%error, "a journey was not rebuilt");
                Self::Internal
            }
        }
    }
}
