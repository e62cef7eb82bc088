//! Bytes that nobody can guess: keys, and ids that name what is made here.

use std::fs::File;
use std::io::Read as _;

use coldtrace_control::DbError;

/// As many of them.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], DbError> {
    let mut bytes = [0; N];
    let source = File::open("/dev/urandom");
    let read = source.and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(DbError::Random)?;
    Ok(bytes)
}

/// 16 hex digits.
pub(crate) fn id() -> Result<String, DbError> {
    Ok(format!("{:016x}", u64::from_be_bytes(bytes()?)))
}
