//! Numbers and ids as JSON has them.

use std::fmt::Display;

use coldtrace_model::{ByteSize, Nanos, UnixNanos};
use serde::{Serialize, Serializer};

/// A 64-bit integer, as decimal digits in a string: JSON's own numbers lose the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal(pub(crate) u64);

/// Anything by its printed form: ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<T>(pub(crate) T);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl From<UnixNanos> for Decimal {
    fn from(time: UnixNanos) -> Self {
        Self(time.0)
    }
}

impl From<Nanos> for Decimal {
    fn from(length: Nanos) -> Self {
        Self(length.0)
    }
}

impl From<ByteSize> for Decimal {
    fn from(size: ByteSize) -> Self {
        Self(size.0)
    }
}
