//! A zip of one program, byte for byte the same whenever and wherever it is made.
//!
//! Written by hand: one file needs three records, and a library for all of zip weighs more than the rest of this crate.

use miniz_oxide::deflate::compress_to_vec;

/// Version 2.0 of the format: the first with deflate.
const FORMAT: u16 = 20;
const MADE_ON_UNIX: u16 = 3 << 8;
const DEFLATED: u16 = 8;
/// Of miniz_oxide itself: flate2 compresses with whatever library another crate of the same program asks for.
const BEST: u8 = 9;
/// The first day that the format knows, at midnight: a file's own time would make every zip another.
const TIME: u16 = 0;
const DATE: u16 = (1 << 5) | 1;
/// A plain file that all may run. Lambda starts what it may not run neither.
const MODE: u32 = 0o100_755;

/// The zip whose one file is `name`.
pub(crate) fn of_one_program(name: &str, content: &[u8]) -> Vec<u8> {
    let packed = compress_to_vec(content, BEST);
    let entry = entry(name, content, &packed);
    let mut zip = Vec::with_capacity(packed.len() + 256);
    let local_signature = *b"PK\x03\x04";
    zip.extend(local_signature);
    zip.extend(&entry);
    put16(&mut zip, 0); // no extra fields
    zip.extend(name.as_bytes());
    zip.extend(&packed);

    let directory_start = size(zip.len());
    zip.extend(*b"PK\x01\x02");
    put16(&mut zip, MADE_ON_UNIX | FORMAT);
    zip.extend(&entry);
    for _ in ["extra fields", "comment", "disk", "internal attributes"] {
        put16(&mut zip, 0);
    }
    put32(&mut zip, MODE << 16);
    put32(&mut zip, 0); // where the file's record begins
    zip.extend(name.as_bytes());
    let directory_length = size(zip.len()) - directory_start;

    zip.extend(*b"PK\x05\x06");
    for number in [0, 0, 1, 1] {
        put16(&mut zip, number); // this disk, the directory's; files on this disk, in all
    }
    put32(&mut zip, directory_length);
    put32(&mut zip, directory_start);
    put16(&mut zip, 0); // no comment
    zip
}

/// What both records of a file have in common.
fn entry(name: &str, content: &[u8], packed: &[u8]) -> Vec<u8> {
    let mut entry = Vec::new();
    for number in [FORMAT, 0, DEFLATED, TIME, DATE] {
        put16(&mut entry, number);
    }
    put32(&mut entry, crc32fast::hash(content));
    put32(&mut entry, size(packed.len()));
    put32(&mut entry, size(content.len()));
    put16(
        &mut entry,
        u16::try_from(name.len()).expect("the name is a constant"),
    );
    entry
}

/// The format's sizes have 32 bits.
fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a layer has at most 250 MB")
}

fn put16(to: &mut Vec<u8>, number: u16) {
    to.extend(number.to_le_bytes());
}

fn put32(to: &mut Vec<u8>, number: u32) {
    to.extend(number.to_le_bytes());
}
