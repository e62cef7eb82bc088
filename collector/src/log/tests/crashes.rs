//! The log on a disk that forgets what was not synced: whatever fails wherever, what was acknowledged is there once.
//!
//! A life opens the log, does some of these steps, and ends at any operation of the disk, by a kill or a power failure. The
//! store keeps what it was given by token, as the engine does: the same token with other requests is the worst that can happen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use coldtrace_model::UnixNanos;
use proptest::prelude::*;

use super::super::core::{Change, Core};
use super::super::disk::simulated::{End, Faults, Simulated};
use super::super::record::{LaneId, Range};
use super::super::{Acknowledge, Acknowledged, Lanes, Options, Request, ResendKey, Seen, prepare};
use super::{contents, request};

const SEGMENT: u64 = 4096;
const LANES: usize = 2;
const NOW: UnixNanos = UnixNanos(1_000_000);

/// What is done in a life.
#[derive(Clone, Debug)]
enum Step {
    /// A client sends requests of these sizes, in one group; those that it was not told of are sent again with them.
    Send { lengths: Vec<usize>, cut: bool },
    /// The inserter takes the next cut of a lane and tells that it is stored.
    File(prop::sample::Index),
    /// The same, and does not tell.
    Insert(prop::sample::Index),
}

#[derive(Clone, Debug)]
struct Life {
    steps: Vec<Step>,
    faults: Faults,
    end: End,
}

/// What everybody outside of the log knows.
#[derive(Default)]
struct World {
    next: u64,
    acknowledged: BTreeSet<u64>,
    /// Sent, and not known to be stored.
    owed: BTreeMap<u64, usize>,
    /// What the store holds, by lane and range.
    stored: BTreeMap<(LaneId, u64, u64), Vec<u64>>,
    /// In the store, but sent again after a restart they are stored again.
    unnoted: BTreeSet<u64>,
    /// Lane of each request, in the order in which they were appended.
    appended: BTreeMap<LaneId, Vec<u64>>,
}

/// A process, with what it knows.
struct Process {
    disk: Simulated,
    fresh: Vec<Core<Simulated>>,
    earlier: Vec<Core<Simulated>>,
    /// Acknowledged in this process or, as far as the log tells, before.
    known: BTreeSet<u64>,
    /// Handed out and not told to be done.
    handed: BTreeMap<LaneId, Vec<u64>>,
    damaged: u64,
    seen: Seen<Simulated>,
}

fn options() -> Options {
    Options {
        folder: PathBuf::from("/data/log"),
        cap: u64::MAX,
        lanes: LANES,
        segment_size: SEGMENT,
        acknowledge: Acknowledge::Log,
    }
}

fn serial(key: ResendKey) -> u64 {
    let (ResendKey::Bytes(key) | ResendKey::Batch(key)) = key;
    u64::from_le_bytes(*key.first_chunk().unwrap())
}

// === impl Process ===

impl Process {
    fn begin(disk: &Simulated) -> Option<Self> {
        use super::super::disk::Disk as _;
        // Who installs the collector makes the folder.
        for folder in ["/data", "/data/log"] {
            disk.create_folder(folder.as_ref()).ok()?;
        }
        disk.sync_folder("/".as_ref()).ok()?;
        let Lanes {
            earlier,
            unreadable,
            fresh,
        } = prepare(disk, &options()).ok()?;
        let (seen, noted) = Seen::open(disk, &options().folder.join("seen"), NOW);
        if disk.is_over() {
            return None;
        }
        let in_log = earlier.iter().flat_map(|recovered| &recovered.acknowledged);
        let known = in_log.chain(&noted);
        Some(Self {
            disk: disk.clone(),
            known: known.map(|acknowledged| serial(acknowledged.key)).collect(),
            damaged: unreadable.len() as u64
                + earlier
                    .iter()
                    .map(|recovered| recovered.damaged)
                    .sum::<u64>(),
            earlier: earlier
                .into_iter()
                .filter_map(|recovered| match recovered.core.is_done() {
                    // What fails is tried by the next.
                    true => recovered.core.into_appender().remove().err().and(None),
                    false => Some(recovered.core),
                })
                .collect(),
            fresh,
            handed: BTreeMap::new(),
            seen,
        })
    }

    /// Requests with these serials; each goes to the lane of its key.
    fn send(&mut self, world: &mut World, requests: &BTreeMap<u64, usize>, cut: bool) {
        for (lane, core) in self.fresh.iter_mut().enumerate() {
            let of_lane = requests
                .iter()
                .map(|(serial, length)| request(*serial, *length))
                .filter(|request| request.key.share(LANES) == lane);
            let (again, new): (Vec<_>, Vec<_>) =
                of_lane.partition(|request| self.known.contains(&serial(request.key)));
            for request in again {
                world.acknowledge(serial(request.key));
            }
            let serials: Vec<u64> = new.iter().map(|request| serial(request.key)).collect();
            let changes: Vec<Change> = new.into_iter().map(Change::Request).collect();
            if core.commit(&changes, cut).is_ok() {
                world
                    .appended
                    .entry(core.lane())
                    .or_default()
                    .extend(&serials);
                for serial in serials {
                    self.known.insert(serial);
                    world.acknowledge(serial);
                }
            }
        }
    }

    /// Brings the next cut of a lane into the store.
    fn file(&mut self, world: &mut World, which: &prop::sample::Index, tell: bool) {
        let mut cores: Vec<&mut Core<Simulated>> =
            self.earlier.iter_mut().chain(&mut self.fresh).collect();
        let core = which.get_mut(&mut cores);
        if core.commit(&[], true).is_err() {
            return;
        }
        // One at a time: what was not told to be done comes first.
        let waiting = self
            .handed
            .get(&core.lane())
            .and_then(|handed| handed.first().copied());
        let done = match waiting {
            Some(done) => done,
            None => {
                let Some(cut) = core.hand_out() else { return };
                let (requests, damaged) = contents(&cut);
                if self.disk.is_over() {
                    return;
                }
                self.damaged += damaged;
                world.store(cut.lane, cut.range, &requests);
                let acknowledged: Vec<Acknowledged> =
                    requests.iter().map(Acknowledged::of).collect();
                if self.seen.note(&acknowledged, NOW).is_err() {
                    let serials = requests.iter().map(|request| serial(request.key));
                    world.unnoted.extend(serials);
                }
                cut.range.to
            }
        };
        let is_told = tell && core.commit(&[Change::Done(done)], false).is_ok();
        let handed = self.handed.entry(core.lane()).or_default();
        handed.clear();
        if !is_told {
            handed.push(done);
        }
    }
}

// === impl World ===

impl World {
    fn acknowledge(&mut self, serial: u64) {
        self.owed.remove(&serial);
        self.acknowledged.insert(serial);
    }

    fn store(&mut self, lane: LaneId, range: Range, requests: &[Request]) {
        let serials: Vec<u64> = requests.iter().map(|request| serial(request.key)).collect();
        let token = (lane, range.from, range.to);
        let before = self.stored.entry(token).or_insert_with(|| serials.clone());
        assert_eq!(*before, serials, "the same token names the same requests");
    }

    fn live(&mut self, disk: &Simulated, life: &Life) {
        let faults = Faults {
            ends_at: life.faults.ends_at.map(|end| disk.operations() + end),
            ..life.faults
        };
        // A disk whose syncs fail already when the process starts is beyond what is promised.
        disk.fail(Faults {
            failed_syncs: 0,
            ..faults
        });
        let Some(mut process) = Process::begin(disk) else {
            return;
        };
        disk.fail(faults);
        for step in &life.steps {
            match step {
                Step::Send { lengths, cut } => {
                    for length in lengths {
                        self.owed.insert(self.next, *length);
                        self.next += 1;
                    }
                    let owed = self.owed.clone();
                    process.send(self, &owed, *cut);
                }
                Step::File(which) => process.file(self, which, true),
                Step::Insert(which) => process.file(self, which, false),
            }
        }
        assert_eq!(process.damaged, 0, "nothing that was synced is damaged");
    }

    /// The last process brings everything into the store.
    fn settle(&mut self, disk: &Simulated) {
        let mut process = Process::begin(disk).expect("it starts");
        assert_eq!(process.damaged, 0, "nothing that was synced is damaged");
        let owed = self.owed.clone();
        process.send(self, &owed, false);
        assert!(self.owed.is_empty(), "everything is taken in the end");
        let cores = process.earlier.iter_mut().chain(&mut process.fresh);
        for core in cores {
            core.commit(&[], true).expect("nothing fails any more");
            while let Some(cut) = core.hand_out() {
                let (requests, damaged) = contents(&cut);
                assert_eq!(damaged, 0);
                self.store(cut.lane, cut.range, &requests);
            }
        }
    }

    fn assert_each_once_in_order(&self) {
        let mut times: BTreeMap<u64, usize> = BTreeMap::new();
        let mut by_lane: BTreeMap<LaneId, Vec<u64>> = BTreeMap::new();
        // In the order of the lanes, and in each of the positions.
        for ((lane, ..), serials) in &self.stored {
            by_lane.entry(*lane).or_default().extend(serials);
            for serial in serials {
                *times.entry(*serial).or_default() += 1;
            }
        }
        for serial in &self.acknowledged {
            let times = times.get(serial).copied().unwrap_or(0);
            let holds =
                |(token, serials): (&_, &Vec<u64>)| serials.contains(serial).then_some(*token);
            let holders: Vec<(LaneId, u64, u64)> = self.stored.iter().filter_map(holds).collect();
            let is_once = times == 1 || times > 1 && self.unnoted.contains(serial);
            assert!(
                is_once,
                "request {serial} is there {times} times and was acknowledged; {holders:?}"
            );
        }
        let doubled = times.iter().filter(|(_, times)| **times != 1);
        let doubled: Vec<_> = doubled
            .filter(|(serial, _)| !self.unnoted.contains(serial))
            .collect();
        assert!(doubled.is_empty(), "{doubled:?}");
        for (lane, appended) in &self.appended {
            let stored = by_lane.get(lane).into_iter().flatten();
            let stored: Vec<u64> = stored
                .filter(|serial| appended.contains(serial))
                .copied()
                .collect();
            assert_eq!(stored, *appended, "in order");
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let lengths = prop::collection::vec(0..1_500_usize, 0..4);
    prop_oneof![
        4 => (lengths, any::<bool>()).prop_map(|(lengths, cut)| Step::Send { lengths, cut }),
        4 => any::<prop::sample::Index>().prop_map(Step::File),
        1 => any::<prop::sample::Index>().prop_map(Step::Insert),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let rates = prop_oneof![2 => Just((0, 0)), 1 => (0..300_u32, 0..200_u32)];
    let room = prop::option::weighted(0.2, 10_000..80_000_u64);
    (prop::option::weighted(0.8, 0..150_u64), rates, room).prop_map(
        |(ends_at, (failed_syncs, failed_writes), room)| Faults {
            ends_at,
            failed_syncs,
            failed_writes,
            room,
        },
    )
}

fn life() -> impl Strategy<Value = Life> {
    let end = prop_oneof![Just(End::Kill), Just(End::PowerFailure)];
    (prop::collection::vec(step(), 0..14), faults(), end).prop_map(|(steps, faults, end)| Life {
        steps,
        faults,
        end,
    })
}

/// `COLDTRACE_CRASHES`: how many lives of a log are tried.
#[expect(clippy::disallowed_methods, reason = "a test's own knob")]
fn cases() -> u32 {
    let told = std::env::var("COLDTRACE_CRASHES").ok();
    told.and_then(|number| number.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_fails_wherever_the_log_keeps_what_it_acknowledged_once(
        seed: u64,
        lives in prop::collection::vec(life(), 1..6),
    ) {
        let disk = Simulated::new(seed);
        let mut world = World::default();
        for life in &lives {
            world.live(&disk, life);
            disk.restart(life.end);
        }
        disk.restart(End::PowerFailure);
        world.settle(&disk);
        world.assert_each_once_in_order();
    }
}
