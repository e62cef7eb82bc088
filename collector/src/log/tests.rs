use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use coldtrace_model::{Tenant, UnixNanos};
use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_service::tasks::Tasks;
use proptest::prelude::*;

use super::core::{Change, Core};
use super::disk::{Disk, Os};
use super::record::{HEADER, LaneId, Note, Place, Range, Record};
use super::*;
use crate::resend::{Accepted, Claim, Resends};

mod crashes;

const LANE: LaneId = LaneId(0x1234_5678_9abc_def0);
const SMALL_SEGMENT: u64 = 4096;

fn request(serial: u64, length: usize) -> Request {
    let mut body = serial.to_le_bytes().to_vec();
    body.resize(8 + length, serial as u8 | 1);
    let mut key = [0; 16];
    key[..8].copy_from_slice(&serial.to_le_bytes());
    Request {
        tenant: Tenant::single(),
        signal: Signal::Traces,
        admitted_at: UnixNanos(1_000 + serial),
        keep_days: 14,
        rows: 1,
        rejected: 0,
        key: ResendKey::Bytes(key),
        body: Body::new(body.into()),
    }
}

fn fresh(folder: &Path) -> Core {
    let lane_folder = folder.join("lane");
    let pool = Pool::open(Os, folder.join("free"), SMALL_SEGMENT).unwrap();
    Core::empty(Appender::new(LANE, lane_folder, pool))
}

fn reopen(folder: &Path) -> Recovered {
    let pool = Pool::open(Os, folder.join("free"), SMALL_SEGMENT).unwrap();
    let quarantine = folder.join("quarantine");
    recover(LANE, folder.join("lane"), &pool, &quarantine).unwrap()
}

fn append(core: &mut Core, requests: &[Request]) {
    let changes: Vec<Change> = requests.iter().cloned().map(Change::Request).collect();
    core.commit(&changes, false).unwrap();
}

/// The requests of a cut, and how many stretches of it can't be read.
pub(super) fn contents<D: Disk>(cut: &Cut<D>) -> (Vec<Request>, u64) {
    let mut requests = Vec::new();
    let damaged = cut.read(|request| requests.push(request)).unwrap();
    (requests, damaged)
}

/// Cuts what is open and reads all that is not done.
fn read_all(core: &mut Core) -> Vec<Request> {
    if core.open().bytes > 0 {
        core.commit(&[], true).unwrap();
    }
    let cuts = std::iter::from_fn(|| core.hand_out());
    cuts.flat_map(|cut| contents(&cut).0).collect()
}

#[test]
fn what_was_committed_is_there_after_a_kill_in_the_same_cuts() {
    let folder = tempfile::tempdir().unwrap();
    let requests: Vec<Request> = (0..50).map(|serial| request(serial, 300)).collect();
    let mut core = fresh(folder.path());
    append(&mut core, &requests[..20]);
    core.commit(&[], true).unwrap();
    append(&mut core, &requests[20..]);
    let cut = core.hand_out().unwrap();
    drop(core);

    let mut recovered = reopen(folder.path());
    assert_eq!(recovered.damaged, 0);
    assert_eq!(recovered.acknowledged.len(), 50);
    let bytes: u64 = requests.iter().map(Request::framed).sum();
    assert_eq!(recovered.bytes, bytes, "what counts against the cap");
    let again = recovered.core.hand_out().unwrap();
    assert_eq!(again.range, cut.range);
    assert!(again.is_suspect, "its insert may have been under way");
    assert_eq!(contents(&again).0, requests[..20]);
    assert_eq!(read_all(&mut recovered.core), requests[20..]);
}

#[test]
fn what_is_done_is_forgotten_and_its_files_are_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    for round in 0..20 {
        let requests: Vec<Request> = (0..10).map(|n| request(round * 10 + n, 500)).collect();
        append(&mut core, &requests);
        assert_eq!(read_all(&mut core), requests);
        let bytes: u64 = requests.iter().map(Request::framed).sum();
        let done = Change::Done(core.open().from);
        assert_eq!(core.commit(&[done], false).unwrap(), bytes);
        assert!(core.is_done());
    }
    let last = request(999, 10);
    append(&mut core, std::slice::from_ref(&last));
    let held = std::fs::read_dir(folder.path().join("lane"))
        .unwrap()
        .count();
    assert!(held <= 2, "{held} segments hold one request");
    drop(core);

    let mut recovered = reopen(folder.path());
    assert_eq!(
        recovered.damaged, 0,
        "an earlier life of a file is no damage"
    );
    assert_eq!(read_all(&mut recovered.core), [last]);
}

#[test]
fn what_a_killed_process_left_takes_as_much_as_it_holds() {
    const KILLS: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::open(Os, folder.path().join("free"), 1 << 20).unwrap();
    let lane = folder.path().join("lane");
    let mut core = Core::empty(Appender::new(LANE, lane.clone(), pool.clone()));
    append(&mut core, &[request(1, 100)]);
    drop(core);
    for _ in 0..KILLS {
        let quarantine = folder.path().join("quarantine");
        let recovered = recover(LANE, lane.clone(), &pool, &quarantine).unwrap();
        assert_eq!(recovered.damaged, 0);
        // It cuts what it found, and is killed before the store has it.
        let mut core = recovered.core;
        core.commit(&[], true).unwrap();
    }
    let files = std::fs::read_dir(&lane).unwrap();
    let held: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(held < 16 << 10, "{held} bytes");
}

#[test]
fn a_generation_is_remembered_with_its_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    append(&mut core, &[request(1, 10)]);
    core.commit(&[], true).unwrap();
    let cut = core.hand_out().unwrap();
    let block = BlockName {
        cut: cut.range.from,
        table: 6,
        day: 20_000,
        keep_days: 14,
        part: 3,
    };
    core.commit(&[Change::Generation(block, 2)], false).unwrap();
    drop(core);

    let again = reopen(folder.path()).core.hand_out().unwrap();
    assert_eq!(again.generations, BTreeMap::from([(block, 2)]));
}

#[test]
fn a_group_whose_write_failed_never_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    let before = request(0, 2_000);
    append(&mut core, std::slice::from_ref(&before));
    // The next segment can't be made: its name is taken by a folder. By then the group's first request is written.
    let (first, second) = (request(1, 1_000), request(2, 1_000));
    let name = format!("{:016x}.segment", before.framed() + first.framed());
    let obstacle = folder.path().join("lane").join(name);
    std::fs::create_dir(&obstacle).unwrap();
    let group = [Change::Request(first.clone()), Change::Request(second)];
    assert!(core.commit(&group, false).is_err());
    std::fs::remove_dir(&obstacle).unwrap();
    // The client comes again with the first.
    let after = [first, request(3, 10)];
    append(&mut core, &after);
    drop(core);

    let mut recovered = reopen(folder.path());
    let kept = [&[before][..], &after].concat();
    assert_eq!(recovered.acknowledged.len(), kept.len());
    assert_eq!(recovered.damaged, 0);
    assert_eq!(read_all(&mut recovered.core), kept);
}

#[test]
fn a_lane_that_was_recovered_twice_is_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    append(&mut core, &[request(1, 100)]);
    drop(core);
    // It is cut while the store is away, and goes on behind a gap.
    reopen(folder.path()).core.commit(&[], true).unwrap();

    let mut recovered = reopen(folder.path());
    assert_eq!(recovered.damaged, 0);
    assert_eq!(read_all(&mut recovered.core), [request(1, 100)]);
}

#[test]
fn the_room_that_a_recovered_lane_gave_back_is_not_damaged_where_the_next_group_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    append(&mut core, &[request(1, 100)]);
    drop(core);
    reopen(folder.path()).core.commit(&[], true).unwrap();
    // Of the group that the second process wrote a power failure leaves all but what it says of the gap before it.
    let files = std::fs::read_dir(folder.path().join("lane")).unwrap();
    let last = files.map(|file| file.unwrap().path()).max().unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(last).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0xff; 8], 0).unwrap();

    let mut recovered = reopen(folder.path());
    assert!(recovered.is_torn);
    assert_eq!(recovered.damaged, 0);
    assert_eq!(read_all(&mut recovered.core), [request(1, 100)]);
}

#[test]
fn a_kill_before_a_used_segment_is_written_to_again_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    for serial in 0..6 {
        append(&mut core, &[request(serial, 3_000)]);
        read_all(&mut core);
        let done = Change::Done(core.open().from);
        core.commit(&[done], false).unwrap();
    }
    let pool = Pool::open(Os, folder.path().join("free"), SMALL_SEGMENT).unwrap();
    let next = core.into_appender().position();
    pool.take(&folder.path().join("lane"), next, 0).unwrap();

    assert_eq!(reopen(folder.path()).damaged, 0);
}

/// The lane once its disk has no room for another segment.
fn reopen_on_a_full_disk(folder: &Path) -> Core {
    let mut recovered = reopen(folder);
    // No file system has files of this size.
    let pool = Pool::open(Os, folder.join("free"), 1 << 62).unwrap();
    recovered.core.put_on(pool);
    recovered.core
}

#[test]
fn a_full_disk_refuses_requests_and_lets_the_lane_be_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    append(&mut core, &[request(1, 100)]);
    drop(core);

    let mut core = reopen_on_a_full_disk(folder.path());
    for serial in 2..5 {
        let refused = Change::Request(request(serial, 100));
        assert!(core.commit(&[refused], false).is_err());
    }
    let files = std::fs::read_dir(folder.path().join("lane")).unwrap();
    assert_eq!(files.count(), 1, "what was refused takes no room");
    assert_eq!(read_all(&mut core), [request(1, 100)], "it can be cut");
    let done = Change::Done(core.open().from);
    core.commit(&[done], false).unwrap();
    assert!(core.is_done());
    let removed = core.into_appender().remove();
    removed.expect("nothing else is left in its folder");
}

#[test]
fn a_request_larger_than_a_segment_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    let requests = [request(1, 100), request(2, 50_000), request(3, 100)];
    append(&mut core, &requests);
    drop(core);
    assert_eq!(read_all(&mut reopen(folder.path()).core), requests);
}

/// What happens to the bytes of a segment.
#[derive(Clone, Debug)]
enum Harm {
    Truncate,
    FlipBits(u8),
    Zero(u64),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::Truncate),
        (1..=255_u8).prop_map(Harm::FlipBits),
        (1..3_000_u64).prop_map(Harm::Zero),
    ]
}

/// Does it to the segment that holds this share of the lane, and tells which positions are harmed.
fn inflict(
    folder: &Path,
    harm: &Harm,
    segment: prop::sample::Index,
    place: prop::sample::Index,
) -> Range {
    let mut files: Vec<_> = std::fs::read_dir(folder.join("lane"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let path = segment.get(&files);
    let base = u64::from_str_radix(path.file_stem().unwrap().to_str().unwrap(), 16).unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let at = place.index(bytes.len());
    let end = match harm {
        Harm::Truncate => {
            let end = bytes.len();
            bytes.truncate(at);
            end
        }
        Harm::FlipBits(bits) => {
            bytes[at] ^= bits;
            at + 1
        }
        Harm::Zero(length) => {
            let end = (at + *length as usize).min(bytes.len());
            bytes[at..end].fill(0);
            end
        }
    };
    std::fs::write(path, bytes).unwrap();
    Range {
        from: base + at as u64,
        to: base + end as u64,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_costs_what_it_touches_and_invents_nothing(
        groups in prop::collection::vec((prop::collection::vec(0..1_500_usize, 1..6), any::<bool>()), 1..12),
        done_groups in 0..6_usize,
        harm in harm(),
        segment: prop::sample::Index,
        place: prop::sample::Index,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut core = fresh(folder.path());
        let mut written = Vec::new();
        for (number, (lengths, cut)) in groups.iter().enumerate() {
            let requests: Vec<Request> = lengths
                .iter()
                .enumerate()
                .map(|(n, length)| request((number * 100 + n) as u64, *length))
                .collect();
            let changes: Vec<Change> = requests.iter().cloned().map(Change::Request).collect();
            core.commit(&changes, *cut).unwrap();
            written.extend(requests);
        }
        // Some of it is in the store.
        let done: Vec<Cut> = std::iter::from_fn(|| core.hand_out()).take(done_groups).collect();
        let stored: usize = done.iter().map(|cut| contents(cut).0.len()).sum();
        if let Some(last) = done.last() {
            core.commit(&[Change::Done(last.range.to)], false).unwrap();
        }
        let places = places(&mut core);
        drop(core);
        let harmed = inflict(folder.path(), &harm, segment, place);

        let mut recovered = reopen(folder.path());
        let read = read_all(&mut recovered.core);
        // Where the word that something is done was lost, it comes again, and the store knows it by its token.
        let kept: Vec<&Request> = written[stored..]
            .iter()
            .filter(|request| !places[&request.key_serial()].overlaps(harmed))
            .collect();
        let mut rest = read.iter();
        for request in &kept {
            prop_assert!(rest.any(|read| read == *request), "lost or out of order: {request:?}");
        }
        for request in &read {
            prop_assert!(written.contains(request), "invented: {request:?}");
        }
        let mut once = read.iter().map(Request::key_serial).collect::<Vec<_>>();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), read.len(), "each once");
        // It goes on: what is appended now is kept as well.
        let next = request(1_000_000, 10);
        append(&mut recovered.core, std::slice::from_ref(&next));
        drop(recovered);
        prop_assert!(read_all(&mut reopen(folder.path()).core).contains(&next));
    }

    #[test]
    fn bytes_of_any_kind_are_no_record(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        record::walk(LANE, 0, &Bytes::from(bytes), |found| {
            assert!(!matches!(found, record::Found::Record { .. }), "{found:?}");
        });
    }
}

impl Request {
    fn key_serial(&self) -> u64 {
        u64::from_le_bytes(*self.body.bytes().first_chunk().unwrap())
    }
}

/// Where each request stands.
fn places(core: &mut Core) -> BTreeMap<u64, Range> {
    let mut places = BTreeMap::new();
    for piece in core.all_pieces() {
        let (start, bytes) = piece.segment.read(piece.range, BytesMut::new()).unwrap();
        record::walk(LANE, start, &bytes, |found| {
            if let record::Found::Record {
                at,
                record: Record::Request(request),
                ..
            } = found
            {
                places.insert(request.key_serial(), at);
            }
        });
    }
    places
}

#[test]
fn a_header_is_as_long_as_it_says() {
    let mut bytes = Vec::new();
    let place = Place {
        lane: LANE,
        position: 0,
        group: 0,
    };
    Note::Done(7).put(place, &mut bytes);
    assert_eq!(bytes.len() as u64, Note::Done(7).framed());
    assert_eq!(bytes.len(), HEADER + 8);
}

struct Running {
    folder: tempfile::TempDir,
    tasks: Tasks,
    flush: Shutdown,
    resends: Resends,
}

impl Running {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            tasks: Tasks::new(),
            flush: Shutdown::new(),
            resends: Resends::default(),
        }
    }

    fn options(&self, cap: u64) -> Options {
        Options {
            folder: self.folder.path().to_owned(),
            cap,
            lanes: 1,
            segment_size: SMALL_SEGMENT,
            acknowledge: Acknowledge::Log,
        }
    }

    fn open(&self, cap: u64) -> Opened {
        Log::open(
            &self.options(cap),
            &self.tasks,
            &self.flush,
            &Registry::new(),
        )
        .unwrap()
    }

    async fn append(&self, log: &Log, request: Request) -> Result<(), Refused> {
        let claim = self
            .resends
            .claim(request.key, Instant::now(), Accepted::default());
        let Claim::First(pending, ticket) = claim else {
            panic!("it is new");
        };
        log.append(request, pending)?;
        ticket.wait().await.expect("it is stored");
        Ok(())
    }
}

#[tokio::test]
async fn at_its_cap_the_log_refuses_until_the_store_has_taken_something() {
    let running = Running::new();
    let size = request(0, 1_000).framed();
    let mut opened = running.open(size * 2);
    running
        .append(&opened.log, request(0, 1_000))
        .await
        .unwrap();
    running
        .append(&opened.log, request(1, 1_000))
        .await
        .unwrap();
    let refused = running.append(&opened.log, request(2, 1_000)).await;
    assert_eq!(refused, Err(Refused::AtCap));

    let mut feed = opened.feeds.remove(0);
    let cut = feed.cuts.recv().await.unwrap();
    feed.lane.done(cut.range.to).await.unwrap();
    running
        .append(&opened.log, request(3, 1_000))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_the_store_has_is_noted_though_a_request_beside_it_finds_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut core = fresh(folder.path());
    append(&mut core, &[request(1, 100)]);
    drop(core);
    let mut core = reopen_on_a_full_disk(folder.path());
    core.commit(&[], true).unwrap();
    let position = core.hand_out().unwrap().range.to;
    let metrics = LaneMetrics::new(&Registry::new());
    let budget = Budget::new(1 << 20);
    let refused = request(2, 8_000);
    budget.take(request(1, 100).framed() + refused.framed());
    let (lane, handle, _cuts) = Lane::new(core, budget.clone(), Shutdown::new(), metrics);
    let claim = Resends::default().claim(refused.key, Instant::now(), Accepted::default());
    let Claim::First(pending, ticket) = claim else {
        panic!("it is new");
    };

    // Both wait when the lane begins, so that they are one group.
    handle.place().unwrap().append(refused, pending);
    let told = async move { (handle.done(position).await, ticket.wait().await) };
    let ((done, kept), ()) = tokio::join!(told, lane.run());
    assert_eq!(done, Ok(()));
    assert!(kept.is_err());
    assert_eq!(budget.held(), 0, "nothing is held any more");
}

#[tokio::test]
async fn a_log_belongs_to_one_collector() {
    let running = Running::new();
    let opened = running.open(1 << 20);
    let options = running.options(1 << 20);
    let registry = Registry::new();
    let open = || Log::open(&options, &running.tasks, &running.flush, &registry);
    let refused = open().err().expect("it is in use");
    assert_eq!(refused.to_string(), "another collector uses it");
    drop(opened);
    open().expect("it is free again");
}

#[tokio::test]
async fn a_lane_that_cannot_be_removed_does_not_keep_the_log_from_opening() {
    let running = Running::new();
    drop(running.open(1 << 20));
    let lane = running.folder.path().join("lanes").join(LANE.to_string());
    std::fs::create_dir(&lane).unwrap();
    std::fs::write(lane.join("stray"), "").unwrap();
    running.open(1 << 20);
}

#[tokio::test]
async fn a_lane_of_an_earlier_process_is_emptied_and_removed() {
    let running = Running::new();
    let opened = running.open(1 << 20);
    running.append(&opened.log, request(7, 100)).await.unwrap();
    // As a kill: nobody cuts, flushes or closes.
    drop(opened);

    let mut opened = running.open(1 << 20);
    assert_eq!(opened.acknowledged.len(), 1);
    let mut feed = opened.feeds.remove(0);
    let cut = feed.cuts.recv().await.unwrap();
    assert_eq!(contents(&cut).0, [request(7, 100)]);
    feed.lane.done(cut.range.to).await.unwrap();
    assert!(feed.cuts.recv().await.is_none(), "that was all");
    drop(feed);
    running.flush.trigger();
    drop(opened);
    assert_eq!(
        running
            .tasks
            .join_all(std::time::Duration::from_secs(5))
            .await,
        Vec::<&str>::new()
    );
    let left = std::fs::read_dir(running.folder.path().join("lanes")).unwrap();
    let left = left.map(|lane| std::fs::read_dir(lane.unwrap().path()).unwrap().count());
    assert_eq!(left.sum::<usize>(), 0, "no segment is left in any lane");
}
