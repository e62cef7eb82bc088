//! What was answered, and what should have been.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use super::wire::{self, Value as Field};

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, String)>,
}

/// What it should answer.
pub(super) enum Expected {
    /// All is taken, and nothing is said of a part.
    Taken,
    /// Some items are not; the message has these words.
    Partly(u64, &'static str),
    /// None is.
    Refused(Refused),
    /// Not OTLP's: a status and headers.
    Plain(u16, &'static [(&'static str, &'static str)]),
}

/// Why nothing is taken, in every transport's words.
#[derive(Clone, Copy)]
pub(super) struct Refused {
    pub(super) http: u16,
    pub(super) grpc: u64,
    /// Words of its message.
    pub(super) words: &'static str,
    /// The type of its detail.
    pub(super) detail: Option<&'static str>,
    /// Beside it.
    pub(super) headers: &'static [(&'static str, &'static str)],
}

/// A row goes over several transports with the same bytes; what was stored of the first is known, the reasons are not.
const CAME_BEFORE: &str = "when the request came first";

/// `google.rpc.Status`
#[derive(Debug)]
struct Status {
    code: u64,
    message: String,
    details: Vec<String>,
}

/// The request can't be read.
pub(super) const fn invalid(words: &'static str) -> Expected {
    Expected::Refused(Refused {
        http: 400,
        grpc: 3,
        words,
        detail: Some("google.rpc.BadRequest"),
        headers: &[],
    })
}

/// It exceeds the limit: final, so there is no RetryInfo.
pub(super) const TOO_LARGE: Expected = Expected::Refused(Refused {
    http: 413,
    grpc: 8,
    words: "too large",
    detail: None,
    headers: &[],
});

/// Final, and without details.
pub(super) const fn refused(http: u16, grpc: u64, words: &'static str) -> Expected {
    Expected::Refused(Refused {
        http,
        grpc,
        words,
        detail: None,
        headers: &[],
    })
}

// === impl Answer ===

impl Answer {
    /// Of a server that broke off: no status is expected to be zero.
    pub(super) fn none(error: &anyhow::Error) -> Self {
        Self {
            status: 0,
            headers: Vec::new(),
            body: format!("{error:#}").into_bytes(),
            trailers: Vec::new(),
        }
    }

    pub(super) fn of_http1(reply: &[u8]) -> Self {
        let split = reply.windows(4).position(|window| window == b"\r\n\r\n");
        let split =
            split.unwrap_or_else(|| panic!("no head: {:?}", reply.escape_ascii().to_string()));
        let head = String::from_utf8_lossy(&reply[..split]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.expect("a status line"),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: reply[split + 4..].to_vec(),
            trailers: Vec::new(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(super) fn is_grpc(&self) -> bool {
        self.header("content-type") == Some("application/grpc")
    }

    fn is_json(&self) -> bool {
        self.header("content-type") == Some("application/json")
    }

    /// Of a call: in its trailers, or in its head where there is nothing else.
    pub(super) fn of_call(&self, name: &str) -> Option<&str> {
        find(&self.trailers, name).or_else(|| self.header(name))
    }

    fn grpc_message(&self) -> Option<&[u8]> {
        let (prefix, message) = self.body.split_at_checked(5)?;
        let length = u32::from_be_bytes(prefix[1..].try_into().ok()?) as usize;
        (prefix[0] == 0 && length == message.len()).then_some(message)
    }

    /// How many items were not taken, and why; nothing if all were.
    pub(super) fn partial(&self) -> Option<(u64, String)> {
        if self.is_json() {
            let body: Value = serde_json::from_slice(&self.body).ok()?;
            let partial = body.get("partialSuccess")?;
            let rejected = partial
                .get("rejectedSpans")
                .or(partial.get("rejectedLogRecords"));
            let rejected = rejected.map_or(Some(0), |rejected| rejected.as_str()?.parse().ok());
            return Some((rejected?, partial["errorMessage"].as_str()?.to_owned()));
        }
        let message = match self.is_grpc() {
            true => self.grpc_message()?,
            false => &self.body,
        };
        let partial = wire::read(message)?
            .into_iter()
            .find_map(|field| bytes(field, 1))?;
        let mut fields = wire::read(&partial)?.into_iter();
        let rejected = fields.clone().find_map(|field| match field {
            (1, Field::Number(rejected)) => Some(rejected),
            _ => None,
        });
        let told = fields.find_map(|field| bytes(field, 2)).unwrap_or_default();
        Some((rejected.unwrap_or(0), String::from_utf8(told).ok()?))
    }

    fn is_full_success(&self) -> bool {
        if self.is_grpc() {
            self.status == 200
                && self.of_call("grpc-status") == Some("0")
                && self.grpc_message() == Some(b"")
        } else {
            let empty: &[u8] = if self.is_json() { b"{}" } else { b"" };
            self.status == 200 && self.body == empty
        }
    }

    fn status(&self) -> Option<Status> {
        if self.is_grpc() {
            return self.grpc_status();
        }
        match self.is_json() {
            true => Status::of_json(&self.body),
            false => Status::of_protobuf(&self.body),
        }
    }

    /// What the details say must be what the headers say.
    fn grpc_status(&self) -> Option<Status> {
        let code = self.of_call("grpc-status")?.parse().ok()?;
        let message = percent_decoded(self.of_call("grpc-message")?)?;
        let Some(details) = self.of_call("grpc-status-details-bin") else {
            return Some(Status {
                code,
                message,
                details: Vec::new(),
            });
        };
        let status = Status::of_protobuf(&STANDARD_NO_PAD.decode(details).ok()?)?;
        (status.code == code && status.message == message).then_some(status)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {:?} {:?} {:?}",
            self.status,
            self.headers,
            self.body.escape_ascii().to_string(),
            self.trailers
        )
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(there, _)| there == name);
    found.next().map(|(_, value)| value.as_str())
}

/// The field's content, if it is this one.
fn bytes(field: (u32, Field), number: u32) -> Option<Vec<u8>> {
    match field {
        (found, Field::Bytes(content)) if found == number => Some(content),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut decoded = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        decoded.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        decoded.extend_from_slice(piece.get(2..)?.as_bytes());
    }
    String::from_utf8(decoded).ok()
}

// === impl Status ===

impl Status {
    fn of_json(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let none = json!([]);
        let details = body.get("details").unwrap_or(&none).as_array()?;
        let details = details.iter().map(|detail| detail["@type"].as_str());
        Some(Self {
            code: body["code"].as_u64()?,
            message: body["message"].as_str()?.to_owned(),
            details: details
                .map(|kind| kind.map(str::to_owned))
                .collect::<Option<_>>()?,
        })
    }

    fn of_protobuf(body: &[u8]) -> Option<Self> {
        let mut status = Self {
            code: 0,
            message: String::new(),
            details: Vec::new(),
        };
        for field in wire::read(body)? {
            match field {
                (1, Field::Number(code)) => status.code = code,
                (2, Field::Bytes(message)) => status.message = String::from_utf8(message).ok()?,
                (3, Field::Bytes(any)) => {
                    let kind = wire::read(&any)?
                        .into_iter()
                        .find_map(|field| bytes(field, 1));
                    status.details.push(String::from_utf8(kind?).ok()?);
                }
                _ => return None,
            }
        }
        Some(status)
    }
}

// === impl Expected ===

impl Expected {
    /// What is not as it should be.
    pub(super) fn differs_from(&self, answer: &Answer) -> Option<String> {
        match self {
            Self::Taken => (!answer.is_full_success()).then(|| "not taken as a whole".to_owned()),
            Self::Partly(rejected, words) => {
                let Some((found, message)) = answer.partial().filter(|_| answer.status == 200)
                else {
                    return Some("no partial success".to_owned());
                };
                let is_told = message.contains(words) || message.contains(CAME_BEFORE);
                (found != *rejected || !is_told)
                    .then(|| format!("{found} rejected ({message}), not {rejected} ({words})"))
            }
            Self::Refused(refused) => refused.differs_from(answer),
            Self::Plain(status, headers) => {
                let wrong = (answer.status != *status).then(|| format!("not {status}"));
                wrong.or_else(|| missing(headers, answer))
            }
        }
    }
}

impl Refused {
    fn differs_from(&self, answer: &Answer) -> Option<String> {
        let is_call = answer.is_grpc();
        let expected = if is_call { 200 } else { self.http };
        if answer.status != expected {
            return Some(format!("not {expected}"));
        }
        let Some(status) = answer.status() else {
            return Some("no google.rpc.Status".to_owned());
        };
        let details: Vec<String> = self
            .detail
            .iter()
            .map(|kind| format!("type.googleapis.com/{kind}"))
            .collect();
        let is_as_expected = status.code == self.grpc
            && status.message.contains(self.words)
            && status.details == details;
        let wrong =
            (!is_as_expected).then(|| format!("{status:?}, not {} ({})", self.grpc, self.words));
        wrong.or_else(|| missing(self.headers, answer))
    }
}

/// An expected header that is not there, or is another.
fn missing(headers: &[(&str, &str)], answer: &Answer) -> Option<String> {
    let mut wrong = headers
        .iter()
        .filter(|(name, value)| answer.header(name).unwrap_or("(none)") != *value);
    wrong
        .next()
        .map(|(name, value)| format!("{name} is not {value}"))
}
