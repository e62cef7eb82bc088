//! End to end on the real binary: what a user sees, nothing of the inside.

mod bad_input;
mod chaos;
mod keys;
mod kills;
mod otlp;
mod process;
mod rie;
mod sdk;
