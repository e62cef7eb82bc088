//! ClickHouse: schema, writer, reader, and the embedded engine. The only crate that names `clickhouse`.
//!
//! Not here: what rows mean (the collector makes them, the query service reads them), and any wire format. Invariants: an
//! insert that was confirmed survives a kill of the engine; one that was not is either told apart ([`InsertError`]) or
//! repeated without being stored twice. An embedded engine and a server are the same thing to everybody but
//! [`embedded`].
#![warn(missing_docs)]

mod attribute_index;
mod damage;
pub mod embedded;
mod error;
mod lost;
mod migrate;
pub mod native;
pub mod reader;
mod refill;
pub mod rows;
mod schema;
pub mod settle;
mod store;
mod usage;
mod writer;

pub use damage::{BrokenPart, Damage, FailingMerges};
pub use error::{InsertError, StoreError};
pub use migrate::MigrateError;
pub use reader::Reader;
pub use refill::{RefillError, is_derived};
pub use settle::Settler;
pub use store::{Store, StoreConfig};
pub use usage::Usage;
pub use writer::Writer;
