//! Whether values are bad: each kind of rule, on the numbers that it asked for.

use coldtrace_model::Nanos;

use crate::rule::{BurnWindow, Direction, Good, MOST_WEEKS};
use crate::slot::{Over, Quantity, Slot};
use crate::{Comparison, Measure, When, Window};

/// What a rule says of a series at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// What it warns of is so.
    Bad,
    /// Not any more, but what fires goes on.
    Between,
    /// It is not so.
    Good,
    /// There is nothing to tell it from: all stays as it was.
    Nothing,
}

/// A verdict with the numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) value: Option<f64>,
    pub(crate) bad: Comparison,
    pub(crate) threshold: f64,
    pub(crate) beside: Beside,
}

/// What a sentence tells beside the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beside {
    Nothing,
    /// Of a burn rate: over which windows.
    Pair(BurnWindow),
    /// Of a deviation: what is, and what is usual.
    Usual {
        now: f64,
        usual: f64,
    },
}

/// Who was not invoked for longer is not missed by a rule of too little, as by default by one of absence. Without a bound the
/// verdict would depend on how much of the past happens to be in memory.
const SEEN: Window = Window::Hours(24);

/// True if a rule may be bad where nothing was invoked.
fn is_of_silence(when: &When) -> bool {
    matches!(when, When::Threshold { bound, at_least: 0, .. } if bound.bad == Comparison::Below)
}

/// What a rule asks of each series. Rules of groups of errors ask nothing.
pub(crate) fn slots(when: &When) -> Vec<Slot> {
    match when {
        When::Threshold {
            measure, window, ..
        } => {
            let mut slots = vec![
                Slot::new(*window, Quantity::Measure(*measure)),
                Slot::new(*window, Quantity::Invocations),
            ];
            if is_of_silence(when) {
                slots.push(Slot::new(SEEN.max(*window), Quantity::Invocations));
            }
            slots
        }
        When::Ratio { of, to, window, .. } => vec![
            Slot::new(*window, amount(*of)),
            Slot::new(*window, amount(*to)),
            Slot::new(*window, Quantity::Invocations),
        ],
        When::Absence {
            window,
            seen_within,
        } => vec![
            Slot::new(*window, Quantity::Invocations),
            Slot::new(*seen_within, Quantity::Invocations),
        ],
        When::BurnRate { good, windows, .. } => {
            let bad = match good {
                Good::Success => Quantity::Measure(Measure::ErrorRate),
                Good::FasterThan(limit) => Quantity::SlowerThan(limit.0),
            };
            let pair = |pair: &BurnWindow| {
                [
                    Slot::new(pair.long, bad),
                    Slot::new(pair.short, bad),
                    Slot::new(pair.long, Quantity::Invocations),
                ]
            };
            windows.iter().flat_map(pair).collect()
        }
        When::ErrorGroup { .. } => Vec::new(),
        When::ColdStartBudget { init, window, .. } => vec![
            Slot::new(*window, Quantity::WaitedLonger(init.0)),
            Slot::new(*window, Quantity::Invocations),
        ],
        When::Deviation {
            measure,
            window,
            weeks,
            ..
        } => deviation_slots(*measure, *window, *weeks),
    }
}

fn deviation_slots(measure: Measure, window: Window, weeks: u8) -> Vec<Slot> {
    let minutes = match window {
        Window::Minutes(minutes) => minutes,
        // Not allowed by the reader of rules; as much as is.
        Window::Hours(_) => 120,
    };
    let earlier = (1..=weeks).map(|week| Slot {
        over: Over::Earlier { minutes, week },
        quantity: Quantity::Measure(measure),
    });
    let now = [
        Slot::new(window, Quantity::Measure(measure)),
        Slot::new(window, Quantity::Invocations),
    ];
    let mut slots: Vec<Slot> = now.into_iter().chain(earlier).collect();
    if measure.is_amount() {
        slots.extend((1..=weeks).map(|week| Slot {
            over: Over::Earlier { minutes, week },
            quantity: Quantity::Invocations,
        }));
    }
    slots
}

/// What is divided: of invocations how many, as of everything else that is counted.
fn amount(measure: Measure) -> Quantity {
    match measure {
        Measure::Invocations => Quantity::Invocations,
        other => Quantity::Measure(other),
    }
}

/// The verdict on what the slots of a rule hold, in the same order.
pub(crate) fn judge(when: &When, value: impl Fn(usize) -> Option<f64>) -> Judged {
    match when {
        When::Threshold { bound, .. } if is_of_silence(when) => {
            let is_known = value(2).is_some_and(|count| count > 0.0);
            bounded(*bound, value(0).filter(|_| is_known), None, 0)
        }
        When::Threshold {
            bound, at_least, ..
        } => bounded(*bound, value(0), value(1), *at_least),
        When::Ratio {
            bound, at_least, ..
        } => {
            let to = value(1).filter(|to| *to > 0.0);
            let ratio = value(0).zip(to).map(|(of, to)| of / to);
            bounded(*bound, ratio, value(2), *at_least)
        }
        When::Absence { .. } => absence(value(0), value(1)),
        When::BurnRate {
            objective,
            windows,
            at_least,
            ..
        } => burn(1.0 - objective, windows, *at_least, value),
        When::ErrorGroup { .. } => Judged::nothing(Comparison::Above, 0.0),
        When::ColdStartBudget {
            share, at_least, ..
        } => {
            let bound = crate::Bound {
                bad: Comparison::Above,
                threshold: *share,
                clear: None,
            };
            bounded(bound, value(0), value(1), *at_least)
        }
        When::Deviation {
            factor,
            direction,
            weeks,
            at_least,
            ..
        } => deviation(*factor, *direction, *weeks, *at_least, value),
    }
}

fn bounded(
    bound: crate::Bound,
    value: Option<f64>,
    invocations: Option<f64>,
    at_least: u64,
) -> Judged {
    let nothing = Judged::nothing(bound.bad, bound.threshold);
    let Some(told) = value.filter(|_| is_enough(invocations, at_least)) else {
        return nothing;
    };
    let verdict = match (bound.is_bad(told), bound.is_clear(told)) {
        (true, _) => Verdict::Bad,
        (false, true) => Verdict::Good,
        (false, false) => Verdict::Between,
    };
    Judged {
        verdict,
        value,
        ..nothing
    }
}

fn absence(now: Option<f64>, seen: Option<f64>) -> Judged {
    let is_some = |count: Option<f64>| count.is_some_and(|count| count > 0.0);
    let nothing = Judged::nothing(Comparison::Below, 1.0);
    match (is_some(now), is_some(seen)) {
        (true, _) => Judged {
            verdict: Verdict::Good,
            value: now,
            ..nothing
        },
        (false, true) => Judged {
            verdict: Verdict::Bad,
            ..nothing
        },
        (false, false) => nothing,
    }
}

fn burn(
    budget: f64,
    windows: &[BurnWindow],
    at_least: u64,
    value: impl Fn(usize) -> Option<f64>,
) -> Judged {
    let judged = windows.iter().enumerate().map(|(place, pair)| {
        let long = value(place * 3).filter(|_| is_enough(value(place * 3 + 2), at_least));
        let (long, short) = (long, value(place * 3 + 1));
        let (long, short) = (long.map(|bad| bad / budget), short.map(|bad| bad / budget));
        let is_over = |burn: Option<f64>| burn.is_some_and(|burn| burn > pair.factor);
        let verdict = match (long, short) {
            (None, _) => Verdict::Nothing,
            _ if is_over(long) && is_over(short) => Verdict::Bad,
            // It burnt, and nothing came since.
            (Some(_), None) if is_over(long) => Verdict::Nothing,
            _ => Verdict::Good,
        };
        let nearness = long.unwrap_or(0.0).min(short.unwrap_or(0.0)) / pair.factor;
        let judged = Judged {
            verdict,
            value: long,
            bad: Comparison::Above,
            threshold: pair.factor,
            beside: Beside::Pair(*pair),
        };
        (nearness, judged)
    });
    // The numbers are those of the pair that is nearest to its factor, of equals the first. It is bad if one is; good only if
    // none may be.
    let worst = judged.reduce(|(near, one), (nearer, other)| {
        let verdict = match (one.verdict, other.verdict) {
            (Verdict::Bad, _) | (_, Verdict::Bad) => Verdict::Bad,
            (Verdict::Nothing, _) | (_, Verdict::Nothing) => Verdict::Nothing,
            _ => Verdict::Good,
        };
        let (near, worst) = match nearer > near {
            true => (nearer, other),
            false => (near, one),
        };
        (near, Judged { verdict, ..worst })
    });
    worst.map_or(Judged::nothing(Comparison::Above, 1.0), |(_, judged)| {
        judged
    })
}

fn deviation(
    factor: f64,
    direction: Direction,
    weeks: u8,
    at_least: u64,
    value: impl Fn(usize) -> Option<f64>,
) -> Judged {
    /// Of one week nobody knows whether it was usual.
    const FEWEST: usize = 2;
    let more = Judged::nothing(Comparison::Above, factor);
    let less = Judged::nothing(Comparison::Below, 1.0 / factor);
    let nothing = match direction {
        Direction::Below => less,
        Direction::Above | Direction::Both => more,
    };
    let earlier = (0..weeks).filter_map(|week| value(usize::from(week) + 2));
    let usual = median(earlier, FEWEST);
    // Of an amount that fell to nothing, those that used to be count.
    let before = (0..weeks).map(|week| usize::from(weeks + week) + 2);
    let before = median(before.filter_map(&value), 1);
    let now = value(0).filter(|_| {
        is_enough(value(1), at_least) || before.is_some() && is_enough(before, at_least)
    });
    // So many times nothing is no number.
    let (Some(now), Some(usual)) = (now, usual.filter(|usual| *usual > 0.0)) else {
        return nothing;
    };
    let times = now / usual;
    let side = match direction {
        Direction::Both if times < 1.0 => less,
        _ => nothing,
    };
    let is_bad = match side.bad {
        Comparison::Above => times > side.threshold,
        Comparison::Below => times < side.threshold,
    };
    Judged {
        verdict: match is_bad {
            true => Verdict::Bad,
            false => Verdict::Good,
        },
        value: Some(times),
        beside: Beside::Usual { now, usual },
        ..side
    }
}

fn is_enough(invocations: Option<f64>, at_least: u64) -> bool {
    invocations.unwrap_or(0.0) >= at_least as f64
}

/// Of an even number the mean of both in the middle; of fewer than so many none, of more than can be weeks the first.
fn median(values: impl Iterator<Item = f64>, fewest: usize) -> Option<f64> {
    let (mut sorted, mut count) = ([0.0; MOST_WEEKS as usize], 0);
    for (place, value) in sorted.iter_mut().zip(values) {
        *place = value;
        count += 1;
    }
    let sorted = sorted
        .get_mut(..count)
        .filter(|values| values.len() >= fewest)?;
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(count / 2)?;
    match count.is_multiple_of(2) {
        true => {
            let lower = sorted.get(count / 2 - 1)?;
            Some(f64::midpoint(*lower, *upper))
        }
        false => Some(*upper),
    }
}

// === impl Judged ===

impl Judged {
    pub(crate) const fn nothing(bad: Comparison, threshold: f64) -> Self {
        Self {
            verdict: Verdict::Nothing,
            value: None,
            bad,
            threshold,
            beside: Beside::Nothing,
        }
    }
}

/// The limit of a rule of slow invocations, for words.
pub(crate) const fn limit(good: Good) -> Option<Nanos> {
    match good {
        Good::Success => None,
        Good::FasterThan(limit) => Some(limit),
    }
}
