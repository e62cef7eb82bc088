//! Texts as one: how the keys and the values of attributes stand in their columns.
//!
//! Each text is preceded, and the last is followed, by a byte that no UTF-8 contains: so the whole can be taken apart
//! again whatever the texts are, and a text is found by searching for it between two of these bytes. No texts are an empty
//! whole. One string for a dozen costs the engine a fraction of a map with a dozen entries (docs/adr/0007-attributes.md).

/// What stands between texts.
pub const SEPARATOR: u8 = 0xff;

/// One more text; the whole begins with the first.
#[inline]
pub fn add(text: &[u8], whole: &mut Vec<u8>) {
    add_written(whole, |whole| whole.extend_from_slice(text));
}

/// One more text, which `write` appends.
#[inline]
pub fn add_written(whole: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if whole.is_empty() {
        whole.push(SEPARATOR);
    }
    write(whole);
    whole.push(SEPARATOR);
}

/// The texts of a whole, as bytes.
pub fn parts(whole: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = whole.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let end = memchr::memchr(SEPARATOR, rest)?;
        let part = &rest[..end];
        rest = &rest[end + 1..];
        Some(part)
    })
}

/// The texts of a whole.
pub fn read(whole: &[u8]) -> impl Iterator<Item = String> {
    parts(whole).map(|text| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        let cases: [&[&str]; 6] = [
            &[],
            &[""],
            &["", ""],
            &["a"],
            &["a", "", "ÿ\u{1f}"],
            &["\0", "b"],
        ];
        for texts in cases {
            let mut whole = Vec::new();
            for text in texts {
                add(text.as_bytes(), &mut whole);
            }
            let read: Vec<String> = read(&whole).collect();
            assert_eq!(read, texts);
        }
    }
}
