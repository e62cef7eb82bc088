//! A batch's requests to blocks: a function of the requests and their order, so that a replay builds the same blocks.
//!
//! Not here: the clock, the configuration, anything that is not in the request.

use coldtrace_store::native::{Block, Blocks};
use tracing::warn;

mod facts;
mod resources;
mod rows;

use crate::admit::items::Items;
use crate::admit::terms::Terms;
use crate::log::Request;
use resources::Named;
use rows::Rows;

/// The blocks of these requests. Blocks for as long as there is to encode.
pub(crate) fn blocks(requests: &[Request]) -> Vec<Block> {
    let mut blocks = Blocks::default();
    let mut named = Named::default();
    for request in requests {
        // It was decoded once before it was acknowledged.
        let Ok(mut items) = Items::decode(request.signal, &request.body) else {
            warn!("a request in the log can't be read by this version");
            continue;
        };
        items.sift(Terms {
            admitted_at: request.admitted_at,
            keep_days: request.keep_days,
        });
        Rows::new(request, &mut blocks, &mut named).push(&items);
    }
    blocks.finish()
}

#[cfg(test)]
mod tests;
