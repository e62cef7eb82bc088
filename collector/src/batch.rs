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
use rows::Rows;

/// What becomes of the requests of a cut.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) blocks: Vec<Block>,
    /// Whether some of a request is in no block.
    pub(crate) is_incomplete: bool,
}

// === impl Batch ===

impl Batch {
    /// Of these requests. Blocks for as long as there is to encode.
    pub(crate) fn of(requests: &[Request]) -> Self {
        let mut blocks = Blocks::default();
        let mut named = Named::default();
        let mut is_incomplete = false;
        for request in requests {
            let filed = Rows::new(request, &mut blocks, &mut named).push(request);
            // It could be read before it was acknowledged, by another version perhaps.
            if let Err(why) = filed {
                error!(%why, "a request in the log can't be read by this version");
                is_incomplete = true;
            }
        }
        Self {
            blocks: blocks.finish(),
            is_incomplete,
        }
    }
}

#[cfg(test)]
mod tests;
