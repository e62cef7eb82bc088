//! The platform's telemetry: a listener on loopback, and what the events say.
//!
//! Every delivery is answered with 200: the platform repeats what it believes undelivered, and what can't be read today can't
//! be read tomorrow. What it repeats anyway is recognised by its bytes and taken once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::log::{self, Level};
use crate::{faults, listen};

pub(crate) mod event;

pub(crate) use self::event::PlatformEvent;

/// The platform's own limit is two full buffers (of 256 KiB, as subscribed) and some; this is for the largest that it offers.
const MAX_BODY: usize = 3 << 20;
/// Deliveries that are remembered; the platform repeats one before it goes on to the next.
const REMEMBERED: usize = 32;

/// Accepts deliveries until its receiver is gone.
pub(crate) async fn serve(listener: TcpListener, events: mpsc::Sender<Vec<PlatformEvent>>) {
    let deliveries = Rc::new(Deliveries {
        events,
        seen: RefCell::default(),
        hasher: RandomState::new(),
    });
    let serve = |stream| Rc::clone(&deliveries).connection(stream);
    listen::accept(listener, "telemetry connection", serve).await;
}

/// What has been delivered so far, for all connections.
struct Deliveries {
    events: mpsc::Sender<Vec<PlatformEvent>>,
    /// Hashes of the last bodies. Borrowed for a line, never over an await.
    seen: RefCell<VecDeque<u64>>,
    hasher: RandomState,
}

// === impl Deliveries ===

impl Deliveries {
    async fn connection(self: Rc<Self>, stream: TcpStream) {
        listen::http1(stream, "telemetry connection ended", |request| {
            Rc::clone(&self).deliver(request)
        })
        .await;
    }

    async fn deliver(
        self: Rc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        match Limited::new(request.into_body(), MAX_BODY).collect().await {
            Ok(body) => self.take(&body.to_bytes()).await,
            Err(error) => log::line(Level::Warn, "telemetry not readable", &[("error", &error)]),
        }
        Ok(Response::new(Full::default()))
    }

    async fn take(&self, body: &Bytes) {
        faults::point("telemetry");
        if !self.is_new(self.hasher.hash_one(body)) {
            return;
        }
        match event::parse(body) {
            // Answered only when taken: behind a busy lifecycle the platform waits, and keeps what it has.
            Ok(events) => drop(self.events.send(events).await),
            Err(error) => log::line(Level::Warn, "telemetry not readable", &[("error", &error)]),
        }
    }

    fn is_new(&self, hash: u64) -> bool {
        let mut seen = self.seen.borrow_mut();
        let is_new = !seen.contains(&hash);
        if is_new {
            seen.truncate(REMEMBERED - 1);
            seen.push_front(hash);
        }
        is_new
    }
}
