//! An emulated AWS Lambda execution environment: real function processes and real extensions, under Lambda's rules.
//!
//! A [`Function`] scales out into sandboxes. Each serves the Runtime, Extensions and Telemetry APIs on loopback, runs the
//! function through its language's runtime and external extensions beside it, freezes all of them between invocations,
//! enforces time and memory, resets after faults, and shuts down with a reason and a deadline. A [`Queue`] invokes a
//! function as SQS does.
//!
//! What is not here: anything of Coldtrace. An extension is an executable, whichever. Not emulated: CPU shares by memory,
//! network namespaces (each sandbox has ports of its own, told by environment variables), response streaming, SnapStart,
//! provisioned concurrency, managed instances, TCP destinations of the Telemetry API. Memory is the summed resident set of
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
mod telemetry;
mod timestamp;
mod trace_header;

pub use config::{ExternalExtension, FunctionConfig, Runtime};
pub use function::{Function, SandboxInfo};
pub use invocation::{Event, InvocationError, Invoked, Observed, Report, Response};
pub use queue::Queue;
