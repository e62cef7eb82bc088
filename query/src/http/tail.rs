//! `GET /api/v1/tail`: what comes, as server-sent events.
//!
//! An event's id is where the tail stands once the event is known; with it a client that was cut off goes on. A tail ends by itself
//! after a while, so that a key that reads no more is found out: clients come back, with the id.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coldtrace_model::UnixNanos;
use futures_util::stream::{self, Stream};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tracing::warn;

use super::access::{Access, Api};
use super::error::ApiError;
use super::invocations::outcomes;
use super::params::Params;
use super::{bytes_of, logs};
use crate::reply::{InvocationReply, LogReply};
use crate::tail::{InvocationSubject, News, Position, Subject, Tail, Tails, What};

const PARAMETERS: [&str; 10] = [
    "of",
    "function",
    "outcome",
    "cold",
    "request_id",
    "trace_id",
    "severity",
    "text",
    "words",
    "cursor",
];
const OF_INVOCATIONS: [&str; 2] = ["outcome", "cold"];
const OF_LOGS: [&str; 5] = ["request_id", "trace_id", "severity", "text", "words"];

const LAST_EVENT_ID: &str = "last-event-id";
/// Between two looks.
const TICK: Duration = Duration::from_secs(1);
/// Between two where the store did not answer.
const TROUBLED_TICK: Duration = Duration::from_secs(5);
/// A comment says so often that the connection stands.
const ALIVE: Duration = Duration::from_secs(15);
/// Then the client comes back with its key.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// For clients, until they come back.
const RETRY: Duration = Duration::from_secs(2);

/// A tail and when it looks.
struct Running {
    tail: Tail,
    tails: Tails,
    ticks: Interval,
    ends: Instant,
    waiting: VecDeque<Event>,
}

pub(super) fn follow() -> MethodRouter<Api> {
    get(follow_what_comes)
}

async fn follow_what_comes(
    access: Access,
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let params = Params::read(&uri, &PARAMETERS)?;
    let (subject, after) = (subject(&params)?, position(&params, &headers)?);
    let (tails, now) = (api.tails(), UnixNanos::now());
    let tail = Tail::open(tails, access.tenant, access.reader, subject, after, now);
    let mut tail = tail.map_err(|full| ApiError::TooMany(full.to_string()))?;
    let began = Event::default()
        .event("begun")
        .id(id(tail.position()))
        .retry(RETRY)
        .data("{}");
    // A store that is away is told as an error.
    let news = tail.look(now).await?;
    let mut ticks = tokio::time::interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = Running {
        tail,
        tails: tails.clone(),
        ticks,
        ends: Instant::now() + LIFE,
        waiting: VecDeque::from([began]),
    };
    running.wait_with(&news);
    let events = Sse::new(running.events()).keep_alive(KeepAlive::new().interval(ALIVE));
    // Proxies that gather replies would hold back what is waited for.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, events).into_response())
}

fn subject(params: &Params) -> Result<Subject, ApiError> {
    let (subject, others, of): (Subject, &[&str], &str) = match params.text("of") {
        None | Some("invocations") => {
            let subject = InvocationSubject {
                function: params.text("function").map(str::to_owned),
                outcomes: outcomes(params)?,
                cold: params.flag("cold")?,
            };
            (Subject::Invocations(subject), &OF_LOGS, "logs")
        }
        Some("logs") => {
            let subject = Subject::Lines(logs::filter(params)?);
            (subject, &OF_INVOCATIONS, "invocations")
        }
        Some(_) => return Err(ApiError::invalid("of", "must be invocations or logs")),
    };
    match others.iter().find(|name| params.text(name).is_some()) {
        Some(name) => Err(ApiError::invalid(name, format!("is for of={of}"))),
        None => Ok(subject),
    }
}

/// Where a client was cut off: what its browser says, else what its address says.
fn position(params: &Params, headers: &HeaderMap) -> Result<Option<Position>, ApiError> {
    let told = headers.get(LAST_EVENT_ID);
    let told = told.map(|told| told.to_str().unwrap_or("-"));
    let (name, text) = match (told, params.text("cursor")) {
        (Some(""), None) | (None, None) => return Ok(None),
        (Some(told), _) if !told.is_empty() => (LAST_EVENT_ID, told),
        (_, cursor) => ("cursor", cursor.unwrap_or_default()),
    };
    let position = read_id(text);
    position
        .map(Some)
        .ok_or_else(|| ApiError::invalid(name, "is not an id of an event of this tail"))
}

/// A position as an event's id.
fn id(position: Position) -> String {
    let Position { tail, number, time } = position;
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&tail.to_be_bytes());
    bytes[8..16].copy_from_slice(&number.to_be_bytes());
    bytes[16..].copy_from_slice(&time.0.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read_id(id: &str) -> Option<Position> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()?;
    let number = |at: usize| {
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[at..at + 8]);
        u64::from_be_bytes(number)
    };
    let time = UnixNanos(number(16));
    (time <= UnixNanos::MAX_STORED).then_some(Position {
        tail: number(0),
        number: number(8),
        time,
    })
}

fn event(news: &News) -> Option<Event> {
    let (name, data) = match &news.what {
        What::Invocation(invocation) => {
            let reply = InvocationReply::from(invocation.as_ref());
            ("invocation", bytes_of(&reply).ok()?)
        }
        What::Line(service, record) => ("log", bytes_of(&LogReply::of(service, record)).ok()?),
        What::Skipped => ("skipped", b"{}".to_vec()),
    };
    let data = String::from_utf8(data).ok()?;
    Some(
        Event::default()
            .event(name)
            .id(id(news.position))
            .data(data),
    )
}

// === impl Running ===

impl Running {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut running| {
            let event = running.next().await?;
            Some((Ok(event), running))
        })
    }

    /// The next event; none when it is over. Asked for when the client has taken the one before.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let ended = self.tails.ended();
            tokio::select! {
                biased;
                () = ended => return None,
                _ = self.ticks.tick() => {}
            }
            if Instant::now() >= self.ends {
                return None;
            }
            self.look().await;
        }
    }

    async fn look(&mut self) {
        match self.tail.look(UnixNanos::now()).await {
            Ok(news) => self.wait_with(&news),
            Err(error) => {
                warn!(%error, "a tail waits for the store");
                self.waiting
                    .push_back(Event::default().event("unavailable").data("{}"));
                self.ticks.reset_after(TROUBLED_TICK);
            }
        }
    }

    fn wait_with(&mut self, news: &[News]) {
        self.waiting.extend(news.iter().filter_map(event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_a_foreign_one_is_not() {
        let position = Position {
            tail: u64::MAX,
            number: 3,
            time: UnixNanos(1_767_225_600_000_000_000),
        };
        assert_eq!(read_id(&id(position)), Some(position));
        for foreign in ["", "abc", "e30", &id(position)[1..]] {
            assert_eq!(read_id(foreign), None, "{foreign}");
        }
    }
}
