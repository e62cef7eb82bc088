//! As much of Lambda as one extension talks to: it registers, subscribes to telemetry and asks for its next event.
//!
//! One address serves sandboxes one after another. Requests come in over a channel, each with when it was whole; whoever
//! takes them decides what is answered and when.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// For an extension to ask for anything; one that died asks for nothing.
const PATIENCE: Duration = Duration::from_secs(20);
const NAME: &str = "lambda-extension-name: ";

/// The platform.
pub(crate) struct Lambda {
    address: SocketAddr,
    requests: Receiver<Request>,
}

/// What an extension asked for.
pub(crate) struct Request {
    pub(crate) call: Call,
    /// When it was read to its end.
    pub(crate) at: Instant,
    stream: Arc<TcpStream>,
}

/// The calls of the Extensions and the Telemetry API.
pub(crate) enum Call {
    Register {
        name: String,
    },
    /// With the port that telemetry is to be sent to.
    Subscribe {
        port: u16,
    },
    Next,
    Other(String),
}

// === impl Lambda ===

impl Lambda {
    /// Listens on a port of its own, on loopback.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen on loopback")?;
        let address = listener.local_addr().context("ask for a port's number")?;
        // An extension waits for each answer, so that there is never more than one.
        let (requests_tx, requests) = sync_channel(1);
        std::thread::Builder::new()
            .name("lambda".to_owned())
            .spawn(move || serve(&listener, &requests_tx))
            .context("start a thread")?;
        Ok(Self { address, requests })
    }

    /// For AWS_LAMBDA_RUNTIME_API.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits for what the extension asks for.
    pub(crate) fn request(&self) -> anyhow::Result<Request> {
        self.requests
            .recv_timeout(PATIENCE)
            .context("the extension asked for nothing")
    }
}

/// Connections one after another: an extension keeps one. Ends with whoever takes the requests.
fn serve(listener: &TcpListener, requests: &SyncSender<Request>) {
    for stream in listener.incoming().flatten() {
        // Of no effect on what is answered, only on when.
        stream.set_nodelay(true).ok();
        let stream = Arc::new(stream);
        let mut reader = BufReader::new(&*stream);
        while let Ok((head, body)) = read(&mut reader) {
            let request = Request {
                at: Instant::now(),
                call: Call::parse(&head, &body),
                stream: Arc::clone(&stream),
            };
            if requests.send(request).is_err() {
                return;
            }
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> anyhow::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            bail!("the connection ended");
        }
    }
    head.make_ascii_lowercase();
    let length = field(&head, "content-length: ").unwrap_or("0");
    let mut body = vec![0; length.parse()?];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name))
}

// === impl Request, Call ===

impl Request {
    /// To a registration.
    pub(crate) fn answer_registered(&self) -> anyhow::Result<()> {
        let body = json!({
            "functionName": "checkout",
            "functionVersion": "$LATEST",
            "handler": "app.handler",
            "accountId": "123456789012",
        });
        self.answer("lambda-extension-identifier: one\r\n", &body.to_string())
    }

    /// To a subscription.
    pub(crate) fn answer_subscribed(&self) -> anyhow::Result<()> {
        self.answer("", "\"OK\"")
    }

    /// An event, to whoever asked for the next.
    pub(crate) fn answer_event(&self, event: &Value) -> anyhow::Result<()> {
        self.answer("", &event.to_string())
    }

    fn answer(&self, headers: &str, body: &str) -> anyhow::Result<()> {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {length}\r\n\r\n{body}");
        let mut stream = &*self.stream;
        stream
            .write_all(answer.as_bytes())
            .context("answer the extension")
    }
}

impl Call {
    /// The head is in lower case.
    fn parse(head: &str, body: &[u8]) -> Self {
        let line = head.lines().next().unwrap_or_default();
        let mut words = line.split(' ');
        match (words.next(), words.next()) {
            (Some("post"), Some("/2020-01-01/extension/register")) => Self::Register {
                name: field(head, NAME).unwrap_or_default().to_owned(),
            },
            (Some("put"), Some("/2022-07-01/telemetry")) => Self::Subscribe {
                port: port_of(body).unwrap_or_default(),
            },
            (Some("get"), Some("/2020-01-01/extension/event/next")) => Self::Next,
            _ => Self::Other(line.to_owned()),
        }
    }
}

/// Of the destination of a subscription.
fn port_of(body: &[u8]) -> Option<u16> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let address = body["destination"]["URI"].as_str()?.split('/').nth(2)?;
    address.split(':').nth(1)?.parse().ok()
}

/// The event that ends a sandbox in two seconds.
pub(crate) fn shutdown() -> Value {
    json!({
        "eventType": "SHUTDOWN",
        "shutdownReason": "spindown",
        "deadlineMs": since_1970().as_millis() + 2_000,
    })
}

/// Now, as the platform tells times.
pub(crate) fn since_1970() -> Duration {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// A time since 1970 as the platform's telemetry tells it: RFC 3339, with milliseconds.
pub(crate) fn timestamp(time: Duration) -> String {
    let (days, second) = (time.as_secs() / 86_400, time.as_secs() % 86_400);
    // Years that begin in March have the leap day at their end; 400 of them have 146,097 days, as Gregory's calendar has it.
    let since_march_of_0 = days + 719_468;
    let (era, day) = (since_march_of_0 / 146_097, since_march_of_0 % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year + u64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let millis = time.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_calendars_have_them() {
        let told =
            |seconds: u64, millis: u64| timestamp(Duration::from_millis(seconds * 1_000 + millis));
        assert_eq!(told(0, 7), "1970-01-01T00:00:00.007Z");
        assert_eq!(told(951_782_399, 0), "2000-02-28T23:59:59.000Z");
        assert_eq!(told(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(told(1_709_251_199, 0), "2024-02-29T23:59:59.000Z");
        assert_eq!(told(1_735_689_599, 999), "2024-12-31T23:59:59.999Z");
    }

    #[test]
    fn the_port_of_a_subscription_is_read_from_its_address() {
        let body = br#"{"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:4319/telemetry"}}"#;
        assert_eq!(port_of(body), Some(4319));
        assert_eq!(port_of(b"{}"), None);
    }
}
