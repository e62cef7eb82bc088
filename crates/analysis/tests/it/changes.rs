//! Which changes are told, and which are chance.

use coldtrace_analysis::NanoDollars;
use coldtrace_analysis::changes::{
    Activity, Block, Change, ChangeKind, figures, is_silent_after, ranked,
};
use coldtrace_model::{LogHistogram, Nanos};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const BLOCKS: usize = 24;
const HOUR: Nanos = Nanos(3_600_000_000_000);

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What a function is like.
#[derive(Clone, Copy)]
struct Nature {
    /// Invocations of a block.
    invocations: u64,
    fails: f64,
    waits: f64,
    /// The median of its length.
    millis: f64,
}

const USUAL: Nature = Nature {
    invocations: 100,
    fails: 0.02,
    waits: 0.05,
    millis: 120.0,
};

impl Nature {
    fn block(&self, dice: &mut Dice) -> Block {
        let mut block = Block {
            length: HOUR,
            ..Block::default()
        };
        // Half as many to half as many again.
        let count = (self.invocations as f64 * (0.5 + dice.part())) as u64;
        let mut cost = 0.0;
        for _ in 0..count {
            // A long tail: some take ten times as long as the median.
            let millis = self.millis / (1.0 - dice.part()).max(1e-3).sqrt();
            block.invocations += 1;
            block.errors += u64::from(dice.part() < self.fails);
            block.cold_starts += u64::from(dice.part() < self.waits);
            block.durations.record(Nanos((millis * 1e6) as u64));
            cost += millis * 1_000.0;
        }
        block.cost = Some(NanoDollars(cost as i64));
        block
    }

    fn blocks(&self, dice: &mut Dice) -> Vec<Block> {
        (0..BLOCKS).map(|_| self.block(dice)).collect()
    }
}

fn activity(name: &str, before: Vec<Block>, after: Vec<Block>) -> Activity {
    Activity {
        function: name.to_owned(),
        before,
        after,
    }
}

fn kinds(changes: &[Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

/// Of a function that was as usual and then like this.
fn found(after: Nature) -> Vec<Change> {
    let mut dice = Dice(7);
    let (before, after) = (USUAL.blocks(&mut dice), after.blocks(&mut dice));
    let mut found = figures(&[activity("shop", before, after)]);
    found.sort_by_key(|change| change.kind);
    found
}

#[test]
fn of_hundreds_of_functions_that_are_as_they_were_nothing_is_told() {
    let mut dice = Dice(1);
    let mut told = 0;
    for round in 0..20 {
        let functions = (0..50).map(|number| {
            let nature = Nature {
                invocations: 2 + number * number / 10,
                fails: [0.0, 0.001, 0.02, 0.3][number as usize % 4],
                ..USUAL
            };
            let (before, after) = (nature.blocks(&mut dice), nature.blocks(&mut dice));
            activity(&format!("{round}-{number}"), before, after)
        });
        let functions: Vec<Activity> = functions.collect();
        told += figures(&functions).len();
    }
    assert_eq!(told, 0, "of 4,000 looks");
}

#[test]
fn what_moved_is_told_and_nothing_else() {
    let failing = found(Nature {
        fails: 0.06,
        ..USUAL
    });
    assert_eq!(kinds(&failing), [ChangeKind::ErrorRate]);
    assert!(failing[0].is_worse() && failing[0].failing > 0.02);
    let mended = found(Nature {
        fails: 0.0,
        ..USUAL
    });
    assert_eq!(kinds(&mended), [ChangeKind::ErrorRate]);
    assert!(!mended[0].is_worse() && mended[0].failing == 0.0);
    let waiting = found(Nature {
        waits: 0.2,
        ..USUAL
    });
    assert_eq!(kinds(&waiting), [ChangeKind::ColdRate]);
    // What takes twice as long costs twice as much.
    let slower = found(Nature {
        millis: 240.0,
        ..USUAL
    });
    assert_eq!(kinds(&slower), [ChangeKind::Slower, ChangeKind::Cost]);
    let (before, after) = (slower[0].before.unwrap(), slower[0].after.unwrap());
    assert!((1.8..2.2).contains(&(after / before)), "{before} {after}");
    let faster = found(Nature {
        millis: 60.0,
        ..USUAL
    });
    assert_eq!(kinds(&faster), [ChangeKind::Faster, ChangeKind::Cost]);
    assert!(faster.iter().all(|change| !change.is_worse()));
}

#[test]
fn an_incident_is_told_though_it_took_one_block_and_one_as_before_is_not() {
    let mut dice = Dice(3);
    let incident = |dice: &mut Dice, is_there: bool| -> Vec<Block> {
        let usual = Nature {
            fails: 0.0,
            ..USUAL
        };
        let bad = Nature {
            fails: 0.8,
            ..USUAL
        };
        (0..BLOCKS)
            .map(|number| match is_there && number == 11 {
                true => bad.block(dice),
                false => usual.block(dice),
            })
            .collect()
    };
    let (calm, bad) = (incident(&mut dice, false), incident(&mut dice, true));
    let told = figures(&[activity("shop", calm, bad.clone())]);
    assert_eq!(kinds(&told), [ChangeKind::ErrorRate]);
    let worse: Vec<Block> = bad
        .iter()
        .map(|block| Block {
            errors: block.errors * 5 / 4,
            ..block.clone()
        })
        .collect();
    assert_eq!(figures(&[activity("shop", bad, worse)]), []);
}

#[test]
fn a_tail_that_is_twenty_times_longer_is_told_though_most_are_as_they_were() {
    let block = |slow: u64| {
        let mut durations = LogHistogram::default();
        durations.add(LogHistogram::index_of(Nanos::from_millis(100)), 100 - slow);
        durations.add(LogHistogram::index_of(Nanos::from_millis(2_000)), slow);
        Block {
            length: HOUR,
            invocations: 100,
            durations,
            ..Block::default()
        }
    };
    let told = figures(&[activity("shop", vec![block(0); 24], vec![block(6); 24])]);
    assert_eq!(kinds(&told), [ChangeKind::Slower]);
    let told = figures(&[activity("shop", vec![block(6); 24], vec![block(0); 24])]);
    assert_eq!(kinds(&told), [ChangeKind::Faster]);
}

#[test]
fn silence_is_told_of_what_is_invoked_again_and_again() {
    let blocks = |active: usize| -> Vec<Block> {
        let block = |number: usize| Block {
            invocations: u64::from(number < active) * 1_000,
            ..Block::default()
        };
        (0..BLOCKS).map(block).collect()
    };
    assert!(!is_silent_after(&blocks(1)), "a nightly run");
    assert!(is_silent_after(&blocks(20)));
    assert!(!is_silent_after(&[]));
}

fn change(kind: ChangeKind, before: f64, after: f64, failing: f64) -> Change {
    Change {
        kind,
        function: "shop".to_owned(),
        about: String::new(),
        before: Some(before),
        after: Some(after),
        at: None,
        failing,
    }
}

#[test]
fn what_fails_more_comes_first_and_then_the_greatest_change() {
    let changes = vec![
        change(ChangeKind::Slower, 1e8, 1.5e8, 0.0),
        change(ChangeKind::ErrorRate, 0.5, 0.1, 0.0),
        change(ChangeKind::Silent, 5_000.0, 0.0, 0.0),
        change(ChangeKind::ErrorRate, 0.1, 0.2, 0.1),
        change(ChangeKind::Faster, 8e8, 1e8, 0.0),
        change(ChangeKind::NewError, 0.0, 9.0, 0.3),
    ];
    let expected = [
        ChangeKind::NewError,
        ChangeKind::ErrorRate,
        ChangeKind::Silent,
        ChangeKind::Faster,
        ChangeKind::ErrorRate,
        ChangeKind::Slower,
    ];
    let order = ranked(changes.clone(), 100);
    assert_eq!(kinds(&order), expected);
    assert_eq!(kinds(&ranked(changes, 2)), expected[..2]);
}

fn any_block() -> impl Strategy<Value = Block> {
    let count = select(vec![0_u64, 1, 19, 20, 500, u32::MAX.into()]);
    let lengths = vec((-400_i16..2_000, 0_u64..1_000), 0..5);
    let cost = select(vec![None, Some(NanoDollars(0)), Some(NanoDollars(1 << 40))]);
    let length = select(vec![Nanos(0), Nanos(1), HOUR]);
    (count.clone(), count.clone(), count, lengths, cost, length).prop_map(
        |(invocations, errors, cold_starts, lengths, cost, length)| Block {
            length,
            invocations,
            errors,
            cold_starts,
            durations: lengths.into_iter().collect(),
            cost,
        },
    )
}

proptest! {
    #[test]
    fn two_stretches_that_are_the_same_have_no_change(blocks in vec(any_block(), 0..30)) {
        prop_assert_eq!(figures(&[activity("shop", blocks.clone(), blocks)]), []);
    }

    #[test]
    fn whatever_was_counted_figures_are_numbers_and_each_is_told_once(
        before in vec(any_block(), 0..30),
        after in vec(any_block(), 0..30),
    ) {
        let told = figures(&[activity("shop", before.clone(), after)]);
        for change in &told {
            let values = [change.before, change.after];
            prop_assert!(values.iter().flatten().all(|value| value.is_finite()), "{change:?}");
            prop_assert!((0.0..=1.0).contains(&change.failing));
            prop_assert!(change.before != change.after);
        }
        let few: u64 = before.iter().map(|block| block.invocations).sum();
        prop_assert!(few >= 20 || told.is_empty());
        let mut different = kinds(&told);
        different.sort_unstable();
        different.dedup();
        prop_assert_eq!(different.len(), told.len());
        prop_assert_eq!(ranked(told.clone(), 1).len(), told.len().min(1));
    }
}
