//! The API on the real engine: what it answers, and that it is what `openapi.yaml` says.

mod alerts_api;
mod alerts_backtest;
mod alerts_inhibit;
mod alerts_rules;
mod alerts_watch;
mod alerts_why;
mod compare;
mod details;
mod error_groups;
mod errors;
mod fixture;
mod functions;
mod keys;
mod lists;
mod logs;
mod map;
mod openapi;
mod paths;
mod search;
mod served;
mod settle;
mod suggest;
mod tail;
mod tenants;
