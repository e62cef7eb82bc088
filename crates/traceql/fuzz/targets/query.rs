//! The texts of queries.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| coldtrace_traceql::fuzzing::query(text));
