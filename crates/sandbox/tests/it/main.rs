//! Real functions and a real extension in emulated sandboxes.

mod faults;
mod fixture;
mod life;
mod node;
mod orphans;
mod queue;
mod scale;
mod telemetry;
