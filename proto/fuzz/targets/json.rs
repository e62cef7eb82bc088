//! OTLP in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| coldtrace_proto::fuzzing::json(text));
