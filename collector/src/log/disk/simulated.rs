//! A disk in memory that keeps what was synced and forgets the rest as a real one may.
//!
//! A power failure leaves of each sector that was written since its last sync any of its versions, or halves of two; of each
//! name that was made, moved or removed and not synced the old or the new. A rename is one step, and steps of the same file keep
//! their order (as every journaling file system has it); nothing else does. A sync that fails leaves sectors that look clean
//! and were not written. A kill leaves everything as the system shows it.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile};

/// What a disk writes at once.
const SECTOR: usize = 512;

/// Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct Simulated {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
pub(crate) struct SimulatedFile {
    disk: Simulated,
    inode: usize,
    /// The life of the machine in which it was opened.
    life: u32,
}

/// How a machine goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Kill,
    PowerFailure,
}

/// What goes wrong while it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Everything from this operation on fails, as for a process that is gone.
    pub(crate) ends_at: Option<u64>,
    /// Of 1,000 syncs, of files and of folders.
    pub(crate) failed_syncs: u32,
    /// Of 1,000 writes, some of which write a part.
    pub(crate) failed_writes: u32,
    /// Bytes that files may have.
    pub(crate) room: Option<u64>,
}

#[derive(Debug)]
struct State {
    faults: Faults,
    operations: u64,
    life: u32,
    inodes: Vec<Inode>,
    shown: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    unsynced: Vec<Step>,
    random: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

/// A change of names.
#[derive(Clone, Debug)]
struct Step {
    node: Node,
    from: Option<PathBuf>,
    to: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Inode {
    shown: Vec<u8>,
    durable: Vec<u8>,
    /// Since the last sync, oldest first.
    versions: BTreeMap<usize, Vec<Vec<u8>>>,
}

// === impl Simulated ===

impl Simulated {
    pub(crate) fn new(seed: u64) -> Self {
        let state = State {
            faults: Faults::default(),
            operations: 0,
            life: 0,
            inodes: Vec::new(),
            shown: BTreeMap::from([(PathBuf::from("/"), Node::Folder)]),
            durable: BTreeMap::from([(PathBuf::from("/"), Node::Folder)]),
            unsynced: Vec::new(),
            random: seed,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(crate) fn fail(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// What the next operation is called in [`Faults::ends_at`].
    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Whether the process is gone.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// The machine goes down and comes up again, with nothing wrong.
    pub(crate) fn restart(&self, end: End) {
        let mut state = self.lock();
        state.faults = Faults::default();
        state.life += 1;
        if end == End::PowerFailure {
            state.fail_power();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn step(&self, step: Step) -> io::Result<()> {
        let mut state = self.lock();
        let is_last = state.is_last();
        if state.is_over() && !is_last {
            return Err(over());
        }
        let target = step.to.as_deref().or(step.from.as_deref()).unwrap();
        state.parent_of(target)?;
        // A process that is killed in a call does not learn whether it was done.
        if !is_last || state.chance(500) {
            apply(&mut state.shown, &step);
            state.unsynced.push(step);
        }
        state.operations += 1;
        if is_last { Err(over()) } else { Ok(()) }
    }
}

// === impl State ===

impl State {
    fn is_over(&self) -> bool {
        self.faults
            .ends_at
            .is_some_and(|end| self.operations >= end)
    }

    fn is_last(&self) -> bool {
        self.faults.ends_at == Some(self.operations)
    }

    /// Counts an operation that changes nothing.
    fn look(&mut self) -> io::Result<()> {
        if self.is_over() {
            return Err(over());
        }
        self.operations += 1;
        Ok(())
    }

    fn parent_of(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap();
        match self.shown.get(parent) {
            Some(Node::Folder) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.shown.get(path) {
            Some(Node::File(inode)) => Ok(*inode),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn held(&self) -> u64 {
        let files = self.shown.values().filter_map(|node| match node {
            Node::File(inode) => Some(self.inodes[*inode].shown.len() as u64),
            Node::Folder => None,
        });
        files.sum()
    }

    /// SplitMix64
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Of 1,000.
    fn chance(&mut self, of_thousand: u32) -> bool {
        self.random() % 1_000 < u64::from(of_thousand)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.random() % end as u64) as usize
    }

    fn fail_power(&mut self) {
        let mut undone = Vec::new();
        for step in std::mem::take(&mut self.unsynced) {
            let is_first_done = !undone.contains(&step.node) || step.node == Node::Folder;
            if is_first_done && self.chance(500) {
                apply(&mut self.durable, &step);
            } else {
                undone.push(step.node);
            }
        }
        let durable = std::mem::take(&mut self.durable);
        // What is in a folder that is not there is gone.
        let is_reachable = |path: &Path| path.ancestors().all(|path| durable.contains_key(path));
        let reachable = durable.iter().filter(|(path, _)| is_reachable(path));
        self.durable = reachable
            .map(|(path, node)| (path.clone(), *node))
            .collect();
        self.shown = self.durable.clone();
        for number in 0..self.inodes.len() {
            self.lose(number);
            let inode = &mut self.inodes[number];
            inode.shown = inode.durable.clone();
        }
    }

    /// What is durable of a file becomes something between the last sync and now.
    fn lose(&mut self, number: usize) {
        let versions = std::mem::take(&mut self.inodes[number].versions);
        let length = self.inodes[number].shown.len();
        if self.chance(500) {
            self.inodes[number].durable.resize(length, 0);
        }
        for (sector, versions) in versions {
            let before = self.inodes[number].durable_sector(sector);
            let mut one = self.one_of(&before, &versions);
            if self.chance(100) {
                let other = self.one_of(&before, &versions);
                let at = self.below(SECTOR);
                let end = one.len().min(other.len());
                if at < end {
                    one[at..end].copy_from_slice(&other[at..end]);
                }
            }
            self.inodes[number].put_durable(sector, &one);
        }
    }

    fn one_of(&mut self, before: &[u8], versions: &[Vec<u8>]) -> Vec<u8> {
        match self.below(versions.len() + 1) {
            0 => before.to_vec(),
            number => versions[number - 1].clone(),
        }
    }

    fn sync_file(&mut self, number: usize) {
        let inode = &mut self.inodes[number];
        inode.versions.clear();
        inode.durable = inode.shown.clone();
    }

    fn sync_names(&mut self, folder: &Path) {
        let is_in = |path: &Option<PathBuf>| {
            path.as_deref()
                .is_some_and(|path| path.parent() == Some(folder))
        };
        let unsynced = std::mem::take(&mut self.unsynced);
        let synced: Vec<bool> = unsynced
            .iter()
            .enumerate()
            .map(|(number, step)| {
                // With a step go those of the same file before it.
                let later = unsynced[number..].iter();
                let mut of_same = later.filter(|later| match step.node {
                    Node::Folder => std::ptr::eq(*later, step),
                    Node::File(_) => later.node == step.node,
                });
                of_same.any(|step| is_in(&step.from) || is_in(&step.to))
            })
            .collect();
        for (step, is_synced) in unsynced.into_iter().zip(synced) {
            match is_synced {
                true => apply(&mut self.durable, &step),
                false => self.unsynced.push(step),
            }
        }
    }
}

fn apply(names: &mut BTreeMap<PathBuf, Node>, step: &Step) {
    if let Some(from) = &step.from
        && names.get(from) == Some(&step.node)
    {
        names.remove(from);
    }
    if let Some(to) = &step.to {
        names.insert(to.clone(), step.node);
    }
}

fn over() -> io::Error {
    io::Error::other("the process is gone")
}

fn input_output() -> io::Error {
    io::Error::from_raw_os_error(5)
}

// === impl Inode ===

impl Inode {
    fn durable_sector(&self, sector: usize) -> Vec<u8> {
        let from = (sector * SECTOR).min(self.durable.len());
        let to = (from + SECTOR).min(self.durable.len());
        self.durable[from..to].to_vec()
    }

    fn put_durable(&mut self, sector: usize, bytes: &[u8]) {
        let from = sector * SECTOR;
        let to = (from + bytes.len()).min(self.durable.len());
        if from < to {
            self.durable[from..to].copy_from_slice(&bytes[..to - from]);
        }
    }

    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.shown.len() < end {
            self.shown.resize(end, 0);
        }
        self.shown[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            let from = sector * SECTOR;
            let to = (from + SECTOR).min(self.shown.len());
            let version = self.shown[from..to].to_vec();
            self.versions.entry(sector).or_default().push(version);
        }
    }
}

// === impl Disk for Simulated ===

impl Disk for Simulated {
    type File = SimulatedFile;

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if self.lock().shown.contains_key(folder) {
            return Ok(());
        }
        self.step(Step {
            node: Node::Folder,
            from: None,
            to: Some(folder.to_owned()),
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut state = self.lock();
        state.look()?;
        state.parent_of(&folder.join("any"))?;
        let names = state.shown.keys();
        Ok(names
            .filter(|path| path.parent() == Some(folder))
            .cloned()
            .collect())
    }

    fn create(&self, path: &Path, length: u64) -> io::Result<SimulatedFile> {
        let inode = {
            let mut state = self.lock();
            if state
                .faults
                .room
                .is_some_and(|room| state.held() + length > room)
            {
                state.operations += 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.inodes.push(Inode {
                shown: vec![0; length as usize],
                ..Inode::default()
            });
            state.inodes.len() - 1
        };
        // In place of one that may be there.
        let former = self.lock().file(path);
        if let Ok(former) = former {
            self.step(Step {
                node: Node::File(former),
                from: Some(path.to_owned()),
                to: None,
            })?;
        }
        self.step(Step {
            node: Node::File(inode),
            from: None,
            to: Some(path.to_owned()),
        })?;
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<SimulatedFile> {
        let mut state = self.lock();
        state.look()?;
        Ok(SimulatedFile {
            disk: self.clone(),
            inode: state.file(path)?,
            life: state.life,
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.lock().file(from).map(Node::File)?;
        self.step(Step {
            node,
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let node = self.lock().file(path).map(Node::File)?;
        self.step(Step {
            node,
            from: Some(path.to_owned()),
            to: None,
        })
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        if !self.list(folder)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        self.step(Step {
            node: Node::Folder,
            from: Some(folder.to_owned()),
            to: None,
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.look()?;
        let failed = state.faults.failed_syncs;
        if state.chance(failed) {
            return Err(input_output());
        }
        state.sync_names(folder);
        Ok(())
    }
}

// === impl DiskFile for SimulatedFile ===

impl SimulatedFile {
    fn lock(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.lock();
        assert_eq!(self.life, state.life, "a file outlives no process");
        if state.is_over() && !state.is_last() {
            return Err(over());
        }
        Ok(state)
    }
}

impl DiskFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        let mut state = self.lock()?;
        state.look()?;
        Ok(state.inodes[self.inode].shown.len() as u64)
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.lock()?;
        state.look()?;
        let shown = &state.inodes[self.inode].shown;
        let from = offset as usize;
        match shown.get(from..from + bytes.len()) {
            Some(there) => bytes.copy_from_slice(there),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    fn write(&self, pieces: &mut [IoSlice<'_>], offset: u64) -> io::Result<()> {
        let mut bytes: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| piece.iter().copied())
            .collect();
        let mut state = self.lock()?;
        let (is_last, failed) = (state.is_last(), state.faults.failed_writes);
        state.operations += 1;
        let is_failed = state.chance(failed);
        if is_last || is_failed {
            let kept = state.below(bytes.len() + 1);
            bytes.truncate(kept);
        }
        state.inodes[self.inode].write(&bytes, offset as usize);
        match (is_last, is_failed) {
            (true, _) => Err(over()),
            (_, true) => Err(input_output()),
            _ => Ok(()),
        }
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut state = self.lock()?;
        state.look()?;
        let inode = &mut state.inodes[self.inode];
        inode.shown.truncate(length as usize);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.lock()?;
        let (is_last, failed) = (state.is_last(), state.faults.failed_syncs);
        state.operations += 1;
        if state.chance(failed) || is_last {
            // Some of it was written, and what was not looks as if it had been. A killed process's pages are still known.
            if !is_last {
                state.lose(self.inode);
            }
            return Err(if is_last { over() } else { input_output() });
        }
        state.sync_file(self.inode);
        Ok(())
    }
}
