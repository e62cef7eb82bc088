//! File descriptors. A connection is one, and the log and the store must not be short of theirs for strangers' sake.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::debug;

/// Left to the log, the store, the query service and all else.
const RESERVED: u64 = 256;
/// gRPC, HTTP, the query service's.
const PORTS: u64 = 3;

/// How many connections a port may have of those that are wanted. The system's soft limit, 1,024 on most, is raised to the hard
/// one first: it is low for the sake of programs that use `select`.
pub(super) fn connections(wanted: usize) -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = rustix::process::Rlimit {
            current: limit.maximum,
            ..limit
        };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit = raised,
            Err(error) => debug!(%error, "cannot raise the limit of open files"),
        }
    }
    within(limit.current, wanted)
}

fn within(limit: Option<u64>, wanted: usize) -> usize {
    let Some(limit) = limit else {
        return wanted;
    };
    let fitting = limit.saturating_sub(RESERVED) / PORTS;
    usize::try_from(fitting).unwrap_or(wanted).clamp(1, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_log() {
        assert_eq!(within(None, 4_096), 4_096);
        assert_eq!(within(Some(1 << 20), 4_096), 4_096);
        assert_eq!(within(Some(1_024), 4_096), 256);
        assert_eq!(within(Some(100), 4_096), 1);
    }
}
