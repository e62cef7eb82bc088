//! Who has how much in the log, about: what is oldest leaves first.
//!
//! The log frees whole ranges of its lanes and does not say whose they were. Lanes fill and empty alike, so that the order
//! of coming tells it well enough; the sum is never more than what the log holds.

use std::collections::{HashMap, VecDeque};

use coldtrace_model::Tenant;

/// What came is remembered in pieces of this many bytes: some thousand for a log of gigabytes.
const PIECE: u64 = 1 << 20;

/// What is in the log.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// The oldest first.
    pieces: VecDeque<Piece>,
    of: HashMap<Tenant, u64>,
    total: u64,
}

#[derive(Debug, Default)]
struct Piece {
    of: HashMap<Tenant, u64>,
    total: u64,
}

// === impl Holdings ===

impl Holdings {
    /// What a tenant has.
    pub(super) fn of(&self, tenant: &Tenant) -> u64 {
        self.of.get(tenant).copied().unwrap_or(0)
    }

    /// Notes what came last.
    pub(super) fn note(&mut self, tenant: &Tenant, bytes: u64) {
        let is_full = |piece: &Piece| piece.total >= PIECE;
        if self.pieces.back().is_none_or(is_full) {
            self.pieces.push_back(Piece::default());
        }
        let piece = self.pieces.back_mut().expect("one was pushed");
        *piece.of.entry(tenant.clone()).or_default() += bytes;
        piece.total += bytes;
        *self.of.entry(tenant.clone()).or_default() += bytes;
        self.total += bytes;
    }

    /// Forgets the oldest until no more is left than the log holds.
    pub(super) fn settle(&mut self, held: u64) {
        while self.total > held
            && let Some(oldest) = self.pieces.front_mut()
        {
            let gone = (self.total - held).min(oldest.total);
            if gone == oldest.total {
                let oldest = self.pieces.pop_front().expect("it was seen");
                for (tenant, bytes) in oldest.of {
                    self.forget(&tenant, bytes);
                }
                continue;
            }
            // From each its part of the piece.
            let total = oldest.total;
            let mut parts = Vec::new();
            for (tenant, bytes) in &mut oldest.of {
                let part = (u128::from(*bytes) * u128::from(gone)).div_ceil(u128::from(total));
                let part = u64::try_from(part).unwrap_or(*bytes).min(*bytes);
                *bytes -= part;
                parts.push((tenant.clone(), part));
            }
            for (tenant, part) in parts {
                self.forget(&tenant, part);
                if let Some(oldest) = self.pieces.front_mut() {
                    oldest.total -= part;
                }
            }
        }
    }

    fn forget(&mut self, tenant: &Tenant, bytes: u64) {
        self.total -= bytes;
        if let Some(held) = self.of.get_mut(tenant) {
            *held -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant(number: usize) -> Tenant {
        Tenant::parse(&format!("t{number}")).expect("a tenant")
    }

    #[test]
    fn the_oldest_leaves_first() {
        let mut holdings = Holdings::default();
        holdings.note(&tenant(0), PIECE);
        holdings.note(&tenant(1), PIECE);
        holdings.settle(PIECE);
        assert_eq!(
            (holdings.of(&tenant(0)), holdings.of(&tenant(1))),
            (0, PIECE)
        );
        holdings.settle(PIECE / 4);
        assert_eq!(holdings.of(&tenant(1)), PIECE / 4);
        holdings.settle(0);
        assert_eq!(holdings.of(&tenant(1)), 0);
    }

    proptest! {
        #[test]
        fn what_tenants_have_is_what_the_log_holds(
            steps in prop::collection::vec((0_usize..4, 1_u64..3_000_000, 0_u64..3_000_000), 1..100),
        ) {
            let (mut holdings, mut held) = (Holdings::default(), 0_u64);
            for (number, comes, goes) in steps {
                holdings.note(&tenant(number), comes);
                held = (held + comes).saturating_sub(goes);
                holdings.settle(held);
                let sum: u64 = (0..4).map(|number| holdings.of(&tenant(number))).sum();
                prop_assert_eq!(sum, holdings.total);
                prop_assert!(sum <= held && sum + 4 >= held, "{} of {}", sum, held);
            }
        }
    }
}
