//! A zip of programs, byte for byte the same whenever and wherever it is made.
//!
//! Written by hand: a file needs two records and the zip a third, and a library for all of zip weighs more than the rest of this crate.

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

/// The zip with these files, each a name and what is in it.
pub(crate) fn of_programs(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in files {
        let packed = compress_to_vec(content, BEST);
        let entry = entry(name, content, &packed);
        let begin = size(zip.len());
        zip.extend(*b"PK\x03\x04");
        zip.extend(&entry);
        put16(&mut zip, 0); // no extra fields
        zip.extend(name.as_bytes());
        zip.extend(&packed);

        directory.extend(*b"PK\x01\x02");
        put16(&mut directory, MADE_ON_UNIX | FORMAT);
        directory.extend(&entry);
        for _ in ["extra fields", "comment", "disk", "internal attributes"] {
            put16(&mut directory, 0);
        }
        put32(&mut directory, MODE << 16);
        put32(&mut directory, begin);
        directory.extend(name.as_bytes());
    }
    let directory_start = size(zip.len());
    zip.extend(&directory);
    zip.extend(*b"PK\x05\x06");
    let count = u16::try_from(files.len()).expect("a few files");
    for number in [0, 0, count, count] {
        put16(&mut zip, number); // this disk, the directory's; files on this disk, in all
    }
    put32(&mut zip, size(directory.len()));
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
