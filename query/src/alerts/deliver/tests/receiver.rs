//! A receiver for tests: remembers what it was sent and answers as it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// How it answers.
pub(crate) enum Reply {
    /// With a status, lines of headers, and a body.
    Status(u16, &'static str, String),
    /// Not at all: the connection is closed.
    Nothing,
    /// Not before the receiver ends.
    Hang,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

pub(crate) struct Receiver {
    addr: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    has_ended: AtomicBool,
    end: (Mutex<bool>, Condvar),
}

// === impl Receiver ===

impl Receiver {
    /// `script` answers what was sent, and the how-manieth it was from 0.
    pub(crate) fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            script: Box::new(script),
            seen: Mutex::default(),
            has_ended: AtomicBool::new(false),
            end: Default::default(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if shared.has_ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.answer(connection));
            }
        });
        Self { addr, state }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().expect("nobody panicked").clone()
    }

    /// Answers nobody any more, and lets go of whom it let hang.
    pub(crate) fn end(&self) {
        self.state.has_ended.store(true, Ordering::Relaxed);
        let (ended, told) = &self.state.end;
        *ended.lock().expect("nobody panicked") = true;
        told.notify_all();
        drop(TcpStream::connect(self.addr));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end();
    }
}

// === impl Seen ===

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

// === impl Reply ===

impl Reply {
    pub(crate) fn ok() -> Self {
        Self::Status(200, "", String::new())
    }
}

// === impl State ===

impl State {
    fn answer(&self, mut connection: TcpStream) {
        let Some(seen) = read(&connection) else {
            return;
        };
        let number = {
            let mut all = self.seen.lock().expect("nobody panicked");
            all.push(seen.clone());
            all.len() - 1
        };
        match (self.script)(&seen, number) {
            Reply::Status(status, headers, body) => {
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                // Whoever asked may be gone.
                drop(connection.write_all(answer.as_bytes()));
            }
            Reply::Nothing => {}
            Reply::Hang => {
                let (ended, told) = &self.end;
                let ended = ended.lock().expect("nobody panicked");
                drop(told.wait_while(ended, |ended| !*ended));
            }
        }
    }
}

/// A whole request; `None` if whoever sent it broke off.
fn read(connection: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None if line.trim_end().is_empty() => break,
            None => return None,
        }
    }
    let mut seen = Seen {
        path,
        headers,
        body: String::new(),
    };
    let length = seen.header("content-length").parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).ok()?;
    Some(seen)
}
