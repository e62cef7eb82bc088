//! What the end-to-end tests stand on: the real binary as a process, its API over HTTP, where the set-up put things.
//!
//! What is not here: anything that knows the inside of Coldtrace. The tests see what a user sees. Run `cargo xtask setup`
//! (or `cargo xtask test`) first; `cargo nextest run -p coldtrace-tests` then works by itself.

mod backend;
mod faults;
mod http;
mod setup;

pub use backend::{Backend, BackendOptions, Ended};
pub use faults::{ALL, ALL_AT_ONCE, Fault, Faults, MERGES};
pub use http::{Reply, delete, get, get_json, post};
pub use setup::{Setup, binary, run_json};

use std::time::{Duration, Instant};

/// Asks until there is an answer. The deadline only bounds a failure: it panics with `what` was waited for.
pub fn eventually<T>(what: &str, deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < deadline, "gave up waiting for {what}");
        // Polling another process: there is nothing in it to wait on.
        std::thread::sleep(Duration::from_millis(20));
    }
}
