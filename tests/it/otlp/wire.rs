//! Protobuf by hand, so that what is wrong can be written as well: a message is its fields, one after the other.

use std::time::{SystemTime, UNIX_EPOCH};

/// A field that is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(u64),
    Bytes(Vec<u8>),
}

pub(super) fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn tag(field: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(field << 3 | wire_type))
}

pub(super) fn number(field: u32, number: u64) -> Vec<u8> {
    [tag(field, 0), varint(number)].concat()
}

pub(super) fn fixed64(field: u32, number: u64) -> Vec<u8> {
    [tag(field, 1), number.to_le_bytes().to_vec()].concat()
}

pub(super) fn fixed32(field: u32, number: u32) -> Vec<u8> {
    [tag(field, 5), number.to_le_bytes().to_vec()].concat()
}

pub(super) fn bytes(field: u32, content: &[u8]) -> Vec<u8> {
    [
        tag(field, 2),
        varint(content.len() as u64),
        content.to_vec(),
    ]
    .concat()
}

/// A message in a message.
pub(super) fn message(field: u32, fields: &[Vec<u8>]) -> Vec<u8> {
    bytes(field, &fields.concat())
}

/// The old form of a message: between two tags.
pub(super) fn group(field: u32, fields: &[Vec<u8>]) -> Vec<u8> {
    [tag(field, 3), fields.concat(), tag(field, 4)].concat()
}

pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(now.expect("the clock is past 1970").as_nanos()).expect("before 2554")
}

/// The fields of a good span.
pub(super) fn span() -> Vec<Vec<u8>> {
    span_with(&[7; 16], &[8; 8])
}

pub(super) fn span_with(trace_id: &[u8], span_id: &[u8]) -> Vec<Vec<u8>> {
    vec![
        bytes(1, trace_id),
        bytes(2, span_id),
        bytes(5, b"work"),
        fixed64(7, now()),
        fixed64(8, now()),
    ]
}

/// A request with these spans, each as its fields.
pub(super) fn traces(spans: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let spans: Vec<_> = spans.iter().map(|span| message(2, span)).collect();
    message(1, &[message(2, &spans)])
}

/// A request with these log records, each as its fields.
pub(super) fn logs(records: &[Vec<Vec<u8>>]) -> Vec<u8> {
    traces(records)
}

/// The fields of a good log record.
pub(super) fn log_record() -> Vec<Vec<u8>> {
    vec![fixed64(1, now()), message(5, &[bytes(1, b"it happened")])]
}

/// The fields of a message that has only numbers and bytes; `None` where it is none.
pub(super) fn read(mut message: &[u8]) -> Option<Vec<(u32, Value)>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = read_varint(&mut message)?;
        let value = match tag & 7 {
            0 => Value::Number(read_varint(&mut message)?),
            2 => {
                let length = usize::try_from(read_varint(&mut message)?).ok()?;
                let (content, rest) = message.split_at_checked(length)?;
                message = rest;
                Value::Bytes(content.to_vec())
            }
            _ => return None,
        };
        fields.push((u32::try_from(tag >> 3).ok()?, value));
    }
    Some(fields)
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
