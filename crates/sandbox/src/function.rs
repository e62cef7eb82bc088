//! A function and its sandboxes.

use crate::config::FunctionConfig;
use crate::invocation::{Event, Invoked, Response};

/// A function. Clones share its sandboxes.
#[derive(Clone)]
pub struct Function {}

/// A sandbox as it is now.
#[derive(Clone, Debug)]
pub struct SandboxInfo {
    /// Which, counted from 1.
    pub serial: u64,
    /// Whether its runtime works on an invocation.
    pub busy: bool,
    /// The runtime's process.
    pub runtime_pid: Option<u32>,
    /// The extensions' processes.
    pub extension_pids: Vec<u32>,
}

impl Function {
    /// A function without sandboxes.
    pub fn new(_config: FunctionConfig) -> Self {
        unimplemented!()
    }
    /// Invokes it and waits for the report.
    pub async fn invoke(&self, _event: Event) -> Invoked {
        unimplemented!()
    }
    /// Invokes it and waits for the answer.
    pub async fn respond(
        &self,
        _event: Event,
        _observer: impl FnOnce(&Invoked) + Send + 'static,
    ) -> Response {
        unimplemented!()
    }
    /// Shuts all sandboxes down.
    pub async fn shutdown(&self) {}
    /// Its sandboxes.
    pub fn sandboxes(&self) -> Vec<SandboxInfo> {
        Vec::new()
    }
}
