//! What a message may hold, and what its items must be: the same over every transport.

use super::answer::{Expected, invalid};
use super::wire::{
    bytes, fixed32, fixed64, group, log_record, logs, message, now, number, span, span_with,
    traces, varint,
};
use super::{Row, Sent, Signal};

const DAY: u64 = 24 * 60 * 60 * 1_000_000_000;
const ID: &[u8] = &[7; 16];
const SPAN_ID: &[u8] = &[8; 8];

pub(super) fn rows() -> Vec<Row> {
    [whole(), ids(), times(), logs_rows(), values(), broken()]
        .into_iter()
        .flatten()
        .collect()
}

fn spans(name: &'static str, message: Vec<u8>, expected: Expected) -> Row {
    Row {
        name,
        sent: Sent::Message(Signal::Traces, message),
        expected,
    }
}

fn records(name: &'static str, message: Vec<u8>, expected: Expected) -> Row {
    Row {
        name,
        sent: Sent::Message(Signal::Logs, message),
        expected,
    }
}

fn whole() -> Vec<Row> {
    vec![
        spans("a span", traces(&[span()]), Expected::Taken),
        spans("an empty request", vec![], Expected::Taken),
        spans("an empty resource", message(1, &[]), Expected::Taken),
        spans("no spans", traces(&[]), Expected::Taken),
        spans(
            "a good span beside a bad one",
            traces(&[span(), span_with(b"short", SPAN_ID)]),
            Expected::Partly(1, "trace id"),
        ),
        spans(
            "nothing but bad spans",
            traces(&vec![span_with(b"short", SPAN_ID); 5]),
            Expected::Partly(5, "and 2 more"),
        ),
        spans(
            "fields that nobody knows",
            [
                traces(&[span()]),
                number(100, 7),
                bytes(101, b"x"),
                fixed32(102, 1),
                fixed64(103, 1),
            ]
            .concat(),
            Expected::Taken,
        ),
        spans(
            "a group that nobody knows",
            [traces(&[span()]), group(100, &[number(1, 7)])].concat(),
            Expected::Taken,
        ),
        spans(
            "two requests, one after the other: protobuf joins them",
            [traces(&[span()]), traces(&[span_with(&[0; 16], SPAN_ID)])].concat(),
            Expected::Partly(1, "all zeros"),
        ),
    ]
}

fn ids() -> Vec<Row> {
    let parent = |id: &[u8]| {
        let mut fields = span();
        fields.push(bytes(4, id));
        traces(&[fields])
    };
    let link = |id: &[u8]| {
        let mut fields = span();
        fields.push(message(13, &[bytes(1, id), bytes(2, SPAN_ID)]));
        traces(&[fields])
    };
    let id = |trace_id: &[u8], span_id: &[u8]| traces(&[span_with(trace_id, span_id)]);
    vec![
        spans(
            "a trace id of zeros",
            id(&[0; 16], SPAN_ID),
            Expected::Partly(1, "trace id is all zeros"),
        ),
        spans(
            "a span id of zeros",
            id(ID, &[0; 8]),
            Expected::Partly(1, "span id is all zeros"),
        ),
        spans(
            "a trace id too short",
            id(&[7; 3], SPAN_ID),
            Expected::Partly(1, "trace id has 3 bytes"),
        ),
        spans(
            "a trace id too long",
            id(&[7; 17], SPAN_ID),
            Expected::Partly(1, "trace id has 17 bytes"),
        ),
        spans(
            "no trace id",
            id(&[], SPAN_ID),
            Expected::Partly(1, "trace id"),
        ),
        spans("no span id", id(ID, &[]), Expected::Partly(1, "span id")),
        spans(
            "a span id too long",
            id(ID, &[8; 16]),
            Expected::Partly(1, "span id has 16 bytes"),
        ),
        spans("no parent", parent(&[]), Expected::Taken),
        spans(
            "a parent of zeros is none",
            parent(&[0; 8]),
            Expected::Taken,
        ),
        spans(
            "a parent too short",
            parent(&[1; 4]),
            Expected::Partly(1, "parent"),
        ),
        spans("its own parent", parent(SPAN_ID), Expected::Taken),
        spans(
            "a link to nothing costs the link",
            link(&[]),
            Expected::Taken,
        ),
    ]
}

fn times() -> Vec<Row> {
    let at = |start: u64, end: u64| {
        let fields = vec![
            bytes(1, ID),
            bytes(2, SPAN_ID),
            fixed64(7, start),
            fixed64(8, end),
        ];
        traces(&[fields])
    };
    vec![
        spans(
            "no start",
            at(0, now()),
            Expected::Partly(1, "start time is not set"),
        ),
        spans(
            "a start in 1970",
            at(1, now()),
            Expected::Partly(1, "older than"),
        ),
        spans(
            "a start a minute ahead",
            at(now() + DAY / 1_440, now()),
            Expected::Taken,
        ),
        spans(
            "a start two days ahead",
            at(now() + 2 * DAY, now()),
            Expected::Partly(1, "ahead"),
        ),
        spans(
            "a start beyond 2262",
            at(i64::MAX as u64 + 1, now()),
            Expected::Partly(1, "2262"),
        ),
        spans(
            "an end beyond 2262",
            at(now(), u64::MAX),
            Expected::Partly(1, "2262"),
        ),
        spans(
            "an end before its start",
            at(now(), now() - 1_000_000),
            Expected::Taken,
        ),
        spans("no end", at(now(), 0), Expected::Taken),
    ]
}

fn logs_rows() -> Vec<Row> {
    let with = |field: Vec<u8>| {
        let mut fields = log_record();
        fields.push(field);
        logs(&[fields])
    };
    let at = |time: u64, observed: u64| logs(&[vec![fixed64(1, time), fixed64(11, observed)]]);
    vec![
        records("a log record", logs(&[log_record()]), Expected::Taken),
        records("no log records", logs(&[]), Expected::Taken),
        records(
            "a record with nothing in it",
            logs(&[vec![]]),
            Expected::Taken,
        ),
        records(
            "a record that was only observed",
            at(0, now()),
            Expected::Taken,
        ),
        records(
            "a record of 1970",
            at(1, 0),
            Expected::Partly(1, "older than"),
        ),
        records(
            "a record two days ahead",
            at(now() + 2 * DAY, 0),
            Expected::Partly(1, "ahead"),
        ),
        records(
            "a record of no known severity",
            with(number(2, 99)),
            Expected::Taken,
        ),
        records(
            "a record with a trace id too short",
            with(bytes(9, &[1; 3])),
            Expected::Taken,
        ),
        records(
            "a record in a trace",
            with([bytes(9, ID), bytes(10, SPAN_ID)].concat()),
            Expected::Taken,
        ),
        records(
            "good and bad records",
            logs(&[log_record(), vec![fixed64(1, 1)], log_record()]),
            Expected::Partly(1, "log record"),
        ),
        records(
            "text that is no UTF-8 in a record",
            with(bytes(3, b"\xff")),
            invalid("UTF-8"),
        ),
    ]
}

fn values() -> Vec<Row> {
    let valued = |value: &[Vec<u8>]| {
        let mut fields = span();
        fields.push(message(9, &[bytes(1, b"key"), message(2, value)]));
        traces(&[fields])
    };
    let nested = |levels: usize| {
        let value = (0..levels).fold(vec![], |inner, _| message(5, &[message(1, &[inner])]));
        valued(&[value])
    };
    let pair = |key: &[u8]| message(9, &[bytes(1, key), message(2, &[number(3, 1)])]);
    let keyed = |keys: &[&[u8]]| {
        let mut fields = span();
        fields.extend(keys.iter().map(|key| pair(key)));
        traces(&[fields])
    };
    let many: Vec<String> = (0..10_000).map(|key| format!("key.{key}")).collect();
    let many: Vec<&[u8]> = many.iter().map(String::as_bytes).collect();
    vec![
        spans("a value of nothing", valued(&[]), Expected::Taken),
        spans(
            "not a number",
            valued(&[fixed64(4, f64::NAN.to_bits())]),
            Expected::Taken,
        ),
        spans(
            "infinity",
            valued(&[fixed64(4, f64::INFINITY.to_bits())]),
            Expected::Taken,
        ),
        spans(
            "the least integer",
            valued(&[number(3, i64::MIN.cast_unsigned())]),
            Expected::Taken,
        ),
        spans("bytes", valued(&[bytes(7, b"\x00\xff")]), Expected::Taken),
        spans(
            "text with a zero byte",
            valued(&[bytes(1, b"a\0b")]),
            Expected::Taken,
        ),
        spans(
            "text of half a megabyte",
            valued(&[bytes(1, &[b'x'; 512 << 10])]),
            Expected::Taken,
        ),
        spans("no key", keyed(&[b""]), Expected::Taken),
        spans("the same key twice", keyed(&[b"k", b"k"]), Expected::Taken),
        spans("ten thousand attributes", keyed(&many), Expected::Taken),
        spans("values nested 20 deep", nested(20), Expected::Taken),
        spans("values nested 1,000 deep", nested(1_000), invalid("")),
        spans("values nested 10,000 deep", nested(10_000), invalid("")),
        spans(
            "text that is no UTF-8",
            valued(&[bytes(1, b"\xff\xfe")]),
            invalid("UTF-8"),
        ),
        spans(
            "a key that is no UTF-8",
            keyed(&[b"\xc0\x80"]),
            invalid("UTF-8"),
        ),
        spans(
            "a kind that nobody knows",
            traces(&[[span(), vec![number(6, 77)]].concat()]),
            Expected::Taken,
        ),
        spans(
            "a status that nobody knows",
            traces(&[[span(), vec![message(15, &[number(3, 9)])]].concat()]),
            Expected::Taken,
        ),
    ]
}

fn broken() -> Vec<Row> {
    let whole = traces(&[span()]);
    let within = |field: Vec<u8>| traces(&[[span(), vec![field]].concat()]);
    vec![
        spans(
            "not protobuf",
            b"\xff\xff\xff\xff not protobuf".to_vec(),
            invalid("protobuf"),
        ),
        spans(
            "cut short",
            whole[..whole.len() - 3].to_vec(),
            invalid("protobuf"),
        ),
        spans(
            "a length beyond its end",
            [varint(1 << 3 | 2), varint(1_000)].concat(),
            invalid("protobuf"),
        ),
        spans(
            "a field of number zero",
            vec![0x00, 0x01],
            invalid("protobuf"),
        ),
        spans(
            "a wire type that there is not",
            vec![0x0f],
            invalid("protobuf"),
        ),
        spans(
            "a name that is a number",
            within(number(5, 7)),
            invalid("protobuf"),
        ),
        spans(
            "a time that is text",
            within(bytes(7, b"now")),
            invalid("protobuf"),
        ),
        spans(
            "a resource that is a group",
            group(1, &[]),
            invalid("protobuf"),
        ),
        spans(
            "the end of a group that never began",
            [whole, varint(100 << 3 | 4)].concat(),
            invalid("protobuf"),
        ),
        spans(
            "a number of eleven bytes",
            [vec![6 << 3], vec![0xff; 10], vec![1]].concat(),
            invalid("protobuf"),
        ),
    ]
}
