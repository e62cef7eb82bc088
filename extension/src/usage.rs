//! What the sandbox's processes use, from `/proc`: read when an invocation begins and when its end is known.
//!
//! Lambda shows an extension every process of its sandbox. Where several sandboxes share a machine, a process belongs to this
//! one if it was started for the same Runtime API. What can't be read is not told.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use coldtrace_model::{ByteSize, Nanos};

/// Of `statm` and its likes. Lambda has no other.
const PAGE: u64 = 4_096;
/// Ends the name of a variable.
const RUNTIME_API: &[u8] = b"AWS_LAMBDA_RUNTIME_API=";
/// Loopback traffic is between runtime, extensions and platform.
const LOOPBACK: &str = "lo:";

/// Counters and levels at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Processor time of all processes that are alive.
    pub(crate) cpu: Nanos,
    pub(crate) received: ByteSize,
    pub(crate) transmitted: ByteSize,
    /// Resident, summed.
    pub(crate) memory: ByteSize,
    /// On the scratch disk.
    pub(crate) scratch: ByteSize,
    pub(crate) open_files: u64,
    pub(crate) threads: u64,
}

/// What an invocation used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu: Nanos,
    pub(crate) received: ByteSize,
    pub(crate) transmitted: ByteSize,
    /// The levels at its end.
    pub(crate) at_end: Sample,
}

/// Takes samples.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// The platform's, and the proxy's own.
    runtime_apis: Vec<String>,
    scratch: std::path::PathBuf,
    /// Whether a process is of this sandbox; asked once for each.
    is_ours: HashMap<u32, bool>,
}

// === impl Usage ===

impl Usage {
    pub(crate) fn between(begin: Sample, end: Sample) -> Self {
        let grown = |end: ByteSize, begin: ByteSize| ByteSize(end.0.saturating_sub(begin.0));
        Self {
            // What a process used that has ended since is not in the second.
            cpu: Nanos(end.cpu.0.saturating_sub(begin.cpu.0)),
            received: grown(end.received, begin.received),
            transmitted: grown(end.transmitted, begin.transmitted),
            at_end: end,
        }
    }

    /// Processor time in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        Duration::from(self.cpu).as_secs_f64()
    }
}

// === impl Sampler ===

impl Sampler {
    /// Of the processes that were started for one of these.
    pub(crate) fn new(runtime_apis: Vec<String>, scratch: &Path) -> Self {
        Self {
            runtime_apis,
            scratch: scratch.to_owned(),
            is_ours: HashMap::new(),
        }
    }

    /// Nothing where there is no `/proc`.
    pub(crate) fn sample(&mut self) -> Option<Sample> {
        let mut sample = Sample {
            scratch: used(&self.scratch),
            ..Sample::default()
        };
        let network = fs::read_to_string("/proc/net/dev").unwrap_or_default();
        (sample.received, sample.transmitted) = traffic(&network);
        let mut seen = HashMap::new();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let folder = entry.path();
            let known = self.is_ours.get(&pid).copied();
            let is_ours = known.unwrap_or_else(|| is_of(&folder, &self.runtime_apis));
            seen.insert(pid, is_ours);
            if is_ours {
                sample.add_process(&folder);
            }
        }
        self.is_ours = seen;
        Some(sample)
    }
}

// === impl Sample ===

impl Sample {
    fn add_process(&mut self, folder: &Path) {
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
        // Per thread, as the sum over a process stands nowhere in nanoseconds.
        for thread in fs::read_dir(folder.join("task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let told = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            self.cpu.0 += first_number(&told);
            self.threads += 1;
        }
        let resident = text("statm");
        let pages = resident.split_whitespace().nth(1).map_or(0, first_number);
        self.memory.0 += pages * PAGE;
        let files = fs::read_dir(folder.join("fd"));
        self.open_files += files.map_or(0, |files| files.count() as u64);
    }
}

/// Whether a process was started for one of these Runtime APIs; one that hides its environment is the platform's own.
fn is_of(folder: &Path, runtime_apis: &[String]) -> bool {
    let environment = match fs::read(folder.join("environ")) {
        Ok(environment) => environment,
        Err(error) => return error.kind() == std::io::ErrorKind::PermissionDenied,
    };
    let mut variables = environment.split(|byte| *byte == 0);
    let told = variables.find_map(|variable| variable.strip_prefix(RUNTIME_API));
    told.is_some_and(|told| runtime_apis.iter().any(|api| api.as_bytes() == told))
}

/// Received and transmitted bytes of all interfaces but loopback, from `/proc/net/dev`.
fn traffic(told: &str) -> (ByteSize, ByteSize) {
    let mut sum = (0, 0);
    for line in told.lines().skip(2) {
        let mut words = line.split_whitespace();
        if words.next().is_none_or(|name| name == LOOPBACK) {
            continue;
        }
        let mut numbers = words.map(first_number);
        sum.0 += numbers.next().unwrap_or_default();
        // Seven more of what was received, then what was sent.
        sum.1 += numbers.nth(7).unwrap_or_default();
    }
    (ByteSize(sum.0), ByteSize(sum.1))
}

fn first_number(text: &str) -> u64 {
    let word = text.split_whitespace().next();
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// What is taken of the disk of a folder.
fn used(folder: &Path) -> ByteSize {
    let told = rustix::fs::statvfs(folder);
    told.map_or(ByteSize(0), |told| {
        ByteSize(told.f_blocks.saturating_sub(told.f_bfree) * told.f_frsize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_that_of_all_interfaces_but_loopback() {
        let told = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
  eth0: 200 2 0 0 0 0 0 0 30 1 0 0 0 0 0 0
  eth1: 5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0
";
        assert_eq!(traffic(told), (ByteSize(205), ByteSize(37)));
        assert_eq!(traffic(""), (ByteSize(0), ByteSize(0)));
    }

    /// A sandbox that nobody else is in: a child with a Runtime API of its own.
    #[test]
    fn a_process_counts_where_it_was_started_for_the_same_runtime_api() {
        let api = "127.0.0.1:1";
        let mut child = std::process::Command::new("sh")
            .args([
                "-c",
                "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo done; read line",
            ])
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut done = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut done).unwrap();
        let of = |api: &str| {
            Sampler::new(vec![api.to_owned()], Path::new("/tmp"))
                .sample()
                .unwrap()
        };
        let ours = of(api);
        let nobodys = of("127.0.0.1:2");
        drop(child.stdin.take());
        child.wait().unwrap();
        // Others that hide their environment are in both.
        assert!(ours.cpu.0 > nobodys.cpu.0 + 1_000_000, "{ours:?}");
        assert!(ours.memory > nobodys.memory);
        assert_eq!(ours.threads, nobodys.threads + 1);
        assert!(ours.open_files >= nobodys.open_files + 2);
        assert!(ours.scratch.0 > 0);
    }
}
