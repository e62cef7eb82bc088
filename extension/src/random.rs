//! Randomness from the operating system, asked for each id: what a process draws in advance, clones of a snapshot share.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;

/// 16 random bytes.
pub(crate) fn bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    if read.is_err() {
        // The standard library seeds this from the operating system, too, by another way.
        for (position, half) in bytes.chunks_exact_mut(8).enumerate() {
            let seed = (position, std::time::SystemTime::now());
            half.copy_from_slice(&RandomState::new().hash_one(seed).to_be_bytes());
        }
    }
    bytes
}

/// 32 random hex digits.
pub(crate) fn hex() -> String {
    bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
