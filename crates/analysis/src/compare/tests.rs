use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn sides(selected: u64, rest: u64) -> Sides {
    let side = |count: u64, each: u64| Side {
        count,
        timed: count,
        duration: u128::from(count * each),
    };
    Sides {
        selected: side(selected, 300),
        rest: side(rest, 100),
    }
}

/// A key of this number whose values are numbered behind it.
fn key(key: u64, counts: &[(u64, u64)]) -> KeyCounts {
    let of = |&(selected, rest): &(u64, u64)| Frequency { selected, rest };
    let frequencies: Vec<Frequency> = counts.iter().map(of).collect();
    KeyCounts {
        key,
        all: Frequency {
            selected: frequencies.iter().map(|it| it.selected).sum(),
            rest: frequencies.iter().map(|it| it.rest).sum(),
        },
        distinct: counts.len() as u64,
        values: (key * 100..).zip(frequencies).collect(),
    }
}

fn told(found: &[Difference]) -> Vec<(u64, KeyValue)> {
    found.iter().map(|one| (one.key, one.value)).collect()
}

#[test]
fn what_the_selected_have_more_often_is_told_the_most_telling_first() {
    let keys = [
        key(1, &[(900, 1_000), (100, 18_000)]),
        key(2, &[(500, 9_500), (500, 9_500)]),
        // Of the others nothing is known.
        key(3, &[(400, 19_000)]),
    ];
    let found = differences(&sides(1_000, 19_000), &keys, 10);
    assert_eq!(
        told(&found),
        [(1, KeyValue::Value(100)), (3, KeyValue::Absent)]
    );
    let first = found[0];
    assert_eq!(first.share_selected, 0.9);
    assert_eq!(first.lift, Some(0.9 / (1.0 / 19.0)));
    assert!(first.z > 80.0 && first.p < 1e-100, "{first:?}");
    assert_eq!(found[1].lift, None, "none of the rest is without");
}

#[test]
fn ids_and_what_chance_gives_are_not_told() {
    let ids: Vec<(u64, u64)> = (0..1_000).map(|_| (1, 0)).collect();
    let keys = [
        key(1, &ids),
        key(2, &[(502, 9_500), (498, 9_500)]),
        key(3, &[(3, 6), (997, 18_994)]),
    ];
    assert_eq!(differences(&sides(1_000, 19_000), &keys, 10), []);
}

#[test]
fn an_empty_side_has_no_differences() {
    let keys = [key(1, &[(10, 0)])];
    assert_eq!(differences(&sides(10, 0), &keys, 10), []);
    assert_eq!(differences(&sides(0, 10), &keys, 10), []);
}

/// Those with these values, of whom each of the selected takes 300.
fn pattern(values: u64, selected: u64, rest: u64) -> Pattern {
    Pattern {
        values,
        count: selected + rest,
        selected,
        duration: u128::from(selected) * 300,
    }
}

#[test]
fn what_the_same_invocations_have_is_told_once_with_what_it_explains() {
    let keys = [
        key(1, &[(900, 1_000)]),
        key(2, &[(890, 1_000)]),
        key(3, &[(600, 1_000)]),
    ];
    let mut sides = sides(1_000, 19_000);
    let found = differences(&sides, &keys, 10);
    let patterns = [
        pattern(0b111, 600, 1_000),
        pattern(0b011, 290, 0),
        pattern(0b001, 10, 0),
        pattern(0, 100, 18_000),
    ];
    let folded = fold(&sides, found.clone(), &patterns);
    let told: Vec<_> = folded
        .iter()
        .map(|it| (it.first, it.also.clone()))
        .collect();
    assert_eq!(told, [(found[0], vec![found[1]]), (found[2], Vec::new())]);
    // All of the selected take longer: these nine tenths, of which one in nineteen would have the value anyway.
    let explains = folded[0].explains.expect("all durations are known");
    assert!((explains - (0.9 - 1.0 / 19.0)).abs() < 1e-9, "{explains}");
    sides.rest.timed -= 1;
    assert_eq!(fold(&sides, found, &patterns)[0].explains, None);
}

/// Counts of all sizes, those that contradict each other as well.
fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![0..30_u64, 0..1_000_000_u64, Just(u64::MAX / 4)]
}

fn any_frequency() -> impl Strategy<Value = Frequency> {
    (any_count(), any_count()).prop_map(|(selected, rest)| Frequency { selected, rest })
}

fn any_key() -> impl Strategy<Value = KeyCounts> {
    (
        0..9_u64,
        any_frequency(),
        0..1_000_u64,
        vec(any_frequency(), 0..8),
    )
        .prop_map(|(key, all, distinct, values)| KeyCounts {
            key,
            all,
            distinct,
            values: (key * 100..).zip(values).collect(),
        })
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    (any::<u64>(), any_count(), any_count(), any_count()).prop_map(
        |(values, count, selected, duration)| Pattern {
            values,
            count,
            selected,
            duration: duration.into(),
        },
    )
}

fn any_sides() -> impl Strategy<Value = Sides> {
    let side = || {
        (any_count(), any_count(), any_count()).prop_map(|(count, timed, duration)| Side {
            count,
            timed,
            duration: duration.into(),
        })
    };
    (side(), side()).prop_map(|(selected, rest)| Sides { selected, rest })
}

proptest! {
    #[test]
    fn whatever_is_counted_every_number_is_one(
        sides in any_sides(),
        keys in vec(any_key(), 0..8),
        patterns in vec(any_pattern(), 0..8),
    ) {
        let found = differences(&sides, &keys, 100);
        for one in &found {
            prop_assert!((0.0..=1.0).contains(&one.share_selected), "{one:?}");
            prop_assert!((0.0..=1.0).contains(&one.share_rest), "{one:?}");
            prop_assert!((0.0..=1.0).contains(&one.p), "{one:?}");
            prop_assert!((0.0..=1.0).contains(&one.score), "{one:?}");
            prop_assert!(one.z.is_finite() && one.z >= 0.0, "{one:?}");
            prop_assert!(one.lift.is_none_or(|lift| lift.is_finite() && lift >= 1.0), "{one:?}");
        }
        for one in fold(&sides, found, &patterns) {
            prop_assert!(one.explains.is_none_or(|share| (0.0..=1.0).contains(&share)), "{one:?}");
        }
    }

    #[test]
    fn the_order_in_which_counts_come_does_not_matter(
        sides in any_sides(),
        keys in vec(any_key(), 0..8),
        turns in 0..8_usize,
    ) {
        // Of each key one: two that contradict each other have no order.
        let mut keys = keys;
        keys.sort_by_key(|one| one.key);
        keys.dedup_by_key(|one| one.key);
        let found = differences(&sides, &keys, 50);
        let turned = turns.min(keys.len());
        keys.rotate_left(turned);
        keys.iter_mut().for_each(|one| one.values.reverse());
        prop_assert_eq!(differences(&sides, &keys, 50), found);
    }
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn where_labels_are_shuffled_nothing_is_found() {
    const TRIALS: usize = 200;
    const ROWS: usize = 4_000;
    let mut dice = Dice(17);
    let mut silent = 0;
    for _ in 0..TRIALS {
        let mut keys: Vec<KeyCounts> = Vec::new();
        let mut sides = Sides::default();
        let labels: Vec<bool> = (0..ROWS).map(|_| dice.below(20) == 0).collect();
        for &is_selected in &labels {
            let side = match is_selected {
                true => &mut sides.selected,
                false => &mut sides.rest,
            };
            side.count += 1;
            side.timed += 1;
        }
        for number in 0..12_u64 {
            // From two values to as many as there are rows, few of them frequent.
            let spread = (2 << number).min(ROWS as u64);
            let mut counts: Vec<(u64, u64)> = vec![(0, 0); spread as usize];
            for &is_selected in &labels {
                let bound = dice.below(spread) + 1;
                let count = &mut counts[dice.below(bound) as usize];
                match is_selected {
                    true => count.0 += 1,
                    false => count.1 += 1,
                }
            }
            counts.retain(|&(selected, rest)| selected + rest > 0);
            keys.push(key(number, &counts));
        }
        silent += usize::from(differences(&sides, &keys, 50).is_empty());
    }
    assert!(silent * 100 >= TRIALS * 95, "{silent} of {TRIALS}");
}
