//! Two tenants, one at full blast.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;

use coldtrace_control::{Db, NewKey, Scope, Secret};
use coldtrace_model::Tenant;

use super::*;

/// Connections of the greedy tenant: together they want three times the memory that there is.
const GREEDY: usize = 16;
/// Requests of the modest one.
const MODEST: u8 = 30;

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
        config.memory_cap = HumanBytes(1 << 20);
    });
    let address = collector.http;
    let (stop, taken) = (AtomicBool::new(false), AtomicU64::new(0));
    // One is enough: from then on there is more than there is room for.
    let (refused_tx, refused) = sync_channel(1);
    let blast = |number: usize| {
        for round in 0.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // Messages of protobuf one after the other are one message.
            let body = traces_of((number * 8 + round % 8 + 1) as u8, 250).repeat(10);
            match send(address, greedy.reveal(), &body) {
                Some(200) => drop(taken.fetch_add(1, Ordering::Relaxed)),
                Some(429) => drop(refused_tx.try_send(())),
                _ => {}
            }
        }
    };
    let blast = &blast;
    let mut ahead: Vec<u64> = std::thread::scope(|scope| {
        for number in 0..GREEDY {
            scope.spawn(move || blast(number));
        }
        refused.recv().expect("the greedy one wants too much");
        let modest = (1..=MODEST).map(|number| {
            let before = taken.load(Ordering::Relaxed);
            // Too large for what is left where one tenant may fill the memory.
            let body = traces_of(number, 250).repeat(8);
            let status = send(address, modest.reveal(), &body);
            let ahead = taken.load(Ordering::Relaxed) - before;
            (status == Some(200)).then_some(ahead)
        });
        let ahead: Option<Vec<u64>> = modest.collect();
        stop.store(true, Ordering::Relaxed);
        ahead.expect("every request of the modest one is taken")
    });
    // Not in seconds, which a busy machine has few of: in requests of the other that were served meanwhile.
    ahead.sort_unstable();
    let usual = ahead[ahead.len() / 2];
    assert!(usual <= GREEDY as u64, "{ahead:?}");
    let taken = taken.load(Ordering::Relaxed);
    assert!(
        taken > 0,
        "the greedy one is served too, as far as there is room"
    );
    collector.stop();
}
