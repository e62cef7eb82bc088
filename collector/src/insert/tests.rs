use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Mutex;

use bytes::Bytes;
use coldtrace_model::{Tenant, UnixNanos};
use coldtrace_proto::otlp::ExportTraceServiceRequest;
use coldtrace_proto::otlp::trace::{ResourceSpans, ScopeSpans, Span};
use coldtrace_service::metrics::Registry;
use coldtrace_service::tasks::Tasks;
use coldtrace_store::native::Partition;
use proptest::prelude::*;
use prost::Message as _;
use tokio::sync::Notify;

use super::*;
use crate::log::{Body, Log, Options, Request, ResendKey, Signal};
use crate::resend::{Accepted, Claim, Resends};

const DAY: u64 = 86_400_000_000_000;
const NOW: u64 = 20_000 * DAY + DAY / 2;

/// What an insert meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Certainly nothing happened.
    Refused,
    /// Nothing happened, and nobody knows.
    LostBefore,
    /// It is stored, and nobody knows.
    LostAfter,
    /// The engine died between its note of the token and the block.
    Noted,
    /// Stored, and then the collector is killed.
    StoredAndKilled,
    /// Noted, and then the collector is killed.
    NotedAndKilled,
    /// The engine will never take it.
    Rejected,
}

type Place = (Table, Partition, u32);

/// A store that keeps names of blocks, and fails as told.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    killed: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// For inserts into `spans`, in order.
    faults: VecDeque<Fault>,
    /// For inserts into any other table.
    other_faults: VecDeque<Fault>,
    tokens: BTreeSet<String>,
    blocks: BTreeMap<Place, usize>,
    refilled: usize,
    rows: u64,
}

impl Fake {
    pub(crate) fn failing(faults: &[Fault]) -> Self {
        let fake = Self::default();
        fake.state.lock().unwrap().faults = faults.iter().copied().collect();
        fake
    }

    /// How often each block of a table is stored.
    pub(crate) fn stored(&self, table: Table) -> Vec<usize> {
        let state = self.state.lock().unwrap();
        let blocks = state.blocks.iter();
        blocks
            .filter(|((of, ..), _)| *of == table)
            .map(|(_, times)| *times)
            .collect()
    }

    /// How many rows are in `spans`.
    pub(crate) fn span_rows(&self) -> u64 {
        self.state.lock().unwrap().rows
    }

    fn refilled(&self) -> usize {
        self.state.lock().unwrap().refilled
    }
}

impl State {
    fn note(&mut self, token: &str) -> bool {
        self.tokens.insert(token.to_owned())
    }

    fn store(&mut self, place: Place, rows: u64, token: &str) {
        if self.note(token) {
            if place.0 == Table::Spans {
                self.rows += rows;
            }
            *self.blocks.entry(place).or_default() += 1;
        }
    }
}

fn refused() -> StoreError {
    StoreError::Refused {
        url: "http://127.0.0.1:1".to_owned(),
        code: 1,
        message: "on purpose".to_owned(),
    }
}

fn place(block: &Block) -> Place {
    (block.table, block.partition, block.part)
}

impl Destination for Fake {
    async fn insert(&self, block: &Block, token: &str) -> Result<(), InsertError> {
        let place = place(block);
        let fault = {
            let mut state = self.state.lock().unwrap();
            let fault = match block.table {
                Table::Spans => state.faults.pop_front(),
                _ => state.other_faults.pop_front(),
            };
            match fault {
                None | Some(Fault::LostAfter | Fault::StoredAndKilled) => {
                    state.store(place, block.rows, token)
                }
                Some(Fault::Noted | Fault::NotedAndKilled) => {
                    state.note(token);
                }
                Some(Fault::Refused | Fault::LostBefore | Fault::Rejected) => {}
            }
            fault
        };
        match fault {
            None => Ok(()),
            Some(Fault::Refused) => Err(InsertError::Unavailable(refused())),
            Some(Fault::Rejected) => Err(InsertError::Rejected(refused())),
            Some(Fault::LostBefore | Fault::LostAfter | Fault::Noted) => {
                Err(InsertError::Ambiguous(refused()))
            }
            Some(Fault::StoredAndKilled | Fault::NotedAndKilled) => {
                self.killed.notify_one();
                std::future::pending().await
            }
        }
    }

    async fn contains(&self, block: &Block) -> Result<bool, StoreError> {
        let state = self.state.lock().unwrap();
        Ok(state.blocks.contains_key(&place(block)))
    }

    async fn refill_indexes(&self, _block: &Block) -> Result<(), InsertError> {
        self.state.lock().unwrap().refilled += 1;
        Ok(())
    }
}

/// Spans of two days, so that a batch has several blocks.
fn request() -> Request {
    let span = |number: u8, day: u64| Span {
        trace_id: vec![number; 16],
        span_id: vec![number; 8],
        name: "work".to_owned(),
        start_time_unix_nano: NOW - day * DAY,
        end_time_unix_nano: NOW - day * DAY + 1,
        ..Span::default()
    };
    let spans = vec![span(1, 0), span(2, 0), span(3, 1)];
    let scope_spans = ScopeSpans {
        spans,
        ..ScopeSpans::default()
    };
    let resource_spans = ResourceSpans {
        scope_spans: vec![scope_spans],
        ..ResourceSpans::default()
    };
    let export = ExportTraceServiceRequest {
        resource_spans: vec![resource_spans],
    };
    Request {
        tenant: Tenant::single(),
        signal: Signal::Traces,
        admitted_at: UnixNanos(NOW),
        keep_days: 14,
        rows: 3,
        rejected: 0,
        key: ResendKey::Bytes([7; 16]),
        body: Body::new(export.encode_to_vec().into()),
    }
}

/// One life of a collector's lower half, on a folder.
struct Life {
    tasks: Tasks,
    flush: Shutdown,
    log: Log,
    feeds: Vec<Feed>,
    inserter: Inserter<Fake>,
}

impl Life {
    fn begin(folder: &Path, destination: &Fake) -> Self {
        let (tasks, flush, registry) = (Tasks::new(), Shutdown::new(), Registry::new());
        let mut options = Options::new(folder.join("log"), 1 << 20);
        options.lanes = 1;
        options.segment_size = 64 << 10;
        let opened = Log::open(&options, &tasks, &flush, &registry).unwrap();
        Self {
            inserter: Inserter {
                destination: destination.clone(),
                slots: Arc::new(Semaphore::new(1)),
                // Patient, unless a test says otherwise.
                flush: Shutdown::new(),
                quarantine: options.quarantine(),
                seen: opened.seen,
                process: opened.process,
                metrics: InsertMetrics::new(&registry),
            },
            tasks,
            flush,
            log: opened.log,
            feeds: opened.feeds,
        }
    }

    async fn append(&self, request: Request) {
        let resends = Resends::default();
        let claim = resends.claim(request.key, std::time::Instant::now(), Accepted::default());
        let Claim::First(pending, ticket) = claim else {
            panic!("it is new");
        };
        self.log.append(request, pending).unwrap();
        ticket.wait().await.unwrap();
    }

    /// Brings everything into the store, or is killed on the way.
    async fn drain(self) {
        let killed = Arc::clone(&self.inserter.destination.killed);
        drop(self.log);
        self.flush.trigger();
        for feed in self.feeds {
            tokio::select! {
                () = self.inserter.clone().run(feed) => {}
                () = killed.notified() => return,
            }
        }
        self.tasks.join_all(Duration::from_secs(5)).await;
    }
}

fn is_kill(fault: Fault) -> bool {
    matches!(fault, Fault::StoredAndKilled | Fault::NotedAndKilled)
}

/// One batch against these faults, with a new life after each kill.
async fn file_against(faults: &[Fault]) -> (Fake, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::failing(faults);
    let life = Life::begin(folder.path(), &fake);
    life.append(request()).await;
    life.drain().await;
    for _ in faults.iter().filter(|fault| is_kill(**fault)) {
        Life::begin(folder.path(), &fake).drain().await;
    }
    (fake, folder)
}

async fn assert_once(faults: &[Fault]) -> Fake {
    let (fake, folder) = file_against(faults).await;
    assert_eq!(fake.stored(Table::Spans), [1, 1], "{faults:?}");
    assert!(!fake.stored(Table::Resources).contains(&0), "{faults:?}");
    let after = Life::begin(folder.path(), &fake);
    assert_eq!(after.feeds.len(), 1, "nothing is left of it: {faults:?}");
    fake
}

/// One cut was, with this request in it.
fn assert_set_aside(folder: &Path, request: &Request) {
    let kept = std::fs::read_dir(folder.join("log/quarantine")).unwrap();
    let kept: Vec<_> = kept.map(|file| file.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    let bytes = std::fs::read(&kept[0]).unwrap();
    let body = request.body.bytes();
    assert!(bytes.windows(body.len()).any(|window| window == body));
}

#[tokio::test(start_paused = true)]
async fn a_clear_answer_needs_no_look() {
    let fake = assert_once(&[]).await;
    assert_eq!(fake.refilled(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_insert_that_was_stored_and_not_answered_is_stored_once() {
    let fake = assert_once(&[Fault::LostAfter]).await;
    assert_eq!(fake.refilled(), 1, "its indexes may be missing");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_noted_without_its_block_gets_a_new_generation() {
    assert_once(&[Fault::Noted]).await;
    assert_once(&[Fault::Noted, Fault::LostBefore, Fault::LostAfter]).await;
    assert_once(&[Fault::Noted, Fault::LostBefore, Fault::Noted]).await;
}

#[tokio::test(start_paused = true)]
async fn a_kill_of_the_collector_during_an_insert_changes_nothing() {
    assert_once(&[Fault::StoredAndKilled]).await;
    assert_once(&[Fault::NotedAndKilled]).await;
    assert_once(&[Fault::NotedAndKilled, Fault::NotedAndKilled, Fault::Refused]).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_store_rejects_is_kept_in_a_file_and_the_rest_goes_on() {
    let (fake, folder) = file_against(&[Fault::Rejected]).await;
    assert_eq!(fake.stored(Table::Spans), [1], "the other day's block");
    assert_set_aside(folder.path(), &request());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_any_more_is_kept_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    let life = Life::begin(folder.path(), &fake);
    // Acknowledged by a version that could read it.
    let mut foreign = request();
    foreign.body = Body::new(Bytes::from_static(b"\xff\xff\xff words of another version"));
    life.append(foreign.clone()).await;
    life.append(request()).await;
    life.drain().await;
    assert_eq!(fake.stored(Table::Spans), [1, 1], "the others go on");
    assert_set_aside(folder.path(), &foreign);
}

#[tokio::test(start_paused = true)]
async fn other_tables_are_inserted_again_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::default();
    fake.state.lock().unwrap().other_faults = [Fault::Noted, Fault::Refused].into();
    let life = Life::begin(folder.path(), &fake);
    life.append(request()).await;
    life.drain().await;
    assert_eq!(fake.stored(Table::Resources), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_ends_while_the_store_is_away_leaves_it_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::failing(&[Fault::Refused; 10]);
    let life = Life::begin(folder.path(), &fake);
    life.append(request()).await;
    life.inserter.flush.trigger();
    life.drain().await;
    assert_eq!(fake.stored(Table::Spans), [0_usize; 0]);
    fake.state.lock().unwrap().faults.clear();
    Life::begin(folder.path(), &fake).drain().await;
    assert_eq!(fake.stored(Table::Spans), [1, 1]);
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::LostBefore),
        Just(Fault::LostAfter),
        Just(Fault::Noted),
        Just(Fault::StoredAndKilled),
        Just(Fault::NotedAndKilled),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_fails_every_block_is_stored_once(faults in prop::collection::vec(fault(), 0..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async { assert_once(&faults).await });
    }
}
