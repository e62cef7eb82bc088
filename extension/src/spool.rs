//! What a reset of the sandbox must not forget, on its scratch disk: its id, what was told of its invocations, the batches that
//! could not be sent.
//!
//! Everything here may fail, and then the extension goes on without: a full disk costs memory of the past, not the function.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use coldtrace_model::{Cold, RequestId, SandboxId, UnixNanos};
use prost::Message;

use crate::buffer::Batch;
use crate::faults;
use crate::journal::{Memory, Remembered};
use crate::log::{self, Level};
use crate::random;

/// The scratch disk is the function's; half a buffer is what one outage leaves.
const MAX_BATCH_BYTES: usize = 4 << 20;
const MEMORY: &str = "memory";
const BATCHES: &str = "batches";

/// The folder of this sandbox.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
}

/// What the process before this one left.
#[derive(Debug)]
pub(crate) struct Recalled {
    pub(crate) sandbox_id: SandboxId,
    /// Nothing if there was no such process.
    pub(crate) memory: Option<Memory>,
    pub(crate) batches: Vec<Batch>,
}

#[derive(Clone, PartialEq, Message)]
struct SavedSandbox {
    #[prost(string, tag = "1")]
    sandbox_id: String,
    #[prost(message, repeated, tag = "2")]
    open: Vec<SavedInvocation>,
    #[prost(string, repeated, tag = "3")]
    over: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct SavedInvocation {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(fixed64, tag = "2")]
    filed_at: u64,
    #[prost(fixed64, tag = "3")]
    start: u64,
    #[prost(fixed64, tag = "4")]
    deadline: u64,
    #[prost(uint32, tag = "5")]
    cold: u32,
    #[prost(string, tag = "6")]
    arn: String,
    #[prost(string, tag = "7")]
    trace_header: String,
    #[prost(bool, tag = "8")]
    is_drawn: bool,
}

#[derive(Clone, PartialEq, Message)]
struct SavedBatches {
    #[prost(message, repeated, tag = "1")]
    batches: Vec<SavedBatch>,
}

#[derive(Clone, PartialEq, Message)]
struct SavedBatch {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "bytes", tag = "2")]
    message: bytes::Bytes,
}

// === impl Spool ===

impl Spool {
    /// Opens the sandbox's folder under `scratch` and reads what is in it. `parent` tells sandboxes apart where several share
    /// a scratch disk, as outside Lambda: it is the same over resets.
    pub(crate) fn open(scratch: &Path, function: &str, parent: &str) -> (Self, Recalled) {
        let folder = scratch.join(format!("coldtrace-{}-{parent}", file_name(function)));
        let spool = Self { folder };
        let saved: Option<SavedSandbox> = spool.read(MEMORY);
        let batches: Option<SavedBatches> = spool.read(BATCHES);
        // Read once: a batch that is sent now must not be sent again by the next process.
        drop(fs::remove_file(spool.folder.join(BATCHES)));
        let known = saved.and_then(|saved| {
            let sandbox_id = SandboxId::parse(&saved.sandbox_id).ok()?;
            Some((sandbox_id, recall(saved)))
        });
        let (sandbox_id, memory) = known.unzip();
        let recalled = Recalled {
            sandbox_id: sandbox_id.unwrap_or_else(new_sandbox_id),
            memory,
            batches: batches
                .map(|saved| saved.batches.into_iter().filter_map(recall_batch).collect())
                .unwrap_or_default(),
        };
        (spool, recalled)
    }

    /// Notes what the next process must know.
    pub(crate) fn save_memory(&self, sandbox_id: &SandboxId, memory: Memory) {
        faults::point("spool");
        let saved = SavedSandbox {
            sandbox_id: sandbox_id.to_string(),
            open: memory.open.into_iter().map(save).collect(),
            over: memory.over.iter().map(RequestId::to_string).collect(),
        };
        self.write(MEMORY, &saved);
    }

    /// Leaves batches to the next process, the oldest first, as many as there is room for.
    pub(crate) fn save_batches<'a>(&self, batches: impl Iterator<Item = &'a Batch>) {
        let mut room = MAX_BATCH_BYTES;
        let fitting = batches.take_while(|batch| {
            let fits = batch.message.len() <= room;
            room = room.saturating_sub(batch.message.len());
            fits
        });
        let batches: Vec<SavedBatch> = fitting
            .map(|batch| SavedBatch {
                id: batch.id.to_vec(),
                message: batch.message.clone(),
            })
            .collect();
        if !batches.is_empty() {
            self.write(BATCHES, &SavedBatches { batches });
        }
    }

    /// The sandbox ends for good.
    pub(crate) fn clear(&self) {
        drop(fs::remove_dir_all(&self.folder));
    }

    fn read<M: Message + Default>(&self, name: &str) -> Option<M> {
        let bytes = fs::read(self.folder.join(name)).ok()?;
        M::decode(bytes.as_slice()).ok()
    }

    /// Written beside and moved into place, so that a kill leaves the old file or the new one.
    fn write(&self, name: &str, message: &impl Message) {
        let written = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let beside = self.folder.join(format!("{name}.new"));
            fs::write(&beside, message.encode_to_vec())?;
            fs::rename(beside, self.folder.join(name))
        };
        if let Err(error) = written() {
            log::line(
                Level::Debug,
                "scratch disk not writable",
                &[("error", &error)],
            );
        }
    }
}

/// Names the process that started this one: its id and when it began, as far as they can be seen.
pub(crate) fn parent() -> String {
    let id = std::os::unix::process::parent_id();
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything, spaces too; the start is the 20th field after it.
    let start = stat
        .rsplit_once(')')
        .and_then(|(_, fields)| fields.split_whitespace().nth(19));
    format!("{id}-{}", start.unwrap_or("0"))
}

fn new_sandbox_id() -> SandboxId {
    SandboxId::parse(&random::hex()).expect("32 hex digits are an id")
}

fn file_name(function: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    function
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '_' })
        .take(64)
        .collect()
}

fn save(open: Remembered) -> SavedInvocation {
    SavedInvocation {
        request_id: open.request_id.to_string(),
        filed_at: open.filed_at.0,
        start: open.start.0,
        deadline: open.deadline.0,
        cold: u32::from(open.cold.number()),
        arn: open.arn,
        trace_header: open.trace_header,
        is_drawn: open.is_drawn,
    }
}

fn recall(saved: SavedSandbox) -> Memory {
    let over = saved.over.iter();
    Memory {
        open: saved
            .open
            .into_iter()
            .filter_map(recall_invocation)
            .collect(),
        over: over.filter_map(|id| RequestId::parse(id).ok()).collect(),
    }
}

fn recall_invocation(saved: SavedInvocation) -> Option<Remembered> {
    let cold = u8::try_from(saved.cold).ok().and_then(Cold::from_number);
    Some(Remembered {
        request_id: RequestId::parse(&saved.request_id).ok()?,
        filed_at: UnixNanos(saved.filed_at),
        start: UnixNanos(saved.start),
        deadline: UnixNanos(saved.deadline),
        cold: cold.unwrap_or_default(),
        arn: saved.arn,
        trace_header: saved.trace_header,
        is_drawn: saved.is_drawn,
    })
}

fn recall_batch(saved: SavedBatch) -> Option<Batch> {
    Some(Batch {
        id: saved.id.try_into().ok()?,
        message: saved.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_process_recalls_what_was_saved_and_batches_once() {
        let scratch = tempfile::tempdir().unwrap();
        let open = || Spool::open(scratch.path(), "shop/checkout", "1-2");
        let (spool, first) = open();
        assert_eq!(first.memory, None);
        let remembered = Remembered {
            request_id: RequestId::parse("r").unwrap(),
            filed_at: UnixNanos(1),
            start: UnixNanos(2),
            deadline: UnixNanos(3),
            cold: Cold::Reset,
            arn: "arn".to_owned(),
            trace_header: "Root=1".to_owned(),
            is_drawn: true,
        };
        let batch = Batch {
            id: [7; 16],
            message: vec![1, 2, 3].into(),
        };
        let memory = Memory {
            open: vec![remembered],
            over: vec![RequestId::parse("over").unwrap()],
        };
        spool.save_memory(&first.sandbox_id, memory.clone());
        spool.save_batches([&batch].into_iter());

        let (_, second) = open();
        assert_eq!(second.sandbox_id, first.sandbox_id);
        assert_eq!(second.memory, Some(memory));
        assert_eq!(second.batches, [batch]);
        let (spool, third) = open();
        assert_eq!(third.batches, [], "sent by the process before");
        spool.clear();
        let (_, other) = open();
        assert_eq!(other.memory, None);
        assert_ne!(other.sandbox_id, first.sandbox_id);
    }

    #[test]
    fn another_parent_is_another_sandbox_and_garbage_is_none() {
        let scratch = tempfile::tempdir().unwrap();
        let (spool, first) = Spool::open(scratch.path(), "f", "1-2");
        spool.save_memory(&first.sandbox_id, Memory::default());
        let recalled = |parent| Spool::open(scratch.path(), "f", parent).1.memory;
        assert_eq!(recalled("1-2"), Some(Memory::default()));
        assert_eq!(recalled("1-3"), None);
        fs::write(spool.folder.join(MEMORY), b"\xff\xff garbage").unwrap();
        assert_eq!(recalled("1-2"), None);
    }

    #[test]
    fn batches_are_left_as_many_as_there_is_room_for() {
        let scratch = tempfile::tempdir().unwrap();
        let (spool, _) = Spool::open(scratch.path(), "f", "p");
        let batch = |id| Batch {
            id: [id; 16],
            message: vec![0; MAX_BATCH_BYTES / 2].into(),
        };
        let batches = [batch(1), batch(2), batch(3)];
        spool.save_batches(batches.iter());
        let (_, recalled) = Spool::open(scratch.path(), "f", "p");
        assert_eq!(recalled.batches, batches[..2]);
    }
}
