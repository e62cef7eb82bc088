//! What is computed once for a series and shared by all rules: one quantity over one stretch of time.

use std::time::Duration;

use coldtrace_model::Nanos;

use crate::aggregate::{Parts, Sum};
use crate::history::{HOUR_MINUTES, Leaf, weekly};
use crate::{Measure, Window};

/// A quantity over a stretch. In the order in which a series goes through its past: from the instant back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot {
    pub(crate) over: Over,
    pub(crate) quantity: Quantity,
}

/// A stretch of time before an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Over {
    /// The window that ends there.
    Window(Window),
    /// The whole hours that a window of so many minutes touches, so many weeks earlier.
    Earlier { minutes: u16, week: u8 },
}

/// A number of what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Quantity {
    /// A measure in its unit. Of earlier hours as much as would be in a window.
    Measure(Measure),
    /// All invocations; the same of earlier hours.
    Invocations,
    /// The share of the invocations with a known duration that took longer.
    SlowerThan(u64),
    /// The share of all invocations that waited longer for a start.
    WaitedLonger(u64),
}

// === impl Slot ===

impl Slot {
    pub(crate) fn new(window: Window, quantity: Quantity) -> Self {
        Self {
            over: Over::Window(window),
            quantity,
        }
    }
}

/// The values of slots for what some leaves did together before the end of a minute. The slots are sorted; a value stands
/// where its slot does. `sum` is room to work in.
pub(crate) fn values<'l>(
    slots: &[Slot],
    leaves: &(impl Iterator<Item = &'l Leaf> + Clone),
    end: u64,
    sum: &mut Sum,
    mut tell: impl FnMut(usize, Option<f64>),
) {
    // Windows of minutes all end at the instant: each goes on where the one before it began.
    let mut summed = 0_u64;
    let mut before: Option<Over> = None;
    sum.clear();
    for (place, slot) in slots.iter().enumerate() {
        if before != Some(slot.over) {
            let parts = parts(slots.get(place..).unwrap_or_default(), slot.over);
            match slot.over {
                Over::Window(Window::Minutes(minutes)) => {
                    let minutes = u64::from(minutes).min(end);
                    for leaf in leaves.clone() {
                        leaf.add_minutes(end - minutes, end - summed, parts, sum);
                    }
                    summed = minutes;
                }
                Over::Window(Window::Hours(hours)) => {
                    let hour = end / HOUR_MINUTES;
                    sum.clear();
                    for leaf in leaves.clone() {
                        leaf.add_hours(hour.saturating_sub(hours.into()), hour, parts, sum);
                        leaf.add_minutes(hour * HOUR_MINUTES, end, parts, sum);
                    }
                }
                Over::Earlier { minutes, week } => {
                    let hours = weekly(end, minutes, week);
                    sum.clear();
                    for leaf in leaves.clone() {
                        leaf.add_hours(hours.start, hours.end, parts, sum);
                    }
                }
            }
            before = Some(slot.over);
        }
        tell(place, slot.quantity.of(sum, slot.over, end));
    }
}

/// What is asked of a stretch, and of windows that go on from it.
fn parts(slots: &[Slot], over: Over) -> Parts {
    let goes_on = |slot: &&Slot| match over {
        Over::Window(Window::Minutes(_)) => {
            matches!(slot.over, Over::Window(Window::Minutes(_)))
        }
        _ => slot.over == over,
    };
    let asked = slots.iter().take_while(goes_on);
    asked.fold(Parts::default(), |parts, slot| {
        parts.or(slot.quantity.parts())
    })
}

// === impl Over ===

impl Over {
    /// How long it is for an instant at the end of this minute.
    fn length(self, end: u64) -> Duration {
        let minutes = match self {
            Self::Window(Window::Minutes(minutes)) => minutes.into(),
            Self::Window(Window::Hours(hours)) => {
                u64::from(hours) * HOUR_MINUTES + end % HOUR_MINUTES
            }
            Self::Earlier { minutes, week } => {
                let hours = weekly(end, minutes, week);
                (hours.end - hours.start) * HOUR_MINUTES
            }
        };
        Duration::from_secs(minutes * 60)
    }
}

// === impl Quantity ===

impl Quantity {
    const fn parts(self) -> Parts {
        let (durations, inits) = match self {
            Self::Measure(measure) => return measure.parts(),
            Self::Invocations => (false, false),
            Self::SlowerThan(_) => (true, false),
            Self::WaitedLonger(_) => (false, true),
        };
        Parts { durations, inits }
    }

    fn of(self, sum: &Sum, over: Over, end: u64) -> Option<f64> {
        let length = over.length(end);
        let share = |part: u64, all: u64| (all > 0).then(|| part as f64 / all as f64);
        match (self, over) {
            // Before a function was there it had no usual.
            (_, Over::Earlier { .. }) if sum.invocations == 0 => None,
            (Self::Measure(measure), Over::Earlier { minutes, .. }) if measure.grows() => {
                let part = part(minutes, length);
                measure.of_sum(sum, length).map(|value| value * part)
            }
            (Self::Invocations, Over::Earlier { minutes, .. }) => {
                Some(sum.invocations as f64 * part(minutes, length))
            }
            (Self::Measure(measure), _) => measure.of_sum(sum, length),
            (Self::Invocations, _) => Some(sum.invocations as f64),
            (Self::SlowerThan(limit), _) => {
                let slower = sum.durations.longer_than(Nanos(limit));
                share(slower, sum.durations.total())
            }
            (Self::WaitedLonger(limit), _) => {
                share(sum.inits.longer_than(Nanos(limit)), sum.invocations)
            }
        }
    }
}

/// Of what was counted in whole hours, as much as is expected in so many minutes.
fn part(minutes: u16, length: Duration) -> f64 {
    f64::from(minutes) * 60.0 / length.as_secs_f64()
}
