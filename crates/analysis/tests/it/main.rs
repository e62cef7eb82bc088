//! What the rebuild does, seen from outside.

mod findings;
mod picture;
mod properties;
mod shapes;
mod verdict;
