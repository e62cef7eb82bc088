//! Points in time as the platform writes them: `2026-11-24T10:00:00.123Z`.

use coldtrace_model::UnixNanos;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Reads a time in UTC (the only zone that the platform uses), with any number of decimals. Nothing if it is none, or lies
/// before 1970.
pub(super) fn parse(text: &str) -> Option<UnixNanos> {
    let (date, time) = text.strip_suffix(['Z', 'z'])?.split_once(['T', 't'])?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, decimals) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(clock, ':')?;
    let is_valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_valid {
        return None;
    }
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let nanos = seconds.checked_mul(NANOS_PER_SECOND)?;
    Some(UnixNanos(nanos.checked_add(nanos_of(decimals)?)?))
}

fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut next = || parts.next()?.parse().ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

fn nanos_of(decimals: &str) -> Option<u64> {
    if !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some(digits.fold(0, |nanos, digit| nanos * 10 + u64::from(digit - b'0')))
}

/// Days from 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap day is the last of its year.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_are_read() {
        let check = |text: &str, nanos: Option<u64>| {
            assert_eq!(parse(text), nanos.map(UnixNanos), "{text}");
        };
        check("1970-01-01T00:00:00Z", Some(0));
        check("2000-02-29T12:30:45.5Z", Some(951_827_445_500_000_000));
        check("2026-11-24T10:00:00.123Z", Some(1_795_514_400_123_000_000));
        check(
            "2026-11-24T10:00:00.1234567899Z",
            Some(1_795_514_400_123_456_789),
        );
        check("1970-01-01T00:00:60Z", Some(60 * NANOS_PER_SECOND));
        for odd in [
            "",
            "now",
            "2026-11-24",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-11-24T10:00:00.+5Z",
            "2026-11-24T10:00:00+01:00",
            "99999-01-01T00:00:00Z",
            "2026-11-24T10:00:00:00Z",
        ] {
            check(odd, None);
        }
    }
}
