//! An extension that registers, asks for its next event, and does nothing: what `cargo xtask bench extension` takes for the
//! least that any extension costs. The standard library alone; built by the benchmark as the extension is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

fn main() -> std::io::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let own = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&own).file_name().unwrap_or_default();
    let stream = TcpStream::connect(&address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let events = r#"{"events":["INVOKE","SHUTDOWN"]}"#;
    let register = format!(
        "POST /2020-01-01/extension/register HTTP/1.1\r\nhost: {address}\r\nlambda-extension-name: {}\r\n\
         content-length: {}\r\n\r\n{events}",
        name.to_string_lossy(),
        events.len()
    );
    let (head, _) = exchange(&mut stream, &register)?;
    let identifier = head
        .lines()
        .find_map(|line| line.strip_prefix("lambda-extension-identifier: "))
        .unwrap_or_default();
    let next = format!(
        "GET /2020-01-01/extension/event/next HTTP/1.1\r\nhost: {address}\r\n\
         lambda-extension-identifier: {identifier}\r\n\r\n"
    );
    loop {
        let (_, event) = exchange(&mut stream, &next)?;
        if event.contains("SHUTDOWN") {
            return Ok(());
        }
    }
}

/// Sends a request; gives the answer's head, in lower case, and its body.
fn exchange(stream: &mut BufReader<TcpStream>, request: &str) -> std::io::Result<(String, String)> {
    stream.get_mut().write_all(request.as_bytes())?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    head.make_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok())
        .unwrap_or_default();
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}
