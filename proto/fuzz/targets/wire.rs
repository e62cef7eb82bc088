//! OTLP in protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|request: &[u8]| coldtrace_proto::fuzzing::wire(request));
