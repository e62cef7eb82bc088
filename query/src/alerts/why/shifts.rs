//! Where the time went otherwise than before, by parts of critical paths.

use std::collections::BTreeMap;

use coldtrace_alerts::PathShift;
use coldtrace_analysis::{Category, SegmentKey};
use coldtrace_model::Nanos;

use crate::compare::PathParts;

/// Shifts that are told.
const MOST: usize = 3;
/// What differs by less than this share of the longer path is not worth a line.
const LEAST_SHARE: f64 = 0.02;

/// The largest differences between two sides, of which the first is now and the second before. Without one of them there are none.
pub(super) fn longest([now, before]: &[PathParts; 2]) -> Vec<PathShift> {
    if now.looked_at == 0 || before.looked_at == 0 {
        return Vec::new();
    }
    let mut means: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (side, parts) in [now, before].into_iter().enumerate() {
        for sum in &parts.sums {
            let mean = sum.total.0 / parts.looked_at as u64;
            let told = means.entry(what(&sum.key)).or_default();
            told[side] = told[side].saturating_add(mean);
        }
    }
    let whole = |side: usize| means.values().map(|told| told[side] as f64).sum::<f64>();
    let least = whole(0).max(whole(1)) * LEAST_SHARE;
    let mut shifts: Vec<PathShift> = means
        .into_iter()
        .map(|(what, [now, before])| PathShift {
            what,
            before: Nanos(before),
            now: Nanos(now),
        })
        .filter(|shift| difference(shift) as f64 > least)
        .collect();
    // Of those that are alike, by name.
    shifts.sort_by_key(|shift| std::cmp::Reverse(difference(shift)));
    shifts.truncate(MOST);
    shifts
}

fn difference(shift: &PathShift) -> u64 {
    shift.now.0.abs_diff(shift.before.0)
}

/// A part for people. Parts whose words are the same are one.
fn what(
    SegmentKey {
        category,
        service,
        name,
    }: &SegmentKey,
) -> String {
    let told = match category {
        Category::Downstream if name.is_empty() => "other calls",
        Category::Downstream => return called(name, service),
        Category::Handler if name.is_empty() => "other work of its own",
        Category::Handler => return format!("{name} (its own work)"),
        Category::QueueWait if service.is_empty() => "wait in a queue",
        Category::QueueWait => return format!("wait in {service} (queue)"),
        Category::Init => "start of the sandbox",
        Category::ExtensionInit => "start of extensions",
        Category::RuntimeInit => "load of runtime and module",
        Category::Restore => "restore of the snapshot",
        Category::RuntimeOverhead => "end of the runtime",
        Category::ExtensionOverhead => "end of extensions",
    };
    told.to_owned()
}

/// A call with whom it called, unless its name says so.
fn called(name: &str, service: &str) -> String {
    match service.is_empty() || name.contains(service) {
        true => format!("{name} (call)"),
        false => format!("{name} (call of {service})"),
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_analysis::{Example, SegmentSum};

    use super::*;

    fn side(looked_at: usize, parts: &[(Category, &str, &str, u64)]) -> PathParts {
        let sums = parts
            .iter()
            .map(|&(category, service, name, millis)| SegmentSum {
                key: SegmentKey {
                    category,
                    service: service.to_owned(),
                    name: name.to_owned(),
                },
                example: Example::default(),
                total: Nanos::from_millis(millis * looked_at as u64),
                invocations: looked_at as u64,
            });
        PathParts {
            looked_at,
            sums: sums.collect(),
        }
    }

    fn told(sides: &[PathParts; 2]) -> Vec<(String, u64, u64)> {
        let millis = |length: Nanos| length.0 / 1_000_000;
        let shifts = longest(sides).into_iter();
        shifts
            .map(|shift| (shift.what, millis(shift.before), millis(shift.now)))
            .collect()
    }

    #[test]
    fn the_largest_differences_are_told_whichever_way_they_go() {
        use Category::{Downstream, Handler, Init};
        let now = side(
            10,
            &[
                (Downstream, "payments", "POST /charge", 900),
                (Downstream, "db", "SELECT db", 12),
                (Handler, "checkout", "buy", 40),
                (Init, "", "init", 200),
            ],
        );
        let before = side(
            200,
            &[
                (Downstream, "payments", "POST /charge", 50),
                (Downstream, "db", "SELECT db", 10),
                (Handler, "checkout", "buy", 300),
                (Downstream, "old", "GET /rates", 700),
            ],
        );
        let expected = [
            ("POST /charge (call of payments)".to_owned(), 50, 900),
            ("GET /rates (call of old)".to_owned(), 700, 0),
            ("buy (its own work)".to_owned(), 300, 40),
        ];
        assert_eq!(told(&[now, before]), expected);
    }

    #[test]
    fn what_is_nearly_the_same_is_not_told_nor_anything_of_one_side_alone() {
        let work = |millis| (Category::Handler, "checkout", "buy", millis);
        let call = |millis| (Category::Downstream, "", "SELECT", millis);
        let sides = [
            side(3, &[work(1_000), call(100)]),
            side(3, &[work(990), call(40)]),
        ];
        assert_eq!(told(&sides), [("SELECT (call)".to_owned(), 40, 100)]);
        for sides in [
            [side(3, &[work(9)]), PathParts::default()],
            [PathParts::default(), side(3, &[work(9)])],
        ] {
            assert_eq!(told(&sides), []);
        }
    }

    #[test]
    fn parts_that_are_called_alike_are_one() {
        let now = side(
            1,
            &[
                (Category::Init, "", "init", 100),
                (Category::Init, "", "", 20),
            ],
        );
        let before = side(1, &[(Category::Init, "", "init", 5)]);
        assert_eq!(
            told(&[now, before]),
            [("start of the sandbox".to_owned(), 5, 120)]
        );
    }
}
