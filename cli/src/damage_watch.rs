//! What the store can't read of its own: looked for, told, and made again where other tables hold the same.
//!
//! The store tells its log alone that a part is damaged, or that a table's merges fail; left so, its rows are missing or its
//! parts pile up until inserts are slowed down. What is told here is what stands in docs/guides/damage.md. Not here: what
//! counts as damage and how rows are made again (`coldtrace-store`). A task of its own, since a day's rows take minutes.

use std::collections::BTreeSet;
use std::time::Duration;

use coldtrace_service::metrics::Registry;
use coldtrace_service::shutdown::Shutdown;
use coldtrace_store::{BrokenPart, Damage, FailingMerges, Store};
use tokio::sync::watch;
use tracing::{debug, error, warn};

use crate::failure::chain_of;
use crate::store_watch::State;

/// Between two looks: damage is seldom, and a question to the server is cheap.
const INTERVAL: Duration = Duration::from_secs(30);

/// What was found last, and where that is told.
struct DamageWatch {
    registry: Registry,
    told: Damage,
    /// Of which something was told: when it is over, that is told as well.
    tables: BTreeSet<String>,
    /// Table and partition of failing merges that were looked into: once is enough as long as they fail.
    checked: BTreeSet<(String, String)>,
    /// Parts whose rows were made again from what is left, and are to be made again when the rest is decided on.
    refilled: BTreeSet<BrokenPart>,
}

/// Runs until shutdown.
pub(crate) async fn run(
    store: Store,
    state: watch::Receiver<State>,
    registry: Registry,
    shutdown: Shutdown,
) {
    tokio::select! {
        () = watch_damage(&store, state, registry) => {}
        () = shutdown.wait() => {}
    }
}

async fn watch_damage(store: &Store, mut state: watch::Receiver<State>, registry: Registry) {
    let mut watch = DamageWatch {
        registry,
        told: Damage::default(),
        tables: BTreeSet::new(),
        checked: BTreeSet::new(),
        refilled: BTreeSet::new(),
    };
    // Ends when nobody tells any more how the store is: the process is ending.
    while state.wait_for(|state| *state == State::Ready).await.is_ok() {
        match store.damage().await {
            Ok(damage) => watch.go_through(store, damage).await,
            // A user without the right to see system tables, or a store that just went away, which is told elsewhere.
            Err(error) => debug!(
                error = chain_of(&error),
                "whether the store is damaged is not known"
            ),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

// === impl DamageWatch ===

impl DamageWatch {
    async fn go_through(&mut self, store: &Store, damage: Damage) {
        self.count(&damage);
        let is_new = |part: &&BrokenPart| !self.told.broken.contains(part);
        damage.broken.iter().filter(is_new).for_each(tell_broken);
        let is_known = |merges: &FailingMerges| {
            let mut told = self.told.failing.iter();
            told.any(|told| place(told) == place(merges))
        };
        let new = damage.failing.iter().filter(|merges| !is_known(merges));
        new.for_each(tell_failing);
        let still = |checked: &(String, String)| {
            let mut failing = damage.failing.iter();
            failing.any(|merges| place(merges) == *checked)
        };
        self.checked.retain(still);
        self.refilled.retain(|part| damage.broken.contains(part));
        self.mend(store, &damage).await;
        self.told = damage;
    }

    async fn mend(&mut self, store: &Store, damage: &Damage) {
        for broken in damage.broken.iter().filter(|part| part.is_derived()) {
            let is_last = !damage.lacks_source_of(broken);
            if !is_last && self.refilled.contains(broken) {
                continue;
            }
            let mended = match is_last {
                true => store.mend_broken(broken).await,
                false => store.refill_broken(broken).await,
            };
            match mended {
                Ok(()) if is_last => self.mended(&broken.table, &broken.partition, 1),
                Ok(()) => {
                    self.refilled.insert(broken.clone());
                }
                Err(error) => warn!(
                    error = chain_of(&error),
                    table = broken.table,
                    partition = broken.partition,
                    "what a damaged part held is not made again yet; tried again"
                ),
            }
        }
        for merges in damage.failing.iter().filter(|part| part.is_derived()) {
            if self.checked.contains(&place(merges)) {
                continue;
            }
            match store.mend_failing(merges).await {
                Ok(parts) => {
                    self.checked.insert(place(merges));
                    self.mended(&merges.table, &merges.partition, parts);
                }
                Err(error) => warn!(
                    error = chain_of(&error),
                    table = merges.table,
                    partition = merges.partition,
                    "whether a part is damaged is not known, or it is not made again yet; tried again"
                ),
            }
        }
    }

    /// None where merges fail for another reason.
    fn mended(&self, table: &str, partition: &str, parts: usize) {
        if parts == 0 {
            return;
        }
        let counter = self.registry.counter(
            "coldtrace_store_mended_parts_total",
            "Damaged parts of indexes whose rows were made again from base tables.",
            &[("table", table)],
        );
        counter.add(parts as u64);
        warn!(
            table,
            partition, parts, "what damaged parts held was made again from base tables"
        );
    }

    fn count(&mut self, damage: &Damage) {
        let broken = damage.broken.iter().map(|part| &part.table);
        let failing = damage.failing.iter().map(|merges| &merges.table);
        self.tables.extend(broken.chain(failing).cloned());
        for table in &self.tables {
            let broken = damage.broken.iter().filter(|part| part.table == *table);
            self.set(
                "coldtrace_store_broken_parts",
                "Parts that the store found damaged at its start and set aside.",
                table,
                broken.count(),
            );
            let failing = damage.failing.iter();
            let failing = failing.filter(|merges| merges.table == *table);
            self.set(
                "coldtrace_store_failing_merges",
                "Partitions in which merges fail again and again.",
                table,
                failing.count(),
            );
        }
    }

    fn set(&self, name: &str, help: &str, table: &str, value: usize) {
        let gauge = self.registry.gauge(name, help, &[("table", table)]);
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    }
}

fn place(merges: &FailingMerges) -> (String, String) {
    (merges.table.clone(), merges.partition.clone())
}

fn tell_broken(broken: &BrokenPart) {
    let BrokenPart {
        table,
        partition,
        part,
        ..
    } = broken;
    match broken.is_derived() {
        true => warn!(
            table,
            partition,
            part,
            "the store found a part damaged and set it aside; what it held is made again from base tables: look at the disk"
        ),
        false => error!(
            table,
            partition,
            part,
            "the store found a part damaged and set it aside; its rows are missing: look at the disk, and into docs/guides/damage.md"
        ),
    }
}

fn tell_failing(merges: &FailingMerges) {
    let FailingMerges {
        table,
        partition,
        failures,
        why,
        ..
    } = merges;
    warn!(
        table,
        partition,
        failures,
        why,
        "merges fail again and again: a full disk, or a damaged part; see docs/guides/damage.md"
    );
}
