//! Answers that hold a journey: as objects in one piece, or with its spans in blocks (`spans=blocks`), which are written while those
//! before them are read.
//!
//! In the second form every block stands in a line of its own. Nobody holds a thread while a slow client reads.

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::task::JoinError;

use super::error::ApiError;
use super::off_runtime;
use super::params::Params;
use crate::journey::Journey;
use crate::reply::{BlockReply, Indexes, Shape};

/// The parameter that chooses the form.
pub(super) const PARAMETER: &str = "spans";

/// Spans of a block: parsed in a part of a frame.
const BLOCK: usize = 1_000;
/// Spans that are written in one go: some hundred kilobytes.
const PIECE: usize = 8 * BLOCK;
/// One is sent while the next is written.
const PIECES_AHEAD: usize = 2;

/// What holds a journey, and knows how it looks as JSON.
pub(super) trait Traced: Send + Sync + 'static {
    fn journey(&self) -> &Journey;
    /// With its spans, or with room for their blocks.
    fn written(&self, shape: Shape) -> Result<Vec<u8>, ApiError>;
}

pub(super) fn shape(params: &Params) -> Result<Shape, ApiError> {
    match params.text(PARAMETER) {
        None | Some("rows") => Ok(Shape::Rows),
        Some("blocks") => Ok(Shape::Blocks),
        Some(_) => Err(ApiError::invalid(PARAMETER, "must be rows or blocks")),
    }
}

pub(super) async fn told(answer: impl Traced, shape: Shape) -> Result<Response, ApiError> {
    let answer = Arc::new(answer);
    let whole = Arc::clone(&answer);
    let body = match shape {
        Shape::Rows => Body::from(off_runtime(move || whole.written(shape)).await?),
        Shape::Blocks => {
            let around = off_runtime(move || {
                let around = whole.written(shape)?;
                Ok((around.into(), Indexes::of(&whole.journey().trace)))
            });
            let (around, indexes) = around.await?;
            with_blocks(&around, answer, indexes)
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The blocks of its spans, in the room that was left for them.
fn with_blocks(around: &Bytes, answer: Arc<impl Traced>, indexes: Indexes) -> Body {
    let room = room(around);
    let (head, tail) = (around.slice(..room), around.slice(room..));
    let spans = answer.journey().trace.nodes.len();
    let indexes = Arc::new(indexes);
    let pieces = (0..spans).step_by(PIECE).map(move |from| {
        let (answer, indexes) = (Arc::clone(&answer), Arc::clone(&indexes));
        let places = from..spans.min(from + PIECE);
        tokio::task::spawn_blocking(move || piece(answer.journey(), &indexes, places))
    });
    let pieces = stream::iter(pieces).buffered(PIECES_AHEAD);
    let whole = |bytes| stream::iter([Ok::<_, JoinError>(bytes)]);
    Body::from_stream(whole(head).chain(pieces).chain(whole(tail)))
}

/// Where blocks stand in an answer. In a text the quotes would be escaped, and no other list has this name.
fn room(around: &[u8]) -> usize {
    const OPENS: &[u8] = b"\"blocks\":[";
    let found = around.windows(OPENS.len()).position(|bytes| bytes == OPENS);
    found.expect("there is room in what was written in blocks") + OPENS.len()
}

fn piece(journey: &Journey, indexes: &Indexes, places: Range<usize>) -> Bytes {
    let (trace, end) = (&journey.trace, places.end);
    let mut written = Vec::new();
    for from in places.step_by(BLOCK) {
        written.extend_from_slice(if from == 0 { b"\n" } else { b",\n" });
        let block = BlockReply {
            trace,
            indexes,
            places: from..end.min(from + BLOCK),
        };
        serde_json::to_writer(&mut written, &block).expect("it has texts for keys alone");
    }
    if end == trace.nodes.len() {
        written.push(b'\n');
    }
    written.into()
}
