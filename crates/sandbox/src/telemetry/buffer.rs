//! A bounded row of records. What does not fit is dropped and counted, as the platform does it (`platform.logsDropped`).

use std::collections::VecDeque;

use super::Entry;

/// A subscriber that does not keep up costs no more memory than this, in bytes.
const LIMIT: usize = 8 << 20;

/// Records in order.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    entries: VecDeque<Entry>,
    bytes: usize,
    dropped: Dropped,
}

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

impl Buffer {
    pub(super) fn push(&mut self, entry: Entry) {
        let size = entry.json.len();
        if self.bytes + size > LIMIT {
            self.dropped.records += 1;
            self.dropped.bytes += size;
            return;
        }
        self.bytes += size;
        self.entries.push_back(entry);
    }

    /// Takes records off the front, up to both limits but at least one.
    pub(super) fn take(&mut self, max_items: usize, max_bytes: usize) -> Vec<Entry> {
        let mut taken = Vec::new();
        let mut size = 0;
        while taken.len() < max_items
            && let Some(next) = self.entries.front()
        {
            let would_be = size + next.json.len();
            if would_be > max_bytes && !taken.is_empty() {
                break;
            }
            size = would_be;
            taken.extend(self.entries.pop_front());
        }
        self.bytes -= size;
        taken
    }

    pub(super) fn take_dropped(&mut self) -> Dropped {
        std::mem::take(&mut self.dropped)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::Category;
    use super::*;

    fn entry(size: usize) -> Entry {
        Entry {
            category: Category::Function,
            json: "x".repeat(size).into(),
            as_text: None,
        }
    }

    #[test]
    fn a_batch_ends_at_the_first_limit_and_is_never_empty() {
        let mut buffer = Buffer::default();
        for size in [10, 10, 10, 500, 10] {
            buffer.push(entry(size));
        }
        let mut batches = Vec::new();
        while buffer.len() > 0 {
            batches.push(buffer.take(2, 100).len());
        }
        assert_eq!(batches, [2, 1, 1, 1]);
        assert_eq!(buffer.bytes(), 0);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut buffer = Buffer::default();
        buffer.push(entry(LIMIT));
        buffer.push(entry(7));
        let expected = Dropped {
            records: 1,
            bytes: 7,
        };
        assert_eq!(buffer.take_dropped(), expected);
        assert_eq!(
            (buffer.len(), buffer.take_dropped()),
            (1, Dropped::default())
        );
    }
}
