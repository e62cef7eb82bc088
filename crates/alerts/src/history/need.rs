//! How much of the past rules look at.

use std::collections::BTreeSet;
use std::time::Duration;

use coldtrace_model::UnixNanos;

use super::{HOUR_MINUTES, WEEK_HOURS};
use crate::judge;
use crate::slot::Over;
use crate::{Rule, When, Window};

/// As many hours as the longest window of minutes touches.
const AHEAD: u64 = 3;
/// Whoever did nothing in so many hours is taken for new.
pub(crate) const KNOWN_HOURS: u16 = 24;

/// What rules look at together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// So many minutes before the instant.
    pub minutes: u16,
    /// So many whole hours before the one of the instant.
    pub hours: u16,
    /// The same hours of so many earlier weeks.
    pub weeks: u8,
    /// Which hours those are: those that so many minutes before the instant touch.
    pub weekly_minutes: u16,
    /// Groups of errors that were seen in so long before the instant.
    pub errors: Option<Duration>,
    /// Who has these tags.
    pub tags: BTreeSet<(String, String)>,
}

/// What was not told yet: beginnings, the earliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Of minutes.
    pub minutes: Vec<UnixNanos>,
    /// Of hours.
    pub hours: Vec<UnixNanos>,
}

// === impl Need ===

impl Need {
    /// What these rules look at, of those that are enabled.
    pub fn of<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Self {
        let mut need = Self::default();
        for rule in rules.into_iter().filter(|rule| rule.enabled) {
            need.add(rule);
        }
        need
    }

    fn add(&mut self, rule: &Rule) {
        let tags = rule.scope.tags.iter();
        let tags = tags.map(|(key, value)| (key.clone(), value.clone()));
        self.tags.extend(tags);
        if let When::ErrorGroup { window, .. } = &rule.when {
            self.errors = self.errors.max(Some(window.length()));
            self.hours = self.hours.max(hours_of(*window) + KNOWN_HOURS);
        }
        for slot in judge::slots(&rule.when) {
            match slot.over {
                Over::Window(Window::Minutes(minutes)) => self.minutes = self.minutes.max(minutes),
                Over::Window(Window::Hours(hours)) => self.hours = self.hours.max(hours),
                Over::Earlier { minutes, week } => {
                    self.weeks = self.weeks.max(week);
                    self.weekly_minutes = self.weekly_minutes.max(minutes);
                }
            }
        }
    }

    /// How many minutes are kept: where hours are counted, all of the present one.
    pub(super) fn kept_minutes(&self) -> usize {
        let least = match self.hours {
            0 => 1,
            _ => HOUR_MINUTES as u16,
        };
        usize::from(self.minutes.max(least))
    }

    /// The hours that the end of this minute needs.
    pub(super) fn hours_at(&self, end: u64) -> BTreeSet<u64> {
        let hour = end / HOUR_MINUTES;
        let recent = hour.saturating_sub(self.hours.into())..hour;
        let earlier = (1..=self.weeks).flat_map(|week| weekly(end, self.weekly_minutes, week));
        recent.chain(earlier).collect()
    }

    /// True if an hour is needed at the end of this minute or later.
    pub(super) fn may_need(&self, hour: u64, end: u64) -> bool {
        let now = end / HOUR_MINUTES;
        let is_recent = hour + u64::from(self.hours) >= now && self.hours > 0;
        let is_earlier = |week| {
            let hours = weekly(end, self.weekly_minutes, week);
            // What is loaded ahead, before the minutes until then are told.
            hours.start <= hour && hour <= hours.end + AHEAD
        };
        is_recent || (1..=self.weeks).any(is_earlier)
    }
}

/// So many whole hours hold a window.
pub(crate) fn hours_of(window: Window) -> u16 {
    match window {
        Window::Minutes(minutes) => minutes.div_ceil(HOUR_MINUTES as u16),
        Window::Hours(hours) => hours,
    }
}

/// The hours that a window of minutes touches, so many weeks earlier.
pub(crate) fn weekly(end: u64, minutes: u16, week: u8) -> std::ops::Range<u64> {
    let first = end.saturating_sub(minutes.into()) / HOUR_MINUTES;
    let behind = end.div_ceil(HOUR_MINUTES);
    let back = u64::from(week) * WEEK_HOURS;
    first.saturating_sub(back)..behind.saturating_sub(back)
}
