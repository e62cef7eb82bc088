//! What the rebuild does, seen from outside.

mod findings;
mod flame;
mod hops;
mod picture;
mod properties;
mod segments;
mod shapes;
mod verdict;
