//! Moments as the platform writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS_PER_DAY: u64 = 86_400;

/// RFC 3339 with milliseconds, UTC, as in telemetry.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = since_epoch(time);
    let seconds = since.as_secs();
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    let of_day = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The same without milliseconds, as in the events of a bus.
pub(crate) fn rfc3339_seconds(time: SystemTime) -> String {
    let mut text = rfc3339(time);
    let dot = text.len() - ".000Z".len();
    text.replace_range(dot.., "Z");
    text
}

/// `12/Mar/2026:19:03:58 +0000`, as in access logs.
pub(crate) fn common_log(time: SystemTime) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = since_epoch(time).as_secs();
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    let of_day = seconds % SECONDS_PER_DAY;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let month = MONTHS[(month - 1) as usize];
    format!("{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// `YYYY/MM/DD`, as in the names of log streams.
pub(crate) fn date(time: SystemTime) -> String {
    let (year, month, day) = civil(since_epoch(time).as_secs() / SECONDS_PER_DAY);
    format!("{year:04}/{month:02}/{day:02}")
}

/// Milliseconds since the epoch.
pub(crate) fn epoch_millis(time: SystemTime) -> u64 {
    u64::try_from(since_epoch(time).as_millis()).unwrap_or(u64::MAX)
}

/// A length as telemetry's `durationMs`: milliseconds with three decimals.
pub(crate) fn millis(length: Duration) -> f64 {
    let micros = u32::try_from(length.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Year, month and day in the Gregorian calendar. Counts in eras of 400 years that begin in March, so that the leap day
/// is the last of its year.
fn civil(days_since_epoch: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097;
    let days = days_since_epoch + 719_468;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_telemetry_has_them() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_793_664_245_007, "2026-11-03T00:04:05.007Z"),
        ];
        for (millis, expected) in cases {
            assert_eq!(
                rfc3339(UNIX_EPOCH + Duration::from_millis(millis)),
                expected
            );
        }
    }

    #[test]
    fn other_sources_write_the_same_moment_their_way() {
        let moment = UNIX_EPOCH + Duration::from_millis(1_793_664_245_007);
        assert_eq!(rfc3339_seconds(moment), "2026-11-03T00:04:05Z");
        assert_eq!(common_log(moment), "03/Nov/2026:00:04:05 +0000");
    }

    #[test]
    fn lengths_keep_their_microseconds() {
        assert_eq!(millis(Duration::from_micros(95_123)).to_string(), "95.123");
        assert_eq!(
            millis(Duration::from_nanos(95_123_999)).to_string(),
            "95.123"
        );
    }
}
