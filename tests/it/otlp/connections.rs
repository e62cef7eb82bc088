//! Connections that are used well: kept, shared, ended in order.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use bytes::Bytes;
use coldtrace_tests::eventually;
use tokio::task::JoinSet;

use super::answer::{Answer, Expected, Refused};
use super::call::{Client, Grpc, Http, answer, ask, framed};
use super::wire::{bytes, span, traces};
use super::{Signal, backend};

const PATIENCE: Duration = Duration::from_secs(30);

/// More than a connection may have at one time, so that some wait for others.
const CALLS: usize = 1_000;

#[test]
fn one_connection_carries_one_request_after_the_other() {
    let backend = backend();
    let client = Client::new(&backend);
    let request = Http::export(Signal::Traces, "application/x-protobuf", traces(&[span()]));
    let head = String::from_utf8(super::call::head(&request)).expect("text");
    let kept = head.replace("connection: close\r\n", "");
    let mut stream = TcpStream::connect(client.http).expect("it listens");
    for _ in 0..3 {
        stream.write_all(kept.as_bytes()).expect("it reads");
        stream.write_all(&request.body).expect("it reads");
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("it answers");
            reply.push(byte[0]);
        }
        let answer = Answer::of_http1(&reply);
        assert_eq!(Expected::Taken.differs_from(&answer), None, "{answer:?}");
    }
}

#[test]
fn one_connection_carries_a_thousand_calls_at_a_time() {
    let backend = backend();
    let client = Client::new(&backend);
    let address = client.grpc;
    let answers = client.runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await;
        // With a smaller window the client itself takes so many short replies for an attack.
        let handshake = h2::client::Builder::new()
            .initial_connection_window_size(4 << 20)
            .handshake(stream.expect("it listens"))
            .await;
        let (calls, connection) = handshake.expect("it speaks HTTP/2");
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        let mut asking = JoinSet::new();
        for number in 0..CALLS {
            // No two are alike, so that none is taken for another that came again.
            let name = format!("call {number}");
            let message = traces(&[[span(), vec![bytes(5, name.as_bytes())]].concat()]);
            let call = Grpc::export(Signal::Traces, framed(0, &message));
            let calls = calls.clone();
            asking.spawn(async move {
                ask(
                    calls,
                    address,
                    "POST",
                    call.method,
                    &call.headers,
                    &call.body,
                )
                .await
            });
        }
        let answers = tokio::time::timeout(PATIENCE, asking.join_all()).await;
        answers.expect("in time")
    });
    let answers = answers
        .into_iter()
        .map(|answer| answer.expect("it is answered"));
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers.len(), CALLS);
    let wrong = answers
        .iter()
        .find(|answer| Expected::Taken.differs_from(answer).is_some());
    assert!(wrong.is_none(), "{wrong:?}");
}

/// A call whose message is sent by half.
struct HalfSent {
    calls: h2::client::SendRequest<Bytes>,
    reply: h2::client::ResponseFuture,
    sending: h2::SendStream<Bytes>,
    rest: Bytes,
    /// The connection; it ends with this.
    _driving: JoinSet<Result<(), h2::Error>>,
}

impl HalfSent {
    async fn send(address: SocketAddr, call: &Grpc) -> Self {
        let stream = tokio::net::TcpStream::connect(address).await;
        let handshake = h2::client::handshake(stream.expect("it listens")).await;
        let (calls, connection) = handshake.expect("it speaks HTTP/2");
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        let mut request = http::Request::builder()
            .method("POST")
            .uri(format!("http://{address}{}", call.method));
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(()).expect("a request");
        let mut calls = calls.ready().await.expect("it is open");
        let (reply, mut sending) = calls.send_request(request, false).expect("it is sent");
        let message = Bytes::copy_from_slice(&call.body);
        let half = message.len() / 2;
        let sent = sending.send_data(message.slice(..half), false);
        sent.expect("half of it is sent");
        Self {
            calls,
            reply,
            sending,
            rest: message.slice(half..),
            _driving: driving,
        }
    }
}

#[test]
fn a_call_ends_with_its_deadline() {
    let backend = backend();
    let client = Client::new(&backend);
    let call = Grpc::export(Signal::Traces, framed(0, &traces(&[span()])));
    let call = call.with("grpc-timeout", "50m");
    let answer = client.runtime.block_on(async {
        let half_sent = HalfSent::send(client.grpc, &call).await;
        answer(half_sent.reply).await.expect("it is answered")
    });
    let expired = Expected::Refused(Refused {
        http: 200,
        grpc: 4,
        words: "deadline",
        detail: Some("google.rpc.RetryInfo"),
        headers: &[],
    });
    assert_eq!(expired.differs_from(&answer), None, "{answer:?}");
}

#[test]
fn who_is_asked_to_end_says_goodbye_and_answers_what_has_begun() {
    let mut backend = backend();
    let client = Client::new(&backend);
    let call = Grpc::export(Signal::Traces, framed(0, &traces(&[span()])));
    let sent = client.runtime.block_on(HalfSent::send(client.grpc, &call));
    let HalfSent {
        calls,
        reply,
        mut sending,
        rest,
        _driving,
    } = sent;
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| backend.stop());
        eventually("a GOAWAY", PATIENCE, || {
            let ready = client.runtime.block_on(calls.clone().ready());
            ready.is_err().then_some(())
        });
        let sent = sending.send_data(rest, true);
        sent.expect("what has begun may end");
        let answer = client.runtime.block_on(answer(reply));
        let answer = answer.expect("it is answered");
        assert_eq!(Expected::Taken.differs_from(&answer), None, "{answer:?}");
        assert!(stopping.join().expect("no panic").success());
    });
}
