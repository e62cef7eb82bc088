//! Quantities as people write and read them: thresholds in a unit, lengths of time, windows.
//!
//! Invariant: what is written for a rule reads back as the same number.

use std::fmt;
use std::time::Duration;

use crate::Unit;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// In nanoseconds, the longest first.
const LENGTHS: [(&str, u64); 8] = [
    ("d", DAY * 1_000_000_000),
    ("h", HOUR * 1_000_000_000),
    ("m", MINUTE * 1_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

const SIZES: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// Beyond this, floating point tells no whole numbers apart any more.
const MOST: f64 = 9_007_199_254_740_992.0;

/// A number that a rule gives, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Given<'a> {
    /// Without a unit.
    Number(f64),
    /// Perhaps with one.
    Text(&'a str),
}

/// How far back is counted: whole minutes up to two hours, or whole hours from three up to a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// The minutes before the instant.
    Minutes(u16),
    /// From the beginning of the hour that lies so many hours back.
    Hours(u16),
}

/// A quantity in its unit, in three digits or so: `1.42 s`, `5%`, `$0.50 an hour`.
pub fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Count => digits(value),
        Unit::PerMinute => format!("{} a minute", digits(value)),
        Unit::Share => format!("{}%", digits(value * 100.0)),
        Unit::Nanos => length(value),
        Unit::Bytes => size(value),
        Unit::NanoDollarsPerHour => format!("${} an hour", dollars(value)),
        Unit::Times => format!("{} times", digits(value)),
    }
}

/// What is written for a quantity in this unit, to say what is allowed.
pub(crate) fn examples(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "a number, such as 100",
        Unit::PerMinute => "a number of times a minute, such as 100",
        Unit::Share => "a share from 0 to 1 such as 0.05, or a percentage such as \"5%\"",
        Unit::Nanos => "a length of time such as \"800ms\", \"1.5s\" or \"2m\"",
        Unit::Bytes => "a size such as \"512MiB\" or \"1.5GB\"",
        Unit::NanoDollarsPerHour => "dollars an hour such as \"$0.50\"",
        Unit::Times => "a number of times such as 2.5, or a percentage such as \"5%\"",
    }
}

/// The quantity that is given in this unit; `None` if it is none, or not allowed.
pub(crate) fn read(unit: Unit, given: Given<'_>) -> Option<f64> {
    let value = match (unit, given) {
        (Unit::Count | Unit::PerMinute | Unit::Share | Unit::Times, Given::Number(number)) => {
            number
        }
        // A number alone could be milliseconds, seconds, cents: it is not guessed.
        (Unit::Nanos | Unit::Bytes | Unit::NanoDollarsPerHour, Given::Number(number)) => {
            (number == 0.0).then_some(0.0)?
        }
        (Unit::Count | Unit::PerMinute, Given::Text(text)) => plain(text)?,
        (Unit::Share | Unit::Times, Given::Text(text)) => match text.trim().strip_suffix('%') {
            // The digits are moved, not divided: 99.9% is 0.999.
            Some(percent) => plain(percent).and_then(|_| {
                let text = format!("{}e-2", percent.trim());
                text.parse().ok()
            })?,
            None => plain(text)?,
        },
        (Unit::Nanos, Given::Text(text)) => with_unit(text, &LENGTHS)?,
        (Unit::Bytes, Given::Text(text)) => with_unit(text, &SIZES)?,
        (Unit::NanoDollarsPerHour, Given::Text(text)) => {
            let number = text.trim().strip_prefix('$')?;
            (plain(number)? * 1e9).round()
        }
    };
    let most = match unit {
        Unit::Share => 1.0,
        _ => MOST,
    };
    (0.0..=most).contains(&value).then_some(value)
}

/// What reads as this quantity again.
pub(crate) fn write(unit: Unit, value: f64) -> serde_json::Value {
    match unit {
        Unit::Count | Unit::PerMinute | Unit::Share | Unit::Times => value.into(),
        Unit::Nanos => exactly(value as u64, &LENGTHS).into(),
        Unit::Bytes => exactly(value as u64, &SIZES).into(),
        Unit::NanoDollarsPerHour => {
            let nanos = value as u64;
            let (whole, part) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            format!("${whole}.{part:09}")
                .trim_end_matches('0')
                .trim_end_matches('.')
                .into()
        }
    }
}

/// A length in whole minutes: `0`, `90s` is none, `2m`, `1h`.
pub(crate) fn read_minutes(text: &str) -> Option<Duration> {
    read_length(text).filter(|length| length.as_secs().is_multiple_of(MINUTE))
}

/// A length in whole seconds: `0`, `90s`, `5m`, `1.5h`.
pub fn read_length(text: &str) -> Option<Duration> {
    let nanos = match text.trim() {
        "0" => 0.0,
        text => with_unit(text, &LENGTHS)?,
    };
    let seconds = nanos / 1e9;
    (seconds % 1.0 == 0.0).then(|| Duration::from_secs(seconds as u64))
}

/// A length as it is written in rules: `90m`, `1d`.
pub fn write_length(length: Duration) -> String {
    exactly(
        u64::try_from(length.as_nanos()).unwrap_or(u64::MAX),
        &LENGTHS,
    )
}

/// A number in plain digits: no sign, no exponent, no infinity.
fn plain(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == '_';
    if !text.chars().all(is_plain) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// A number with its unit, in ones; to a whole.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '_');
    let (number, unit) = text.split_at(end?);
    let unit = unit.trim();
    let (_, ones) = units.iter().find(|(name, _)| *name == unit)?;
    let product = plain(number)? * *ones as f64;
    (product <= MOST).then(|| product.round())
}

/// In the unit that divides it and gives the smallest number.
fn exactly(value: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, ones): &&(&str, u64)| value != 0 && value.is_multiple_of(*ones);
    match units.iter().filter(fits).max_by_key(|(_, ones)| *ones) {
        Some((name, ones)) => format!("{}{name}", value / ones),
        None => "0s".to_owned(),
    }
}

/// Three digits, or all of a whole number.
fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 || value == value.trunc() => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.0995 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn length(nanos: f64) -> String {
    let (unit, ones) = match nanos.abs() {
        size if size >= 1e9 * HOUR as f64 => ("h", 1e9 * HOUR as f64),
        size if size >= 1e9 * MINUTE as f64 => ("min", 1e9 * MINUTE as f64),
        // What rounds to 1000 ms is 1 s.
        size if size >= 999.5e6 => ("s", 1e9),
        size if size >= 999.5e3 => ("ms", 1e6),
        size if size >= 999.5 => ("µs", 1e3),
        _ => ("ns", 1.0),
    };
    format!("{} {unit}", digits(nanos / ones))
}

fn size(bytes: f64) -> String {
    let (unit, ones) = match bytes.abs() {
        size if size >= 1_073_741_824.0 => ("GiB", 1_073_741_824.0),
        size if size >= 1_048_576.0 => ("MiB", 1_048_576.0),
        size if size >= 1_024.0 => ("KiB", 1_024.0),
        _ => ("B", 1.0),
    };
    format!("{} {unit}", digits(bytes / ones))
}

/// Cents, or more digits where there are none.
fn dollars(nanos: f64) -> String {
    let dollars = nanos / 1e9;
    match dollars.abs() {
        size if size >= 0.0995 || size == 0.0 => format!("{dollars:.2}"),
        size if size >= 0.000_995 => format!("{dollars:.4}"),
        _ => format!("{dollars:.7}"),
    }
}

// === impl Window ===

impl Window {
    /// What is allowed, to say so.
    pub(crate) const ALLOWED: &'static str =
        "whole minutes from \"1m\" to \"2h\", or whole hours from \"3h\" to \"7d\"";

    /// A window as it is written.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let minutes = read_minutes(text)?.as_secs() / MINUTE;
        let (hours, rest) = (minutes / 60, minutes % 60);
        match (minutes, hours, rest) {
            (1..=120, ..) => u16::try_from(minutes).ok().map(Self::Minutes),
            (_, 3..=168, 0) => u16::try_from(hours).ok().map(Self::Hours),
            _ => None,
        }
    }

    /// How long it is, of whole hours the least.
    pub fn length(self) -> Duration {
        match self {
            Self::Minutes(minutes) => Duration::from_secs(u64::from(minutes) * MINUTE),
            Self::Hours(hours) => Duration::from_secs(u64::from(hours) * HOUR),
        }
    }

    /// In words: `5 min`, `6 h`, `7 d`.
    pub(crate) fn words(self) -> String {
        words(self.length())
    }
}

/// A length of whole minutes in words: `5 min`, `6 h`, `7 d`.
pub(crate) fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        _ if seconds >= DAY && seconds.is_multiple_of(DAY) => format!("{} d", seconds / DAY),
        _ if seconds >= HOUR && seconds.is_multiple_of(HOUR) => format!("{} h", seconds / HOUR),
        _ => format!("{} min", seconds / MINUTE),
    }
}

impl fmt::Display for Window {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&write_length(self.length()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_read_in_their_unit() {
        let cases = [
            (Unit::Nanos, Given::Text("800ms"), Some(8e8)),
            (Unit::Nanos, Given::Text("1.5 s"), Some(1.5e9)),
            (Unit::Nanos, Given::Text("800"), None),
            (Unit::Nanos, Given::Text("800MB"), None),
            (Unit::Nanos, Given::Number(800.0), None),
            (Unit::Nanos, Given::Text("99999999d"), None),
            (Unit::Share, Given::Text("99.9%"), Some(0.999)),
            (Unit::Share, Given::Text("5 %"), Some(0.05)),
            (Unit::Share, Given::Number(0.05), Some(0.05)),
            (Unit::Share, Given::Number(5.0), None),
            (Unit::Share, Given::Text("%"), None),
            (Unit::Share, Given::Text("-5%"), None),
            (Unit::Share, Given::Number(f64::NAN), None),
            (Unit::Count, Given::Number(100.0), Some(100.0)),
            (Unit::Count, Given::Text("1_000"), Some(1_000.0)),
            (Unit::Count, Given::Text("inf"), None),
            (Unit::Count, Given::Number(-1.0), None),
            (Unit::Bytes, Given::Text("512MiB"), Some(536_870_912.0)),
            (Unit::NanoDollarsPerHour, Given::Text("$0.50"), Some(5e8)),
            (Unit::NanoDollarsPerHour, Given::Text("0.50"), None),
            (Unit::Times, Given::Text("250%"), Some(2.5)),
        ];
        for (unit, given, expected) in cases {
            assert_eq!(read(unit, given), expected, "{given:?} as {unit:?}");
        }
    }

    #[test]
    fn figures_have_the_digits_that_matter() {
        let cases = [
            (Unit::Nanos, 1.4213e9, "1.42 s"),
            (Unit::Nanos, 3.1e8, "310 ms"),
            (Unit::Nanos, 999.9e6, "1 s"),
            (Unit::Nanos, 90e9, "1.5 min"),
            (Unit::Share, 0.05, "5%"),
            (Unit::Share, 0.00123, "0.12%"),
            (Unit::Share, 0.1234, "12.3%"),
            (Unit::Count, 1234.0, "1234"),
            (Unit::PerMinute, 0.2, "0.2 a minute"),
            (Unit::NanoDollarsPerHour, 5.2e8, "$0.52 an hour"),
            (Unit::NanoDollarsPerHour, 4e5, "$0.0004000 an hour"),
            (Unit::Bytes, 536_870_912.0, "512 MiB"),
            (Unit::Times, 14.4, "14.4 times"),
        ];
        for (unit, value, expected) in cases {
            assert_eq!(figure(unit, value), expected);
        }
    }

    #[test]
    fn lengths_are_whole_seconds_and_read_as_they_are_written() {
        for (text, seconds, written) in [
            ("0", 0, "0s"),
            ("90s", 90, "90s"),
            (" 5 m", 300, "5m"),
            ("1.5h", 5_400, "90m"),
            ("1d", 86_400, "1d"),
        ] {
            let length = read_length(text).expect(text);
            assert_eq!(length, Duration::from_secs(seconds), "{text}");
            assert_eq!(write_length(length), written);
        }
        for text in ["", "5", "-5m", "5 minutes", "1500ms", "99999999d"] {
            assert_eq!(read_length(text), None, "{text}");
        }
    }

    #[test]
    fn windows_are_whole_minutes_or_whole_hours() {
        let cases = [
            ("5m", Some(Window::Minutes(5))),
            ("60s", Some(Window::Minutes(1))),
            ("2h", Some(Window::Minutes(120))),
            ("121m", None),
            ("3h", Some(Window::Hours(3))),
            ("7d", Some(Window::Hours(168))),
            ("8d", None),
            ("150m", None),
            ("30s", None),
            ("0m", None),
            ("5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Window::read(text), expected, "{text}");
        }
        assert_eq!(Window::Minutes(90).to_string(), "90m");
        assert_eq!(Window::Hours(168).to_string(), "7d");
        assert_eq!(Window::Hours(168).words(), "7 d");
    }

    fn any_quantity() -> impl Strategy<Value = (Unit, f64)> {
        let whole = (0_u64..9_007_199_254_740_992).prop_map(|whole| whole as f64);
        prop_oneof![
            (0.0..=1.0_f64).prop_map(|share| (Unit::Share, share)),
            (0.0..=1e6_f64).prop_map(|times| (Unit::Times, times)),
            whole.clone().prop_map(|nanos| (Unit::Nanos, nanos)),
            whole.clone().prop_map(|bytes| (Unit::Bytes, bytes)),
            (0_u64..1_000_000_000_000).prop_map(|nano| (Unit::NanoDollarsPerHour, nano as f64)),
            whole.prop_map(|count| (Unit::Count, count)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same((unit, value) in any_quantity()) {
            let written = write(unit, value);
            let given = match &written {
                serde_json::Value::String(text) => Given::Text(text),
                number => Given::Number(number.as_f64().expect("a number")),
            };
            prop_assert_eq!(read(unit, given), Some(value), "{}", written);
        }

        #[test]
        fn nonsense_is_refused_without_a_fall(text in ".{0,20}") {
            for unit in [Unit::Count, Unit::Share, Unit::Nanos, Unit::Bytes, Unit::NanoDollarsPerHour] {
                let read = read(unit, Given::Text(&text));
                prop_assert!(read.is_none_or(|value| value >= 0.0));
            }
            let _: Option<Window> = Window::read(&text);
        }
    }
}
