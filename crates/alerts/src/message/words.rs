//! Values, times and small histories as people read them.

use coldtrace_model::{Nanos, UnixNanos};

use crate::notice::{Cause, Comparison, PathShift, Point, Reading, Transition, Unit};

const SECOND: u64 = 1_000_000_000;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Points of a small history: the newest.
const POINTS: usize = 40;

/// A value in its unit, with three digits that count.
pub(super) fn value(value: f64, unit: Unit) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    match unit {
        Unit::Count => digits(value),
        Unit::PerMinute => format!("{}/min", digits(value)),
        Unit::Share => format!("{} %", digits(value * 100.0)),
        Unit::Nanos => scaled(
            value,
            &[
                (3.6e12, "h"),
                (6e10, "min"),
                (1e9, "s"),
                (1e6, "ms"),
                (1e3, "µs"),
            ],
            "ns",
        ),
        Unit::Bytes => scaled(value, &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB")], "B"),
        Unit::NanoDollarsPerHour => format!("${}/h", digits(value / 1e9)),
        Unit::Times => format!("{}×", digits(value)),
    }
}

/// A length of time.
pub(super) fn length(length: Nanos) -> String {
    value(length.0 as f64, Unit::Nanos)
}

/// A share in percent.
pub(super) fn share(share: f64) -> String {
    value(share, Unit::Share)
}

/// The value, and what it is held against.
pub(super) fn reading(reading: &Reading) -> String {
    let found = reading
        .value
        .map_or_else(|| "no value".to_owned(), |found| value(found, reading.unit));
    let side = match reading.bad {
        Comparison::Above => "above",
        Comparison::Below => "below",
    };
    format!(
        "{found}; {side} {} is bad",
        value(reading.threshold, reading.unit)
    )
}

/// A history as a line of bars; a dot where there was no value. What never changed stands in the middle: it is neither low nor high.
pub(super) fn sparkline(history: &[Point]) -> String {
    let newest = history.get(history.len().saturating_sub(POINTS)..);
    let newest = newest.unwrap_or_default();
    let values = || {
        let values = newest.iter().filter_map(|point| point.value);
        values.filter(|value| value.is_finite())
    };
    let lowest = values().fold(f64::INFINITY, f64::min);
    let width = values().fold(f64::NEG_INFINITY, f64::max) - lowest;
    let bar = |point: &Point| match point.value {
        Some(value) if value.is_finite() && width > 0.0 => {
            let level = (value - lowest) / width * (LEVELS.len() - 1) as f64;
            LEVELS.get(level.round() as usize).copied().unwrap_or('·')
        }
        Some(value) if value.is_finite() => LEVELS[LEVELS.len() / 2],
        _ => '·',
    };
    newest.iter().map(bar).collect()
}

/// What sets bad invocations apart, in words.
pub(super) fn cause(cause: &Cause) -> String {
    let what = match &cause.value {
        Some(value) => format!("{} = {value}", cause.key),
        None => format!("no {}", cause.key),
    };
    format!(
        "{what} in {} of the bad ones, {} of the others",
        share(cause.of_bad),
        share(cause.of_rest)
    )
}

/// Where the time went, in words.
pub(super) fn shift(shift: &PathShift) -> String {
    let PathShift { what, before, now } = shift;
    format!("{what}: {} before, {} now", length(*before), length(*now))
}

/// All of why, as lines of plain text.
pub(super) fn reasons(transition: &Transition) -> Vec<String> {
    let why = &transition.why;
    let mut lines = vec![format!(
        "{}: {}",
        transition.reading.name,
        reading(&transition.reading)
    )];
    if !why.history.is_empty() {
        lines.push(format!("History: {}", sparkline(&why.history)));
    }
    lines.extend(why.causes.iter().take(5).map(cause));
    lines.extend(why.path.iter().take(5).map(shift));
    let examples = why.examples.iter().take(3);
    lines.extend(examples.map(|one| format!("Example {}: {}", one.request_id, one.href)));
    lines
}

/// `2026-11-27T00:00:00Z`.
pub(super) fn rfc3339(time: UnixNanos) -> String {
    let seconds = time.0 / SECOND;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `2026-11-27 00:00 UTC`.
pub(super) fn moment(time: UnixNanos) -> String {
    let full = rfc3339(time);
    let minute = full.get(..16).unwrap_or(&full);
    format!("{} UTC", minute.replace('T', " "))
}

/// At most so many characters as UTF-16 counts them, which is the strictest way that receivers count; cut between two of
/// ours, with an ellipsis.
pub(super) fn clip(text: &str, most: usize) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut left = most.saturating_sub(1);
    for letter in text.chars() {
        if letter.len_utf16() > left {
            break;
        }
        left -= letter.len_utf16();
        clipped.push(letter);
    }
    clipped.push('…');
    clipped
}

fn scaled(value: f64, units: &[(f64, &str)], smallest: &str) -> String {
    let fits = units.iter().find(|(size, _)| value.abs() >= *size);
    let (size, unit) = fits.copied().unwrap_or((1.0, smallest));
    format!("{} {unit}", digits(value / size))
}

/// Three digits that count; all of those before the point.
fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ if size >= 1e-6 => (2.0 - size.log10().floor()) as usize,
        _ => 9,
    };
    let told = format!("{value:.decimals$}");
    match told.contains('.') {
        true => told.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => told,
    }
}

/// Year, month and day of a day since the epoch, by Howard Hinnant's algorithm.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = match shifted_month < 10 {
        true => shifted_month + 3,
        false => shifted_month - 9,
    };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_in_what_suits_them() {
        for (found, unit, told) in [
            (1.31e9, Unit::Nanos, "1.31 s"),
            (812e6, Unit::Nanos, "812 ms"),
            (90e9, Unit::Nanos, "1.5 min"),
            (0.0, Unit::Nanos, "0 ns"),
            (0.0523, Unit::Share, "5.23 %"),
            (0.000_012, Unit::Share, "0.0012 %"),
            (12_345.0, Unit::Count, "12345"),
            (7.5, Unit::PerMinute, "7.5/min"),
            (0.5e9, Unit::NanoDollarsPerHour, "$0.5/h"),
            (14.4, Unit::Times, "14.4×"),
            (128e6, Unit::Bytes, "128 MB"),
            (f64::NAN, Unit::Count, "unknown"),
        ] {
            assert_eq!(value(found, unit), told);
        }
    }

    #[test]
    fn times_are_told_as_rfc_3339_has_them() {
        for (seconds, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_737_600, "2026-11-27T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(UnixNanos(seconds * SECOND)), told);
        }
        assert_eq!(
            moment(UnixNanos(951_782_400 * SECOND)),
            "2000-02-29 00:00 UTC"
        );
    }

    #[test]
    fn a_history_is_a_line_of_bars() {
        let history = |values: &[Option<f64>]| -> Vec<Point> {
            let at = UnixNanos(0);
            values
                .iter()
                .map(|value| Point { at, value: *value })
                .collect()
        };
        let line = sparkline(&history(&[Some(1.0), None, Some(4.5), Some(8.0)]));
        assert_eq!(line, "▁·▅█");
        assert_eq!(sparkline(&history(&[Some(3.0), Some(3.0)])), "▅▅");
        assert_eq!(sparkline(&history(&[Some(f64::INFINITY), None])), "··");
        assert_eq!(sparkline(&[]), "");
    }

    proptest::proptest! {
        #[test]
        fn what_is_cut_is_short_enough_and_a_beginning(text in "\\PC{0,40}", most in 1..40_usize) {
            let clipped = clip(&text, most);
            proptest::prop_assert!(clipped.encode_utf16().count() <= most);
            let kept = clipped.strip_suffix('…').unwrap_or(&clipped);
            proptest::prop_assert!(text.starts_with(kept));
        }

        #[test]
        fn no_number_breaks_it(found in proptest::num::f64::ANY) {
            for unit in [Unit::Count, Unit::Share, Unit::Nanos, Unit::Bytes, Unit::NanoDollarsPerHour] {
                proptest::prop_assert!(value(found, unit).len() < 400);
            }
        }
    }
}
