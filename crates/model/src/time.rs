//! Points in time and lengths of time, in nanoseconds.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: nanoseconds since the Unix epoch, UTC. 0 means "not known", as in OTLP.
///
/// `u64` reaches the year 2554; the store's `DateTime64(9)` reaches 2262 and rejects what lies beyond.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

/// A half-open range of time: `from <= t < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First moment inside.
    pub from: UnixNanos,
    /// First moment after.
    pub to: UnixNanos,
}

// === impl UnixNanos ===

impl UnixNanos {
    /// The latest moment that the store can hold: 2262-04-11T23:47:16Z, the end of `DateTime64(9)`.
    pub const MAX_STORED: Self = Self(i64::MAX as u64);

    /// The present, by the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// True if the time is not known.
    pub const fn is_unknown(self) -> bool {
        self.0 == 0
    }

    /// Time from `earlier` to `self`, or nothing if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self + length`, at most the end of time.
    #[must_use]
    pub const fn plus(self, length: Nanos) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// `self - length`, at least the epoch.
    #[must_use]
    pub const fn minus(self, length: Nanos) -> Self {
        Self(self.0.saturating_sub(length.0))
    }
}

impl From<SystemTime> for UnixNanos {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl fmt::Debug for UnixNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0 / 1_000_000_000,
            self.0 % 1_000_000_000
        )
    }
}

// === impl Nanos ===

impl Nanos {
    /// A length given in milliseconds, as Lambda's telemetry gives it (`durationMs`). Negative and non-finite are 0.
    pub fn from_millis_f64(millis: f64) -> Self {
        // `as` saturates, and turns NaN into 0.
        Self((millis * 1e6).round().max(0.0) as u64)
    }

    /// A length in whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The length in milliseconds.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Both together, at most the longest that there is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Nanos {
    /// At most the longest that there is: strangers' times add up to anything.
    fn sum<I: Iterator<Item = Self>>(lengths: I) -> Self {
        lengths.fold(Self(0), Self::plus)
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(nanos: Nanos) -> Self {
        Self::from_nanos(nanos.0)
    }
}

impl fmt::Debug for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration::from(*self).fmt(f)
    }
}

// === impl TimeRange ===

impl TimeRange {
    /// True if `time` lies inside.
    pub fn contains(self, time: UnixNanos) -> bool {
        self.from <= time && time < self.to
    }
}
