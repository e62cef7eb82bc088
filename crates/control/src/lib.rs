//! What is configured while the services run: keys and limits of tenants, and alerts with what is kept of them.
//!
//! It stands in SQLite in the data folder ([`Db`]). The services never read that while they answer: they ask a [`Ring`],
//! a snapshot in memory that a [`Source`] brings up to date within seconds, from the same folder or from a query service
//! on another machine. Not here: HTTP headers, and what a refusal looks like. Invariant: a key's secret is shown once, when
//! it is made; what is stored, sent and logged afterwards can't be turned back into it.
#![warn(missing_docs)]

mod alerts;
mod db;
mod gate;
mod key;
mod limits;
mod ring;
mod secret;
mod source;

pub use alerts::{
    AlertState, Attempt, Channel, Deliveries, Delivery, DeliveryState, Due, Evaluation, KeptRule,
    KeptSilence, KeptTransition, NewChannel, NewEntry, NewTransition, NoticeGroup, Outcome,
    Secrets, Standing, Transitions, new_id,
};
pub use db::{Db, DbError, NewKey};
pub use gate::{Gate, Holder};
pub use key::{Key, KeyId, Scope, ScopeError};
pub use limits::{KEEP_DAYS, Limits, LimitsError};
pub use ring::{Denied, Grant, Ring, RingError, Rings};
pub use secret::{Secret, SecretError, presented};
pub use source::{Remote, Source, SourceError};

#[cfg(test)]
mod tests;
