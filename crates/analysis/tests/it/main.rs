//! What the rebuild does, seen from outside.

mod findings;
mod flame;
mod picture;
mod properties;
mod shapes;
mod verdict;
