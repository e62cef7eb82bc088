//! What a process writes: pieces of log for the telemetry.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::unix::pipe;

use crate::telemetry::{Category, Telemetry};

mod frames;
mod lines;

use frames::Frames;
use lines::Lines;

/// One pipe. Clones share it.
#[derive(Clone)]
pub(super) struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    pipe: pipe::Receiver,
    category: Category,
    telemetry: Telemetry,
    /// Locked while the pipe is read, so that pieces keep their order.
    decoder: Mutex<Decoder>,
}

/// How a stream of bytes is cut.
enum Decoder {
    Lines(Lines),
    Frames(Frames),
}

/// Whether there may come more.
#[derive(PartialEq, Eq)]
enum Pumped {
    More,
    End,
}

impl Output {
    /// Standard output or error: each line is a piece.
    pub(super) fn of_lines(
        pipe: OwnedFd,
        category: Category,
        telemetry: Telemetry,
    ) -> std::io::Result<Self> {
        Self::new(pipe, category, telemetry, Decoder::Lines(Lines::default()))
    }

    /// The log of a runtime that says where its messages end, however many lines they have.
    pub(super) fn of_frames(
        pipe: OwnedFd,
        category: Category,
        telemetry: Telemetry,
    ) -> std::io::Result<Self> {
        Self::new(
            pipe,
            category,
            telemetry,
            Decoder::Frames(Frames::default()),
        )
    }

    fn new(
        pipe: OwnedFd,
        category: Category,
        telemetry: Telemetry,
        decoder: Decoder,
    ) -> std::io::Result<Self> {
        let shared = Shared {
            pipe: pipe::Receiver::from_owned_fd(pipe)?,
            category,
            telemetry,
            decoder: Mutex::new(decoder),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Tells pieces as they come, until the pipe ends.
    pub(super) async fn run(self) {
        while self.shared.pipe.readable().await.is_ok() {
            if self.shared.pump() == Pumped::End {
                return;
            }
        }
    }

    /// Tells what has been written so far, so that what follows in the telemetry follows it.
    pub(super) fn catch_up(&self) {
        self.shared.pump();
    }
}

impl Shared {
    fn pump(&self) -> Pumped {
        // Nothing panics while the lock is held.
        let mut decoder = self.decoder.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunk = [0; 8192];
        loop {
            match self.pipe.try_read(&mut chunk) {
                Ok(0) => {
                    decoder.end(|text| self.tell(text));
                    return Pumped::End;
                }
                Ok(read) => decoder.feed(&chunk[..read], |text| self.tell(text)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Pumped::More;
                }
                Err(_) => return Pumped::End,
            }
        }
    }

    fn tell(&self, text: &[u8]) {
        let text = String::from_utf8_lossy(text).into_owned();
        self.telemetry.line(self.category, text);
    }
}

// === impl Decoder ===

impl Decoder {
    fn feed(&mut self, chunk: &[u8], tell: impl FnMut(&[u8])) {
        match self {
            Self::Lines(lines) => lines.feed(chunk, tell),
            Self::Frames(frames) => frames.feed(chunk, tell),
        }
    }

    fn end(&mut self, tell: impl FnMut(&[u8])) {
        match self {
            Self::Lines(lines) => lines.end(tell),
            // Half a frame is nothing.
            Self::Frames(_) => {}
        }
    }
}
