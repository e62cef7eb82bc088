//! What of functions is otherwise than it was: figures that moved by more than they move by chance, and their order.
//!
//! A function did something in two stretches of time, of which each is cut into blocks. A figure is told if all of this is so:
//!
//! - **There is enough of it**: `FEW` invocations on either side; of a 95th percentile so many that as many as five are above it.
//! - **It moved far enough to matter** (`Figure::matters`): a share by five points, or by half and a tenth of a point; a 95th percentile by a
//!   fifth and 5 ms; cost by a fifth and what makes a dollar a month.
//! - **Chance does not move it so far.** Shares are compared by their likelihood: with `p` the share of both sides together, chance puts
//!   each side as far from it as it is with a probability of at most `exp(-n KL(side, p))` (Chernoff 1952), and both with the product of these,
//!   which is what the likelihood ratio test has for its statistic (Wilks 1938). It holds for what is rare as well, where the normal
//!   distribution flatters. Percentiles are compared as shares too: of those that took as long as the greater of the two (the median test
//!   of Mood 1954, at another quantile). Invocations of a minute have much in common, so that shares move more than if each were
//!   drawn for itself; by how much is told by the blocks of the side before, as Pearson's chi-square by its degrees of freedom, and the
//!   evidence is divided by it (quasi-likelihood; McCullagh and Nelder 1989, 4.5). Not by those after: what began there is the change.
//!   Cost is compared as the means of blocks (Welch 1947), whose spread has the day's course in it.
//! - **It is not one of many**: of so many looks, at most one of twenty that are told is expected to be chance (Benjamini and Hochberg 1995);
//!   fewer, since the bound above is cautious.
//!
//! Not here: which functions there were, and what nobody counts: errors and versions that are new.

use coldtrace_model::{LogHistogram, Nanos, UnixNanos};

use crate::NanoDollars;
use crate::compare::significance::{complementary_error, divergence, passes, pooled, share};

/// Of fewer invocations on a side no figure is told.
const FEW: u64 = 20;
/// Of fewer no 95th percentile: of these five are above it.
const FEW_TIMED: u64 = 100;
/// Of fewer blocks on a side no cost is told: their spread would be a guess.
const FEW_BLOCKS: usize = 12;
/// Blocks with invocations after which silence is none by chance: each might as well have lain on the other side, and one of 4,096 times
/// they all lie on this one.
const QUIET_AFTER: usize = 12;
/// Of a hundred figures that are told, at most so many are expected to be chance.
const FALSE_DISCOVERIES: f64 = 0.05;

/// Of shares: what matters whatever it was, and what matters where it is half as much again.
const MANY_POINTS: f64 = 0.05;
const FEW_POINTS: f64 = 0.001;
const HALF_AGAIN: f64 = 1.5;
/// Of lengths and costs.
const A_FIFTH: f64 = 1.2;
/// In nanoseconds.
const LEAST_LENGTH: f64 = 5e6;
/// In billionths of a dollar an hour: about a dollar a month.
const LEAST_COST: f64 = 1.37e6;

const HOUR: f64 = 3.6e12;

/// What a function did in a part of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// How long it is.
    pub length: Nanos,
    /// How many invocations.
    pub invocations: u64,
    /// How many failed.
    pub errors: u64,
    /// How many waited for a start.
    pub cold_starts: u64,
    /// How the known durations spread.
    pub durations: LogHistogram,
    /// What it cost, where prices are known.
    pub cost: Option<NanoDollars>,
}

/// What a function did in two stretches of time, each as blocks in order, the empty ones too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Which.
    pub function: String,
    /// In the first.
    pub before: Vec<Block>,
    /// In the second.
    pub after: Vec<Block>,
}

/// What is otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// An error that was not seen before.
    NewError,
    /// The share that fails.
    ErrorRate,
    /// A longer 95th percentile.
    Slower,
    /// A shorter one.
    Faster,
    /// The share that waits for a start.
    ColdRate,
    /// What an hour costs.
    Cost,
    /// A version that was not seen before.
    NewVersion,
    /// A function that was not seen before.
    NewFunction,
    /// A function that is not invoked any more.
    Silent,
}

/// In what a change is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Invocations.
    Count,
    /// A part of all: 0 to 1.
    Share,
    /// Nanoseconds.
    Nanos,
    /// Billionths of a dollar an hour.
    NanoDollarsPerHour,
}

/// Something about a function that is otherwise than it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What.
    pub kind: ChangeKind,
    /// Of which function.
    pub function: String,
    /// The version, or the error; empty where it is the function itself.
    pub about: String,
    /// What it was, in its unit; nothing where it was not.
    pub before: Option<f64>,
    /// What it is.
    pub after: Option<f64>,
    /// When it was first seen, of what is new; when last, of what is silent.
    pub at: Option<UnixNanos>,
    /// The share of the function's invocations that fail and did not before.
    pub failing: f64,
}

/// A figure on both sides, and how likely chance moves it so.
struct Figure {
    kind: ChangeKind,
    before: f64,
    after: f64,
    p: f64,
}

/// So many of so many.
type Part = (u64, u64);

/// The figures of all functions that moved by more than chance moves them.
pub fn figures(all: &[Activity]) -> Vec<Change> {
    let looked_at = all.iter().flat_map(|activity| {
        let figures = activity.figures().into_iter();
        figures.map(|figure| (activity.function.as_str(), figure))
    });
    let mut looked_at: Vec<(&str, Figure)> = looked_at.collect();
    let looks = looked_at.len() as u64;
    looked_at.sort_by(|(_, one), (_, other)| one.p.total_cmp(&other.p));
    let ascending = looked_at.iter().map(|(_, figure)| figure.p);
    let passing = passes(ascending, looks, FALSE_DISCOVERIES);
    let told = looked_at.into_iter().take(passing);
    told.filter(|(_, figure)| figure.matters())
        .map(|(function, figure)| figure.change(function))
        .collect()
}

/// Whether a function that did this and nothing since is silent: one that is invoked now and then may pause by chance.
pub fn is_silent_after(before: &[Block]) -> bool {
    let active = before.iter().filter(|block| block.invocations > 0);
    active.count() >= QUIET_AFTER
}

/// What fails more first, by the share of invocations that fails; then the greatest change. At most so many.
pub fn ranked(mut changes: Vec<Change>, most: usize) -> Vec<Change> {
    changes.sort_by(|one, other| {
        let fails = |change: &Change| change.failing > 0.0;
        let by_failing = other.failing.total_cmp(&one.failing);
        // Of what fails as much, an error comes before the rate that has it.
        let by_size = match fails(one) {
            true => std::cmp::Ordering::Equal,
            false => other.size().total_cmp(&one.size()),
        };
        let name = |change: &Change| (change.kind, change.function.clone(), change.about.clone());
        fails(other)
            .cmp(&fails(one))
            .then(by_failing)
            .then(by_size)
            .then_with(|| name(one).cmp(&name(other)))
    });
    changes.truncate(most);
    changes
}

// === impl Activity ===

impl Activity {
    /// All that there is enough of.
    fn figures(&self) -> Vec<Figure> {
        let (before, after) = (count(&self.before), count(&self.after));
        if before.min(after) < FEW {
            return Vec::new();
        }
        let shares = [
            (ChangeKind::ErrorRate, of_errors as fn(&Block) -> u64),
            (ChangeKind::ColdRate, |block| block.cold_starts),
        ];
        let shares = shares.map(|(kind, of)| Some(self.rate(kind, of)));
        let others = [self.p95(), self.cost()];
        shares.into_iter().chain(others).flatten().collect()
    }

    fn rate(&self, kind: ChangeKind, of: impl Fn(&Block) -> u64) -> Figure {
        let parts = |blocks: &[Block]| -> Vec<Part> {
            // What is written while it is counted may be counted once more than its whole is.
            let part = |block: &Block| (of(block).min(block.invocations), block.invocations);
            blocks.iter().map(part).collect()
        };
        let (before, after) = (parts(&self.before), parts(&self.after));
        Figure {
            kind,
            before: share(sum(&before)),
            after: share(sum(&after)),
            p: chance(&before, sum(&after)),
        }
    }

    fn p95(&self) -> Option<Figure> {
        let (before, after) = (merged(&self.before), merged(&self.after));
        if before.total().min(after.total()) < FEW_TIMED {
            return None;
        }
        let (was, is) = (before.quantile(0.95)?, after.quantile(0.95)?);
        let kind = match is > was {
            true => ChangeKind::Slower,
            false => ChangeKind::Faster,
        };
        let least = LogHistogram::index_of(was.max(is));
        let long = |durations: &LogHistogram| -> Part {
            let long = durations.buckets().filter(|(index, _)| *index >= least);
            (long.map(|(_, count)| count).sum(), durations.total())
        };
        let parts: Vec<Part> = self
            .before
            .iter()
            .map(|block| long(&block.durations))
            .collect();
        Some(Figure {
            kind,
            before: was.0 as f64,
            after: is.0 as f64,
            p: chance(&parts, long(&after)),
        })
    }

    fn cost(&self) -> Option<Figure> {
        let (before, after) = (Means::of(&self.before)?, Means::of(&self.after)?);
        Some(Figure {
            kind: ChangeKind::Cost,
            before: before.mean,
            after: after.mean,
            p: before.chance(&after),
        })
    }
}

// === impl Figure ===

impl Figure {
    /// Whether anybody would care.
    fn matters(&self) -> bool {
        let delta = (self.after - self.before).abs();
        let grew = |by: f64| self.before.max(self.after) >= by * self.before.min(self.after);
        match self.kind.unit() {
            Unit::Share => delta >= MANY_POINTS || (delta >= FEW_POINTS && grew(HALF_AGAIN)),
            Unit::Nanos => delta >= LEAST_LENGTH && grew(A_FIFTH),
            Unit::NanoDollarsPerHour => delta >= LEAST_COST && grew(A_FIFTH),
            Unit::Count => true,
        }
    }

    fn change(self, function: &str) -> Change {
        let more = match self.kind {
            ChangeKind::ErrorRate => (self.after - self.before).max(0.0),
            _ => 0.0,
        };
        Change {
            kind: self.kind,
            function: function.to_owned(),
            about: String::new(),
            before: Some(self.before),
            after: Some(self.after),
            at: None,
            failing: more,
        }
    }
}

// === impl Change ===

impl Change {
    /// Whether it is bad news.
    pub fn is_worse(&self) -> bool {
        match self.kind {
            ChangeKind::NewError | ChangeKind::Slower | ChangeKind::Silent => true,
            ChangeKind::Faster | ChangeKind::NewVersion | ChangeKind::NewFunction => false,
            ChangeKind::ErrorRate | ChangeKind::ColdRate | ChangeKind::Cost => {
                self.after > self.before
            }
        }
    }

    /// How many times more or less it is, as a logarithm; what is too little to matter counts for nothing.
    fn size(&self) -> f64 {
        let floor = match self.kind.unit() {
            Unit::Count => 1.0,
            Unit::Share => FEW_POINTS,
            Unit::Nanos => LEAST_LENGTH,
            Unit::NanoDollarsPerHour => LEAST_COST,
        };
        let level = |value: Option<f64>| (value.unwrap_or(0.0).max(0.0) + floor).ln();
        (level(self.after) - level(self.before)).abs()
    }
}

// === impl ChangeKind ===

impl ChangeKind {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewError => "new_error",
            Self::ErrorRate => "error_rate",
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::ColdRate => "cold_rate",
            Self::Cost => "cost",
            Self::NewVersion => "new_version",
            Self::NewFunction => "new_function",
            Self::Silent => "silent",
        }
    }

    /// In what it is measured.
    pub const fn unit(self) -> Unit {
        match self {
            Self::NewError | Self::NewVersion | Self::NewFunction | Self::Silent => Unit::Count,
            Self::ErrorRate | Self::ColdRate => Unit::Share,
            Self::Slower | Self::Faster => Unit::Nanos,
            Self::Cost => Unit::NanoDollarsPerHour,
        }
    }
}

// === impl Unit ===

impl Unit {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Share => "share",
            Self::Nanos => "nanos",
            Self::NanoDollarsPerHour => "nano_dollars_per_hour",
        }
    }
}

/// What blocks cost an hour.
struct Means {
    /// Of all of them together.
    mean: f64,
    /// Of the mean of blocks, and the variance of that.
    of_blocks: f64,
    variance: f64,
    count: usize,
}

// === impl Means ===

impl Means {
    /// `None` if prices are not known, or blocks are too few.
    fn of(blocks: &[Block]) -> Option<Self> {
        let longest = blocks.iter().map(|block| block.length).max()?;
        let mut rates = Vec::new();
        let (mut whole, mut hours) = (0.0, 0.0);
        for block in blocks {
            let (cost, length) = (block.cost?.0 as f64, block.length.0 as f64 / HOUR);
            whole += cost;
            hours += length;
            // The range's ends cut blocks: what is left of one tells little of an hour.
            if block.length.0 >= longest.0 / 2 && block.length.0 > 0 {
                rates.push(cost / length);
            }
        }
        let count = rates.len();
        if count < FEW_BLOCKS {
            return None;
        }
        let of_blocks = rates.iter().sum::<f64>() / count as f64;
        let squares = rates.iter().map(|rate| (rate - of_blocks).powi(2));
        Some(Self {
            mean: (whole / hours).round(),
            of_blocks,
            variance: squares.sum::<f64>() / (count - 1) as f64 / count as f64,
            count,
        })
    }

    /// How likely means are so far apart by chance.
    fn chance(&self, other: &Self) -> f64 {
        let delta = (self.of_blocks - other.of_blocks).abs();
        let variance = self.variance + other.variance;
        if delta == 0.0 {
            return 1.0;
        }
        // Of the smaller side: fewer than there are, which is cautious.
        let freedom = (self.count.min(other.count) - 1) as f64;
        let square = delta * delta / variance;
        // Student's distribution by the normal one (Wallace 1959).
        let z = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
            * (freedom * (square / freedom).ln_1p()).sqrt();
        complementary_error(z / std::f64::consts::SQRT_2)
    }
}

/// How likely chance alone makes a share differ so, at most, from what it was in these blocks.
fn chance(before: &[Part], after: Part) -> f64 {
    let whole = sum(before);
    let all = pooled(whole, after);
    let unlikely = |part: Part| part.1 as f64 * divergence(share(part), all);
    let evidence = (unlikely(whole) + unlikely(after)) / dispersion(before);
    (2.0 * (-evidence).exp()).min(1.0)
}

/// How many times more a share varies from block to block than if each invocation were drawn for itself; 1 if no more.
fn dispersion(blocks: &[Part]) -> f64 {
    let all = share(sum(blocks));
    let spread = all * (1.0 - all);
    let filled = || blocks.iter().filter(|part| part.1 > 0);
    let freedom = filled().count().saturating_sub(1);
    if freedom == 0 || spread <= 0.0 {
        return 1.0;
    }
    let squares = filled().map(|&(part, whole)| {
        let expected = whole as f64 * all;
        (part as f64 - expected).powi(2) / (whole as f64 * spread)
    });
    (squares.sum::<f64>() / freedom as f64).max(1.0)
}

fn of_errors(block: &Block) -> u64 {
    block.errors
}

fn count(blocks: &[Block]) -> u64 {
    blocks.iter().map(|block| block.invocations).sum()
}

fn sum(parts: &[Part]) -> Part {
    let add = |(part, whole): Part, &(one, of): &Part| (part + one, whole + of);
    parts.iter().fold((0, 0), add)
}

fn merged(blocks: &[Block]) -> LogHistogram {
    let mut merged = LogHistogram::default();
    for block in blocks {
        merged.merge(&block.durations);
    }
    merged
}
