//! Everything that can go wrong goes wrong under load, and what was acknowledged is there, once; nobody lends a hand.
//!
//! Clients send without a pause, each request again with the same bytes until it is acknowledged. Meanwhile one thing after
//! the other fails. In the end every acknowledged span is asked for by its id. Then the backend is stopped, and what lies in the
//! store is looked at: every span once more, and what was derived meanwhile against what it is derived from. That is what the tests
//! of random kills and of a full disk do always, and the others where `CHAOS_KILLS` says how many random kills there are
//! (`cargo xtask chaos --long`: 500); of the many spans of such runs the service is asked for a share.

mod full_disk;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use coldtrace_tests::{Backend, BackendOptions, Fault, Faults, eventually, get};

use crate::derived;
use crate::kills::{FUNCTION, SPANS, export, stored_spans};

const CLIENTS: usize = 3;
/// Between two requests of a client, so that what is stored can be asked for in a few minutes.
const PAUSE: Duration = Duration::from_millis(25);
/// Invocations began in one of so many.
const MINUTES: u64 = 90;
/// Of the short run.
const FEW_KILLS: usize = 12;
/// Traces that the service is asked for, where the store is looked at afterwards.
const ASKED: usize = 1_000;
/// Nothing takes longer to recover from.
const PATIENCE: Duration = Duration::from_secs(120);
/// Each killed process left lanes of its own, and each of them takes half a second: hundreds after hundreds of kills.
const BACKLOG_PATIENCE: Duration = Duration::from_secs(900);

/// `coldtrace up` on one folder, however often it is killed.
struct Shop {
    folder: tempfile::TempDir,
    faults: Faults,
    backend: Backend,
    /// Where clients send; another after every start.
    address: Arc<Mutex<String>>,
}

/// What clients sent.
#[derive(Default)]
struct Sent {
    next: AtomicUsize,
    acknowledged: Mutex<Vec<String>>,
    /// Given up at the end.
    unknown: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// Spans that are not as they were sent.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faulty {
    lost: usize,
    /// There more than once.
    doubled: usize,
}

/// Stops the clients, also where the test fails.
struct Stops<'a>(&'a Sent);

/// Numbers of no particular order, the same for the same seed.
struct Random(u64);

// === impl Shop ===

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let faults = Faults::new(folder.path());
        let backend = Self::start(&folder, &faults);
        Self {
            address: Arc::new(Mutex::new(backend.http.clone())),
            folder,
            faults,
            backend,
        }
    }

    fn start(folder: &tempfile::TempDir, faults: &Faults) -> Backend {
        let options = BackendOptions::default().on(&folder.path().join("data"));
        faults.below(derived::at_once(options)).start()
    }

    /// SIGKILL to collector and query service, whose engine ends with them, and a new start.
    fn kill(&mut self) {
        self.backend.kill();
        self.backend = Self::start(&self.folder, &self.faults);
        *self.address.lock().expect("nobody panics with it") = self.backend.http.clone();
    }
}

// === impl Sent ===

impl Sent {
    /// One client: the next request only when this one is acknowledged.
    fn send(&self, address: impl Fn() -> String) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
            let trace_id = format!("{number:032x}");
            match self.send_until_acknowledged(&trace_id, &address) {
                true => self.acknowledged().push(trace_id),
                false => self.unknown().push(trace_id),
            }
            thread::sleep(PAUSE);
        }
    }

    fn send_until_acknowledged(&self, trace_id: &str, address: &impl Fn() -> String) -> bool {
        let request = crate::kills::request(trace_id, age(trace_id));
        let started = Instant::now();
        while !export(&address(), &request) {
            if self.stop.load(Ordering::Relaxed) && started.elapsed() > PATIENCE {
                return false;
            }
            // As a client with a back-off does.
            thread::sleep(PAUSE);
        }
        true
    }

    fn acknowledged(&self) -> MutexGuard<'_, Vec<String>> {
        self.acknowledged.lock().expect("nobody panics with it")
    }

    fn unknown(&self) -> MutexGuard<'_, Vec<String>> {
        self.unknown.lock().expect("nobody panics with it")
    }

    /// Lets the clients get on.
    fn advance(&self, requests: usize) {
        let wanted = self.acknowledged().len() + requests;
        eventually("requests to be acknowledged", PATIENCE, || {
            (self.acknowledged().len() >= wanted).then_some(())
        });
    }

    /// How many spans of one in `every` request are lost, and how many are there more than once, as the service tells it.
    fn lost_and_doubled(&self, api: &str, every: usize) -> Faulty {
        let mut faulty = Faulty::default();
        for trace_id in self.acknowledged().iter().step_by(every) {
            let spans = stored_spans(api, trace_id).unwrap_or_default();
            faulty.add(trace_id, SPANS, &spans);
        }
        for trace_id in &*self.unknown() {
            faulty.add(
                trace_id,
                0,
                &stored_spans(api, trace_id).unwrap_or_default(),
            );
        }
        faulty
    }

    /// The same of all requests, as they lie in the store.
    fn lost_and_doubled_of(&self, stored: &BTreeMap<String, BTreeMap<String, usize>>) -> Faulty {
        let mut faulty = Faulty::default();
        let nothing = BTreeMap::new();
        for (list, least) in [(self.acknowledged(), SPANS), (self.unknown(), 0)] {
            for trace_id in &*list {
                faulty.add(trace_id, least, stored.get(trace_id).unwrap_or(&nothing));
            }
        }
        faulty
    }
}

// === impl Faulty ===

impl Faulty {
    /// A trace of at least so many spans, and how often each of its spans is there.
    fn add(&mut self, trace_id: &str, least: usize, spans: &BTreeMap<String, usize>) {
        let lost = least.saturating_sub(spans.len());
        let doubled = more_than_once(spans);
        if lost + doubled > 0 {
            let times = spans.values().max().unwrap_or(&0);
            // Its number, by which its time among the faults can be told.
            tell(format_args!(
                "{trace_id}: {lost} spans are lost, {doubled} are there up to {times} times"
            ));
        }
        self.lost += lost;
        self.doubled += doubled;
    }
}

/// Spread over minutes that are over, so that they are settled while more comes.
fn age(trace_id: &str) -> Duration {
    let number = u64::from_str_radix(trace_id, 16).expect("a number");
    Duration::from_secs(60 * (1 + number % MINUTES))
}

fn more_than_once(spans: &BTreeMap<String, usize>) -> usize {
    spans.values().filter(|times| **times > 1).count()
}

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

// === impl Random ===

impl Random {
    /// SplitMix64
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Load, and meanwhile this; then every acknowledged span is there once, and in the long run what was derived is right.
fn under_load(name: &str, disturb: impl FnOnce(&mut Shop, &Sent)) {
    let (shop, sent) = load(disturb);
    match told_kills() {
        Some(_) => compare(name, shop, &sent, ASKED),
        None => ask(name, &shop, &sent, 1),
    }
}

fn load(disturb: impl FnOnce(&mut Shop, &Sent)) -> (Shop, Sent) {
    let mut shop = Shop::open();
    let sent = Sent::default();
    let address = Arc::clone(&shop.address);
    thread::scope(|scope| {
        let stops = Stops(&sent);
        for _ in 0..CLIENTS {
            let (sent, address) = (&sent, &address);
            scope.spawn(move || {
                sent.send(|| address.lock().expect("nobody panics with it").clone())
            });
        }
        sent.advance(20);
        disturb(&mut shop, &sent);
        sent.advance(20);
        drop(stops);
    });
    (shop, sent)
}

/// When all that was acknowledged is said to be in the store, asks the service for one in `every` request.
fn ask(name: &str, shop: &Shop, sent: &Sent, every: usize) {
    shop.backend.wait_until_drained(BACKLOG_PATIENCE);
    let faulty = sent.lost_and_doubled(&shop.backend.api, every);
    let acknowledged = sent.acknowledged().len();
    tell(format_args!(
        "{name}: {acknowledged} requests acknowledged, one in {every} asked for: {faulty:?}"
    ));
    assert_eq!(faulty, Faulty::default(), "{name}");
}

/// The service tells what was sent, and it lies in the store; what was derived of it is what a look at everything gives, and counts
/// each request once.
fn compare(name: &str, mut shop: Shop, sent: &Sent, asked: usize) {
    let every = sent.acknowledged().len().div_ceil(asked);
    ask(name, &shop, sent, every);
    assert!(shop.backend.stop().success(), "{name}: it ends when asked");
    let traces = [&**sent.acknowledged(), &**sent.unknown()].concat();
    let data = shop.folder.path().join("data");
    let stored = derived::checked(&data, &shop.faults, FUNCTION, &traces);
    let faulty = sent.lost_and_doubled_of(&stored.spans);
    let counted = stored.invocations;
    tell(format_args!(
        "{name}: in the store {counted} invocations and {faulty:?}"
    ));
    assert_eq!(faulty, Faulty::default(), "{name}: in the store");
    let (acknowledged, unknown) = (sent.acknowledged().len(), sent.unknown().len());
    let sent = acknowledged..=acknowledged + unknown;
    assert!(sent.contains(&counted), "{name}: {counted} of {sent:?}");
}

#[expect(clippy::print_stdout, reason = "the figures of the run")]
fn tell(what: std::fmt::Arguments<'_>) {
    println!("{what}");
}

#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn told_kills() -> Option<usize> {
    std::env::var("CHAOS_KILLS").ok()?.parse().ok()
}

#[test]
fn random_kills_lose_and_double_nothing() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = now.expect("the clock is past 1970").as_nanos() as u64;
    tell(format_args!("seed {seed}"));
    let mut random = Random(seed);
    let (shop, sent) = load(|shop, sent| {
        for number in 0..told_kills().unwrap_or(FEW_KILLS) {
            thread::sleep(Duration::from_millis(random.below(700)));
            match random.below(2) {
                0 => shop.kill(),
                _ => shop.backend.kill_engine(),
            }
            sent.advance(1);
            if number % 50 == 49 {
                tell(format_args!(
                    "{} kills, {} acknowledged",
                    number + 1,
                    sent.acknowledged().len()
                ));
            }
        }
    });
    compare("random kills", shop, &sent, ASKED);
}

/// DESIGN 3: the engine writes its note of the token before the part is in place.
#[test]
fn a_kill_between_the_engines_note_and_its_part_loses_nothing() {
    under_load("kills between note and part", |shop, sent| {
        for _ in 0..3 {
            let before = shop.faults.get(Fault::PartsDelayed);
            shop.faults.set(Fault::PartDelay, 3_000);
            eventually("a part to be on its way", PATIENCE, || {
                (shop.faults.get(Fault::PartsDelayed) > before).then_some(())
            });
            shop.backend.kill_engine();
            shop.faults.set(Fault::PartDelay, 0);
            sent.advance(10);
        }
    });
}

#[test]
fn an_engine_that_hangs_is_only_a_longer_log() {
    under_load("a hanging engine", |shop, sent| {
        shop.backend.signal_engine("STOP");
        // Longer than an insert is waited for without an answer to pings; acknowledgements go on.
        sent.advance(200);
        shop.backend.signal_engine("CONT");
    });
}

#[test]
fn slow_syncs_a_full_log_and_a_clock_that_steps_lose_nothing() {
    under_load("a slow disk, a full disk, clock steps", |shop, sent| {
        shop.faults.set(Fault::SyncDelay, 200);
        sent.advance(20);
        shop.faults.set(Fault::SyncDelay, 0);
        shop.faults.set(Fault::LogIsFull, 1);
        thread::sleep(Duration::from_secs(2));
        // It has no room for a lane of the new process.
        shop.kill();
        thread::sleep(Duration::from_secs(2));
        shop.faults.set(Fault::LogIsFull, 0);
        sent.advance(20);
        for seconds in [3_600, -3_600, 0] {
            shop.faults.set(Fault::ClockShift, seconds * 1_000_000_000);
            sent.advance(20);
            shop.kill();
            sent.advance(10);
        }
    });
}

/// The end of a log as a power failure may leave it: what was not synced is anything.
#[test]
fn a_log_that_is_torn_behind_its_last_sync_loses_nothing() {
    under_load("a torn log", |shop, sent| {
        for _ in 0..2 {
            shop.backend.signal_engine("STOP");
            sent.advance(10);
            shop.backend.kill();
            for segment in segments(&shop.folder.path().join("data/log/lanes")) {
                tear(&segment);
            }
            shop.kill();
            sent.advance(10);
        }
    });
}

/// A disk that changes what was synced: that request is lost, and counted.
#[test]
fn what_is_damaged_on_disk_costs_itself_alone_and_is_counted() {
    const REQUESTS: usize = 20;
    let mut shop = Shop::open();
    shop.backend.signal_engine("STOP");
    let traces: Vec<String> = (1..=REQUESTS)
        .map(|number| format!("fade{number:028x}"))
        .collect();
    for trace_id in &traces {
        let request = crate::kills::request(trace_id, Duration::ZERO);
        assert!(export(&shop.backend.http, &request), "the log takes it");
    }
    shop.backend.kill();
    let id = u128::from_str_radix(&traces[0], 16).expect("an id");
    let lanes = shop.folder.path().join("data/log/lanes");
    let harmed = segments(&lanes)
        .iter()
        .filter(|segment| harm(segment, &id.to_be_bytes()))
        .count();
    assert_eq!(harmed, 1, "it stands in one place");
    shop.kill();
    for trace_id in &traces[1..] {
        let spans = eventually("a trace beside the damage", PATIENCE, || {
            stored_spans(&shop.backend.api, trace_id).filter(|spans| spans.len() == SPANS)
        });
        assert_eq!(more_than_once(&spans), 0, "{trace_id}");
    }
    assert_eq!(
        stored_spans(&shop.backend.api, &traces[0]),
        None,
        "it is lost"
    );
    let metrics = get(&format!("{}/metrics", shop.backend.api)).expect("it answers");
    let metrics = metrics.body;
    assert!(
        metrics.contains("coldtrace_collector_log_damaged_total 1\n"),
        "{metrics}"
    );
}

/// Turns one bit behind the first place where this stands.
fn harm(segment: &std::path::Path, what: &[u8]) -> bool {
    let mut bytes = std::fs::read(segment).expect("read a segment");
    let Some(at) = bytes.windows(what.len()).position(|window| window == what) else {
        return false;
    };
    bytes[at + what.len()] ^= 1;
    std::fs::write(segment, bytes).expect("write a segment");
    true
}

fn segments(lanes: &std::path::Path) -> Vec<std::path::PathBuf> {
    let in_folder = |folder: &std::path::Path| {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect::<Vec<_>>()
    };
    in_folder(lanes)
        .iter()
        .flat_map(|lane| in_folder(lane))
        .collect()
}

/// Some of a record that never came to its end.
fn tear(segment: &std::path::Path) {
    let mut bytes = std::fs::read(segment).expect("read a segment");
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let end = (bytes.len() - zeros).next_multiple_of(8);
    let torn = bytes.len().min(end + 5_000);
    if let Some(part) = bytes.get_mut(end..torn) {
        part.fill(0x5a);
    }
    std::fs::write(segment, bytes).expect("write a segment");
}
