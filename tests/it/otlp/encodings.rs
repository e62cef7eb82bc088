//! How a body may be packed: over HTTP by `content-encoding`, over gRPC by `grpc-encoding` and a message's flag.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::answer::{Expected, Refused, TOO_LARGE, invalid, refused};
use super::call::{Grpc, Http, framed};
use super::wire::{span, traces};
use super::{LIMIT, Row, Sent, Signal};

pub(super) fn rows() -> Vec<Row> {
    [packed(), damaged(), bombs(), named()]
        .into_iter()
        .flatten()
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).expect("pack into memory");
    packed.finish().expect("pack into memory")
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).expect("pack into memory");
    packed.finish().expect("pack into memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("an encoder");
    packed.include_checksum(true).expect("a setting");
    packed.write_all(bytes).expect("pack into memory");
    packed.finish().expect("pack into memory")
}

fn http(name: &'static str, encoding: &str, body: Vec<u8>, expected: Expected) -> Row {
    let request = Http::export(Signal::Traces, "application/x-protobuf", body);
    Row {
        name,
        sent: Sent::Http(request.with("content-encoding", encoding)),
        expected,
    }
}

fn grpc(name: &'static str, encoding: &str, message: &[u8], expected: Expected) -> Row {
    let call = Grpc::export(Signal::Traces, framed(1, message));
    Row {
        name,
        sent: Sent::Grpc(call.with("grpc-encoding", encoding)),
        expected,
    }
}

fn packed() -> Vec<Row> {
    let plain = traces(&[span()]);
    let (head, tail) = plain.split_at(10);
    let members = [gzip(head), gzip(b""), gzip(tail)].concat();
    let frames = [zstd(head), zstd(b""), zstd(tail)].concat();
    let text = format!(
        r#"{{"resourceSpans":[{}]}}"#,
        "{},".repeat(100).trim_end_matches(',')
    );
    let json = Http::export(Signal::Traces, "application/json", gzip(text.as_bytes()));
    vec![
        http("gzip", "gzip", gzip(&plain), Expected::Taken),
        http("gzip in capitals", "GZIP", gzip(&plain), Expected::Taken),
        http("zstd", "zstd", zstd(&plain), Expected::Taken),
        http("deflate", "deflate", deflate(&plain), Expected::Taken),
        http("identity", "identity", plain.clone(), Expected::Taken),
        http(
            "gzip of several members",
            "gzip",
            members.clone(),
            Expected::Taken,
        ),
        http(
            "zstd of several frames",
            "zstd",
            frames.clone(),
            Expected::Taken,
        ),
        http("gzip of nothing", "gzip", gzip(b""), Expected::Taken),
        Row {
            name: "JSON in gzip",
            sent: Sent::Http(json.with("content-encoding", "gzip")),
            expected: Expected::Taken,
        },
        grpc("a message in gzip", "gzip", &gzip(&plain), Expected::Taken),
        grpc("a message in zstd", "zstd", &zstd(&plain), Expected::Taken),
        grpc(
            "a message in deflate",
            "deflate",
            &deflate(&plain),
            Expected::Taken,
        ),
        grpc(
            "a message in gzip of several members",
            "gzip",
            &members,
            Expected::Taken,
        ),
        grpc(
            "a message in zstd of several frames",
            "zstd",
            &frames,
            Expected::Taken,
        ),
        Row {
            name: "a plain message among packed ones",
            sent: Sent::Grpc(
                Grpc::export(Signal::Traces, framed(0, &plain)).with("grpc-encoding", "gzip"),
            ),
            expected: Expected::Taken,
        },
    ]
}

fn damaged() -> Vec<Row> {
    let plain = traces(&[span()]);
    let cut = |packed: Vec<u8>| packed[..packed.len() - 1].to_vec();
    let wrong_sum = |mut packed: Vec<u8>, from_end: usize| {
        let at = packed.len() - from_end;
        packed[at] ^= 1;
        packed
    };
    let followed = |packed: Vec<u8>| [packed, b"and more".to_vec()].concat();
    vec![
        http(
            "gzip with a wrong sum",
            "gzip",
            wrong_sum(gzip(&plain), 6),
            invalid("not gzip"),
        ),
        http(
            "gzip cut short",
            "gzip",
            cut(gzip(&plain)),
            invalid("not gzip"),
        ),
        http(
            "gzip followed by something else",
            "gzip",
            followed(gzip(&plain)),
            invalid("not gzip"),
        ),
        http(
            "what is not gzip",
            "gzip",
            plain.clone(),
            invalid("not gzip"),
        ),
        http("no gzip at all", "gzip", vec![], invalid("not gzip")),
        http(
            "zstd with a wrong sum",
            "zstd",
            wrong_sum(zstd(&plain), 1),
            invalid("not zstd"),
        ),
        http(
            "zstd cut short",
            "zstd",
            cut(zstd(&plain)),
            invalid("not zstd"),
        ),
        http(
            "zstd followed by something else",
            "zstd",
            followed(zstd(&plain)),
            invalid("not zstd"),
        ),
        http(
            "what is not zstd",
            "zstd",
            plain.clone(),
            invalid("not zstd"),
        ),
        http(
            "deflate with a wrong sum",
            "deflate",
            wrong_sum(deflate(&plain), 1),
            invalid("not deflate"),
        ),
        http(
            "deflate followed by something else",
            "deflate",
            followed(deflate(&plain)),
            invalid("not deflate"),
        ),
        http(
            "gzip that is not said to be",
            "identity",
            gzip(&plain),
            invalid("protobuf"),
        ),
        grpc(
            "a message in gzip with a wrong sum",
            "gzip",
            &wrong_sum(gzip(&plain), 6),
            invalid("not gzip"),
        ),
        grpc(
            "a message in gzip cut short",
            "gzip",
            &cut(gzip(&plain)),
            invalid("not gzip"),
        ),
        grpc(
            "a message in zstd with a wrong sum",
            "zstd",
            &wrong_sum(zstd(&plain), 1),
            invalid("not zstd"),
        ),
    ]
}

fn bombs() -> Vec<Row> {
    let zeros = vec![0; 32 * LIMIT];
    let wide = {
        let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
        packed.window_log(27).expect("a setting");
        packed.write_all(&zeros).expect("pack into memory");
        packed.finish().expect("pack into memory")
    };
    let whole = traces(&[span()]);
    let exact = |length: usize| {
        let mut body = whole.clone();
        // A field that nobody knows fills up the rest.
        let filler = length - whole.len() - 5;
        body.extend(super::wire::bytes(1_000, &vec![b'x'; filler]));
        assert_eq!(body.len(), length, "its tag and length take five bytes");
        body
    };
    vec![
        http(
            "as large as may be",
            "identity",
            exact(LIMIT),
            Expected::Taken,
        ),
        http("a byte more", "identity", exact(LIMIT + 1), TOO_LARGE),
        http(
            "as large as may be once unpacked",
            "gzip",
            gzip(&exact(LIMIT)),
            Expected::Taken,
        ),
        http(
            "a byte more once unpacked",
            "gzip",
            gzip(&exact(LIMIT + 1)),
            TOO_LARGE,
        ),
        http("a bomb in gzip", "gzip", gzip(&zeros), TOO_LARGE),
        http("a bomb in zstd", "zstd", zstd(&zeros), TOO_LARGE),
        http("a bomb in deflate", "deflate", deflate(&zeros), TOO_LARGE),
        http(
            "a bomb of many members",
            "gzip",
            gzip(&zeros[..LIMIT / 2]).repeat(40),
            TOO_LARGE,
        ),
        http(
            "zstd that looks back too far",
            "zstd",
            wide,
            invalid("not zstd"),
        ),
        grpc(
            "a message in gzip that is a bomb",
            "gzip",
            &gzip(&zeros),
            TOO_LARGE,
        ),
        grpc(
            "a message in zstd that is a bomb",
            "zstd",
            &zstd(&zeros),
            TOO_LARGE,
        ),
        Row {
            name: "a message as large as may be",
            sent: Sent::Grpc(Grpc::export(Signal::Traces, framed(0, &exact(LIMIT)))),
            expected: Expected::Taken,
        },
        Row {
            name: "a message a byte larger",
            sent: Sent::Grpc(Grpc::export(Signal::Traces, framed(0, &exact(LIMIT + 1)))),
            expected: TOO_LARGE,
        },
    ]
}

fn named() -> Vec<Row> {
    let unknown = Expected::Refused(Refused {
        http: 415,
        grpc: 12,
        words: "`br`",
        detail: None,
        headers: &[("accept-encoding", "gzip, zstd, deflate, identity")],
    });
    let unknown_to_grpc = Expected::Refused(Refused {
        http: 200,
        grpc: 12,
        words: "`br`",
        detail: None,
        headers: &[("grpc-accept-encoding", "gzip, zstd, deflate, identity")],
    });
    vec![
        http(
            "an encoding that is not served",
            "br",
            b"x".to_vec(),
            unknown,
        ),
        http(
            "one encoding over another",
            "gzip, gzip",
            b"x".to_vec(),
            refused(415, 12, "gzip, gzip"),
        ),
        grpc(
            "a message in an encoding that is not served",
            "br",
            b"x",
            unknown_to_grpc,
        ),
    ]
}
