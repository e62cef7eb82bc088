//! Blocks into tables.

use crate::native::Block;
use crate::{InsertError, Store, StoreError};

/// Writes blocks. Clones share the connections of their store.
#[derive(Clone)]
pub struct Writer {
    store: Store,
}

impl Writer {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Inserts a block. Twice with the same token stores it once. Not cancel-safe: a dropped insert is an ambiguous one.
    pub async fn insert(&self, block: &Block, token: &str) -> Result<(), InsertError> {
        let _ = (&self.store, block, token);
        unimplemented!()
    }

    /// Whether the block is in its table, judged by one row of it: one block is one part.
    pub async fn contains(&self, block: &Block) -> Result<bool, StoreError> {
        let _ = block;
        unimplemented!()
    }

    /// Fills the lookup indexes of the block's table once more from the base table, for the block's keys. Idempotent.
    pub async fn refill_indexes(&self, block: &Block) -> Result<(), InsertError> {
        let _ = block;
        unimplemented!()
    }
}
