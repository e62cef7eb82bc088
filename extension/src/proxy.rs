//! Stands between the runtime and the platform's Runtime API, where the wrapper script leads the runtime here.
//!
//! Bytes pass unchanged and as they come; what is wanted of them is copied aside, up to a limit, and told just before the last
//! of them goes on: the platform may call with the next invocation as soon as it has an answer, and what belongs to the one
//! before must be known by then. Threads and the standard library alone: whatever becomes of the rest of the extension, this
//! goes on, because a runtime without its API fails the function.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use coldtrace_model::{RequestId, UnixNanos};
use tokio::sync::mpsc;

use crate::log::{self, Level};

/// Tells the wrapper script the port.
const MARKER: &str = "coldtrace-runtime-api";
/// Of a body, what is copied: what invokes asynchronously is not larger.
const COPIED: usize = 256 << 10;
/// Of a head.
const MAX_HEAD: usize = 64 << 10;
const CHUNK: usize = 16 << 10;
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";

/// What passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) request_id: RequestId,
    pub(crate) at: UnixNanos,
    pub(crate) what: Payload,
    /// Its beginning, where it is longer than what is copied.
    pub(crate) body: Vec<u8>,
    pub(crate) is_whole: bool,
}

/// Which body of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Event,
    Response,
    Error,
}

/// It listens, and nobody has been led to it yet.
#[derive(Debug)]
pub(crate) struct Proxy {
    listener: TcpListener,
    platform: String,
}

/// A head as it came, and how long the body behind it is.
struct Head {
    bytes: Vec<u8>,
    /// Method and path, or version and status.
    first: (String, String),
    request_id: Option<String>,
    body: Body,
    closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    None,
    Length(u64),
    Chunked,
    /// To the end of the connection.
    Rest,
}

/// A body on its way, copied where it is wanted.
#[derive(Default)]
struct Copied<'a> {
    bytes: Vec<u8>,
    is_cut: bool,
    wanted: Option<Wanted<'a>>,
}

/// Whose body it is, and who is told.
struct Wanted<'a> {
    by: &'a mpsc::Sender<Passed>,
    request_id: &'a str,
    what: Payload,
}

// === impl Proxy ===

impl Proxy {
    /// Before the extension registers, so that it is there when the runtime starts. Removes what an earlier process left.
    pub(crate) fn bind(port: u16, scratch: &Path, platform: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        std::fs::write(marker(scratch), format!("{port}\n"))?;
        Ok(Self {
            listener,
            platform: platform.to_owned(),
        })
    }

    /// Nobody is to be led here by the word of an earlier process.
    pub(crate) fn forget(scratch: &Path) {
        // Mostly there is none.
        drop(std::fs::remove_file(marker(scratch)));
    }

    /// Serves on threads of its own, for ever.
    pub(crate) fn start(self, passed: mpsc::Sender<Passed>) -> io::Result<()> {
        let Self { listener, platform } = self;
        let accepting = move || {
            for stream in listener.incoming() {
                let (platform, passed) = (platform.clone(), passed.clone());
                let connection = move || {
                    let ended = stream.and_then(|stream| serve(stream, &platform, &passed));
                    if let Err(error) = ended {
                        log::line(
                            Level::Debug,
                            "runtime's connection ended",
                            &[("error", &error)],
                        );
                    }
                };
                let spawned = std::thread::Builder::new()
                    .name("runtime api".to_owned())
                    .spawn(connection);
                if let Err(error) = spawned {
                    log::line(Level::Error, "no thread", &[("error", &error)]);
                }
            }
        };
        let named = std::thread::Builder::new().name("runtime api".to_owned());
        named.spawn(accepting).map(drop)
    }
}

fn marker(scratch: &Path) -> PathBuf {
    scratch.join(MARKER)
}

/// One connection of the runtime, with one of its own to the platform.
fn serve(runtime: TcpStream, platform: &str, passed: &mpsc::Sender<Passed>) -> io::Result<()> {
    let platform = TcpStream::connect(platform)?;
    for stream in [&runtime, &platform] {
        stream.set_nodelay(true)?;
    }
    let (mut runtime, mut platform) = (BufReader::new(runtime), BufReader::new(platform));
    loop {
        let Some(request) = Head::read(&mut runtime)? else {
            return Ok(());
        };
        let told = told_by(&request.first.1);
        platform.get_mut().write_all(&request.bytes)?;
        let wanted = told.map(|(what, request_id)| Wanted {
            by: passed,
            request_id,
            what,
        });
        let copied = Copied::of(wanted);
        pass(&mut runtime, &mut platform, request.body, copied)?;
        let mut reply = Head::read_whole(&mut platform)?;
        // Interim answers are not the answer.
        while reply.first.1.starts_with('1') {
            runtime.get_mut().write_all(&reply.bytes)?;
            reply = Head::read_whole(&mut platform)?;
        }
        let is_event = request.first.1.ends_with("/invocation/next") && reply.first.1 == "200";
        let body = match request.first.0.as_str() {
            "HEAD" => Body::None,
            _ => reply.body,
        };
        runtime.get_mut().write_all(&reply.bytes)?;
        let request_id = reply.request_id.as_deref().filter(|_| is_event);
        let wanted = request_id.map(|request_id| Wanted {
            by: passed,
            request_id,
            what: Payload::Event,
        });
        pass(&mut platform, &mut runtime, body, Copied::of(wanted))?;
        if request.closes || reply.closes || body == Body::Rest {
            return Ok(());
        }
    }
}

/// Which body of which invocation a request carries.
fn told_by(path: &str) -> Option<(Payload, &str)> {
    let (_, rest) = path.split_once("/runtime/invocation/")?;
    let (request_id, what) = rest.split_once('/')?;
    match what {
        "response" => Some((Payload::Response, request_id)),
        "error" => Some((Payload::Error, request_id)),
        _ => None,
    }
}

/// Passes a body on as it comes.
fn pass(
    from: &mut BufReader<TcpStream>,
    to: &mut BufReader<TcpStream>,
    body: Body,
    mut copied: Copied<'_>,
) -> io::Result<()> {
    match body {
        Body::None => {
            copied.tell();
            Ok(())
        }
        Body::Length(length) => {
            pass_exactly(from, to, length, &mut copied, Copied::tell)?;
            copied.tell();
            Ok(())
        }
        Body::Rest => {
            pass_exactly(from, to, u64::MAX, &mut copied, Copied::tell)?;
            copied.tell();
            Ok(())
        }
        Body::Chunked => loop {
            let line = read_line(from)?;
            let digits = String::from_utf8_lossy(&line);
            let digits = digits.split(';').next().unwrap_or_default().trim();
            let length = u64::from_str_radix(digits, 16).map_err(|_| malformed("chunk"))?;
            if length == 0 {
                copied.tell();
            }
            to.get_mut().write_all(&line)?;
            if length > 0 {
                pass_exactly(from, to, length, &mut copied, |_| ())?;
                let end = read_line(from)?;
                to.get_mut().write_all(&end)?;
                continue;
            }
            // Trailers, up to an empty line.
            loop {
                let line = read_line(from)?;
                to.get_mut().write_all(&line)?;
                if line.iter().all(u8::is_ascii_whitespace) {
                    return Ok(());
                }
            }
        },
    }
}

/// So many bytes, or all where there is no end. Calls `before_last` before the last of them are passed on, where that is known.
fn pass_exactly<'a>(
    from: &mut BufReader<TcpStream>,
    to: &mut BufReader<TcpStream>,
    length: u64,
    copied: &mut Copied<'a>,
    before_last: impl Fn(&mut Copied<'a>),
) -> io::Result<()> {
    let mut left = length;
    let mut buffer = [0; CHUNK];
    while left > 0 {
        let room = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = from.read(&mut buffer[..room])?;
        if read == 0 {
            return match length {
                u64::MAX => Ok(()),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        left -= read as u64;
        copied.add(&buffer[..read]);
        if left == 0 {
            before_last(copied);
        }
        to.get_mut().write_all(&buffer[..read])?;
    }
    Ok(())
}

/// With its end.
fn read_line(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(MAX_HEAD as u64).read_until(b'\n', &mut line)?;
    match line.last() {
        Some(b'\n') => Ok(line),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the {what} can't be read"),
    )
}

// === impl Head ===

impl Head {
    /// Nothing where the connection ended before it.
    fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        match from.fill_buf()?.is_empty() {
            true => Ok(None),
            false => Self::read_whole(from).map(Some),
        }
    }

    fn read_whole(from: &mut BufReader<TcpStream>) -> io::Result<Self> {
        let mut bytes = read_line(from)?;
        let first = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        let is_reply = first.starts_with("HTTP/");
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let mut head = Self {
            first: (word(), word()),
            request_id: None,
            body: if is_reply { Body::Rest } else { Body::None },
            closes: false,
            bytes: Vec::new(),
        };
        if head.first.1 == "204" || head.first.1 == "304" {
            head.body = Body::None;
        }
        loop {
            let line = read_line(from)?;
            bytes.extend_from_slice(&line);
            if bytes.len() > MAX_HEAD {
                return Err(malformed("head"));
            }
            let line = String::from_utf8_lossy(&line);
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "content-length" if head.body != Body::Chunked => {
                    let length = value.parse().map_err(|_| malformed("content-length"))?;
                    head.body = Body::Length(length);
                }
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => {
                    head.body = Body::Chunked;
                }
                "connection" => head.closes = value.eq_ignore_ascii_case("close"),
                REQUEST_ID => head.request_id = Some(value.to_owned()),
                _ => {}
            }
        }
        head.bytes = bytes;
        Ok(head)
    }
}

// === impl Copied ===

impl<'a> Copied<'a> {
    fn of(wanted: Option<Wanted<'a>>) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.wanted.is_some() {
            let room = COPIED - self.bytes.len();
            self.bytes
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
            self.is_cut |= bytes.len() > room;
        }
    }

    /// Once. The worker takes it when it comes to it; behind a worker that is gone or busy it is left out.
    fn tell(&mut self) {
        let Some(wanted) = self.wanted.take() else {
            return;
        };
        if let Ok(request_id) = RequestId::parse(wanted.request_id) {
            let told = wanted.by.try_send(Passed {
                request_id,
                at: UnixNanos::now(),
                what: wanted.what,
                is_whole: !self.is_cut,
                body: std::mem::take(&mut self.bytes),
            });
            drop(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A platform that answers each request with the next of these, and gives back what it got.
    fn platform(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let mut got = Vec::new();
            for answer in answers {
                let head = Head::read_whole(&mut stream).unwrap();
                got.extend_from_slice(&head.bytes);
                let mut body = Vec::new();
                match head.body {
                    Body::Length(length) => {
                        (&mut stream).take(length).read_to_end(&mut body).unwrap();
                    }
                    Body::Chunked => loop {
                        let line = read_line(&mut stream).unwrap();
                        body.extend_from_slice(&line);
                        if body.ends_with(b"0\r\n\r\n") {
                            break;
                        }
                    },
                    _ => {}
                }
                got.extend_from_slice(&body);
                stream.get_mut().write_all(&answer).unwrap();
            }
            got
        });
        (address, serving)
    }

    #[test]
    fn requests_and_answers_pass_unchanged_and_payloads_are_told() {
        let event = br#"{"a":1}"#;
        let next = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: R1\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
        let long = vec![b'x'; COPIED + 1];
        let chunked = [
            b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: R2\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_vec(),
            format!("{:x}\r\n", long.len()).into_bytes(),
            long.clone(),
            b"\r\n0\r\n\r\n".to_vec(),
        ]
        .concat();
        let accepted = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_vec();
        let answers = vec![
            next.to_vec(),
            accepted.clone(),
            chunked.clone(),
            accepted.clone(),
        ];
        let requests: [&[u8]; 4] = [
            b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: a\r\n\r\n",
            b"POST /2018-06-01/runtime/invocation/R1/response HTTP/1.1\r\ncontent-length: 2\r\n\r\nok",
            b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: a\r\n\r\n",
            b"POST /2018-06-01/runtime/invocation/R2/error HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        ];
        let (address, serving) = platform(answers.clone());
        let scratch = tempfile::tempdir().unwrap();
        let proxy = Proxy::bind(0, scratch.path(), &address).unwrap();
        let told_port = std::fs::read_to_string(marker(scratch.path())).unwrap();
        let port: u16 = told_port.trim().parse().unwrap();
        let (passed_tx, mut passed) = mpsc::channel(8);
        proxy.start(passed_tx).unwrap();

        let mut runtime = TcpStream::connect(("127.0.0.1", port)).unwrap();
        for (request, answer) in requests.iter().zip(&answers) {
            runtime.write_all(request).unwrap();
            let mut got = vec![0; answer.len()];
            runtime.read_exact(&mut got).unwrap();
            assert!(got == *answer, "{}", String::from_utf8_lossy(request));
        }
        assert_eq!(serving.join().unwrap(), requests.concat());
        let mut next = || Passed {
            at: UnixNanos::default(),
            ..passed.blocking_recv().unwrap()
        };
        let told = |request_id, what, body: &[u8], is_whole| Passed {
            request_id: RequestId::parse(request_id).unwrap(),
            at: UnixNanos::default(),
            what,
            body: body.to_vec(),
            is_whole,
        };
        assert_eq!(next(), told("R1", Payload::Event, event, true));
        assert_eq!(next(), told("R1", Payload::Response, b"ok", true));
        assert!(next() == told("R2", Payload::Event, &long[..COPIED], false));
        assert_eq!(next(), told("R2", Payload::Error, b"no", true));
        Proxy::forget(scratch.path());
        assert!(!marker(scratch.path()).exists());
    }

    /// The platform may call with the next invocation as soon as it has the whole answer.
    #[test]
    fn an_answer_is_told_before_the_platform_has_all_of_it() {
        for request in [
            "POST /2018-06-01/runtime/invocation/R/response HTTP/1.1\r\ncontent-length: 2\r\n\r\nok",
            "POST /2018-06-01/runtime/invocation/R/response HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap().to_string();
            let scratch = tempfile::tempdir().unwrap();
            let proxy = Proxy::bind(0, scratch.path(), &address).unwrap();
            let port = proxy.listener.local_addr().unwrap().port();
            let (passed_tx, mut passed) = mpsc::channel(1);
            proxy.start(passed_tx).unwrap();
            let mut runtime = TcpStream::connect(("127.0.0.1", port)).unwrap();
            runtime.write_all(request.as_bytes()).unwrap();
            let (mut platform, _) = listener.accept().unwrap();
            let mut got = vec![0; request.len()];
            platform.read_exact(&mut got).unwrap();
            let told = passed.try_recv().expect("told by now");
            assert_eq!(
                (told.what, told.body.as_slice()),
                (Payload::Response, &b"ok"[..])
            );
        }
    }

    #[test]
    fn it_serves_on_though_nobody_listens_to_it_any_more() {
        let accepted = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_vec();
        let (address, serving) = platform(vec![accepted.clone(), accepted.clone()]);
        let scratch = tempfile::tempdir().unwrap();
        let proxy = Proxy::bind(0, scratch.path(), &address).unwrap();
        let port = proxy.listener.local_addr().unwrap().port();
        let (passed_tx, passed) = mpsc::channel(1);
        drop(passed);
        proxy.start(passed_tx).unwrap();
        let mut runtime = TcpStream::connect(("127.0.0.1", port)).unwrap();
        for _ in 0..2 {
            let request = b"POST /2018-06-01/runtime/invocation/R/response HTTP/1.1\r\ncontent-length: 1\r\n\r\n1";
            runtime.write_all(request).unwrap();
            let mut got = vec![0; accepted.len()];
            runtime.read_exact(&mut got).unwrap();
            assert_eq!(got, accepted);
        }
        serving.join().unwrap();
    }
}
