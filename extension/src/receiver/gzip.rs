//! Unpacks bodies, to a limit.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use super::{MAX_BODY, Refusal};

/// Unpacks a body by its content coding.
pub(super) fn unpack(coding: &str, body: Bytes) -> Result<Bytes, Refusal> {
    match coding {
        "" | "identity" => Ok(body),
        "gzip" => gunzip(&body),
        _ => Err(Refusal::Unsupported("only gzip is unpacked")),
    }
}

/// All members, as some clients write more than one.
fn gunzip(body: &[u8]) -> Result<Bytes, Refusal> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(body)
        .take(MAX_BODY as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Refusal::Malformed(format!("gzip: {error}")))?;
    match unpacked.len() > MAX_BODY {
        true => Err(Refusal::TooLarge),
        false => Ok(unpacked.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_are_joined_and_bombs_refused() {
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(unpack("gzip", two.into()).unwrap(), "one two");
        let bomb = gzip(&vec![0; MAX_BODY + 1]);
        assert_eq!(unpack("gzip", bomb.into()), Err(Refusal::TooLarge));
        let whole = gzip(b"cut short");
        let cut = unpack("gzip", Bytes::copy_from_slice(&whole[..12]));
        assert!(matches!(cut, Err(Refusal::Malformed(_))), "{cut:?}");
        assert!(unpack("br", Bytes::new()).is_err());
    }
}
