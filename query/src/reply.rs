//! What the API answers: the schemas of `query/openapi.yaml` as types that are only ever written.
//!
//! They borrow from the domain and say how it looks as JSON; nothing is computed here. Parts that only one resource answers
//! stand with that resource in [`crate::http`].

mod alert;
mod block;
mod finding;
mod invocation;
mod log;
mod number;
mod trace;
mod value;

pub(crate) use alert::{AlertReply, Muting};
pub(crate) use block::BlockReply;
pub(crate) use finding::{FunctionFindingReply, GainReply, Signed, escaped, path_of};
pub(crate) use invocation::InvocationReply;
pub(crate) use log::LogReply;
pub(crate) use number::{Decimal, Shown};
pub(crate) use trace::{Indexes, Shape, TraceReply};
pub(crate) use value::AttributesReply;
