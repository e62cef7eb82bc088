//! Delivers one extension's telemetry: in batches, over HTTP, again until it is taken.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::feed::Feed;
use super::subscription::Subscription;
use super::{Entry, Pace};

/// For one request, counted while the sandbox is awake.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// Before the second try; doubled before each further one.
const FIRST_BACKOFF: Duration = Duration::from_millis(20);
/// About as long as a SHUTDOWN phase in total.
const TRIES: u32 = 8;

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    #[error("the exchange failed")]
    Exchange(#[source] hyper::Error),
    #[error("the subscriber answered {0}")]
    Answer(StatusCode),
    #[error("the subscriber did not answer in time")]
    Late,
}

/// Runs until it is dropped.
pub(super) async fn run(feed: Arc<Feed>, mut pace: watch::Receiver<Pace>) {
    loop {
        feed.filled().await;
        let subscription = feed.attached().await;
        linger(&feed, &subscription, &mut pace).await;
        let batch = feed.take(&subscription);
        deliver(&feed, &mut pace, body(&batch)).await;
    }
}

/// Lets a batch fill up for as long as the subscriber asked for.
async fn linger(feed: &Feed, subscription: &Subscription, pace: &mut watch::Receiver<Pace>) {
    let mut draining = pace.clone();
    tokio::select! {
        () = elapse(pace, subscription.timeout) => {}
        () = full_while_awake(feed, subscription, draining.clone()) => {}
        _ = draining.wait_for(|&pace| pace == Pace::Draining) => {}
    }
}

async fn full_while_awake(
    feed: &Feed,
    subscription: &Subscription,
    mut pace: watch::Receiver<Pace>,
) {
    feed.full(subscription).await;
    awake(&mut pace).await;
}

/// Tries until the batch is taken. While nobody listens it waits; what is refused again and again is dropped.
async fn deliver(feed: &Feed, pace: &mut watch::Receiver<Pace>, body: Bytes) {
    let mut backoff = FIRST_BACKOFF;
    for attempt in 1..=TRIES {
        awake(pace).await;
        let subscription = feed.attached().await;
        let taken = tokio::select! {
            taken = post(&subscription, body.clone()) => taken,
            () = elapse(pace, REQUEST_LIMIT) => Err(NotTaken::Late),
        };
        match taken {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, attempt, "telemetry was not taken"),
        }
        elapse(pace, backoff).await;
        backoff *= 2;
    }
    tracing::warn!(
        bytes = body.len(),
        "telemetry was never taken and is dropped"
    );
}

async fn post(subscription: &Subscription, body: Bytes) -> Result<(), NotTaken> {
    let address = ("127.0.0.1", subscription.port);
    let stream = TcpStream::connect(address)
        .await
        .map_err(NotTaken::Connect)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(NotTaken::Exchange)?;
    let request = Request::post(&subscription.path)
        .header(
            header::HOST,
            format!("sandbox.localdomain:{}", subscription.port),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(body))
        .expect("a checked path and constant headers make a request");
    let exchange = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        Ok(status)
    };
    let (status, _) = tokio::join!(exchange, connection);
    match status.map_err(NotTaken::Exchange)? {
        status if status.is_success() => Ok(()),
        status => Err(NotTaken::Answer(status)),
    }
}

fn body(batch: &[Entry]) -> Bytes {
    let records: Vec<&str> = batch.iter().map(|entry| &*entry.json).collect();
    format!("[{}]", records.join(",")).into()
}

/// Waits until the sandbox is not frozen.
async fn awake(pace: &mut watch::Receiver<Pace>) {
    // An error means that the sandbox is gone, and with it this task.
    pace.wait_for(|&pace| pace != Pace::Frozen).await.ok();
}

/// Waits until so much time has passed while the sandbox was not frozen.
async fn elapse(pace: &mut watch::Receiver<Pace>, length: Duration) {
    let mut left = length;
    loop {
        awake(pace).await;
        let began = Instant::now();
        tokio::select! {
            () = sleep(left) => return,
            frozen = pace.wait_for(|&pace| pace == Pace::Frozen) => match frozen {
                Ok(_) => left = left.saturating_sub(began.elapsed()),
                // The sandbox is gone.
                Err(_) => return,
            },
        }
    }
}
