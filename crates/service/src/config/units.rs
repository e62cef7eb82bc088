//! Durations and sizes as people write them: `500ms`, `1m`, `64MiB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration with its unit: `250us`, `500ms`, `1s`, `1.5s`, `5m`, `2h`, `7d`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

/// A number of bytes with its unit: `512`, `64KiB`, `1.5MiB`, `1GiB`, and the decimal `kB`, `MB`, `GB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanBytes(pub u64);

/// A quantity that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a duration.
    #[error("is not a duration such as 500ms, 1s, 5m or 2h")]
    Duration,
    /// Not a size.
    #[error("is not a size in bytes such as 512, 64KiB, 16MiB or 1GiB")]
    Bytes,
}

/// In nanoseconds.
const DURATIONS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("", 1),
    ("B", 1),
];

/// `number` and `unit` times the unit's size, rounded to a whole; `None` where it is no number or out of range.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '_')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number = number.replace('_', "");
    let unit = unit.trim();
    let (_, size) = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(*size);
    }
    let product = number.parse::<f64>().ok()? * *size as f64;
    let in_range = product.is_finite() && product < u64::MAX as f64;
    in_range.then(|| product.round() as u64)
}

/// In the unit that divides the quantity and gives the smallest number.
fn print(quantity: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let divides = |(_, size): &&(&str, u64)| quantity != 0 && quantity.is_multiple_of(*size);
    match units.iter().filter(divides).max_by_key(|(_, size)| *size) {
        Some((name, size)) => write!(f, "{}{name}", quantity / size),
        None => write!(f, "0{}", units[units.len() - 1].0),
    }
}

// === impl HumanDuration ===

impl FromStr for HumanDuration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let nanos = match text.trim() {
            "0" => Some(0),
            text => parse(text, &DURATIONS),
        };
        nanos
            .map(|nanos| Self(Duration::from_nanos(nanos)))
            .ok_or(UnitError::Duration)
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u64::try_from(self.0.as_nanos()) {
            Ok(nanos) => print(nanos, &DURATIONS, f),
            Err(_) => write!(f, "{}s", self.0.as_secs()),
        }
    }
}

impl fmt::Debug for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl HumanBytes ===

impl FromStr for HumanBytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        parse(text, &SIZES).map(Self).ok_or(UnitError::Bytes)
    }
}

impl fmt::Display for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, &SIZES, f)
    }
}

impl fmt::Debug for HumanBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        let cases = [
            ("500ms", 500_000_000, "500ms"),
            ("1s", 1_000_000_000, "1s"),
            ("1.5s", 1_500_000_000, "1500ms"),
            ("90 s", 90_000_000_000, "90s"),
            ("120s", 120_000_000_000, "2m"),
            ("7d", 604_800_000_000_000, "7d"),
            ("0", 0, "0ns"),
        ];
        for (text, nanos, printed) in cases {
            let duration: HumanDuration = text.parse().expect(text);
            assert_eq!(duration.0, Duration::from_nanos(nanos), "{text}");
            assert_eq!(duration.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn sizes_read_and_print() {
        let cases = [
            ("512", 512, "512B"),
            ("64KiB", 65_536, "64KiB"),
            ("64kib", 65_536, "64KiB"),
            ("1.5MiB", 1_572_864, "1536KiB"),
            ("2GB", 2_000_000_000, "2GB"),
            ("1_000", 1_000, "1kB"),
        ];
        for (text, bytes, printed) in cases {
            let size: HumanBytes = text.parse().expect(text);
            assert_eq!(size.0, bytes, "{text}");
            assert_eq!(size.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn nonsense_and_overflow_are_refused() {
        for text in ["", "s", "1", "-1s", "1 parsec", "1e3s", "99999999999d"] {
            assert_eq!(
                text.parse::<HumanDuration>(),
                Err(UnitError::Duration),
                "{text}"
            );
        }
        for text in ["", "MiB", "-1", "1 stone", "99999999999TiB"] {
            assert_eq!(text.parse::<HumanBytes>(), Err(UnitError::Bytes), "{text}");
        }
    }
}
