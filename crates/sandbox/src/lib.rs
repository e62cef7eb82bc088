//! An emulated AWS Lambda execution environment: real function processes and real extensions, under Lambda's rules.
//!
//! A [`Function`] scales out into sandboxes. Each serves the Runtime, Extensions and Telemetry APIs on loopback, runs the
//! function through its language's runtime and external extensions beside it, freezes all of them between invocations,
//! enforces time and memory, resets after faults, and shuts down with a reason and a deadline. A [`Queue`] invokes a
//! function as SQS does; a [`Source`] shapes single events.
//!
//! Sandboxes come to be as [`Initialization`] says: on demand, provisioned, from a snapshot, or on managed instances.
//! A snapshot is a sandbox that stands still: memory is not cloned, so that what all clones of a snapshot share on Lambda
//! (seeds of random numbers, connections, ids) is not shared here, and nothing is lost in a restore but time.
//!
//! What is not here: anything of Coldtrace. An extension is an executable, whichever. Not emulated: network namespaces (each
//! sandbox has ports of its own, told by environment variables), response streaming, TCP destinations of the Telemetry API.
//! The processor's share by memory is a matter of signals, for invocations alone. Memory is the summed resident set of
//! the process tree by /proc, looked at every four milliseconds (new processes: every tenth of a second): pages that
//! processes share count for each, and a process that allocates fast overshoots the limit before it is killed.
//!
//! Invariant: no process outlives its sandbox, and none the host process, however that ends.
#![warn(missing_docs)]

mod api;
mod config;
mod function;
mod invocation;
mod job;
mod pool;
mod queue;
mod random;
mod sandbox;
mod source;
mod telemetry;
mod timestamp;
mod trace_header;

pub use config::{ExternalExtension, FunctionConfig, Initialization, LogFormat, Runtime};
pub use function::{Function, SandboxInfo};
pub use invocation::{Event, InvocationError, Invoked, Observed, Report, Response};
pub use queue::Queue;
pub use source::Source;
pub use trace_header::new_trace_header;
