use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::example;

const TIMING: Timing = Timing {
    wait: Nanos(0),
    interval: Nanos(MINUTE),
    repeat: Nanos(240 * MINUTE),
};

fn at(minutes: u64) -> UnixNanos {
    UnixNanos((10_000 + minutes) * MINUTE)
}

fn transition(alert: u8, number: u32) -> Transition {
    let change = match number % 2 {
        1 => Change::Firing,
        _ => Change::Resolved,
    };
    example::transition(&format!("{alert:016x}"), number, change)
}

fn group() -> Group {
    Group::new(Labels::from([("alertname".to_owned(), "x".to_owned())]))
}

fn told(message: Option<Message>) -> Option<(Kind, Vec<String>)> {
    let message = message?;
    let ids = message.transitions.into_iter().map(|one| one.id.0);
    Some((message.kind, ids.collect()))
}

fn loud(_: &Transition) -> bool {
    false
}

fn silent(_: &Transition) -> bool {
    true
}

fn id(alert: u8, number: u32) -> String {
    format!("{alert:016x}-{number}")
}

#[test]
fn the_first_is_told_at_once_and_the_next_together_after_the_interval() {
    let mut group = group();
    group.push(transition(1, 1), at(0));
    assert_eq!(
        told(group.step(TIMING, at(0), loud)),
        Some((Kind::Firing, vec![id(1, 1)]))
    );
    let soon = UnixNanos(at(1).0 - 1);
    for (alert, number) in [(1, 2), (2, 1), (1, 3)] {
        group.push(transition(alert, number), soon);
    }
    assert_eq!(told(group.step(TIMING, soon, loud)), None);
    let together = vec![id(1, 2), id(2, 1), id(1, 3)];
    assert_eq!(
        told(group.step(TIMING, at(1), loud)),
        Some((Kind::Firing, together))
    );
    assert_eq!(told(group.step(TIMING, at(3), loud)), None);
}

#[test]
fn what_is_silenced_is_told_when_the_silence_ends_if_it_still_fires() {
    let mut group = group();
    group.push(transition(1, 1), at(0));
    group.push(transition(2, 1), at(0));
    assert_eq!(told(group.step(TIMING, at(0), silent)), None);
    assert!(group.knows(&transition(2, 1).alert) && !group.knows(&transition(3, 1).alert));
    group.push(transition(2, 2), at(5));
    assert_eq!(told(group.step(TIMING, at(5), silent)), None);
    assert_eq!(
        told(group.step(TIMING, at(9), loud)),
        Some((Kind::Firing, vec![id(1, 1)])),
        "the other has ended, of which nobody knew"
    );
    group.push(transition(1, 2), at(11));
    assert_eq!(
        told(group.step(TIMING, at(11), silent)),
        Some((Kind::Resolved, vec![id(1, 2)])),
        "whoever was told of it is told of its end"
    );
    assert!(!group.is_idle(TIMING, at(11)) && group.is_idle(TIMING, at(12)));
}

#[test]
fn what_still_fires_is_told_again_after_the_repeat_interval() {
    let mut group = group();
    group.push(transition(1, 1), at(0));
    group.push(transition(2, 1), at(0));
    drop(group.step(TIMING, at(0), loud));
    assert_eq!(told(group.step(TIMING, at(239), loud)), None);
    let but_one = |one: &Transition| one.alert.0.ends_with('1');
    assert_eq!(
        told(group.step(TIMING, at(240), but_one)),
        Some((Kind::Repeated, vec![id(2, 1)]))
    );
    assert_eq!(told(group.step(TIMING, at(479), loud)), None);
}

#[test]
fn a_new_group_waits_for_others_if_it_is_to() {
    let timing = Timing {
        wait: Nanos(2 * MINUTE),
        ..TIMING
    };
    let mut group = group();
    group.push(transition(1, 1), at(0));
    assert_eq!(told(group.step(timing, at(1), loud)), None);
    group.push(transition(2, 1), at(1));
    let both = vec![id(1, 1), id(2, 1)];
    assert_eq!(
        told(group.step(timing, at(2), loud)),
        Some((Kind::Firing, both))
    );
}

#[test]
fn a_flood_comes_in_several_messages_that_do_not_wait() {
    let mut group = group();
    for alert in 0..=u8::MAX {
        group.push(transition(alert, 1), at(0));
    }
    let sizes = std::iter::from_fn(|| group.step(TIMING, at(0), loud));
    let sizes: Vec<usize> = sizes.map(|message| message.transitions.len()).collect();
    assert_eq!(sizes, [100, 100, 56]);
}

#[test]
fn an_id_is_that_of_the_message_and_its_part() {
    let mut group = group();
    group.push(transition(1, 1), at(0));
    let first = group.step(TIMING, at(0), loud).expect("a message");
    group.push(transition(1, 2), at(1));
    let second = group.step(TIMING, at(1), loud).expect("a message");
    let ids = [
        first.id("acme", "oncall", 0),
        first.id("acme", "oncall", 1),
        first.id("acme", "other", 0),
        first.id("other", "oncall", 0),
        second.id("acme", "oncall", 0),
    ];
    assert_eq!(first.id("acme", "oncall", 0), ids[0]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(!ids[0].contains('.'), "Standard Webhooks have it so");
}

#[test]
fn a_groups_name_is_written_as_prometheus_writes_labels() {
    let labels = Labels::from([
        ("alertname".to_owned(), "a \"b\"".to_owned()),
        ("function".to_owned(), "checkout".to_owned()),
        ("team".to_owned(), "x".to_owned()),
    ]);
    let by = ["alertname", "function", "zone"].map(str::to_owned);
    let group = group_of(&labels, &by);
    assert_eq!(
        group_key(&group),
        r#"{alertname="a \"b\"", function="checkout"}"#
    );
}

/// What happens in a run: to an alert, to a silence, or to time.
#[derive(Clone, Copy, Debug)]
enum Event {
    Turn(u8),
    Mute(u8),
    Pass(u64),
    Restart,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..4_u8).prop_map(Event::Turn),
        2 => (0..4_u8).prop_map(Event::Mute),
        4 => (0..90_u64).prop_map(Event::Pass),
        1 => Just(Event::Restart),
    ];
    prop::collection::vec(event, 0..80)
}

/// Runs a group through events, and at the end until there is nothing to tell. What was told when, by whom it was muted.
fn run(events: &[Event], does_restart: bool) -> (Vec<Message>, Vec<Transition>, Group) {
    let mut group = group();
    let mut numbers = [0_u32; 4];
    let mut muted = BTreeSet::new();
    let mut now = at(0);
    let (mut messages, mut happened) = (Vec::new(), Vec::new());
    for event in events {
        match *event {
            Event::Turn(alert) => {
                numbers[usize::from(alert)] += 1;
                let transition = transition(alert, numbers[usize::from(alert)]);
                happened.push(transition.clone());
                group.push(transition, now);
            }
            Event::Mute(alert) => {
                if !muted.remove(&format!("{alert:016x}")) {
                    muted.insert(format!("{alert:016x}"));
                }
            }
            Event::Pass(seconds) => now = now.plus(Nanos(seconds * MINUTE / 60)),
            Event::Restart if does_restart => {
                let kept = serde_json::to_string(&group).expect("JSON");
                group = serde_json::from_str(&kept).expect("its own form");
            }
            Event::Restart => {}
        }
        let is_muted = |one: &Transition| muted.contains(&one.alert.0);
        messages.extend(std::iter::from_fn(|| group.step(TIMING, now, is_muted)));
    }
    let after = now.plus(TIMING.interval);
    let is_muted = |one: &Transition| muted.contains(&one.alert.0);
    messages.extend(std::iter::from_fn(|| group.step(TIMING, after, is_muted)));
    (messages, happened, group)
}

proptest! {
    #[test]
    fn every_beginning_is_told_once_and_its_end_exactly_if_it_was(events in events()) {
        let (messages, happened, group) = run(&events, false);
        let news = messages.iter().filter(|message| message.kind != Kind::Repeated);
        let news: Vec<&Transition> = news.flat_map(|message| &message.transitions).collect();
        let ids: BTreeSet<&str> = news.iter().map(|one| one.id.0.as_str()).collect();
        prop_assert_eq!(ids.len(), news.len(), "none is told twice");
        for alert in 0..4_u8 {
            let alert = format!("{alert:016x}");
            let of_alert: Vec<&&Transition> = news.iter().filter(|one| one.alert.0 == alert).collect();
            let order: Vec<usize> = of_alert
                .iter()
                .map(|told| happened.iter().position(|one| one.id == told.id).expect("it happened"))
                .collect();
            prop_assert!(order.is_sorted(), "in the order in which it happened");
            for (number, one) in of_alert.iter().enumerate() {
                let expected = [Change::Firing, Change::Resolved][number % 2];
                prop_assert_eq!(one.change, expected, "a beginning, its end, the next beginning");
            }
            for pair in of_alert.chunks(2) {
                if let [begin, end] = pair {
                    prop_assert_eq!(begin.since, end.since, "the end is of that beginning");
                }
            }
            let fires = happened.iter().rfind(|one| one.alert.0 == alert).is_some_and(|one| one.change == Change::Firing);
            let believed = group.firing().any(|one| one.alert.0 == alert);
            prop_assert!(!believed || fires, "an end that is due was told");
        }
    }

    #[test]
    fn where_nothing_is_silenced_everything_is_told(events in events()) {
        let events: Vec<Event> = events.into_iter().filter(|event| !matches!(event, Event::Mute(_))).collect();
        let (messages, happened, _) = run(&events, false);
        let news = messages.into_iter().filter(|message| message.kind != Kind::Repeated);
        let told: Vec<Transition> = news.flat_map(|message| message.transitions).collect();
        prop_assert_eq!(told, happened);
    }

    #[test]
    fn being_kept_and_read_again_changes_nothing(events in events()) {
        let (straight, ..) = run(&events, false);
        let (restarted, ..) = run(&events, true);
        prop_assert_eq!(straight, restarted);
    }
}
