//! gRPC's prefixes and flags, and what is packed.
#![no_main]

libfuzzer_sys::fuzz_target!(|call: &[u8]| coldtrace_collector::fuzzing::framing(call));
