//! Two tenants, one at full blast.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use coldtrace_control::{Db, NewKey, Scope, Secret};
use coldtrace_model::Tenant;

use super::*;

/// Connections of the greedy tenant: together they want three times the memory that there is.
const GREEDY: usize = 16;
/// Requests of the modest one.
const MODEST: u8 = 50;
/// Far above what a busy machine takes for one small request, far below what waiting in one line would.
const PATIENCE: Duration = Duration::from_secs(5);

fn key(db: &mut Db, tenant: &str) -> Secret {
    let key = NewKey {
        name: String::new(),
        tenant: Tenant::parse(tenant).unwrap(),
        scope: Scope::Ingest,
        expires: None,
    };
    db.create(&key, UnixNanos::now()).unwrap()
}

/// The status; `None` where the connection was closed before it was read.
fn send(address: SocketAddr, key: &str, body: &[u8]) -> Option<u16> {
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {PROTOBUF}\r\nx-api-key: {key}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).ok()?;
    std::str::from_utf8(reply.get(9..12)?).ok()?.parse().ok()
}

#[test]
fn a_tenant_at_full_blast_neither_shuts_out_nor_slows_down_another() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut db = Db::open(keys.path()).unwrap();
    let (greedy, modest) = (key(&mut db, "greedy"), key(&mut db, "modest"));
    let rings = Rings::new(db.ring().unwrap());
    let collector = Collector::start_for(folder.path(), Fake::default(), rings, |config| {
        config.memory_cap = HumanBytes(4 << 20);
    });
    let address = collector.http;
    let (stop, refused, taken) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let blast = |number: usize| {
        for round in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // Messages of protobuf one after the other are one message.
            let body = traces_of((number * 8 + round % 8 + 1) as u8, 250).repeat(40);
            match send(address, greedy.reveal(), &body) {
                Some(200) => taken.fetch_add(1, Ordering::Relaxed),
                Some(429) => refused.fetch_add(1, Ordering::Relaxed),
                _ => continue,
            };
        }
    };
    let blast = &blast;
    let waits: Vec<Duration> = std::thread::scope(|scope| {
        for number in 0..GREEDY {
            scope.spawn(move || blast(number));
        }
        while refused.load(Ordering::Relaxed) < 10 {
            std::thread::yield_now();
        }
        let modest = (1..=MODEST).map(|number| {
            let began = Instant::now();
            let status = send(address, modest.reveal(), &traces_of(number, 20));
            assert_eq!(status, Some(200), "request {number}");
            began.elapsed()
        });
        let waits = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| modest.collect()));
        stop.store(true, Ordering::Relaxed);
        waits.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let longest = waits.iter().max().unwrap();
    assert!(*longest < PATIENCE, "{longest:?}");
    let taken = taken.load(Ordering::Relaxed);
    assert!(
        taken > 0,
        "the greedy one is served too, as far as there is room"
    );
    collector.stop();
}
