//! What fuzzing does with an input (`collector/fuzz`), and the ordinary tests with its corpus: each function panics where a
//! promise of this crate is broken.

use bytes::Bytes;

use crate::otlp::grpc::unframe;
use crate::receive::Memory;
use crate::unpack::Compression;

/// Small, so that an input that unpacks to more is soon found.
const LIMIT: u64 = 64 << 10;

/// A call's bytes behind a letter that says how its messages are packed: what is taken from it is within the limit, and the
/// memory that it took is given back.
pub fn framing(call: &[u8]) {
    let Some((way, body)) = call.split_first() else {
        return;
    };
    let ways = [
        Compression::None,
        Compression::Gzip,
        Compression::Zstd,
        Compression::Deflate,
    ];
    let packing = ways[usize::from(*way) % ways.len()];
    let body = Bytes::copy_from_slice(body);
    let memory = Memory::new(2 * LIMIT);
    let mut share = memory.share();
    if let Ok((compression, message)) = unframe(&body, packing)
        && let Ok(unpacked) = compression.unpack(&message, LIMIT, &mut share)
    {
        assert!(compression == Compression::None || unpacked.len() as u64 <= LIMIT);
    }
    // Over HTTP there is no frame around it.
    if let Ok(unpacked) = packing.unpack(&body, LIMIT, &mut share) {
        assert!(packing == Compression::None || unpacked.len() as u64 <= LIMIT);
    }
    drop(share);
    assert_eq!(
        memory.share().grow_to(2 * LIMIT),
        Ok(()),
        "all is given back"
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_corpus_of_framing_keeps_its_promises() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/framing");
        let inputs = std::fs::read_dir(corpus).expect("the corpus is checked in");
        let mut replayed = 0;
        for input in inputs {
            framing(&std::fs::read(input.unwrap().path()).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "nothing to replay");
    }
}
