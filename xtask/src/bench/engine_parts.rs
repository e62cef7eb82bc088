//! How much of the disk the engine's tables take: its parts, without those that a merge has replaced and that wait for
//! their removal.
//!
//! Read from the folder, because nobody but the service knows the engine's password. A part is a folder named
//! `PARTITION_FIRST_LAST_LEVEL`; it is replaced when another of its partition covers its blocks.

use std::path::Path;

use anyhow::Context as _;

/// Parts in use, of all tables of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) count: u64,
    pub(super) bytes: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Part {
    partition: String,
    first: u64,
    last: u64,
    level: u64,
}

/// Adds up the parts of every table of our database.
pub(super) fn measure(engine_data: &Path) -> anyhow::Result<Parts> {
    let database = engine_data.join("data/coldtrace");
    let mut parts = Parts::default();
    for table in entries(&database)? {
        let mut found = Vec::new();
        for folder in entries(&table)? {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            if let Some(part) = Part::parse(&name) {
                found.push((part, folder));
            }
        }
        for (part, folder) in &found {
            if !found.iter().any(|(other, _)| other.covers(part)) {
                parts.count += 1;
                parts.bytes += bytes_in(folder)?;
            }
        }
    }
    Ok(parts)
}

impl Part {
    /// Reads a folder's name; other folders are no parts.
    fn parse(name: &str) -> Option<Self> {
        let mut fields = name.split('_');
        let part = Self {
            partition: fields.next()?.to_owned(),
            first: fields.next()?.parse().ok()?,
            last: fields.next()?.parse().ok()?,
            level: fields.next()?.parse().ok()?,
        };
        (!part.partition.is_empty()).then_some(part)
    }

    fn covers(&self, other: &Self) -> bool {
        self != other
            && self.partition == other.partition
            && self.first <= other.first
            && self.last >= other.last
            && self.level > other.level
    }
}

fn entries(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let read = || -> std::io::Result<Vec<_>> {
        std::fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    read().with_context(|| format!("read {}", folder.display()))
}

/// What the files take. A part may be removed while it is read; then it was replaced.
fn bytes_in(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for path in entries(folder)? {
        if let Ok(metadata) = path.metadata() {
            bytes += if metadata.is_dir() {
                bytes_in(&path)?
            } else {
                metadata.len()
            };
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_part_replaces_those_that_it_was_made_of() {
        let part = |name| Part::parse(name).expect("it is a part's name");
        assert!(part("20261124-14_1_5_1").covers(&part("20261124-14_2_2_0")));
        assert!(!part("20261124-14_1_5_1").covers(&part("20261124-14_6_6_0")));
        assert!(!part("20261125-14_1_5_1").covers(&part("20261124-14_2_2_0")));
        assert!(!part("all_1_1_0").covers(&part("all_1_1_0")));
        assert_eq!(Part::parse("detached"), None);
        assert_eq!(Part::parse("tmp_insert_all_1_1_0"), None);
    }
}
