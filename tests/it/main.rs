//! End to end on the real binary: what a user sees, nothing of the inside; but for derived tables, which show in no answer.

mod api;
mod bad_input;
mod capture;
mod chaos;
mod damage;
mod derived;
mod keys;
mod kills;
mod otlp;
mod planted;
mod process;
mod receivers;
mod rie;
mod sdk;
mod self_traces;
mod sequences;
mod settings;
mod status;
mod tracers;
mod warnings;
