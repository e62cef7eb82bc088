use std::time::Instant;

use coldtrace_alerts::{Signer, Timing};
use coldtrace_control::{DeliveryState, Evaluation, NewChannel, NewEntry, NoticeGroup, Secrets};
use serde_json::{Value, json};

use super::*;
use crate::alerts::address::{Own, Policy};

mod chaos;
mod receiver;

pub(crate) use chaos::{become_deliverer, transition};
use receiver::Seen;
pub(crate) use receiver::{Receiver, Reply};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: UnixNanos = UnixNanos(1_795_737_600_000_000_000);

fn acme() -> Tenant {
    Tenant::parse("acme").expect("a tenant")
}

fn private() -> Policy {
    Policy {
        is_private_allowed: true,
        ..Policy::default()
    }
}

/// A database with a webhook for each address, called c0, c1 and so on.
fn database(folder: &tempfile::TempDir, kind: &str, urls: &[String]) -> Db {
    let mut db = Db::open(folder.path()).expect("a database");
    for (number, url) in urls.iter().enumerate() {
        let secrets = json!({ "url": url, "signing_keys": [{ "key": KEY }] });
        let name = format!("c{number}");
        let new = NewChannel {
            name: name.clone(),
            kind: kind.to_owned(),
            settings: "{}".to_owned(),
            secrets: Some(Secrets(secrets.to_string())),
            disabled_reason: None,
        };
        db.create_channel(&acme(), &name, &new, NOW)
            .expect("a channel");
    }
    db
}

fn entry(id: &str, channel: &str, key: &str) -> NewEntry {
    NewEntry {
        id: id.to_owned(),
        channel: channel.to_owned(),
        key: key.to_owned(),
        body: json!({ "id": id }).to_string(),
        summary: String::new(),
        transitions: "[]".to_owned(),
    }
}

fn enqueue(db: &mut Db, outbox: Vec<NewEntry>, groups: Vec<NoticeGroup>) {
    let evaluation = Evaluation {
        tenant: acme(),
        until: None,
        now: NOW,
        states: Vec::new(),
        ended: Vec::new(),
        transitions: Vec::new(),
        groups,
        outbox,
    };
    db.commit(&evaluation).expect("kept");
}

/// A second is a millisecond.
fn fast_clock() -> Clock {
    let began = Instant::now();
    Arc::new(move || {
        let passed = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        UnixNanos(NOW.0 + passed * 1_000)
    })
}

/// Delivers until the condition holds, which is asked of another connection.
async fn deliver_until(
    folder: &tempfile::TempDir,
    policy: Policy,
    mut is_done: impl FnMut(&Db) -> bool,
) {
    let open = || Db::open(folder.path()).expect("the database");
    let sender = Arc::new(Sender::new(policy, Own::default()));
    let mut deliverer = Deliverer::new(open(), sender, fast_clock(), Arc::new(Notify::new()));
    deliverer.look = Duration::from_millis(2);
    let shutdown = Shutdown::new();
    let watched = async {
        let db = open();
        while !is_done(&db) {
            tokio::task::yield_now().await;
        }
        shutdown.trigger();
    };
    tokio::join!(deliverer.run(shutdown.child()), watched);
}

fn state(db: &Db, id: &str) -> DeliveryState {
    let told = db.delivery(&acme(), id).expect("read");
    told.expect("it is there").0.state
}

fn ids(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|one| one.header("webhook-id")).collect()
}

#[tokio::test]
async fn what_a_lane_holds_arrives_in_order_and_signed_however_often_it_is_refused() {
    let receiver = Receiver::start(|seen, number| match number {
        0 | 1 | 3 => Reply::Status(503, "retry-after: 0\r\n", "busy".to_owned()),
        _ => Reply::Status(200, "", format!("thanks for {}", seen.path)),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = database(&folder, "webhook", &[receiver.url("/T0/hunter2-and-more")]);
    let outbox = ["msg_1", "msg_2", "msg_3"].map(|id| entry(id, "c0", "g"));
    enqueue(&mut db, outbox.into(), Vec::new());
    deliver_until(&folder, private(), |db| {
        state(db, "msg_3") == DeliveryState::Delivered
    })
    .await;
    let seen = receiver.seen();
    assert_eq!(
        ids(&seen),
        ["msg_1", "msg_1", "msg_1", "msg_2", "msg_2", "msg_3"]
    );
    let signer = Signer::new(&[KEY]).expect("a key");
    for one in &seen {
        let timestamp = one.header("webhook-timestamp").parse().expect("a number");
        let signed = signer.verify(
            one.header("webhook-id"),
            timestamp,
            &one.body,
            one.header("webhook-signature"),
        );
        assert_eq!(signed, Ok(()));
    }
    let (_, _, attempts) = db
        .delivery(&acme(), "msg_1")
        .expect("read")
        .expect("it is there");
    assert_eq!(attempts.len(), 3);
    assert_eq!(
        (attempts[0].status, attempts[0].answer.as_str()),
        (Some(503), "busy")
    );
    assert_eq!(attempts[2].answer, "thanks for ***");
    let logged = format!("{attempts:?}");
    assert!(
        !logged.contains("hunter2") && !logged.contains("v1,"),
        "{logged}"
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_no_other() {
    let hanging = Receiver::start(|_, _| Reply::Hang);
    let other = Receiver::start(|_, _| Reply::ok());
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = database(&folder, "webhook", &[hanging.url("/"), other.url("/")]);
    let mut outbox: Vec<NewEntry> = (0..20)
        .map(|number| entry(&format!("msg_h{number}"), "c0", &number.to_string()))
        .collect();
    outbox.extend((0..20).map(|number| entry(&format!("msg_{number}"), "c1", &number.to_string())));
    enqueue(&mut db, outbox, Vec::new());
    deliver_until(&folder, private(), |db| {
        (0..20).all(|number| state(db, &format!("msg_{number}")) == DeliveryState::Delivered)
    })
    .await;
    assert!(hanging.seen().len() <= OF_CHANNEL);
    hanging.end();
}

#[tokio::test]
async fn nobody_is_asked_whom_the_policy_does_not_allow() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let folder = tempfile::tempdir().expect("a folder");
    let by_name = receiver.url("/").replace("127.0.0.1", "localhost");
    let mut db = database(&folder, "webhook", &[receiver.url("/"), by_name]);
    let outbox = vec![entry("msg_1", "c0", "g"), entry("msg_2", "c1", "g")];
    enqueue(&mut db, outbox, Vec::new());
    deliver_until(&folder, Policy::default(), |db| {
        ["msg_1", "msg_2"].map(|id| state(db, id)) == [DeliveryState::Failed; 2]
    })
    .await;
    assert_eq!(receiver.seen().len(), 0);
    let (_, _, attempts) = db
        .delivery(&acme(), "msg_2")
        .expect("read")
        .expect("it is there");
    let error = attempts[0].error.as_deref().unwrap_or_default();
    assert!(error.contains("is this machine's own"), "{error}");
}

#[tokio::test]
async fn redirects_are_not_followed_and_who_is_gone_is_left_alone() {
    let receiver = Receiver::start(|seen, _| match seen.path.as_str() {
        "/moved" => Reply::Status(302, "location: /elsewhere\r\n", String::new()),
        _ => Reply::Status(410, "", String::new()),
    });
    let folder = tempfile::tempdir().expect("a folder");
    let urls = [receiver.url("/moved"), receiver.url("/gone")];
    let mut db = database(&folder, "webhook", &urls);
    let outbox = ["msg_2", "msg_3"].map(|id| entry(id, "c1", "g"));
    enqueue(&mut db, vec![entry("msg_1", "c0", "g")], Vec::new());
    enqueue(&mut db, outbox.into(), Vec::new());
    deliver_until(&folder, private(), |db| {
        let channel = db.channel(&acme(), "c1").expect("read").expect("a channel");
        channel.disabled_reason.is_some() && state(db, "msg_1") == DeliveryState::Failed
    })
    .await;
    let mut paths: Vec<String> = receiver.seen().into_iter().map(|one| one.path).collect();
    paths.sort();
    assert_eq!(paths, ["/gone", "/moved", "/moved", "/moved"]);
    assert_eq!(
        state(&db, "msg_3"),
        DeliveryState::Waiting,
        "it is not lost"
    );
}

#[tokio::test]
async fn an_alertmanager_is_told_again_and_again_of_what_fires_and_of_nothing_else() {
    let receiver = Receiver::start(|_, _| Reply::ok());
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = database(&folder, "alertmanager", &[receiver.url("")]);
    let group = |fires: bool| {
        let mut group = Group::new(chaos::labels(0));
        group.push(transition(0, 1, NOW), NOW);
        drop(group.step(Timing::default(), NOW, |_| !fires));
        serde_json::to_string(&group).expect("JSON")
    };
    let groups = [("fires", true), ("silenced", false), ("waits", true)];
    let groups = groups.map(|(key, fires)| NoticeGroup {
        channel: "c0".to_owned(),
        key: key.to_owned(),
        state: Some(group(fires)),
    });
    enqueue(&mut db, Vec::new(), groups.into());
    deliver_until(&folder, private(), |_| receiver.seen().len() >= 4).await;
    let seen = receiver.seen();
    let ends: Vec<Value> = seen
        .iter()
        .map(|one| {
            assert_eq!(one.path, "/api/v2/alerts");
            let alerts: Value = serde_json::from_str(&one.body).expect("JSON");
            assert_eq!(alerts.as_array().map(Vec::len), Some(1));
            alerts[0]["endsAt"].clone()
        })
        .collect();
    let [first, .., last] = ends.as_slice() else {
        panic!("it was told more than once");
    };
    assert!(first.as_str() < last.as_str(), "the end moves: {ends:?}");
}
