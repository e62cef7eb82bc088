//! What fuzzing does with an input (`proto/fuzz`), and the ordinary tests with its corpus: each function panics where a
//! promise of this crate is broken.

use prost::Message;

use crate::json;
use crate::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest};

/// What was read from JSON is protobuf, and not longer than its text.
pub fn json(text: &[u8]) {
    if let Ok(written) = json::traces_to_protobuf(text) {
        check_written::<ExportTraceServiceRequest>(text, &written);
    }
    if let Ok(written) = json::logs_to_protobuf(text) {
        check_written::<ExportLogsServiceRequest>(text, &written);
    }
}

fn check_written<M: Message + Default>(text: &[u8], written: &[u8]) {
    assert!(written.len() <= text.len(), "longer than its text");
    M::decode(written).expect("it is protobuf");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every input of the corpus, and those that once were a bug.
    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(target);
        let inputs = std::fs::read_dir(corpus).expect("the corpus is checked in");
        let mut replayed = 0;
        for input in inputs {
            run(&std::fs::read(input.unwrap().path()).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "{target}: nothing to replay");
    }

    #[test]
    fn the_corpus_of_json_keeps_its_promises() {
        replay("json", json);
    }
}
