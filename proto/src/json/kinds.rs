//! Kinds of scalar fields: what each reads, from whatever clients write for it.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::writer::Scalar;
use crate::otlp::logs::SeverityNumber;
use crate::otlp::trace::span::SpanKind;
use crate::otlp::trace::status::StatusCode;

/// One JSON value; of lists and objects only that they are.
pub(super) enum Token<'t> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Double(f64),
    Text(Cow<'t, str>),
    List,
    Object,
}

/// A kind of field: how its value is read, or what is expected instead.
pub(super) struct Kind {
    pub(super) expected: &'static str,
    pub(super) read: for<'t> fn(&'t Token<'_>) -> Option<Scalar<'t>>,
}

pub(super) static TEXT: Kind = Kind {
    expected: "a string",
    read: |token| text(token).map(|text| Scalar::Text(text.as_bytes())),
};

pub(super) static BOOL: Kind = Kind {
    expected: "true or false",
    read: |token| match token {
        Token::Bool(truth) => Some(Scalar::Varint(u64::from(*truth))),
        _ => None,
    },
};

pub(super) static FIXED_U64: Kind = Kind {
    expected: "an unsigned 64-bit integer, as a string or a number",
    read: |token| unsigned(token).map(Scalar::Fixed64),
};

pub(super) static U32: Kind = Kind {
    expected: U32_EXPECTED,
    read: |token| unsigned_32(token).map(|number| Scalar::Varint(u64::from(number))),
};

pub(super) static FIXED_U32: Kind = Kind {
    expected: U32_EXPECTED,
    read: |token| unsigned_32(token).map(Scalar::Fixed32),
};

const U32_EXPECTED: &str = "an unsigned 32-bit integer";

pub(super) static I64: Kind = Kind {
    expected: "a 64-bit integer, as a string or a number",
    read: |token| signed(token).map(|number| Scalar::Varint(number.cast_unsigned())),
};

pub(super) static DOUBLE: Kind = Kind {
    expected: "a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
    read: |token| double(token).map(|number| Scalar::Fixed64(number.to_bits())),
};

pub(super) static BYTES: Kind = Kind {
    expected: "bytes in base64",
    read: |token| from_base64(text(token)?).map(Scalar::Bytes),
};

/// One byte is the length of no id: where the digits are none, the span is rejected, not the request.
const NO_ID: [u8; 1] = [0];

pub(super) static ID: Kind = Kind {
    expected: "an id in hex digits",
    read: |token| {
        let id = from_hex(text(token)?);
        Some(Scalar::Bytes(id.unwrap_or_else(|| NO_ID.to_vec())))
    },
};

pub(super) static SPAN_KIND: Kind = Kind {
    expected: "a span kind's number or name",
    read: |token| {
        let from_name = |name: &str| SpanKind::from_str_name(name).map(i32::from);
        enumeration(token, "SPAN_KIND_", from_name)
    },
};

pub(super) static STATUS_CODE: Kind = Kind {
    expected: "a status code's number or name",
    read: |token| {
        let from_name = |name: &str| StatusCode::from_str_name(name).map(i32::from);
        enumeration(token, "STATUS_CODE_", from_name)
    },
};

pub(super) static SEVERITY: Kind = Kind {
    expected: "a severity's number or name",
    read: |token| {
        let from_name = |name: &str| SeverityNumber::from_str_name(name).map(i32::from);
        enumeration(token, "SEVERITY_NUMBER_", from_name)
    },
};

/// What is shown of a value in an error.
const SHOWN_LETTERS: usize = 40;

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Double(number) => write!(f, "{number:?}"),
            Self::Text(text) => match text.char_indices().nth(SHOWN_LETTERS) {
                Some((end, _)) => write!(f, "{:?}...", &text[..end]),
                None => write!(f, "{text:?}"),
            },
            Self::List => f.write_str("a list"),
            Self::Object => f.write_str("an object"),
        }
    }
}

fn text<'t>(token: &'t Token<'_>) -> Option<&'t str> {
    match token {
        Token::Text(text) => Some(text),
        _ => None,
    }
}

/// Doubles as well: several languages print large integers with an exponent. `as` is exact for what passes the checks.
fn unsigned(token: &Token<'_>) -> Option<u64> {
    match token {
        Token::Unsigned(number) => Some(*number),
        Token::Double(number) => {
            let fits =
                number.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(number);
            fits.then_some(*number as u64)
        }
        Token::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn unsigned_32(token: &Token<'_>) -> Option<u32> {
    unsigned(token).and_then(|number| u32::try_from(number).ok())
}

fn signed(token: &Token<'_>) -> Option<i64> {
    match token {
        Token::Unsigned(number) => i64::try_from(*number).ok(),
        Token::Signed(number) => Some(*number),
        Token::Double(number) => {
            let range = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
            let fits = number.fract() == 0.0 && range.contains(number);
            fits.then_some(*number as i64)
        }
        Token::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn double(token: &Token<'_>) -> Option<f64> {
    match token {
        Token::Unsigned(number) => Some(*number as f64),
        Token::Signed(number) => Some(*number as f64),
        Token::Double(number) => Some(*number),
        // Rust reads `NaN`, `Infinity` and `-Infinity`, which is how protobuf's JSON writes them.
        Token::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number, digits, or a name: `SPAN_KIND_SERVER`, `SERVER`, `server`.
fn enumeration(
    token: &Token<'_>,
    prefix: &str,
    from_name: impl Fn(&str) -> Option<i32>,
) -> Option<Scalar<'static>> {
    let number = match signed(token) {
        Some(number) => i32::try_from(number).ok()?,
        None => {
            let name = text(token)?.to_ascii_uppercase();
            from_name(&name).or_else(|| from_name(&format!("{prefix}{name}")))?
        }
    };
    // Readers take the low 32 bits, so that a negative number needs no more than these.
    Some(Scalar::Varint(u64::from(number.cast_unsigned())))
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Of either alphabet, padded or not, as protobuf's JSON reads it.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let engine = match text.contains(['-', '_']) {
        true => URL_SAFE,
        false => STANDARD,
    };
    engine.decode(text.as_bytes()).ok()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok())
        .collect()
}
