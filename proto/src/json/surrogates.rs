//! Halves of surrogate pairs. JavaScript cuts text by UTF-16 units and so writes the half of an emoji as `\ud83d`, which is
//! no text for JSON's readers: one cut attribute would lose a whole request. The half becomes U+FFFD, as in other languages.

/// `\uXXXX`.
const ESCAPE_BYTES: usize = 6;

/// The text with every lone half replaced, or nothing if it has none.
pub(super) fn mend(text: &[u8]) -> Option<Vec<u8>> {
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    // Outside of strings JSON has no backslash.
    while let Some(distance) = text.get(at..)?.iter().position(|&byte| byte == b'\\') {
        at += distance;
        match (unit(text, at), unit(text, at + ESCAPE_BYTES)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 2 * ESCAPE_BYTES,
            (Some(0xD800..=0xDFFF), _) => {
                let mended = mended.get_or_insert_with(|| text.to_vec());
                mended[at..at + ESCAPE_BYTES].copy_from_slice(b"\\ufffd");
                at += ESCAPE_BYTES;
            }
            (Some(_), _) => at += ESCAPE_BYTES,
            // Some other escape: the letter after the backslash belongs to it.
            (None, _) => at += 2,
        }
    }
    mended
}

/// The UTF-16 unit that is escaped here.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE_BYTES)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| {
        let nibble = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(nibble).ok()?)
    })
}
