//! The engine's files are damaged while nobody runs: what an index loses is there again, and who looks after it is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coldtrace_tests::{Backend, BackendOptions, eventually};

use crate::kills::{SPANS, export, request, stored_spans};

const TRACE: &str = "00000000000000000000000000000da1";
const PATIENCE: Duration = Duration::from_secs(90);
/// With the damaged one more than the engine waits for.
const PARTS: usize = 12;

#[test]
fn a_trace_whose_index_was_damaged_is_found_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut backend = BackendOptions::default().on(folder.path()).start();
    send(&backend, TRACE);
    assert!(backend.stop().success());
    let harmed = parts_of("trace_index", folder.path());
    assert!(!harmed.is_empty(), "it has parts");
    for part in &harmed {
        change(&part.join("data.bin"), |bytes| {
            bytes.truncate(bytes.len() - 1)
        });
    }

    let backend = BackendOptions::default().on(folder.path()).start();
    let spans = eventually("the trace to be found", PATIENCE, || {
        stored_spans(&backend.api, TRACE)
    });
    assert_eq!(spans.len(), SPANS);
    wait_until_mended(&backend);
    let told = backend.told();
    assert!(told.contains("the store found a part damaged"), "{told}");
}

/// Nothing is said at the start: the file is as long as it should be.
#[test]
fn an_index_whose_merges_fail_since_a_part_is_damaged_is_merged_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut backend = BackendOptions::default().on(folder.path()).start();
    send(&backend, TRACE);
    assert!(backend.stop().success());
    for part in &parts_of("trace_index", folder.path()) {
        change(&part.join("data.bin"), |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
    }

    let backend = BackendOptions::default().on(folder.path()).start();
    // A part each, until there are enough for a merge.
    for number in 0..PARTS {
        send(&backend, &format!("da3a9e{number:026x}"));
    }
    wait_until_mended(&backend);
    let told = backend.told();
    assert!(told.contains("merges fail again and again"), "{told}");
    let spans = stored_spans(&backend.api, TRACE).expect("it is found");
    assert_eq!(spans.len(), SPANS);
}

fn send(backend: &Backend, trace_id: &str) {
    assert!(export(&backend.http, &request(trace_id, Duration::ZERO)));
    backend.wait_until_drained(PATIENCE);
}

fn wait_until_mended(backend: &Backend) {
    let mended = "coldtrace_store_mended_parts_total{table=\"trace_index\"}";
    eventually("it to be told", PATIENCE, || {
        (backend.metric(mended) >= Some(1)).then_some(())
    });
}

/// The folders of the parts of a table.
fn parts_of(table: &str, data: &Path) -> Vec<PathBuf> {
    let metadata = data.join("engine/data/metadata/coldtrace");
    let created = std::fs::read_to_string(metadata.join(format!("{table}.sql")));
    let created = created.expect("the engine keeps how it was made");
    let uuid = created.split('\'').nth(1).expect("its uuid");
    let folder = data.join("engine/data/store").join(&uuid[..3]).join(uuid);
    let entries = std::fs::read_dir(folder).expect("its folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.join("data.bin").is_file())
        .collect()
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).expect("read a part's data");
    change(&mut bytes);
    std::fs::write(file, bytes).expect("write it");
}
