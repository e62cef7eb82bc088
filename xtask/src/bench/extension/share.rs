//! The share of a processor that a small function has: a cgroup with a limit of time.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Lambda gives a whole processor to 1,769 MB, and less in proportion.
const QUOTA_OF_A_CORE: f64 = 128.0 / 1769.0;
/// The time in which a share is counted; what is left over in it lapses.
const PERIOD_US: u32 = 20_000;

/// A cgroup, removed when dropped.
pub(super) struct Share {
    folder: PathBuf,
}

// === impl Share ===

impl Share {
    /// Nothing where this user may not make one.
    pub(super) fn of_128_mb() -> Option<Self> {
        let quota = (f64::from(PERIOD_US) * QUOTA_OF_A_CORE) as u32;
        let own = format!("coldtrace-bench-{}", std::process::id());
        let first = [
            ("cpu.cfs_period_us", PERIOD_US.to_string()),
            ("cpu.cfs_quota_us", quota.to_string()),
        ];
        let second = [("cpu.max", format!("{quota} {PERIOD_US}"))];
        Self::make(Path::new("/sys/fs/cgroup/cpu").join(&own), &first)
            .or_else(|| Self::make(Path::new("/sys/fs/cgroup").join(&own), &second))
    }

    fn make(folder: PathBuf, settings: &[(&str, String)]) -> Option<Self> {
        std::fs::create_dir(&folder).ok()?;
        let share = Self { folder };
        for (file, value) in settings {
            // Where the file is not one of a cgroup, it is not there and must not be made.
            let path = share.folder.join(file);
            let is_set = path.exists() && std::fs::write(&path, value).is_ok();
            is_set.then_some(())?;
        }
        Some(share)
    }

    /// From now on. What the process did since its start, some ten microseconds, is outside of it.
    pub(super) fn take(&self, pid: u32) -> anyhow::Result<()> {
        let path = self.folder.join("cgroup.procs");
        std::fs::write(&path, pid.to_string()).with_context(|| format!("write {}", path.display()))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // One that a process is still in stays behind, and does no harm.
        std::fs::remove_dir(&self.folder).ok();
    }
}
