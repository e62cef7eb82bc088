//! OTLP over gRPC: the export calls of the trace and the logs service, on bare HTTP/2.

use bytes::{Buf as _, Bytes, BytesMut};
use coldtrace_proto::v1::Signal;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::net::TcpStream;

use super::{Intake, MAX_BODY, Refusal, gzip};
use crate::log::{self, Level};
use crate::{faults, tasks};

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// Flag and length in front of a message.
const PREFIX: usize = 5;
/// An SDK has one export in flight, or a few.
const MAX_STREAMS: u32 = 16;
const WINDOW: u32 = 1 << 20;

/// A status other than OK.
#[derive(Debug)]
struct Status {
    code: u8,
    message: String,
}

/// Serves one connection.
pub(super) async fn connection(stream: TcpStream, intake: Intake) {
    if let Err(error) = serve(stream, intake).await {
        log::line(Level::Debug, "otlp connection ended", &[("error", &error)]);
    }
}

async fn serve(stream: TcpStream, intake: Intake) -> Result<(), h2::Error> {
    let mut connection = h2::server::Builder::new()
        .max_concurrent_streams(MAX_STREAMS)
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake::<_, Bytes>(stream)
        .await?;
    while let Some(accepted) = connection.accept().await {
        let (request, reply) = accepted?;
        tasks::spawn("otlp grpc request", answer(request, reply, intake.clone()));
    }
    Ok(())
}

async fn answer(request: Request<RecvStream>, reply: SendResponse<Bytes>, intake: Intake) {
    faults::point("otlp grpc");
    let taken = receive(request, &intake).await;
    if let Err(status) = &taken {
        log::line(
            Level::Warn,
            "otlp request not taken",
            &[("reason", &status.message)],
        );
    }
    if let Err(error) = send(reply, taken) {
        log::line(Level::Debug, "otlp reply not sent", &[("error", &error)]);
    }
}

async fn receive(request: Request<RecvStream>, intake: &Intake) -> Result<(), Status> {
    let signal = match request.uri().path() {
        TRACES => Signal::Traces,
        LOGS => Signal::Logs,
        path => return Err(Status::unimplemented(path)),
    };
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let coding = head.headers.get("grpc-encoding");
    let coding = coding.and_then(|coding| coding.to_str().ok());
    let message = unframe(body, coding.unwrap_or_default())?;
    Ok(intake.take(signal, message).await?)
}

async fn read(mut body: RecvStream) -> Result<Bytes, Status> {
    let mut read = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        if read.len() + data.len() > MAX_BODY + PREFIX {
            return Err(Refusal::TooLarge.into());
        }
        body.flow_control().release_capacity(data.len())?;
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// The one message of a unary call.
fn unframe(mut body: Bytes, coding: &str) -> Result<Bytes, Status> {
    let malformed = || Refusal::Malformed("not one gRPC message".to_owned());
    if body.len() < PREFIX {
        return Err(malformed().into());
    }
    let is_compressed = body.get_u8() == 1;
    let length = body.get_u32() as usize;
    if body.len() != length {
        return Err(malformed().into());
    }
    match is_compressed {
        false => Ok(body),
        true => Ok(gzip::unpack(coding, body)?),
    }
}

fn send(mut reply: SendResponse<Bytes>, taken: Result<(), Status>) -> Result<(), h2::Error> {
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/grpc"));
    match taken {
        Ok(()) => {
            let mut body = reply.send_response(head, false)?;
            // An empty response, framed.
            body.send_data(Bytes::from_static(&[0; PREFIX]), false)?;
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            body.send_trailers(trailers)
        }
        Err(status) => {
            headers.insert("grpc-status", u16::from(status.code).into());
            if let Ok(message) = HeaderValue::from_str(&status.message) {
                headers.insert("grpc-message", message);
            }
            reply.send_response(head, true).map(drop)
        }
    }
}

// === impl Status ===

impl Status {
    fn unimplemented(path: &str) -> Self {
        Self {
            code: 12,
            message: format!("{path} is not served here"),
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self {
            code: match refusal {
                Refusal::TooLarge => 8,
                Refusal::Malformed(_) => 3,
                Refusal::Unsupported(_) => 12,
                Refusal::Closing => 14,
            },
            message: refusal.to_string(),
        }
    }
}

impl From<h2::Error> for Status {
    fn from(error: h2::Error) -> Self {
        Self {
            code: 1,
            message: error.to_string(),
        }
    }
}
