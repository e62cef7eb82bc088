//! The promise: a receiver that is down for ten minutes, a process that is killed at 200 random points of evaluating and
//! delivering; and every transition arrives, under one id, in the order in which it happened to its alert.
//!
//! The process is the test's own binary again, on a clock that goes faster. It is killed by the receiver, between a request and
//! its answer as well as after, or out of the blue.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::SystemTime;

use coldtrace_alerts::{
    AlertId, Change, Comparison, Labels, Reading, RuleId, Severity, Transition, TransitionId, Unit,
    Why,
};
use coldtrace_control::{AlertState, Deliveries, NewTransition, Transitions};
use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::alerts::notices::Notices;

const KILLS: u64 = 200;
const SCALE: u64 = 60;
const MINUTE: u64 = 60_000_000_000;
/// Evaluated minutes, and those in which the receiver is down.
const MINUTES: u64 = 30;
const DOWN: std::ops::Range<u64> = 5..15;
const ALERTS: u64 = 24;
/// As many alerts are told together.
const OF_GROUP: u64 = 3;
const CHILD: &str = "deliverer_child";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeAnswer,
    AfterAnswer,
}

#[test]
fn whoever_is_killed_whenever_everything_arrives_in_order_and_under_one_id() {
    let began = SystemTime::now();
    let clock = clock(began);
    let killer = Arc::new(Killer::default());
    let receiver = {
        let (clock, killer) = (Arc::clone(&clock), Arc::clone(&killer));
        Receiver::start(move |_, number| {
            killer.strike(Moment::BeforeAnswer);
            let minute = (clock().0 - NOW.0) / MINUTE;
            match (DOWN.contains(&minute), number % 2) {
                (true, 0) => Reply::Nothing,
                (true, _) => Reply::Status(503, "", String::new()),
                (false, _) => {
                    killer.strike_later(Moment::AfterAnswer);
                    Reply::ok()
                }
            }
        })
    };
    let folder = tempfile::tempdir().expect("a folder");
    drop(database(&folder, "webhook", &[receiver.url("/")]));
    let asked = |db: &Db| {
        let asked = Deliveries {
            state: Some(DeliveryState::Waiting),
            limit: 1,
            ..Deliveries::default()
        };
        let waits = db.deliveries(&acme(), &asked).expect("read");
        let until = db.evaluated(&acme()).expect("read");
        waits.is_empty() && until == Some(UnixNanos(NOW.0 + MINUTES * MINUTE))
    };
    let mut in_delivery = 0;
    for kill in 0..KILLS {
        let mut child = start(folder.path(), began);
        killer.aim(&child, kill);
        in_delivery += u64::from(wait(&mut child, kill));
        killer.rest();
    }
    let mut child = start(folder.path(), began);
    let db = Db::open(folder.path()).expect("the database");
    while !asked(&db) {
        assert!(
            child.try_wait().expect("asked").is_none(),
            "nobody kills it"
        );
        std::thread::yield_now();
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    check(&db, &receiver.seen());
    assert!(
        in_delivery >= KILLS / 4,
        "of {KILLS} kills {in_delivery} were in a delivery"
    );
    println!(
        "of {KILLS} kills {in_delivery} were in a delivery; {} requests",
        receiver.seen().len()
    );
}

/// Everything that happened was told, in order, under one id, signed.
fn check(db: &Db, seen: &[Seen]) {
    let all = Transitions {
        limit: 1_000_000,
        ..Transitions::default()
    };
    let kept = db.transitions(&acme(), &all).expect("read");
    let mut happened: Vec<&str> = kept.iter().map(|one| one.id.as_str()).collect();
    happened.sort_unstable();
    let mut messages: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut told = Vec::new();
    let mut arrived = BTreeSet::new();
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    for one in seen {
        let id = one.header("webhook-id");
        let body: Value = serde_json::from_str(&one.body).expect("JSON");
        let same = bodies.insert(id, &one.body);
        assert!(
            same.is_none_or(|before| before == one.body),
            "a body is fixed"
        );
        if body["type"] == "alert.repeated" {
            continue;
        }
        for alert in body["data"]["alerts"].as_array().expect("alerts") {
            let transition = alert["id"].as_str().expect("an id").to_owned();
            messages.entry(id).or_default().insert(transition.clone());
            if arrived.insert(transition.clone()) {
                told.push(transition);
            }
        }
    }
    let arrived: Vec<&str> = arrived.iter().map(String::as_str).collect();
    assert_eq!(arrived, happened, "everything that happened was told");
    assert!(happened.len() > 100, "much happened: {}", happened.len());
    let in_messages: usize = messages.values().map(BTreeSet::len).sum();
    assert_eq!(in_messages, happened.len(), "each under one id");
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for transition in &told {
        let (alert, number) = transition.split_once('-').expect("ALERT-NUMBER");
        let number: u64 = number.parse().expect("a number");
        let before = last.insert(alert, number).unwrap_or(0);
        assert_eq!(number, before + 1, "in order: {transition}");
    }
}

/// Kills one process at one moment.
#[derive(Default)]
struct Killer {
    /// 0 for nobody.
    pid: AtomicI64,
    /// Of how many requests it is let do before.
    patience: AtomicI64,
    is_after: AtomicBool,
    micros: AtomicI64,
}

impl Killer {
    fn aim(&self, child: &Child, kill: u64) {
        self.patience
            .store(i64::from(random(kill, "patience") % 4), Ordering::SeqCst);
        self.is_after
            .store(random(kill, "moment").is_multiple_of(2), Ordering::SeqCst);
        self.micros
            .store(i64::from(random(kill, "micros") % 4_000), Ordering::SeqCst);
        self.pid.store(i64::from(child.id()), Ordering::SeqCst);
    }

    fn rest(&self) {
        self.pid.store(0, Ordering::SeqCst);
    }

    fn is_time(&self, moment: Moment) -> bool {
        let is_after = self.is_after.load(Ordering::SeqCst);
        let is_moment = is_after == (moment == Moment::AfterAnswer);
        is_moment && self.patience.fetch_sub(1, Ordering::SeqCst) == 0
    }

    fn strike(&self, moment: Moment) {
        if self.is_time(moment) {
            kill(self.pid.swap(0, Ordering::SeqCst));
        }
    }

    /// Some time after now, while the answer goes out, or is kept.
    fn strike_later(&self, moment: Moment) {
        if self.is_time(moment) {
            let pid = self.pid.swap(0, Ordering::SeqCst);
            let micros = self.micros.load(Ordering::SeqCst).unsigned_abs();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_micros(micros));
                kill(pid);
            });
        }
    }
}

/// A process that was not waited for yet keeps its number, so that no other is hit.
fn kill(pid: i64) {
    let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0);
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        // It may have been killed by whoever waits for it.
        kill_process(pid, Signal::KILL).ok();
    }
}

/// Waits for the end of a process; kills it if nobody else does for a while. Whether somebody else did.
fn wait(child: &mut Child, kill: u64) -> bool {
    let patience = Duration::from_millis(150 + u64::from(random(kill, "blue") % 250));
    let began = Instant::now();
    loop {
        if child.try_wait().expect("asked").is_some() {
            return true;
        }
        if began.elapsed() > patience {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn start(folder: &Path, began: SystemTime) -> Child {
    let began = began
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    Command::new(std::env::current_exe().expect("its own path"))
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
            CHILD,
        ])
        .arg(folder)
        .arg(began.as_nanos().to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts")
}

/// What the child does: evaluates minute after minute, and delivers, until it is killed.
pub(crate) fn become_deliverer() {
    let arguments = std::env::args().skip_while(|argument| argument != CHILD);
    let arguments: Vec<String> = arguments.skip(1).collect();
    let [folder, began] = arguments.as_slice() else {
        return;
    };
    let folder = Path::new(folder);
    let began: u64 = began.parse().expect("nanoseconds");
    let clock = clock(SystemTime::UNIX_EPOCH + Duration::from_nanos(began));
    let open = || Db::open(folder).expect("the database");
    let woken = Arc::new(Notify::new());
    let sender = Arc::new(Sender::new(private(), Own::default()));
    let mut deliverer = Deliverer::new(open(), sender, Arc::clone(&clock), Arc::clone(&woken));
    deliverer.look = Duration::from_millis(5);
    let mut db = open();
    std::thread::spawn(move || {
        loop {
            let until = db.evaluated(&acme()).expect("read").unwrap_or(NOW);
            let next = until.plus(Nanos(MINUTE));
            if next.0 <= NOW.0 + MINUTES * MINUTE && clock() >= next {
                evaluate(&mut db, next);
                woken.notify_one();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(deliverer.run(Shutdown::new()));
}

/// Some alerts turn, by chance that is the same for the same minute; all end in the last one.
fn evaluate(db: &mut Db, at: UnixNanos) {
    let minute = (at.0 - NOW.0) / MINUTE;
    let states = db.alert_states(&acme()).expect("read");
    let numbers: BTreeMap<String, u64> = states
        .into_iter()
        .map(|state| (state.alert, state.state.parse().expect("a number")))
        .collect();
    let mut notices = Notices::load(db, &acme(), "").expect("read");
    let mut evaluation = Evaluation {
        tenant: acme(),
        until: Some(at),
        now: at,
        states: Vec::new(),
        ended: Vec::new(),
        transitions: Vec::new(),
        groups: Vec::new(),
        outbox: Vec::new(),
    };
    for alert in 0..ALERTS {
        let number = numbers.get(&alert_id(alert)).copied().unwrap_or(0) + 1;
        let is_last = minute == MINUTES - 1 && number % 2 == 0;
        let turns =
            minute < MINUTES - 1 && random(minute * ALERTS + alert, "turn").is_multiple_of(3);
        if !turns && !is_last {
            continue;
        }
        let one = transition(alert, number, at);
        evaluation.states.push(AlertState {
            alert: alert_id(alert),
            rule: "r".to_owned(),
            state: number.to_string(),
        });
        evaluation.transitions.push(NewTransition {
            id: one.id.0.clone(),
            alert: alert_id(alert),
            rule: "r".to_owned(),
            at,
            body: "{}".to_owned(),
        });
        notices.push(&one, None, at);
    }
    (evaluation.groups, evaluation.outbox) = notices.step(at, |_| false);
    db.commit(&evaluation).expect("kept");
}

fn alert_id(alert: u64) -> String {
    format!("{alert:016x}")
}

pub(super) fn labels(alert: u64) -> Labels {
    let function = format!("f{}", alert / OF_GROUP);
    [
        ("alertname", "slow".to_owned()),
        ("function", function),
        ("alert", alert.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Odd numbers fire.
pub(crate) fn transition(alert: u64, number: u64, at: UnixNanos) -> Transition {
    Transition {
        id: TransitionId(format!("{}-{number}", alert_id(alert))),
        alert: AlertId(alert_id(alert)),
        rule: RuleId("r".to_owned()),
        rule_name: "slow".to_owned(),
        change: match number % 2 {
            1 => Change::Firing,
            _ => Change::Resolved,
        },
        severity: Severity::Warning,
        at,
        since: at,
        labels: labels(alert),
        summary: "slow".to_owned(),
        runbook: None,
        reading: Reading {
            name: "p95".to_owned(),
            unit: Unit::Count,
            value: Some(1.0),
            bad: Comparison::Above,
            threshold: 0.0,
        },
        why: Why::default(),
    }
}

fn clock(began: SystemTime) -> Clock {
    Arc::new(move || {
        let passed = began.elapsed().unwrap_or_default();
        let passed = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        UnixNanos(NOW.0 + passed.saturating_mul(SCALE))
    })
}

/// By chance, and the same each time.
fn random(number: u64, what: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    (number, what).hash(&mut hasher);
    (hasher.finish() >> 32) as u32
}
