//! Real functions and a real extension in emulated sandboxes.

mod ahead;
mod faults;
mod fixture;
mod life;
mod log_format;
mod managed;
mod node;
mod orphans;
mod queue;
mod scale;
mod telemetry;
mod throttle;
