//! The store on the real engine, each test on fresh data.

mod embedded;
mod migrate;

coldtrace_testkit::engine_child!();
