//! What Linux tells of processes and of the machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

/// `/proc` counts in hundredths of a second on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// Time that a process spent on processors since its start, in user and kernel mode.
pub(super) fn processor_time(pid: u32) -> anyhow::Result<Duration> {
    stat_time(Path::new(&format!("/proc/{pid}/stat")))
}

/// The same by the names of its threads, without those that have ended.
pub(super) fn processor_time_by_thread(pid: u32) -> anyhow::Result<BTreeMap<String, Duration>> {
    let folder = format!("/proc/{pid}/task");
    let mut times = BTreeMap::new();
    for task in std::fs::read_dir(&folder).with_context(|| format!("read {folder}"))? {
        let path = task.with_context(|| format!("read {folder}"))?.path();
        // A thread may end between the two.
        if let (Ok(name), Ok(time)) = (
            std::fs::read_to_string(path.join("comm")),
            stat_time(&path.join("stat")),
        ) {
            *times.entry(name.trim().to_owned()).or_default() += time;
        }
    }
    Ok(times)
}

/// Time that the living threads of a process spent on processors, to the nanosecond.
pub(super) fn exact_processor_time(pid: u32) -> anyhow::Result<Duration> {
    let folder = format!("/proc/{pid}/task");
    let mut time = Duration::ZERO;
    for task in std::fs::read_dir(&folder).with_context(|| format!("read {folder}"))? {
        let path = task.with_context(|| format!("read {folder}"))?.path();
        let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
        time += Duration::from_nanos(nanos.unwrap_or_default());
    }
    Ok(time)
}

/// The most memory that a process has held.
pub(super) fn peak_resident_bytes(pid: u32) -> anyhow::Result<u64> {
    status_bytes(pid, "VmHWM:")
}

/// The memory that a process holds.
pub(super) fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    status_bytes(pid, "VmRSS:")
}

fn status_bytes(pid: u32, field: &str) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kibibytes.with_context(|| format!("{path} has no {field}"))? * 1024)
}

/// The processor's name; empty if the system does not tell.
pub(super) fn processor_name() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':'))
        .map(|(_, name)| name.trim().to_owned())
        .unwrap_or_default()
}

/// How many processes wanted a processor in the last minute.
pub(super) fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn stat_time(path: &Path) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    // The second field is a name in parentheses, which may contain anything; user and system time are the 14th and 15th.
    let ticks = text.rsplit_once(')').map(|(_, rest)| {
        let fields = rest.split_whitespace().skip(11).take(2);
        fields.filter_map(|ticks| ticks.parse::<u32>().ok()).sum()
    });
    let ticks: u32 = ticks.with_context(|| format!("{} is not as expected", path.display()))?;
    Ok(TICK * ticks)
}
