//! Takes a sandbox's processes along when the host process dies, however it dies.
//!
//! A shell reads a pipe that only the host writes to. Each line is the list of the sandbox's process groups at that time;
//! when the pipe ends, the shell kills those of the last line. It needs no privilege and, unlike a parent-death signal, no
//! unsafe code and no care about which thread starts a process. What it does not reach: a process that made a group of its
//! own and was not known when the host died.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::Pid;

const SCRIPT: &str = r#"
while read -r line; do groups=$line; done
for group in $groups; do kill -9 "-$group"; done
"#;

/// The shell, which ends with this value.
pub(super) struct Watchdog {
    shell: Child,
    pipe: ChildStdin,
}

impl Watchdog {
    pub(super) fn start() -> std::io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of the terminal's group, whose Ctrl-C is not for it.
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take().expect("its standard input is piped");
        Ok(Self { shell, pipe })
    }

    /// From now on these groups are to be killed.
    pub(super) fn guard(&mut self, groups: &[Pid]) {
        let numbers = groups
            .iter()
            .map(|group| group.as_raw_nonzero().to_string());
        let line = numbers.collect::<Vec<_>>().join(" ");
        // Short enough for the pipe to take it at once. A shell that somebody killed can guard nothing any more.
        if let Err(error) = writeln!(self.pipe, "{line}") {
            tracing::warn!(%error, "the sandbox's watchdog is gone");
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Its groups are dead by now, and their numbers may be somebody else's.
        self.guard(&[]);
        let ended = self.shell.kill().and_then(|()| self.shell.wait());
        if let Err(error) = ended {
            tracing::debug!(%error, "cannot end the sandbox's watchdog");
        }
    }
}
