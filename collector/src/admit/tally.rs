//! What became of items, as it is counted: how many of each kind were taken, and for which reason others were not.

/// What a request is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Span,
    Log,
    /// What an extension sends beside them: facts, phases, its sandbox, and OTLP that can't be read at all.
    Other,
}

/// Why an item is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It can't be read, or lacks what it must have.
    Malformed,
    /// It has no time.
    NoTime,
    /// It lies in the future.
    Ahead,
    /// It is older than what is kept.
    Old,
}

/// A number for each kind of item.
pub(crate) type ByItem<T> = [T; Item::ALL.len()];
/// A number for each kind of item and reason.
pub(crate) type ByReason<T> = ByItem<[T; Reason::ALL.len()]>;

// === impl Item, Reason ===

impl Item {
    pub(crate) const ALL: [Self; 3] = [Self::Span, Self::Log, Self::Other];

    /// As a label of metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Span => "span",
            Self::Log => "log",
            Self::Other => "other",
        }
    }
}

impl Reason {
    pub(crate) const ALL: [Self; 4] = [Self::Malformed, Self::NoTime, Self::Ahead, Self::Old];

    /// As a label of metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoTime => "no_time",
            Self::Ahead => "ahead",
            Self::Old => "old",
        }
    }
}
