//! How much memory an extension's request will take once it is decoded, told from its bytes alone.
//!
//! A fact of two bytes on the wire is some hundreds in memory: without this a body within its limit could take a hundred
//! times as much. OTLP is read in place and takes nothing. Not here: whether the bytes are valid; the decoder says so.

use coldtrace_proto::v1;

/// `coldtrace.v1.ExportRequest`'s lists, by their fields, with what one of their messages takes.
const LISTS: [(u64, usize); 4] = [
    (3, size_of::<v1::Fact>()),
    (4, size_of::<v1::Phase>()),
    (5, size_of::<v1::LogRecord>()),
    (6, size_of::<v1::OtlpPayload>()),
];

/// Bytes of memory, about.
pub(super) fn of_ingest(mut body: &[u8]) -> u64 {
    let mut weight = body.len() as u64;
    while let Some(field) = next_field(&mut body) {
        let list = LISTS.iter().find(|(number, _)| *number == field);
        weight += list.map_or(0, |(_, size)| *size as u64);
    }
    weight
}

/// Takes the next field off and tells its number. `None` where they end or make no sense.
fn next_field(bytes: &mut &[u8]) -> Option<u64> {
    let tag = varint(bytes)?;
    match tag & 7 {
        0 => drop(varint(bytes)?),
        1 => skip(bytes, 8)?,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            skip(bytes, length)?;
        }
        5 => skip(bytes, 4)?,
        _ => return None,
    }
    Some(tag >> 3)
}

fn skip(bytes: &mut &[u8], length: usize) -> Option<()> {
    *bytes = bytes.get(length..)?;
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn empty_facts_weigh_what_they_take() {
        let export = v1::ExportRequest {
            facts: vec![v1::Fact::default(); 1_000],
            ..v1::ExportRequest::default()
        };
        let bytes = export.encode_to_vec();
        assert!(bytes.len() < 3_000);
        let weight = of_ingest(&bytes);
        assert!(weight > 1_000 * size_of::<v1::Fact>() as u64, "{weight}");
    }

    #[test]
    fn what_is_sent_along_weighs_its_bytes() {
        let payload = v1::OtlpPayload {
            request: vec![1; 100_000].into(),
            ..v1::OtlpPayload::default()
        };
        let export = v1::ExportRequest {
            payloads: vec![payload],
            ..v1::ExportRequest::default()
        };
        assert!(of_ingest(&export.encode_to_vec()) < 101_000);
    }

    #[test]
    fn nonsense_weighs_little() {
        for bytes in [
            &b"\xff\xff\xff\xff not protobuf"[..],
            &[0x0a, 0xff],
            &[0x0a; 100],
        ] {
            assert!(of_ingest(bytes) < 20_000);
        }
    }
}
