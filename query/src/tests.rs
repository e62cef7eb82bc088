//! The API on the real engine: what it answers, and that it is what `openapi.yaml` says.

mod errors;
mod served;
