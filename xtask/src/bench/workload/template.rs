//! One encoded request, and where in it stands what differs from request to request.
//!
//! What differs is first encoded as a mark, bytes that are found again in the bytes; a mark may stand in
//! several places. All have a fixed width, so that no length before them changes.

use std::collections::BTreeSet;

use prost::Message;

use super::numbers::{mixed, scaled, skewed};

/// What no other text of a workload contains.
const MARK: char = '~';
/// Digits after it; with them it is as long as the shortest value.
const MARK_DIGITS: usize = 5;

const HEX: &[u8; 16] = b"0123456789abcdef";
/// Every trace starts up to so much later than its template has it, so that what the requests of one template have in
/// common are not the differences of their times.
pub(super) const MOVE_NS: u64 = 1_000_000;

/// What is written over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// 16 bytes, of the trace of this number; of the request before where the trace began there.
    TraceId { trace: u32, before: bool },
    /// 8 bytes, of the span of this number.
    SpanId { span: u32, before: bool },
    /// 8 bytes, little-endian: a time after the base, moved with its trace.
    Time { after: u64, trace: u32 },
    /// The same, and up to `spread` later.
    End {
        after: u64,
        trace: u32,
        spread: u64,
        span: u32,
    },
    /// 36 characters: the request id of a trace of this request.
    RequestId(u32),
    /// 36 characters: an id that one span alone has.
    Uuid(u32),
    /// Decimal digits: one of a pool of values, the first ones more often.
    Digits { pool: u64, width: u8, span: u32 },
    /// 16 characters: one of a pool of sandboxes.
    Sandbox { function: u64, pool: u64 },
    /// 16 bytes of the whole request.
    BatchId,
}

/// All that differs, in the order of their marks.
#[derive(Default)]
pub(super) struct Values(Vec<Value>);

/// An encoded request.
pub(super) struct Template {
    body: Vec<u8>,
    places: Vec<(usize, Value)>,
    invocations: u64,
}

/// Where the numbers of one request come from.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) seed: u64,
    /// The request's number.
    pub(super) request: u64,
}

/// What a number is for.
#[derive(Clone, Copy)]
enum Kind {
    Trace,
    Span,
    Move,
    Late,
    Request,
    Uuid,
    Digits,
    Sandbox,
    Batch,
}

// === impl Value ===

impl Value {
    fn width(self) -> usize {
        match self {
            Self::TraceId { .. } | Self::Sandbox { .. } | Self::BatchId => 16,
            Self::SpanId { .. } | Self::Time { .. } | Self::End { .. } => 8,
            Self::RequestId(_) | Self::Uuid(_) => 36,
            Self::Digits { width, .. } => usize::from(width),
        }
    }
}

// === impl Values ===

impl Values {
    /// A mark that stands for the value.
    pub(super) fn bytes(&mut self, value: Value) -> Vec<u8> {
        self.text(value).into_bytes()
    }

    /// A mark that stands for a value that is text.
    pub(super) fn text(&mut self, value: Value) -> String {
        let number = self.0.len();
        self.0.push(value);
        let mark = format!("{MARK}{number:0MARK_DIGITS$}");
        format!("{mark:_<width$}", width = value.width())
    }

    /// A mark that stands for a time.
    pub(super) fn time(&mut self, value: Value) -> u64 {
        let mark = self.bytes(value);
        u64::from_le_bytes(mark.try_into().expect("a time has eight bytes"))
    }

    /// What stands before the mark of a text that ends with one, and what the mark stands for.
    pub(super) fn find<'a>(&self, text: &'a str) -> Option<(&'a str, Value)> {
        let at = text.find(MARK)?;
        Some((&text[..at], self.at(&text.as_bytes()[at..])?))
    }

    fn at(&self, bytes: &[u8]) -> Option<Value> {
        let digits = bytes.strip_prefix(&[MARK as u8])?.get(..MARK_DIGITS)?;
        let number: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        self.0.get(number).copied()
    }
}

// === impl Template ===

impl Template {
    /// Encodes a request and finds the marks.
    pub(super) fn encode(request: &impl Message, values: &Values) -> Self {
        let body = request.encode_to_vec();
        let mut places = Vec::new();
        let mut requests = BTreeSet::new();
        let mut at = 0;
        while let Some(next) = body[at..].iter().position(|byte| *byte == MARK as u8) {
            at += next;
            let Some(value) = values.at(&body[at..]) else {
                at += 1;
                continue;
            };
            if let Value::RequestId(trace) = value {
                requests.insert(trace);
            }
            places.push((at, value));
            at += value.width();
        }
        Self {
            body,
            places,
            invocations: requests.len() as u64,
        }
    }

    pub(super) fn invocations(&self) -> u64 {
        self.invocations
    }

    /// Writes the request of this number.
    pub(super) fn write(&self, source: Source, base: u64, body: &mut Vec<u8>) {
        body.clear();
        body.extend_from_slice(&self.body);
        let by_before = source.before();
        let of = |before: bool| if before { &by_before } else { &source };
        let moved = |trace: u32| base + scaled(source.number(Kind::Move, trace), MOVE_NS);
        for &(at, value) in &self.places {
            let target = &mut body[at..at + value.width()];
            match value {
                Value::TraceId { trace, before } => {
                    write_id(of(before).number(Kind::Trace, trace), target);
                }
                Value::SpanId { span, before } => {
                    let id = of(before).number(Kind::Span, span);
                    target.copy_from_slice(&id.to_be_bytes());
                }
                Value::Time { after, trace } => {
                    target.copy_from_slice(&(moved(trace) + after).to_le_bytes());
                }
                Value::End {
                    after,
                    trace,
                    spread,
                    span,
                } => {
                    let late = scaled(source.number(Kind::Late, span), spread);
                    target.copy_from_slice(&(moved(trace) + after + late).to_le_bytes());
                }
                Value::RequestId(trace) => write_uuid(source.number(Kind::Request, trace), target),
                Value::Uuid(span) => write_uuid(source.number(Kind::Uuid, span), target),
                Value::Digits { pool, span, .. } => {
                    let random = mixed(source.number(Kind::Digits, span) ^ pool);
                    write_digits(skewed(random, pool), target);
                }
                Value::Sandbox { function, pool } => {
                    let sandbox = skewed(source.number(Kind::Sandbox, 0), pool);
                    write_hex(mixed(function << 32 | (sandbox + 1)), target);
                }
                Value::BatchId => write_id(source.number(Kind::Batch, 0), target),
            }
        }
    }
}

// === impl Source ===

impl Source {
    /// Of the other request of a pair, where it is the first.
    fn before(self) -> Self {
        Self {
            request: self.request & !1,
            ..self
        }
    }

    /// Another number for every request and item: the inputs differ, and mixing loses nothing.
    fn number(self, kind: Kind, item: u32) -> u64 {
        let place = self.request << 16 | u64::from(item);
        mixed(place ^ self.seed.wrapping_add((kind as u64) << 60)).max(1)
    }
}

fn write_id(number: u64, target: &mut [u8]) {
    target[..8].copy_from_slice(&number.to_be_bytes());
    target[8..].copy_from_slice(&mixed(number).to_be_bytes());
}

fn write_uuid(number: u64, target: &mut [u8]) {
    let mut hex = [0; 32];
    write_hex(number, &mut hex[..16]);
    write_hex(mixed(number), &mut hex[16..]);
    let mut from = 0;
    for (at, length) in [(0, 8), (9, 4), (14, 4), (19, 4), (24, 12)] {
        target[at..at + length].copy_from_slice(&hex[from..from + length]);
        from += length;
    }
    for at in [8, 13, 18, 23] {
        target[at] = b'-';
    }
}

fn write_hex(number: u64, target: &mut [u8]) {
    for (byte, pair) in number.to_be_bytes().iter().zip(target.chunks_exact_mut(2)) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
}

fn write_digits(mut number: u64, target: &mut [u8]) {
    for digit in target.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
