//! What the rebuild does, seen from outside.

mod picture;
mod properties;
mod shapes;
