use coldtrace_model::Nanos;

use super::*;

const HOUR: u64 = 3_600_000_000_000;
const NOW: UnixNanos = UnixNanos(500_000 * HOUR);

fn acknowledged(number: u8, admitted_at: UnixNanos) -> Acknowledged {
    Acknowledged {
        key: ResendKey::Bytes([number; 16]),
        admitted_at,
        rejected: 0,
    }
}

/// What a process leaves that was killed after the clock had stepped an hour ahead and two hours back: its last request is
/// dated before all others.
#[test]
fn requests_of_a_clock_that_stepped_are_known_after_a_restart() {
    let resends = Resends::default();
    let last = acknowledged(3, NOW.minus(Nanos(HOUR)));
    let earlier = [
        acknowledged(1, NOW),
        acknowledged(2, NOW.plus(Nanos(HOUR))),
        last,
    ];
    resends.remember(&earlier, last.admitted_at);
    let claim = resends.claim(last.key, Instant::now(), Accepted::default());
    assert!(matches!(claim, Claim::Again(_)), "{claim:?}");
}

#[test]
fn requests_are_forgotten_in_steps_once_they_are_too_old() {
    let resends = Resends::default();
    let old = acknowledged(1, NOW.minus(Nanos::from(KEEP_BYTES)));
    let newer = acknowledged(2, NOW.minus(Nanos::from(KEEP_BYTES / 2)));
    resends.remember(&[old, newer], NOW);
    let is_known = |request: Acknowledged, now| {
        let claim = resends.claim(request.key, now, Accepted::default());
        matches!(claim, Claim::Again(_))
    };
    let now = Instant::now();
    // Up to a step longer than it must.
    assert!(is_known(old, now));
    let later = now + KEEP_BYTES / 2 + Duration::from_secs(1);
    assert!(!is_known(old, later));
    assert!(is_known(newer, later));
}
