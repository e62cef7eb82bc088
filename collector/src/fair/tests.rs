use proptest::prelude::*;

use super::*;

const MIB: u64 = 1 << 20;

fn tenant(name: &str) -> Tenant {
    Tenant::parse(name).expect("a tenant")
}

/// A ring with keys of these tenants, and limits for some.
fn ring(tenants: &[&str], limits: &[(&str, Limits)]) -> Ring {
    use coldtrace_control::{Db, NewKey, Scope};
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    for name in tenants {
        let key = NewKey {
            name: String::new(),
            tenant: tenant(name),
            scope: Scope::Ingest,
            expires: None,
        };
        db.create(&key, coldtrace_model::UnixNanos(1))
            .expect("a key");
    }
    for (name, limits) in limits {
        db.set_limits(&tenant(name), *limits).expect("limits");
    }
    db.ring().expect("a ring")
}

fn fair() -> Fair {
    Fair::new(&Registry::new())
}

fn is_overloaded<T: std::fmt::Debug>(entered: &Result<T, Refusal>) -> bool {
    matches!(entered, Err(Refusal::Overloaded { .. }))
}

#[test]
fn a_greedy_tenant_leaves_requests_for_others() {
    let (fair, ring) = (fair(), ring(&["greedy", "other"], &[]));
    let mut held = Vec::new();
    while let Ok(sender) = fair.enter(tenant("greedy"), &ring) {
        held.push(sender);
    }
    assert!(held.len() as u64 > IN_FLIGHT * 3 / 4, "{}", held.len());
    let others: Vec<Sender> = (0..IN_FLIGHT / 10)
        .map(|_| fair.enter(tenant("other"), &ring).expect("room for others"))
        .collect();
    assert!(is_overloaded(&fair.enter(tenant("greedy"), &ring)));
    drop((held, others));
    fair.enter(tenant("greedy"), &ring)
        .expect("all is given back");
}

#[test]
fn a_tenant_alone_may_have_everything() {
    let (fair, ring) = (fair(), ring(&["only"], &[]));
    let senders: Vec<Sender> = (0..IN_FLIGHT * 2)
        .map(|_| {
            fair.enter(tenant("only"), &ring)
                .expect("nobody to share with")
        })
        .collect();
    assert!(senders[0].memory().try_grow(128 * MIB, 128 * MIB));
    let level = LogLevel {
        held: 0,
        cap: 100 * MIB,
    };
    assert_eq!(senders[0].take_log(100 * MIB, level), Ok(()));
}

#[test]
fn a_greedy_tenant_leaves_memory_and_log_for_others() {
    let (fair, ring) = (fair(), ring(&["greedy", "other"], &[]));
    let greedy = fair.enter(tenant("greedy"), &ring).expect("let in");
    let other = fair.enter(tenant("other"), &ring).expect("let in");
    let (mut memory, mut log) = (0, 0);
    let mut held = Vec::new();
    loop {
        let mut more = greedy.memory();
        if !more.try_grow(MIB, 128 * MIB - memory) {
            break;
        }
        memory += MIB;
        held.push(more);
    }
    assert!((100 * MIB..=103 * MIB).contains(&memory), "{memory}");
    assert!(other.memory().try_grow(20 * MIB, 128 * MIB - memory));
    drop(held);
    assert!(greedy.memory().try_grow(MIB, 128 * MIB), "given back");

    let cap = 2_048 * MIB;
    while greedy.take_log(MIB, LogLevel { held: log, cap }).is_ok() {
        log += MIB;
    }
    assert!((1_630 * MIB..=1_640 * MIB).contains(&log), "{log}");
    let level = LogLevel { held: log, cap };
    assert_eq!(other.take_log(300 * MIB, level), Ok(()));
    // The store took the oldest.
    let level = LogLevel { held: cap / 4, cap };
    assert_eq!(greedy.take_log(MIB, level), Ok(()));
}

#[test]
fn a_share_of_the_log_that_was_set_holds_for_a_tenant_alone_too() {
    let limits = Limits {
        log_share: Some(10),
        ..Limits::default()
    };
    let (fair, ring) = (fair(), ring(&["only"], &[("only", limits)]));
    let sender = fair.enter(tenant("only"), &ring).expect("let in");
    let level = |held| LogLevel {
        held,
        cap: 100 * MIB,
    };
    assert_eq!(sender.take_log(9 * MIB, level(0)), Ok(()));
    assert!(is_overloaded(&sender.take_log(2 * MIB, level(9 * MIB))));
    assert_eq!(sender.take_log(MIB, level(9 * MIB)), Ok(()));
}

#[test]
fn a_quota_is_one_tenants_own_and_says_when_to_come_again() {
    let limits = Limits {
        spans_per_second: Some(10),
        ..Limits::default()
    };
    let (fair, ring) = (fair(), ring(&["a", "b"], &[("a", limits)]));
    let sender = fair.enter(tenant("a"), &ring).expect("let in");
    sender.charge(0, 40);
    let refused = fair.enter(tenant("a"), &ring).expect_err("in debt");
    let again = refused.retry_after().expect("RetryInfo");
    assert!((1.9..2.1).contains(&again.as_secs_f64()), "{again:?}");
    fair.enter(tenant("b"), &ring)
        .expect("none of b's business");
}

/// Takes one by one for as long as the rule lets it.
fn fill(held: &mut [u64], number: usize, cap: u64) {
    while leaves_room(held[number], 1, cap - held.iter().sum::<u64>()) {
        held[number] += 1;
    }
}

#[test]
fn who_comes_late_soon_has_about_as_much_as_who_was_first() {
    let cap = 9_000;
    let mut held = [0, 0];
    fill(&mut held, 0, cap);
    assert_eq!(held[0], cap / 5 * 4, "the first alone");
    for _ in 0..50 {
        // A tenth is done, of each; the greedy one is always quicker to ask.
        held.iter_mut().for_each(|held| *held -= *held / 10);
        fill(&mut held, 0, cap);
        fill(&mut held, 1, cap);
    }
    let is_fair = |held: &u64| (cap / 3..=cap * 3 / 5).contains(held);
    assert!(held.iter().all(is_fair), "{held:?}");
}

/// The most that is asked for at once.
const ASK: u64 = 100;

proptest! {
    #[test]
    fn something_is_always_left_for_who_comes_next(
        asks in prop::collection::vec((0_usize..3, 1..=ASK), 1..3_000),
    ) {
        let cap = 100_000_u64;
        let mut held = [0; 3];
        let free = |held: &[u64]| cap - held.iter().sum::<u64>();
        for (number, more) in asks {
            if leaves_room(held[number], more, free(&held)) {
                held[number] += more;
            }
            // Each leaves a fifth of what it finds, and one ask less where it held nothing.
            prop_assert!(free(&held) >= cap / 125 - 3 * ASK, "{held:?}");
        }
    }
}
