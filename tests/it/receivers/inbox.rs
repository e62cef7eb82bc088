//! A receiver of messages on a port of its own: keeps what came, byte for byte, and answers as those do whom it stands for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use coldtrace_tests::eventually;
use serde_json::{Map, Value};

use super::TOLD;

/// Where it takes what is meant for these two, as they have it; what comes elsewhere is a webhook.
pub(super) const SLACK: &str = "/services/T0/B0/secret";
pub(super) const PAGERDUTY: &str = "/v2/enqueue";

/// Takes messages until the process ends.
pub(super) struct Inbox {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Message>>>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Message {
    path: String,
    /// By their names in lower case.
    pub(super) headers: Map<String, Value>,
    pub(super) body: String,
}

// === impl Inbox ===

impl Inbox {
    pub(super) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let came = Arc::<Mutex<Vec<Message>>>::default();
        let kept = Arc::clone(&came);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                // One that breaks off sends again.
                take(connection, &kept).ok();
            }
        });
        Self { address, came }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The last of so many messages at a path, once it came. No more have come.
    pub(super) fn message(&self, path: &str, number: usize) -> Message {
        eventually(&format!("message {number} at {path}"), TOLD, || {
            let came = self.came.lock().expect("nobody panicked");
            let here = came.iter().filter(|message| message.path == path);
            let here: Vec<&Message> = here.collect();
            assert!(here.len() <= number, "{here:#?}");
            (here.len() == number).then(|| here[number - 1].clone())
        })
    }
}

// === impl Message ===

impl Message {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Reads one request and answers it.
fn take(mut connection: TcpStream, kept: &Mutex<Vec<Message>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let Some((first, headers)) = lines.split_first() else {
        return Ok(());
    };
    let headers = headers.iter().filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().into()));
    let headers: Map<String, Value> = headers.collect();
    let length = headers.get("content-length").and_then(Value::as_str);
    let length = length.and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, answer) = match path.as_str() {
        SLACK => ("200 OK", "ok"),
        PAGERDUTY => (
            "202 Accepted",
            r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#,
        ),
        _ => ("204 No Content", ""),
    };
    kept.lock().expect("nobody panicked").push(Message {
        path,
        headers,
        body: String::from_utf8(body).expect("a body is text"),
    });
    let length = match answer.len() {
        0 => String::new(),
        length => format!("content-length: {length}\r\n"),
    };
    write!(
        connection,
        "HTTP/1.1 {status}\r\n{length}connection: close\r\n\r\n{answer}"
    )
}
