//! Who sends: told by the key of a request, before its body is read, and by nothing else that the request says.
//!
//! Not here: which keys there are (`coldtrace-control`), and how much a tenant may send ([`crate::fair`]).

use coldtrace_control::{Gate, Scope, presented};
use coldtrace_model::Tenant;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::status::Refusal;

/// What exporters of several vendors call the header of a key.
const API_KEY: &str = "x-api-key";

/// Whose a request with these headers is, if it may do what needs `wanted`.
pub(crate) fn tenant(gate: &Gate, headers: &HeaderMap, wanted: Scope) -> Result<Tenant, Refusal> {
    // What is not text is no key.
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let key = presented(text(AUTHORIZATION.as_str()), text(API_KEY));
    gate.tenant(key, wanted).map_err(Refusal::Denied)
}
