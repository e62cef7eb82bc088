//! A batch's requests to blocks: a function of the requests and their order, so that a replay builds the same blocks.
//!
//! Wire bytes become columns in place, without a struct, a map or an allocation for a span. Not here: the clock, the
//! configuration, anything that is not in the request.

use coldtrace_store::native::{Block, Blocks};
use tracing::error;

mod facts;
mod resources;
mod rows;

use crate::log::Request;
use resources::Named;
use rows::{Rows, Scratch};

/// What becomes of the requests of a cut.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) blocks: Vec<Block>,
    /// Whether some of a request is in no block.
    pub(crate) is_incomplete: bool,
}

/// A batch while its requests come.
#[derive(Default)]
pub(crate) struct Building {
    blocks: Blocks,
    named: Named,
    scratch: Scratch,
    is_incomplete: bool,
}

// === impl Building ===

impl Building {
    /// One more request, in the order of the cut. Blocks for as long as there is to encode.
    pub(crate) fn add(&mut self, request: &Request) {
        let (blocks, named, scratch) = (&mut self.blocks, &mut self.named, &mut self.scratch);
        let filed = Rows::new(request, blocks, named, scratch).push(request);
        // It could be read before it was acknowledged, by another version perhaps.
        if let Err(why) = filed {
            error!(%why, "a request in the log can't be read by this version");
            self.is_incomplete = true;
        }
    }

    pub(crate) fn finish(self) -> Batch {
        Batch {
            blocks: self.blocks.finish(),
            is_incomplete: self.is_incomplete,
        }
    }
}

#[cfg(test)]
mod tests;
