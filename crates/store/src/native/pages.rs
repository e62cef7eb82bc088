//! Memory of blocks while they are built: pages that are used again.
//!
//! A block has tens of megabytes, and the next one as many. Memory that is new to a process costs its first touch, page by
//! page, as much as encoding does; and what grows by doubling is copied and holds twice its size. So columns grow page by
//! page, and a page that was sent is the next block's. Not here: what the bytes mean.

use std::sync::{Mutex, PoisonError};
use std::{mem, ops};

use bytes::Bytes;

/// Of each; some hundreds make a block.
const PAGE: usize = 256 << 10;
/// What a column begins with: most blocks of a quiet service are small.
const FIRST: usize = 256;
/// Pages that wait for their next use: those of two blocks.
const KEPT: usize = (64 << 20) / PAGE;
/// From here on a copy would cost more than one piece more to send.
const LARGE: usize = 16 << 10;

static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Bytes that are only appended to.
#[derive(Debug, Default)]
pub(super) struct Pages {
    full: Vec<Bytes>,
    full_length: usize,
    open: Vec<u8>,
}

/// A block's bytes: what is small gathered, what is large as it is.
#[derive(Default)]
pub(super) struct Pieces {
    whole: Vec<Bytes>,
    gathered: Vec<u8>,
}

/// Given back when nobody reads it any more.
struct Page(Vec<u8>);

// === impl Page ===

impl Page {
    fn take() -> Vec<u8> {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Vec::with_capacity(PAGE))
    }

    fn give_back(mut page: Vec<u8>) {
        page.clear();
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(page);
        }
    }
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        Self::give_back(mem::take(&mut self.0));
    }
}

// === impl Pages ===

impl Pages {
    pub(super) fn len(&self) -> usize {
        self.full_length + self.open.len()
    }

    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.open.extend_from_slice(bytes);
    }

    /// Length as LEB128, then bytes.
    #[inline]
    pub(super) fn put_text(&mut self, text: &[u8]) {
        /// Of a length in LEB128.
        const LONGEST: usize = 10;
        self.make_room(LONGEST + text.len());
        put_length(text.len() as u64, &mut self.open);
        self.open.extend_from_slice(text);
    }

    /// What was put so far, in pieces that follow each other.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.full.iter().map(ops::Deref::deref).chain([&*self.open])
    }

    /// So that bytes stand in one page, which does not move.
    #[inline]
    fn make_room(&mut self, bytes: usize) {
        if self.open.capacity() - self.open.len() < bytes {
            self.turn(bytes);
        }
    }

    #[cold]
    fn turn(&mut self, bytes: usize) {
        let needed = self.open.len() + bytes;
        if needed <= PAGE {
            let wanted = needed.max(self.open.capacity() * 2).max(FIRST);
            if wanted < PAGE {
                self.open.reserve_exact(wanted - self.open.len());
            } else {
                let mut page = Page::take();
                page.extend_from_slice(&self.open);
                self.open = page;
            }
            return;
        }
        self.close();
        self.open = match bytes <= PAGE {
            true => Page::take(),
            false => Vec::with_capacity(bytes),
        };
    }

    /// Makes a piece of what is open.
    fn close(&mut self) {
        let open = mem::take(&mut self.open);
        if open.is_empty() {
            return;
        }
        self.full_length += open.len();
        self.full.push(match open.capacity() == PAGE {
            true => Bytes::from_owner(Page(open)),
            false => open.into(),
        });
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if self.open.capacity() == PAGE {
            Page::give_back(mem::take(&mut self.open));
        }
    }
}

// === impl Pieces ===

impl Pieces {
    pub(super) fn gather(&mut self) -> &mut Vec<u8> {
        &mut self.gathered
    }

    /// Appends bytes that were built for nothing else.
    pub(super) fn append(&mut self, mut pages: Pages) {
        if pages.len() < LARGE {
            pages
                .pieces()
                .for_each(|piece| self.gathered.extend_from_slice(piece));
            return;
        }
        self.end_gathering();
        pages.close();
        self.whole.append(&mut pages.full);
    }

    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.end_gathering();
        self.whole
    }

    fn end_gathering(&mut self) {
        if !self.gathered.is_empty() {
            self.whole.push(mem::take(&mut self.gathered).into());
        }
    }
}

/// Length, then bytes.
pub(super) fn put_text(text: &[u8], out: &mut Vec<u8>) {
    put_length(text.len() as u64, out);
    out.extend_from_slice(text);
}

/// LEB128
#[inline]
pub(super) fn put_length(mut length: u64, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lengths() -> impl Strategy<Value = Vec<usize>> {
        let length = prop_oneof![8 => 0..200_usize, 2 => 0..PAGE, 1 => PAGE - 11..2 * PAGE];
        prop::collection::vec(length, 0..60)
    }

    proptest! {
        #[test]
        fn what_was_put_comes_out_in_order(lengths in lengths()) {
            let texts = lengths.iter().enumerate();
            let texts: Vec<Vec<u8>> = texts.map(|(index, length)| vec![index as u8; *length]).collect();
            let mut pages = Pages::default();
            let mut expected = Vec::new();
            for text in &texts {
                pages.put_text(text);
                put_text(text, &mut expected);
                prop_assert_eq!(pages.len(), expected.len());
            }
            prop_assert_eq!(pages.pieces().collect::<Vec<_>>().concat(), &*expected);
            let mut block = Pieces::default();
            block.gather().push(7);
            block.append(pages);
            expected.insert(0, 7);
            prop_assert_eq!(block.finish().concat(), expected);
        }
    }

    #[test]
    fn a_page_is_used_again() {
        let mut pages = Pages::default();
        pages.put(&[1; PAGE]);
        let page = pages.open.as_ptr();
        let mut block = Pieces::default();
        block.append(pages);
        let sent = block.finish();
        assert_eq!(sent[0].as_ptr(), page, "sent without a copy");
        drop(sent);
        let free = FREE.lock().unwrap();
        assert!(free.iter().any(|free| free.as_ptr() == page));
    }
}
