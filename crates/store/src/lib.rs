//! ClickHouse: schema, writer, reader, and the embedded engine. The only crate that names `clickhouse`.
#![warn(missing_docs)]

pub mod rows;
