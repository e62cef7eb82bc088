//! The engine's disk is full, also in the middle of parts that inserts and merges write: the log takes what comes, and with room
//! again all drains by itself.
//!
//! Not here: a full disk below the log (above), and what clients are told at the log's cap (`crate::otlp::overload`).

use coldtrace_tests::{ALL, ALL_AT_ONCE, Fault, MERGES, eventually};

use super::{PATIENCE, Sent, Shop, compare, load};

/// What is left of the disk, bytes, so that it ends in different places: at once, within a file of a part, between two
/// parts of a batch.
const ROOMS: [i64; 3] = [0, 5_000, 100_000];
/// Traces that the service is asked for; all of them are looked for in the store.
const ASKED: usize = 100;
/// A full disk is met so often.
const OFTEN: u64 = 5;

const STORED: &str = "coldtrace_collector_inserted_rows_total{table=\"spans\"}";
const FAILED: &str = "coldtrace_collector_insert_failures_total{outcome=\"ambiguous\"}";
/// What is told of an engine that finds no room for its configuration.
const NO_START: &str = "the engine does not start";

fn fill(shop: &Shop, what: i64, room: i64) {
    shop.faults.set(Fault::EngineRoom, room);
    shop.faults.set(Fault::EngineIsFull, what);
}

/// Waits until a write found no room.
fn fill_and_wait(shop: &Shop, what: i64, room: i64) {
    let before = shop.faults.get(Fault::WritesRefused);
    fill(shop, what, room);
    wait_for("a write to find no room", || {
        shop.faults.get(Fault::WritesRefused) > before
    });
}

/// Waits until spans are stored again.
fn make_room(shop: &Shop) {
    shop.faults.set(Fault::EngineIsFull, 0);
    let before = count(shop, STORED);
    wait_for("spans to be stored again", || count(shop, STORED) > before);
}

fn count(shop: &Shop, metric: &str) -> u64 {
    shop.backend.metric(metric).unwrap_or(0)
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    eventually(what, PATIENCE, || is_so().then_some(()));
}

/// Does this, and waits until the backend has told this of it.
fn until_told(shop: &Shop, what: &str, disturb: impl FnOnce()) {
    let told = || shop.backend.told().matches(what).count();
    let before = told();
    disturb();
    wait_for(what, || told() > before);
}

fn always_under_load(name: &str, disturb: impl FnOnce(&mut Shop, &Sent)) {
    let (shop, sent) = load(disturb);
    compare(name, shop, &sent, ASKED);
}

#[test]
fn a_full_disk_of_the_engine_is_only_a_longer_log() {
    always_under_load("the engine's disk is full", |shop, sent| {
        let before = count(shop, FAILED);
        fill(shop, ALL, 0);
        wait_for("inserts to be refused", || {
            count(shop, FAILED) > before + OFTEN
        });
        sent.advance(100);
        make_room(shop);
    });
}

/// It can't start before there is room.
#[test]
fn an_engine_killed_while_its_disk_is_full_loses_and_doubles_nothing() {
    always_under_load("the engine is killed, its disk full", |shop, sent| {
        for _ in 0..2 {
            let before = count(shop, FAILED);
            fill(shop, ALL, 0);
            wait_for("an insert to be refused", || count(shop, FAILED) > before);
            // What it was about to write may have ended it before.
            until_told(shop, NO_START, || shop.backend.kill_engine_if_it_runs());
            sent.advance(60);
            make_room(shop);
        }
    });
}

/// The engine was told that there is room.
#[test]
fn parts_that_the_disk_does_not_take_whole_are_not_taken_for_stored() {
    always_under_load("the disk is full within parts", |shop, sent| {
        for room in ROOMS {
            fill_and_wait(shop, ALL_AT_ONCE, room);
            sent.advance(60);
            make_room(shop);
        }
    });
}

/// They leave what they would have replaced.
#[test]
fn merges_that_the_disk_does_not_take_whole_replace_nothing() {
    always_under_load("the disk is full within merges", |shop, sent| {
        for room in ROOMS {
            fill_and_wait(shop, MERGES, room);
            sent.advance(20);
            make_room(shop);
        }
    });
}
