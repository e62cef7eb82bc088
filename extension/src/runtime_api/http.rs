//! As much HTTP/1.1 as the platform speaks, blocking, over one kept connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// The platform's answers are a few hundred bytes.
const MAX_BODY: u64 = 1 << 20;
const MAX_LINE: u64 = 16 << 10;
const MAX_HEADERS: usize = 100;

/// Requests go out one after another over one connection, which is made anew when it is found dead.
#[derive(Debug)]
pub(super) struct Client {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

// === impl Client ===

impl Client {
    /// A client of `host:port`; connects with its first request.
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            connection: None,
        }
    }

    /// Sends one request and waits for its answer, without a time limit.
    pub(super) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut message = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            message.push_str(&format!("{name}: {value}\r\n"));
        }
        message.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let message = [message.as_bytes(), body].concat();
        if let Some(connection) = self.connection.take() {
            // A kept connection may have died unseen while the process was frozen: then a fresh one decides.
            if let Ok(reply) = self.exchange(connection, &message) {
                return Ok(reply);
            }
        }
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        self.exchange(BufReader::new(stream), &message)
    }

    fn exchange(
        &mut self,
        mut connection: BufReader<TcpStream>,
        message: &[u8],
    ) -> io::Result<Reply> {
        connection.get_mut().write_all(message)?;
        let mut reply = read_head(&mut connection)?;
        // Interim answers are not the answer.
        while reply.status < 200 {
            reply = read_head(&mut connection)?;
        }
        let ends_with_connection = read_body(&mut connection, &mut reply)?;
        if !ends_with_connection {
            self.connection = Some(connection);
        }
        Ok(reply)
    }
}

fn read_head(connection: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let status_line = read_line(connection)?;
    let status = status_line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| malformed("status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        if line.is_empty() {
            break;
        }
        if headers.len() == MAX_HEADERS {
            return Err(malformed("headers"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Reply {
        status,
        headers,
        body: Vec::new(),
    })
}

/// Reads the body into the reply; true if the connection can't be used again.
fn read_body(connection: &mut BufReader<TcpStream>, reply: &mut Reply) -> io::Result<bool> {
    let is_chunked = reply
        .header("transfer-encoding")
        .is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let closes = reply
        .header("connection")
        .is_some_and(|value| value.eq_ignore_ascii_case("close"));
    if is_chunked {
        read_chunks(connection, &mut reply.body)?;
        return Ok(closes);
    }
    match reply.header("content-length") {
        Some(length) => {
            let length = length.parse().map_err(|_| malformed("content-length"))?;
            read_exactly(connection, length, &mut reply.body)?;
            Ok(closes)
        }
        None if reply.status == 204 => Ok(closes),
        None => {
            connection.take(MAX_BODY).read_to_end(&mut reply.body)?;
            Ok(true)
        }
    }
}

fn read_chunks(connection: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(connection)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = u64::from_str_radix(digits, 16).map_err(|_| malformed("chunk"))?;
        if length == 0 {
            while !read_line(connection)?.is_empty() {}
            return Ok(());
        }
        read_exactly(connection, length, body)?;
        read_line(connection)?;
    }
}

fn read_exactly(
    connection: &mut BufReader<TcpStream>,
    length: u64,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    if (body.len() as u64).saturating_add(length) > MAX_BODY {
        return Err(malformed("length"));
    }
    let read = connection.take(length).read_to_end(body)? as u64;
    match read == length {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn read_line(connection: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    connection.take(MAX_LINE).read_line(&mut line)?;
    match line.strip_suffix('\n') {
        Some(text) => Ok(text.strip_suffix('\r').unwrap_or(text).to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the answer's {what} can't be read"),
    )
}

// === impl Reply ===

impl Reply {
    /// The first value of the header with this lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(key, _)| key == name);
        header.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Serves `answers`, a list for each connection, and returns what was asked.
    fn serve(connections: Vec<Vec<&'static str>>) -> (String, std::thread::JoinHandle<usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let mut served = 0;
            for answers in connections {
                let (stream, _) = listener.accept().unwrap();
                let mut stream = BufReader::new(stream);
                for answer in answers {
                    while !read_line(&mut stream).unwrap().is_empty() {}
                    stream.get_mut().write_all(answer.as_bytes()).unwrap();
                    served += 1;
                }
            }
            served
        });
        (address, server)
    }

    #[test]
    fn a_connection_is_kept_and_its_death_survived() {
        let (address, server) = serve(vec![
            vec![
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: a \r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            ],
            vec!["HTTP/1.1 202 Accepted\r\nConnection: close\r\n\r\ntill the end"],
        ]);
        let mut client = Client::new(&address);
        let mut get = || client.request("GET", "/", &[], &[]).unwrap();
        let first = get();
        assert_eq!((first.status, first.header("x-name")), (200, Some("a")));
        assert_eq!(first.body, b"ok");
        assert_eq!(get().body, b"abcde", "over the same connection");
        let third = get();
        assert_eq!(
            (third.status, third.body.as_slice()),
            (202, &b"till the end"[..])
        );
        assert_eq!(server.join().unwrap(), 3);
    }

    #[test]
    fn nonsense_is_an_error() {
        for answer in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "",
        ] {
            let (address, server) = serve(vec![vec![answer]]);
            let reply = Client::new(&address).request("GET", "/", &[], &[]);
            assert!(reply.is_err(), "{answer:?}");
            server.join().unwrap();
        }
    }
}
