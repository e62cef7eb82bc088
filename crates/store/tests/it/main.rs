//! The store on the real engine, each test on fresh data.

mod damage;
mod database;
mod embedded;
mod errors;
mod insert;
mod lists;
mod lookup;
mod lost;
mod migrate;
mod minutes;
mod native;
mod operations;
mod paths;
mod push;
mod reads;
mod search;
mod settle;
mod tags;
mod traces;

coldtrace_testkit::engine_child!();
