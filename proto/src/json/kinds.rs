//! Kinds of scalar fields: what each reads, from whatever clients write for it.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

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

/// A kind of field: how it is read, or what is expected instead.
pub(super) struct Kind<T> {
    pub(super) expected: &'static str,
    /// Gives the token back if it can't be read.
    pub(super) read: for<'t> fn(Token<'t>) -> Result<T, Token<'t>>,
}

pub(super) const TEXT: Kind<String> = Kind {
    expected: "a string",
    read: |token| match token {
        Token::Text(text) => Ok(text.into_owned()),
        other => Err(other),
    },
};

pub(super) const BOOL: Kind<bool> = Kind {
    expected: "true or false",
    read: |token| match token {
        Token::Bool(truth) => Ok(truth),
        other => Err(other),
    },
};

pub(super) const U64: Kind<u64> = Kind {
    expected: "an unsigned 64-bit integer, as a string or a number",
    read: |token| unsigned(&token).ok_or(token),
};

pub(super) const U32: Kind<u32> = Kind {
    expected: "an unsigned 32-bit integer",
    read: |token| {
        unsigned(&token)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or(token)
    },
};

pub(super) const I64: Kind<i64> = Kind {
    expected: "a 64-bit integer, as a string or a number",
    read: |token| signed(&token).ok_or(token),
};

pub(super) const DOUBLE: Kind<f64> = Kind {
    expected: "a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
    read: |token| match token {
        Token::Unsigned(number) => Ok(number as f64),
        Token::Signed(number) => Ok(number as f64),
        Token::Double(number) => Ok(number),
        // Rust reads `NaN`, `Infinity` and `-Infinity`, which is how protobuf's JSON writes them.
        Token::Text(ref text) => text.parse().map_err(|_| token),
        other => Err(other),
    },
};

pub(super) const BYTES: Kind<Vec<u8>> = Kind {
    expected: "bytes in base64",
    read: |token| from_base64(&token).ok_or(token),
};

/// One byte is the length of no id: where the digits are none, the span is rejected, not the request.
const NO_ID: [u8; 1] = [0];

pub(super) const ID: Kind<Vec<u8>> = Kind {
    expected: "an id in hex digits",
    read: |token| match token {
        Token::Text(digits) => Ok(from_hex(&digits).unwrap_or_else(|| NO_ID.to_vec())),
        other => Err(other),
    },
};

pub(super) const SPAN_KIND: Kind<i32> = Kind {
    expected: "a span kind's number or name",
    read: |token| {
        let from_name = |name: &str| SpanKind::from_str_name(name).map(i32::from);
        enumeration(&token, "SPAN_KIND_", from_name).ok_or(token)
    },
};

pub(super) const STATUS_CODE: Kind<i32> = Kind {
    expected: "a status code's number or name",
    read: |token| {
        let from_name = |name: &str| StatusCode::from_str_name(name).map(i32::from);
        enumeration(&token, "STATUS_CODE_", from_name).ok_or(token)
    },
};

pub(super) const SEVERITY: Kind<i32> = Kind {
    expected: "a severity's number or name",
    read: |token| {
        let from_name = |name: &str| SeverityNumber::from_str_name(name).map(i32::from);
        enumeration(&token, "SEVERITY_NUMBER_", from_name).ok_or(token)
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

/// A number, digits, or a name: `SPAN_KIND_SERVER`, `SERVER`, `server`.
fn enumeration(
    token: &Token<'_>,
    prefix: &str,
    from_name: impl Fn(&str) -> Option<i32>,
) -> Option<i32> {
    if let Some(number) = signed(token) {
        return i32::try_from(number).ok();
    }
    let Token::Text(name) = token else {
        return None;
    };
    let name = name.to_ascii_uppercase();
    from_name(&name).or_else(|| from_name(&format!("{prefix}{name}")))
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Of either alphabet, padded or not, as protobuf's JSON reads it.
fn from_base64(token: &Token<'_>) -> Option<Vec<u8>> {
    let Token::Text(text) = token else {
        return None;
    };
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
