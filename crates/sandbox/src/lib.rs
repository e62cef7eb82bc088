//! An emulated AWS Lambda execution environment: real function processes and real extensions, under Lambda's rules.
#![warn(missing_docs)]

mod config;
mod function;
mod invocation;
mod queue;

pub use config::{ExternalExtension, FunctionConfig, Runtime};
pub use function::{Function, SandboxInfo};
pub use invocation::{Event, InvocationError, Invoked, Observed, Report, Response};
pub use queue::Queue;
