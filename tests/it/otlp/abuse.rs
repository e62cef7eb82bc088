//! Connections that are misused: held open for nothing, or flooded. They are cut off, and a healthy client does not notice.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::Signal;
use super::answer::Expected;
use super::backend;
use super::call::{Client, Http};
use super::memory::resident;
use super::wire::{span, traces};

/// Of each kind.
const SLOW: usize = 40;
/// For the slowest of them to be cut off: its head's time and a little.
const CUT_OFF: Duration = Duration::from_secs(45);
/// What a client that is served well waits at most, on a busy machine.
const HEALTHY: Duration = Duration::from_secs(5);
/// Frames of a flood.
const FLOOD: usize = 100_000;

/// A flood's frames by their number.
type Flood<'a> = &'a dyn Fn(usize) -> Vec<u8>;

/// What HTTP/2 begins with, and empty settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_HEADERS: u8 = 4;
/// `:method POST`, `:scheme http`, `:path /`, `:authority x`, compressed.
const HEAD: &[u8] = b"\x83\x86\x84\x41\x01x";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn assert_healthy(client: &Client) {
    let request = Http::export(Signal::Traces, "application/x-protobuf", traces(&[span()]));
    let asked = Instant::now();
    let answer = client.http1(&request);
    assert_eq!(Expected::Taken.differs_from(&answer), None, "{answer:?}");
    assert!(asked.elapsed() < HEALTHY, "{:?}", asked.elapsed());
}

/// Says these words, then a letter now and then, until it is cut off. How long that took.
fn dawdle(address: SocketAddr, words: &[u8], now_and_then: &[u8]) -> Duration {
    let started = Instant::now();
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(words).expect("it reads the beginning");
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("a timeout");
    let mut reply = [0; 4_096];
    while started.elapsed() < CUT_OFF {
        match stream.read(&mut reply) {
            Ok(0) => break,
            // What it tells on the way: a refusal, settings, pings.
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if stream.write_all(now_and_then).is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    started.elapsed()
}

#[test]
fn who_holds_a_connection_for_nothing_is_cut_off() {
    let mut backend = backend();
    let client = Client::new(&backend);
    let body = b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{";
    let ways: [(&str, &[u8], &[u8]); 5] = [
        ("silent", b"", b""),
        ("half a preface", &PREFACE[..10], b""),
        (
            "a head, letter by letter",
            b"POST /v1/traces HTTP/1.1\r\nx: ",
            b"x",
        ),
        ("a body, letter by letter", body, b" "),
        ("HTTP/2, and no answer to a ping", PREFACE, b""),
    ];
    std::thread::scope(|scope| {
        let dawdlers: Vec<_> = ways
            .into_iter()
            .flat_map(|(name, words, now_and_then)| {
                let address = client.http;
                let dawdle = move || (name, dawdle(address, words, now_and_then));
                std::iter::repeat_n(dawdle, SLOW)
            })
            .map(|dawdle| scope.spawn(dawdle))
            .collect();
        assert_healthy(&client);
        for dawdler in dawdlers {
            let (name, took) = dawdler.join().expect("no panic");
            assert!(took < CUT_OFF, "{name}: after {took:?}");
        }
    });
    assert_healthy(&client);
    assert!(backend.is_alive());
}

#[test]
fn floods_of_frames_cost_no_memory_and_no_other_client() {
    let mut backend = backend();
    let client = Client::new(&backend);
    assert_healthy(&client);
    let before = resident(backend.pid());
    let opened_and_reset = |number: usize| {
        let stream = u32::try_from(2 * number + 1).expect("below 2^31");
        let opened = frame(HEADERS, END_HEADERS, stream, HEAD);
        [opened, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    let floods: [(&str, Flood<'_>); 3] = [
        ("streams that are reset at once", &opened_and_reset),
        ("settings", &|_| frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x64")),
        ("pings", &|number| {
            frame(PING, 0, 0, &(number as u64).to_be_bytes())
        }),
    ];
    for (name, flood) in floods {
        let mut stream = TcpStream::connect(client.grpc).expect("it listens");
        // Nothing is read: what it answers has nowhere to go.
        stream
            .set_write_timeout(Some(Duration::from_secs(5)))
            .expect("a timeout");
        let frames: Vec<u8> = (0..FLOOD).flat_map(flood).collect();
        // Cut off in the middle, or held back for want of room: either is an answer to a flood.
        stream
            .write_all(PREFACE)
            .and_then(|()| stream.write_all(&frames))
            .ok();
        assert_healthy(&client);
        let rise = resident(backend.pid()).saturating_sub(before);
        assert!(rise < 32 << 20, "{name}: {rise} bytes more");
    }
    assert!(backend.is_alive());
}
