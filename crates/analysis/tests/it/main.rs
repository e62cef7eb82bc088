//! What the rebuild does, seen from outside.

mod changes;
mod findings;
mod flame;
mod fold;
mod hops;
mod picture;
mod properties;
mod segments;
mod shapes;
mod verdict;
