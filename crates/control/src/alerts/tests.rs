use std::time::Duration;

use super::*;

const NOW: UnixNanos = UnixNanos(1_800_000_000_000_000_000);
const DAY: u64 = 24 * 3_600 * 1_000_000_000;

fn later(seconds: u64) -> UnixNanos {
    UnixNanos(NOW.0 + seconds * 1_000_000_000)
}

fn acme() -> Tenant {
    Tenant::parse("acme").expect("a tenant")
}

fn other() -> Tenant {
    Tenant::parse("other").expect("a tenant")
}

fn new_channel(name: &str) -> NewChannel {
    NewChannel {
        name: name.to_owned(),
        kind: "webhook".to_owned(),
        settings: "{}".to_owned(),
        secrets: Some(Secrets(r#"{"url":"https://hunter2.example"}"#.to_owned())),
        disabled_reason: None,
    }
}

fn opened(folder: &tempfile::TempDir) -> Db {
    let mut db = Db::open(folder.path()).expect("a database");
    for channel in ["c1", "c2"] {
        let new = new_channel(channel);
        db.create_channel(&acme(), channel, &new, NOW)
            .expect("a channel");
    }
    db
}

fn evaluation(minute: u64) -> Evaluation {
    let id = format!("a1-{minute}");
    let entry = |channel: &str| NewEntry {
        id: format!("msg_{channel}_{minute}"),
        channel: channel.to_owned(),
        key: "g".to_owned(),
        body: "{}".to_owned(),
        summary: format!("minute {minute}"),
        transitions: "[]".to_owned(),
    };
    Evaluation {
        tenant: acme(),
        until: Some(later(60 * minute)),
        now: later(60 * minute),
        states: vec![AlertState {
            alert: "a1".to_owned(),
            rule: "r1".to_owned(),
            state: format!("{minute}"),
        }],
        ended: Vec::new(),
        transitions: vec![NewTransition {
            id,
            alert: "a1".to_owned(),
            rule: "r1".to_owned(),
            at: later(60 * minute),
            body: "{}".to_owned(),
        }],
        groups: vec![NoticeGroup {
            channel: "c1".to_owned(),
            key: "g".to_owned(),
            state: Some(format!("{minute}")),
        }],
        outbox: vec![entry("c1"), entry("c2"), entry("gone")],
    }
}

fn attempt(at: UnixNanos) -> Attempt {
    Attempt {
        at,
        took: Duration::from_millis(12),
        request: "{}".to_owned(),
        status: Some(503),
        answer: "later".to_owned(),
        error: None,
    }
}

fn due(db: &Db, now: UnixNanos) -> Vec<String> {
    let due = db.due(now, 10).expect("it is read");
    due.into_iter().map(|entry| entry.id).collect()
}

#[test]
fn an_evaluation_is_kept_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    db.commit(&evaluation(1)).expect("kept");
    assert!(
        matches!(db.commit(&evaluation(1)), Err(DbError::Evaluated)),
        "not twice"
    );
    let mut twice = evaluation(2);
    twice.transitions[0].id = "a1-1".to_owned();
    assert!(db.commit(&twice).is_err(), "the transition was there");
    let db = Db::open(folder.path()).expect("it is opened again");
    assert_eq!(db.evaluated(&acme()).expect("read"), Some(later(60)));
    assert_eq!(db.evaluated(&other()).expect("read"), None);
    assert_eq!(db.alert_states(&acme()).expect("read")[0].state, "1");
    let groups = db.notice_groups(&acme()).expect("read");
    assert_eq!(groups[0].state.as_deref(), Some("1"));
    assert_eq!(
        due(&db, later(60)),
        ["msg_c1_1", "msg_c2_1"],
        "nothing for a channel that is not there"
    );
    assert!(db.notice_groups(&other()).expect("read").is_empty());
}

#[test]
fn what_is_first_goes_first_within_its_group_and_holds_up_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    for minute in 1..=3 {
        db.commit(&evaluation(minute)).expect("kept");
    }
    let again = Outcome::Again(later(1_000));
    db.record(&acme(), "msg_c1_1", &attempt(later(200)), &again)
        .expect("kept");
    assert_eq!(due(&db, later(999)), ["msg_c2_1"], "the first of c1 waits");
    assert_eq!(due(&db, later(1_000)), ["msg_c2_1", "msg_c1_1"]);
    db.record(
        &acme(),
        "msg_c2_1",
        &attempt(later(300)),
        &Outcome::Delivered,
    )
    .expect("kept");
    db.record(
        &acme(),
        "msg_c1_1",
        &attempt(later(1_000)),
        &Outcome::Failed,
    )
    .expect("kept");
    assert_eq!(due(&db, later(1_000)), ["msg_c1_2", "msg_c2_2"]);
    assert!(db.is_waiting(&acme(), "c1", "g").expect("read"));
    let told = db.delivery(&acme(), "msg_c1_1").expect("read");
    let (delivery, body, attempts) = told.expect("it is there");
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Failed, 2)
    );
    assert_eq!((body.as_deref(), attempts.len()), (Some("{}"), 2));
    assert_eq!(attempts[0], attempt(later(200)));
    assert!(db.delivery(&other(), "msg_c1_1").expect("read").is_none());
    assert!(db.replay(&other(), "msg_c1_1", NOW).is_err());
    db.replay(&acme(), "msg_c1_1", later(2_000)).expect("kept");
    assert_eq!(due(&db, later(2_000)), ["msg_c2_2", "msg_c1_1"]);
}

#[test]
fn a_channel_that_is_gone_is_sent_nothing_until_somebody_changes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    db.commit(&evaluation(1)).expect("kept");
    let gone = Outcome::Disabled("410 Gone".to_owned());
    db.record(&acme(), "msg_c1_1", &attempt(later(61)), &gone)
        .expect("kept");
    assert_eq!(due(&db, later(5_000)), ["msg_c2_1"]);
    let channel = db.channel(&acme(), "c1").expect("read").expect("a channel");
    assert_eq!(channel.disabled_reason.as_deref(), Some("410 Gone"));
    let mut new = new_channel("c1");
    new.secrets = None;
    db.update_channel(&acme(), "c1", &new, later(70))
        .expect("kept");
    let found = db.due(later(5_000), 10).expect("read");
    assert_eq!(found.len(), 2);
    assert!(
        found[0].secrets.reveal().contains("hunter2"),
        "secrets that are not replaced stay"
    );
    let standing = |db: &Db| db.standing("webhook").expect("read").len();
    assert_eq!(standing(&db), 0, "something waits for its group");
    db.record(
        &acme(),
        "msg_c1_1",
        &attempt(later(80)),
        &Outcome::Delivered,
    )
    .expect("kept");
    assert_eq!(standing(&db), 1);
    db.delete_channel(&acme(), "c1", later(90))
        .expect("removed");
    assert_eq!(due(&db, later(5_000)), ["msg_c2_1"]);
    assert!(db.notice_groups(&acme()).expect("read").is_empty());
}

#[test]
fn what_waits_for_a_channel_that_is_removed_is_cancelled_and_stays_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    for minute in [1, 2] {
        db.commit(&evaluation(minute)).expect("kept");
    }
    db.record(&acme(), "msg_c1_1", &attempt(later(90)), &Outcome::Failed)
        .expect("kept");
    let channel = db.channel(&acme(), "c1").expect("read").expect("a channel");
    assert_eq!(channel.waiting, 1);
    let of_c1 = |db: &Db, state| {
        let asked = Deliveries {
            channel: Some("c1"),
            state,
            limit: 10,
            ..Deliveries::default()
        };
        let listed = db.deliveries(&acme(), &asked).expect("read");
        let count = db.count_deliveries(&acme(), &asked).expect("read");
        assert_eq!(listed.len(), count);
        listed
    };
    let waits = of_c1(&db, Some(DeliveryState::Waiting));
    assert_eq!((waits.len(), waits[0].due), (1, Some(later(120))));
    assert_eq!(waits[0].last_status, None);
    assert_eq!(waits[0].summary, "minute 2");
    db.delete_channel(&acme(), "c1", later(130))
        .expect("removed");
    let all = of_c1(&db, None);
    let told: Vec<_> = all
        .iter()
        .map(|one| (one.channel_name.as_str(), one.state, one.last_status))
        .collect();
    assert_eq!(
        told,
        [
            ("c1", DeliveryState::Cancelled, None),
            ("c1", DeliveryState::Failed, Some(503))
        ]
    );
    assert_eq!((all[0].due, all[0].ended), (None, Some(later(130))));
    // What was under way then has nothing to say any more.
    let again = Outcome::Again(later(1_000));
    db.record(&acme(), "msg_c1_2", &attempt(later(140)), &again)
        .expect("left alone");
    assert_eq!(of_c1(&db, None)[0].state, DeliveryState::Cancelled);
}

#[test]
fn what_is_tried_is_in_the_log_and_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    let entry = NewEntry {
        id: "msg_trial".to_owned(),
        channel: "c1".to_owned(),
        key: "g".to_owned(),
        body: "{}".to_owned(),
        summary: "a test".to_owned(),
        transitions: "[]".to_owned(),
    };
    db.log(&acme(), &entry, &attempt(later(1)), false)
        .expect("kept");
    let told = db.delivery(&acme(), "msg_trial").expect("read");
    let (delivery, body, attempts) = told.expect("it is there");
    assert_eq!(
        (delivery.state, delivery.attempts, delivery.last_status),
        (DeliveryState::Failed, 1, Some(503))
    );
    assert_eq!((body.as_deref(), attempts.len()), (Some("{}"), 1));
    assert_eq!(due(&db, later(5_000)), [""; 0]);
}

#[test]
fn secrets_are_in_no_list_and_not_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    db.commit(&evaluation(1)).expect("kept");
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        db.channels(&acme()).expect("read"),
        db.channel_secrets(&acme(), "c1").expect("read"),
        db.due(later(60), 1).expect("read"),
        new_channel("c3"),
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(db.channel_secrets(&other(), "c1").expect("read").is_none());
    let same_name = db.create_channel(&acme(), "c3", &new_channel("c1"), NOW);
    assert!(matches!(same_name, Err(DbError::Taken(name)) if name == "c1"));
}

#[test]
fn rules_and_silences_belong_to_their_tenant() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    db.create_rule(&acme(), "r1", "{}", true, NOW)
        .expect("kept");
    db.update_rule(&acme(), "r1", "[]", false, later(1))
        .expect("kept");
    let rule = db.rule(&acme(), "r1").expect("read").expect("a rule");
    assert_eq!((rule.definition.as_str(), rule.enabled), ("[]", false));
    assert_eq!((rule.created, rule.updated), (NOW, later(1)));
    assert_eq!(db.rules(&other()).expect("read"), []);
    assert!(matches!(
        db.delete_rule(&other(), "r1"),
        Err(DbError::NoSuch { what: "rule", .. })
    ));
    assert_eq!(db.tenants_with_alerts().expect("read"), [acme()]);
    db.delete_rule(&acme(), "r1").expect("removed");
    let silence = KeptSilence {
        id: "s1".to_owned(),
        definition: "{}".to_owned(),
        starts: NOW,
        ends: later(100),
        created: NOW,
    };
    db.create_silence(&acme(), &silence).expect("kept");
    assert!(db.expire_silence(&other(), "s1", later(5)).is_err());
    db.expire_silence(&acme(), "s1", later(5)).expect("kept");
    assert_eq!(db.silences(&acme()).expect("read")[0].ends, later(5));
}

#[test]
fn history_comes_in_pages_the_newest_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    for minute in 1..=5 {
        db.commit(&evaluation(minute)).expect("kept");
    }
    let page = |alert, before| {
        let asked = Transitions {
            alert,
            before,
            limit: 2,
            ..Transitions::default()
        };
        let page = db.transitions(&acme(), &asked).expect("read");
        let ids: Vec<String> = page.iter().map(|one| one.id.clone()).collect();
        (ids, page.last().map(|one| one.number))
    };
    let (first, last) = page(None, None);
    assert_eq!(first, ["a1-5", "a1-4"]);
    assert_eq!(page(Some("a1"), last).0, ["a1-3", "a1-2"]);
    assert_eq!(page(Some("a2"), None).0, [""; 0]);
    let count = |alert, rule| {
        let asked = Transitions {
            alert,
            rule,
            limit: 9,
            before: None,
        };
        let listed = db.transitions(&acme(), &asked).expect("read").len() as u64;
        assert_eq!(db.transition_count(&acme(), &asked).expect("read"), listed);
        listed
    };
    assert_eq!(count(None, None), 5);
    assert_eq!(count(None, Some("r1")), 5);
    assert_eq!(count(Some("a1"), Some("r2")), 0);
    let asked = Deliveries {
        channel: Some("c2"),
        limit: 2,
        ..Deliveries::default()
    };
    let deliveries = db.deliveries(&acme(), &asked).expect("read");
    let ids: Vec<&str> = deliveries.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["msg_c2_5", "msg_c2_4"]);
}

#[test]
fn what_is_old_is_forgotten_but_for_what_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = opened(&folder);
    db.commit(&evaluation(1)).expect("kept");
    db.record(
        &acme(),
        "msg_c1_1",
        &attempt(later(61)),
        &Outcome::Delivered,
    )
    .expect("kept");
    let delivered = |db: &Db| db.delivery(&acme(), "msg_c1_1").expect("read");
    db.prune_alerts(UnixNanos(NOW.0 + 6 * DAY)).expect("pruned");
    assert!(delivered(&db).is_some_and(|(_, body, _)| body.is_some()));
    db.prune_alerts(UnixNanos(NOW.0 + 8 * DAY)).expect("pruned");
    assert!(delivered(&db).is_some_and(|(_, body, tried)| body.is_none() && tried.len() == 1));
    assert!(db.replay(&acme(), "msg_c1_1", NOW).is_err(), "too late");
    db.prune_alerts(UnixNanos(NOW.0 + 91 * DAY))
        .expect("pruned");
    assert!(delivered(&db).is_none());
    let all = Transitions::default();
    assert_eq!(db.transition_count(&acme(), &all).expect("read"), 0);
    assert_eq!(due(&db, later(60)), ["msg_c2_1"], "it is still owed");
}
