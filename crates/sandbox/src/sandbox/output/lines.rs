//! Lines, with their ends.

/// A line that is longer is cut, in bytes: 256 KiB, as in the platform's logs.
const LONGEST: usize = 256 << 10;

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The begin of a line whose end is not there yet.
    partial: Vec<u8>,
}

impl Lines {
    pub(super) fn feed(&mut self, chunk: &[u8], mut tell: impl FnMut(&[u8])) {
        for piece in chunk.split_inclusive(|&byte| byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST {
                tell(&self.partial);
                self.partial.clear();
            }
        }
    }

    /// The last line may have no end.
    pub(super) fn end(&mut self, mut tell: impl FnMut(&[u8])) {
        if !self.partial.is_empty() {
            tell(&self.partial);
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_over_chunks() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for chunk in ["on", "e\ntwo\nth", "ree"] {
            lines.feed(chunk.as_bytes(), |line| told.push(line.to_vec()));
        }
        lines.end(|line| told.push(line.to_vec()));
        assert_eq!(told, [&b"one\n"[..], b"two\n", b"three"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = Lines::default();
        let mut sizes = Vec::new();
        lines.feed(&vec![b'x'; LONGEST], |line| sizes.push(line.len()));
        lines.feed(b"x\n", |line| sizes.push(line.len()));
        assert_eq!(sizes, [LONGEST, 2]);
    }
}
