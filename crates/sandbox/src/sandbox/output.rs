//! What a process writes to its standard output and error: lines for the telemetry.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::unix::pipe;

use crate::telemetry::{Category, Telemetry};

/// A line that is longer is cut, in bytes: 256 KiB, as in the platform's logs.
const LONGEST_LINE: usize = 256 << 10;

/// One pipe. Clones share it.
#[derive(Clone)]
pub(super) struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    pipe: pipe::Receiver,
    category: Category,
    telemetry: Telemetry,
    /// The begin of a line whose end is not there yet. Locked while the pipe is read, so that lines keep their order.
    partial: Mutex<Vec<u8>>,
}

/// Whether there may come more.
#[derive(PartialEq, Eq)]
enum Pumped {
    More,
    End,
}

impl Output {
    pub(super) fn new(
        pipe: OwnedFd,
        category: Category,
        telemetry: Telemetry,
    ) -> std::io::Result<Self> {
        let shared = Shared {
            pipe: pipe::Receiver::from_owned_fd(pipe)?,
            category,
            telemetry,
            partial: Mutex::new(Vec::new()),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Tells lines as they come, until the pipe ends.
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
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunk = [0; 8192];
        loop {
            match self.pipe.try_read(&mut chunk) {
                Ok(0) => {
                    self.tell(&mut partial);
                    return Pumped::End;
                }
                Ok(read) => self.take(&mut partial, &chunk[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Pumped::More;
                }
                Err(_) => return Pumped::End,
            }
        }
    }

    fn take(&self, partial: &mut Vec<u8>, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() >= LONGEST_LINE {
                self.tell(partial);
            }
        }
    }

    fn tell(&self, line: &mut Vec<u8>) {
        if !line.is_empty() {
            let text = String::from_utf8_lossy(line).into_owned();
            self.telemetry.line(self.category, text);
            line.clear();
        }
    }
}
