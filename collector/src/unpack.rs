//! How a body is packed, and how it is unpacked: within the same limit and the same memory as if it had come plain.
//!
//! gzip as OTLP asks; zstd since it is the quicker one on both ends; deflate (as zlib) since OpenTelemetry's Python
//! exporters offer it. Invariant: what is unpacked is held once, and never more than the limit and a step.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::receive::{Share, within};
use crate::status::Refusal;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
    Deflate,
}

/// How much is unpacked before memory is asked for more.
const STEP: u64 = 256 << 10;
/// What zstd may look back on, as a power of two: 8 MiB, the most that a sender over HTTP may ask for (RFC 9659).
const WINDOW_LOG: u32 = 23;

// === impl Compression ===

impl Compression {
    /// The names that are served, as HTTP's `accept-encoding` and gRPC's `grpc-accept-encoding` list them.
    pub(crate) const SERVED: &str = "gzip, zstd, deflate, identity";

    /// By its name in HTTP or gRPC.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let known = [
            ("identity", Self::None),
            ("gzip", Self::Gzip),
            // An alias from HTTP's early days.
            ("x-gzip", Self::Gzip),
            ("zstd", Self::Zstd),
            ("deflate", Self::Deflate),
        ];
        let mut known = known.into_iter();
        known.find_map(|(known, how)| name.eq_ignore_ascii_case(known).then_some(how))
    }

    /// The body, plain. Blocks for as long as that takes.
    pub(crate) fn unpack(
        self,
        packed: &Bytes,
        limit: u64,
        share: &mut Share,
    ) -> Result<Bytes, Refusal> {
        let unpacked = match self {
            Self::None => return Ok(packed.clone()),
            Self::Gzip => read(MultiGzDecoder::new(&packed[..]), packed, limit, share),
            Self::Zstd => zstd(packed, limit, share),
            Self::Deflate => deflate(packed, limit, share),
        };
        unpacked.map_err(|error| match error {
            Unreadable::Packed(error) => {
                Refusal::Invalid(format!("the request is not {}: {error}", self.name()))
            }
            Unreadable::Refused(refusal) => refusal,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        }
    }
}

/// Why a body could not be unpacked.
enum Unreadable {
    Packed(io::Error),
    Refused(Refusal),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Packed(error)
    }
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Of any number of frames.
fn zstd(packed: &[u8], limit: u64, share: &mut Share) -> Result<Bytes, Unreadable> {
    let mut unpacking = ZstdDecoder::with_buffer(packed)?;
    unpacking.window_log_max(WINDOW_LOG)?;
    read(unpacking, packed, limit, share)
}

fn deflate(packed: &[u8], limit: u64, share: &mut Share) -> Result<Bytes, Unreadable> {
    let mut unpacking = ZlibDecoder::new(packed);
    let unpacked = read(&mut unpacking, packed, limit, share)?;
    match unpacking.total_in() == packed.len() as u64 {
        true => Ok(unpacked),
        false => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "something follows its end").into())
        }
    }
}

fn read(
    mut unpacking: impl Read,
    packed: &[u8],
    limit: u64,
    share: &mut Share,
) -> Result<Bytes, Unreadable> {
    let mut unpacked = Vec::new();
    loop {
        let before = unpacked.len();
        unpacking.by_ref().take(STEP).read_to_end(&mut unpacked)?;
        within(unpacked.len() as u64, limit)?;
        share.grow_to((packed.len() + unpacked.len()) as u64)?;
        if unpacked.len() == before {
            return Ok(unpacked.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;
    use crate::receive::Memory;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut packed = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 3).unwrap()
    }

    fn zstd_with_window(bytes: &[u8], window_log: u32) -> Vec<u8> {
        let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        packed.window_log(window_log).unwrap();
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    type Pack = fn(&[u8]) -> Vec<u8>;

    const WAYS: [(Compression, Pack); 3] = [
        (Compression::Gzip, gzip),
        (Compression::Zstd, zstd),
        (Compression::Deflate, deflate),
    ];

    fn unpack(how: Compression, packed: Vec<u8>, limit: u64) -> Result<Bytes, Refusal> {
        let mut share = Memory::new(64 << 20).share();
        how.unpack(&packed.into(), limit, &mut share)
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for (how, pack) in WAYS {
            for words in ["", "some words", &"many words ".repeat(100_000)] {
                let unpacked = unpack(how, pack(words.as_bytes()), 2 << 20);
                assert_eq!(unpacked.unwrap(), words, "{how:?}");
            }
        }
    }

    #[test]
    fn every_member_and_every_frame_is_unpacked() {
        for (how, pack) in [WAYS[0], WAYS[1]] {
            let packed = [pack(b"one, "), pack(b""), pack(b"two")].concat();
            assert_eq!(unpack(how, packed, 100).unwrap(), "one, two", "{how:?}");
        }
    }

    #[test]
    fn a_bomb_costs_the_limit_and_no_more() {
        for (how, pack) in WAYS {
            let packed = Bytes::from(pack(&vec![0; 10 << 20]));
            let memory = Memory::new(1 << 20);
            let refused = how.unpack(&packed, 512 << 10, &mut memory.share());
            let too_large = Refusal::TooLarge { limit: 512 << 10 };
            assert_eq!(refused, Err(too_large), "{how:?}");
            let refused = how.unpack(&packed, 20 << 20, &mut memory.share());
            assert!(
                matches!(refused, Err(Refusal::Overloaded { .. })),
                "{refused:?}"
            );
            let free = memory.share().grow_to(1 << 20);
            assert_eq!(free, Ok(()), "all is given back");
        }
    }

    #[test]
    fn what_is_packed_otherwise_or_damaged_is_told_so() {
        for (how, pack) in WAYS {
            let whole = pack(&b"some words".repeat(50));
            let cut_short = whole[..whole.len() - 1].to_vec();
            let followed = [&whole[..], b"and more"].concat();
            let mut damaged = whole.clone();
            damaged[whole.len() / 2] ^= 0x55;
            let cases = [b"not packed at all".to_vec(), cut_short, followed];
            let cases = cases.into_iter();
            // zstd writes no checksum unless asked to.
            for packed in cases.chain((how != Compression::Zstd).then_some(damaged)) {
                let refused = unpack(how, packed, 10_000);
                let Err(Refusal::Invalid(why)) = refused else {
                    panic!("{how:?}: {refused:?}");
                };
                let expected = format!("the request is not {}: ", how.name());
                assert!(why.starts_with(&expected), "{why}");
            }
        }
    }

    #[test]
    fn a_window_beyond_what_http_allows_is_refused() {
        let body = vec![7; 20 << 20];
        let allowed = zstd_with_window(&body, 23);
        assert!(unpack(Compression::Zstd, allowed, 32 << 20).is_ok());
        let larger = zstd_with_window(&body, 24);
        let refused = unpack(Compression::Zstd, larger, 32 << 20);
        assert!(matches!(refused, Err(Refusal::Invalid(_))), "{refused:?}");
    }

    #[test]
    fn names_are_known_in_either_case() {
        assert_eq!(Compression::named("GZIP"), Some(Compression::Gzip));
        assert_eq!(Compression::named("br"), None);
        for name in Compression::SERVED.split(", ") {
            assert!(Compression::named(name).is_some(), "{name}");
        }
    }
}
