//! Which requests were acknowledged and have left the log, on disk: so that they are recognised after a restart.
//!
//! Small files of fixed entries, begun anew by time and by size, removed when all in them is too old. What is noted is
//! durable before the log lets go of its records. Not here: requests that are in the log, or on their way to it.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::time::Duration;

use coldtrace_model::{Nanos, UnixNanos};

use super::disk::{Disk, DiskFile, Os};
use super::record::{u32_at, u64_at};
use super::recover::Acknowledged;
use super::request::ResendKey;

/// How long the same bytes are taken for the same request.
pub(crate) const KEEP_BYTES: Duration = Duration::from_secs(15 * 60);
/// How long an extension may keep a batch in its sandbox and send it again.
pub(crate) const KEEP_BATCH: Duration = Duration::from_secs(24 * 60 * 60);
/// Of each kind. An eighth of them fills a hash table of 131,072 places to what it may hold: 25 bytes each in memory, 23 MB in
/// all, and 32 bytes each on disk. Under a load that exceeds it the oldest are forgotten before their time.
pub(crate) const LIMIT: usize = 900_000;
/// Files of one kind, so that an eighth at most is kept for longer than it must.
const FILES: usize = 8;

/// Kind, rejected items, key, time, checksum.
const ENTRY: usize = 32;

/// The files of both kinds.
#[derive(Debug)]
pub(crate) struct Seen<D: Disk = Os> {
    bytes: Shelf<D>,
    batches: Shelf<D>,
}

/// The files of one kind, the last of which is written to.
#[derive(Debug)]
struct Shelf<D: Disk> {
    disk: D,
    folder: PathBuf,
    kind: &'static str,
    keep: Duration,
    files: Vec<Noted>,
    open: Option<Open<D>>,
}

/// A file, by when it was begun.
#[derive(Debug)]
struct Noted {
    path: PathBuf,
    begun: UnixNanos,
}

#[derive(Debug)]
struct Open<D: Disk> {
    file: D::File,
    length: u64,
}

// === impl Seen ===

impl<D: Disk> Seen<D> {
    /// Reads what is there. What can't be read is forgotten.
    pub(crate) fn open(disk: &D, folder: &Path, now: UnixNanos) -> (Self, Vec<Acknowledged>) {
        // Where there is no folder yet there is nothing in it.
        let paths = disk.list(folder).unwrap_or_default();
        let shelf = |kind, keep| Shelf::of(disk, folder, &paths, kind, keep);
        let seen = Self {
            bytes: shelf("bytes", KEEP_BYTES),
            batches: shelf("batches", KEEP_BATCH),
        };
        let mut acknowledged = seen.bytes.read(now);
        acknowledged.extend(seen.batches.read(now));
        (seen, acknowledged)
    }

    /// Notes these, durably.
    pub(crate) fn note(&mut self, acknowledged: &[Acknowledged], now: UnixNanos) -> io::Result<()> {
        let (bytes, batches): (Vec<_>, Vec<_>) = acknowledged
            .iter()
            .partition(|acknowledged| matches!(acknowledged.key, ResendKey::Bytes(_)));
        self.bytes.note(&bytes, now)?;
        self.batches.note(&batches, now)
    }
}

// === impl Shelf ===

impl<D: Disk> Shelf<D> {
    fn of(disk: &D, folder: &Path, paths: &[PathBuf], kind: &'static str, keep: Duration) -> Self {
        let mut files: Vec<Noted> = paths
            .iter()
            .filter_map(|path| Noted::of(path.clone(), kind))
            .collect();
        files.sort_by_key(|noted| noted.begun);
        Self {
            disk: disk.clone(),
            folder: folder.to_owned(),
            kind,
            keep,
            files,
            open: None,
        }
    }

    fn read(&self, now: UnixNanos) -> Vec<Acknowledged> {
        let horizon = now.minus(Nanos::from(self.keep));
        let mut acknowledged = Vec::new();
        for noted in &self.files {
            let read = self.disk.open(&noted.path).and_then(|file| {
                let mut bytes = vec![0; file.length()? as usize];
                file.read(&mut bytes, 0)?;
                Ok(bytes)
            });
            let bytes = read.unwrap_or_default();
            let entries = bytes.chunks_exact(ENTRY).filter_map(parse);
            acknowledged.extend(entries.filter(|entry| entry.admitted_at >= horizon));
        }
        acknowledged
    }

    fn note(&mut self, acknowledged: &[&Acknowledged], now: UnixNanos) -> io::Result<()> {
        if acknowledged.is_empty() {
            return Ok(());
        }
        let entries: Vec<u8> = acknowledged.iter().flat_map(|entry| put(entry)).collect();
        let noted = self.append(&entries, now);
        if noted.is_ok() {
            return Ok(());
        }
        // What a kernel does with pages whose sync failed is its own affair.
        self.open = None;
        self.append(&entries, now)
    }

    fn append(&mut self, entries: &[u8], now: UnixNanos) -> io::Result<()> {
        let is_full = self
            .open
            .as_ref()
            .is_none_or(|open| open.length >= (LIMIT / FILES * ENTRY) as u64);
        let age = self.files.last().map(|noted| now.since(noted.begun));
        if is_full || age.is_some_and(|age| age > Nanos::from(self.keep / FILES as u32)) {
            self.begin(now)?;
        }
        let open = self.open.as_mut().expect("one was begun");
        open.file.write(&mut [IoSlice::new(entries)], open.length)?;
        open.length += entries.len() as u64;
        open.file.sync()
    }

    /// A new file, and fewer old ones.
    fn begin(&mut self, now: UnixNanos) -> io::Result<()> {
        self.open = None;
        self.disk.create_folder(&self.folder)?;
        let parent = self.folder.parent().expect("it is in the log's folder");
        self.disk.sync_folder(parent)?;
        // A clock may stand still or step back; the order is that of the names.
        let after = self.files.last().map_or(0, |last| last.begun.0 + 1);
        let begun = UnixNanos(now.0.max(after));
        let path = self.folder.join(format!("{}-{:016x}", self.kind, begun.0));
        let file = self.disk.create(&path, 0)?;
        self.disk.sync_folder(&self.folder)?;
        self.files.push(Noted { path, begun });
        self.open = Some(Open { file, length: 0 });
        let horizon = now.minus(Nanos::from(self.keep));
        // Of a file all is older than the beginning of the next.
        while self.files.len() > FILES + 1
            || self.files.get(1).is_some_and(|next| next.begun < horizon)
        {
            self.disk.remove(&self.files[0].path)?;
            self.files.remove(0);
        }
        Ok(())
    }
}

// === impl Noted ===

impl Noted {
    fn of(path: PathBuf, kind: &str) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let begun = name.strip_prefix(kind)?.strip_prefix('-')?;
        let begun = UnixNanos(u64::from_str_radix(begun, 16).ok()?);
        Some(Self { path, begun })
    }
}

fn put(acknowledged: &Acknowledged) -> [u8; ENTRY] {
    let (kind, key) = match acknowledged.key {
        ResendKey::Bytes(key) => (1, key),
        ResendKey::Batch(key) => (2, key),
    };
    let mut entry = [0; ENTRY];
    entry[..16].copy_from_slice(&key);
    entry[16..24].copy_from_slice(&acknowledged.admitted_at.0.to_le_bytes());
    // Its count is told again; of more than it can say, the most that it can.
    let rejected = u32::try_from(acknowledged.rejected).unwrap_or(u32::MAX);
    let rejected = rejected.min(u32::MAX >> 8);
    entry[24..28].copy_from_slice(&(rejected << 8 | kind).to_le_bytes());
    let checksum = crc32fast::hash(&entry[..28]);
    entry[28..].copy_from_slice(&checksum.to_le_bytes());
    entry
}

fn parse(entry: &[u8]) -> Option<Acknowledged> {
    if crc32fast::hash(&entry[..28]) != u32_at(entry, 28) {
        return None;
    }
    let key = *entry.first_chunk()?;
    let told = u32_at(entry, 24);
    Some(Acknowledged {
        key: match told & 0xff {
            1 => ResendKey::Bytes(key),
            2 => ResendKey::Batch(key),
            _ => return None,
        },
        admitted_at: UnixNanos(u64_at(entry, 16)),
        rejected: u64::from(told >> 8),
    })
}
