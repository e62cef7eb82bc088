//! Identifiers: of traces, spans, requests, sandboxes and tenants.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A trace's id: 16 bytes, never all zero. Printed as 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId([u8; 16]);

/// A span's id: 8 bytes, never all zero. Printed as 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId([u8; 8]);

/// What a platform calls one invocation: Lambda's request id and its likes on other platforms. Never empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Arc<str>);

/// One execution environment. On Lambda made by the extension, 32 hex digits, new for every (re)start of the sandbox's
/// processes that lost /tmp; elsewhere `faas.instance`. Never empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxId(Arc<str>);

/// Whose data it is. Never empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

/// Why bytes or text are not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Wrong number of bytes.
    #[error("{what} has {found} bytes, must have {expected}")]
    Length {
        /// Which id.
        what: &'static str,
        /// How many bytes it must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// All bytes are zero, which OTLP and W3C Trace Context call invalid.
    #[error("{0} is all zeros")]
    Zero(&'static str),
    /// Text that is not hex digits.
    #[error("{0} is not made of hex digits")]
    NotHex(&'static str),
    /// Empty text.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// Text that is longer than the store should carry.
    #[error("{what} has {found} bytes, may have {limit}")]
    TooLong {
        /// Which id.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
        /// How many it has.
        found: usize,
    },
}

const DIGITS: [u8; 16] = *b"0123456789abcdef";

macro_rules! binary_id {
    ($name:ident, $len:literal, $what:literal) => {
        impl $name {
            /// The id in these bytes. Fails if their number is wrong or all are zero.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
                let id: [u8; $len] = bytes.try_into().map_err(|_| IdError::Length {
                    what: $what,
                    expected: $len,
                    found: bytes.len(),
                })?;
                if id == [0; $len] {
                    Err(IdError::Zero($what))
                } else {
                    Ok(Self(id))
                }
            }

            /// The id as bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads hex digits of either case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.as_bytes();
                if digits.len() != $len * 2 {
                    return Err(IdError::Length {
                        what: $what,
                        expected: $len,
                        found: digits.len() / 2,
                    });
                }
                let mut id = [0; $len];
                for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
                    let nibble =
                        |digit: u8| (digit as char).to_digit(16).ok_or(IdError::NotHex($what));
                    *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
                }
                Self::from_bytes(&id)
            }
        }

        impl fmt::Display for $name {
            /// In one piece: a long trace prints some hundred thousand.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; $len * 2];
                for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 0xf)];
                }
                f.write_str(std::str::from_utf8(&digits).expect("digits are ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

binary_id!(TraceId, 16, "trace id");
binary_id!(SpanId, 8, "span id");

macro_rules! text_id {
    ($name:ident, $limit:literal, $what:literal) => {
        impl $name {
            /// Longest id in bytes; longer text is refused, so that no client makes the store's keys grow.
            pub const MAX_LEN: usize = $limit;

            /// The id in this text. Fails if it is empty or longer than [`Self::MAX_LEN`].
            pub fn parse(text: &str) -> Result<Self, IdError> {
                match text.len() {
                    0 => Err(IdError::Empty($what)),
                    found if found > $limit => Err(IdError::TooLong {
                        what: $what,
                        limit: $limit,
                        found,
                    }),
                    _ => Ok(Self(text.into())),
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(RequestId, 256, "request id");
text_id!(SandboxId, 256, "sandbox id");
text_id!(Tenant, 64, "tenant");

impl RequestId {
    /// Whether it tells requests apart: an all-zero one is what broken clients send for "none", and would join strangers.
    pub fn is_telling(&self) -> bool {
        let is_filler = |letter: char| letter == '0' || letter == '-';
        !self.as_str().chars().all(is_filler)
    }
}

impl Tenant {
    /// The tenant of a deployment that has only one.
    pub fn single() -> Self {
        Self("default".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_trace_id_survives_print_and_parse(bytes: [u8; 16]) {
            prop_assume!(bytes != [0; 16]);
            let id = TraceId::from_bytes(&bytes).unwrap();
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.to_string().to_uppercase().parse(), Ok(id), "upper case is read too");
        }
    }

    #[test]
    fn bad_ids_say_what_is_wrong() {
        let cases: [(Result<SpanId, IdError>, &str); 5] = [
            (
                SpanId::from_bytes(&[1; 7]),
                "span id has 7 bytes, must have 8",
            ),
            (SpanId::from_bytes(&[0; 8]), "span id is all zeros"),
            ("0000000000000000".parse(), "span id is all zeros"),
            (
                "00000000000000zz".parse(),
                "span id is not made of hex digits",
            ),
            ("00".parse(), "span id has 1 bytes, must have 8"),
        ];
        for (result, message) in cases {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
        assert_eq!(
            RequestId::parse("").unwrap_err().to_string(),
            "request id is empty"
        );
        assert_eq!(
            Tenant::parse(&"x".repeat(65)).unwrap_err().to_string(),
            "tenant has 65 bytes, may have 64"
        );
    }
}
