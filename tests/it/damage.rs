//! The engine's files are damaged while nobody runs: what an index loses is there again, and who looks after it is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use coldtrace_tests::{BackendOptions, eventually};

use crate::kills::{SPANS, export, request, stored_spans};

const TRACE: &str = "00000000000000000000000000000da1";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_trace_whose_index_was_damaged_is_found_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut backend = BackendOptions::default().on(folder.path()).start();
    assert!(export(&backend.http, &request(TRACE, Duration::ZERO)));
    backend.wait_until_drained(PATIENCE);
    assert!(backend.stop().success());
    let harmed = parts_of("trace_index", folder.path());
    assert!(!harmed.is_empty(), "it has parts");
    for part in &harmed {
        cut_short(&part.join("data.bin"));
    }

    let backend = BackendOptions::default().on(folder.path()).start();
    let spans = eventually("the trace to be found", PATIENCE, || {
        stored_spans(&backend.api, TRACE)
    });
    assert_eq!(spans.len(), SPANS);
    let mended = "coldtrace_store_mended_parts_total{table=\"trace_index\"}";
    eventually("it to be told", PATIENCE, || {
        (backend.metric(mended) >= Some(1)).then_some(())
    });
    let told = backend.told();
    assert!(told.contains("the store found a part damaged"), "{told}");
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

fn cut_short(file: &Path) {
    let file = std::fs::File::options().write(true).open(file);
    let file = file.expect("open a part's data");
    let length = file.metadata().expect("its length").len();
    file.set_len(length - 1).expect("cut it short");
}
