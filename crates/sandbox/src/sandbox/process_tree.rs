//! Everybody who runs in a sandbox: the processes that the sandbox started, and theirs.
//!
//! Found by /proc: members of the process groups that were started, and descendants of members. A process that left both
//! (a daemon of its own session whose parent has ended) is not found any more.

use std::collections::BTreeSet;
use std::io;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::throttle::Used;

/// The tree, as far as it was known when it was last looked at.
#[derive(Debug, Default)]
pub(super) struct ProcessTree {
    /// Leaders of process groups.
    roots: BTreeSet<i32>,
    members: Vec<i32>,
}

/// What /proc/PID/stat says of a process.
struct Seen {
    pid: i32,
    parent: i32,
    group: i32,
}

impl ProcessTree {
    pub(super) fn add(&mut self, root: Pid) {
        self.roots.insert(root.as_raw_nonzero().get());
        self.members.push(root.as_raw_nonzero().get());
    }

    /// The process groups that were started.
    pub(super) fn groups(&self) -> Vec<Pid> {
        self.roots
            .iter()
            .copied()
            .filter_map(Pid::from_raw)
            .collect()
    }

    /// Looks who is there.
    pub(super) fn refresh(&mut self) {
        let all = match everybody() {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "cannot read /proc");
                return;
            }
        };
        let mut members: BTreeSet<i32> = all
            .iter()
            .filter(|seen| self.roots.contains(&seen.group))
            .map(|seen| seen.pid)
            .collect();
        // Children may have smaller numbers than their parents: repeated until nobody joins.
        loop {
            let before = members.len();
            let joining: Vec<i32> = all
                .iter()
                .filter(|seen| members.contains(&seen.parent))
                .map(|seen| seen.pid)
                .collect();
            members.extend(joining);
            if members.len() == before {
                break;
            }
        }
        self.members = members.into_iter().collect();
    }

    /// Summed resident memory of the members, in bytes. Memory that several of them share is counted for each.
    pub(super) fn resident(&self) -> u64 {
        let pages: u64 = self
            .members
            .iter()
            .copied()
            .filter_map(resident_pages)
            .sum();
        pages * rustix::param::page_size() as u64
    }

    /// What each thread of the members has run, in nanoseconds.
    pub(super) fn used(&self) -> Used {
        self.members
            .iter()
            .copied()
            .flat_map(threads)
            .filter_map(|(member, thread)| Some((thread, running_time(member, thread)?)))
            .collect()
    }

    /// Sends a signal to all, those included who were born since the last look.
    pub(super) fn signal(&mut self, signal: Signal) {
        // Groups first: that reaches a process that is just being born.
        self.signal_groups(signal);
        self.refresh();
        self.signal_members(signal);
    }

    /// Sends a signal to all who were there at the last look. For the frozen, of whom nobody is born; and for who is to
    /// be stopped often, which must cost little.
    pub(super) fn signal_known(&self, signal: Signal) {
        self.signal_groups(signal);
        self.signal_members(signal);
    }

    /// The same, for one group and the descendants of its members; the group is then no longer part of the tree.
    pub(super) fn kill_group(&mut self, root: Pid) {
        let number = root.as_raw_nonzero().get();
        let mut branch = Self::default();
        branch.add(root);
        branch.signal(Signal::KILL);
        self.roots.remove(&number);
        self.members
            .retain(|member| !branch.members.contains(member));
    }

    fn signal_groups(&self, signal: Signal) {
        for group in self.groups() {
            // Who is gone cannot be signalled, and need not be.
            kill_process_group(group, signal).ok();
        }
    }

    fn signal_members(&self, signal: Signal) {
        for member in self.members.iter().copied().filter_map(Pid::from_raw) {
            kill_process(member, signal).ok();
        }
    }
}

fn everybody() -> io::Result<Vec<Seen>> {
    let entries = std::fs::read_dir("/proc")?;
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(numbers.filter_map(look).collect())
}

fn look(pid: i32) -> Option<Seen> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state ppid pgrp ...`, where the name may have anything in it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(1);
    Some(Seen {
        pid,
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// A process's threads, each with the process.
fn threads(pid: i32) -> Vec<(i32, i32)> {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.map(|thread| (pid, thread)).collect()
}

fn running_time(pid: i32, thread: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat")).ok()?;
    stat.split_ascii_whitespace().next()?.parse().ok()
}

fn resident_pages(pid: i32) -> Option<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}
