//! The migration files and what is in them.
//!
//! The files are the one place where the schema is written; what the program must know of it beyond the columns that it
//! writes is read from their text.

use sha2::{Digest as _, Sha256};

/// A numbered file.
pub(crate) struct Migration {
    pub(crate) number: u32,
    pub(crate) file: &'static str,
    text: &'static str,
}

pub(crate) const MIGRATIONS: [Migration; 8] = [
    Migration {
        number: 1,
        file: "0001_base.sql",
        text: include_str!("../migrations/0001_base.sql"),
    },
    Migration {
        number: 2,
        file: "0002_derived.sql",
        text: include_str!("../migrations/0002_derived.sql"),
    },
    Migration {
        number: 3,
        file: "0003_features.sql",
        text: include_str!("../migrations/0003_features.sql"),
    },
    Migration {
        number: 4,
        file: "0004_findings.sql",
        text: include_str!("../migrations/0004_findings.sql"),
    },
    Migration {
        number: 5,
        file: "0005_feature_counts.sql",
        text: include_str!("../migrations/0005_feature_counts.sql"),
    },
    Migration {
        number: 6,
        file: "0006_paths.sql",
        text: include_str!("../migrations/0006_paths.sql"),
    },
    Migration {
        number: 7,
        file: "0007_errors.sql",
        text: include_str!("../migrations/0007_errors.sql"),
    },
    Migration {
        number: 8,
        file: "0008_own_spans.sql",
        text: include_str!("../migrations/0008_own_spans.sql"),
    },
];

/// A materialized view that fills an index, or notes what was touched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) name: String,
    /// The index.
    pub(crate) target: String,
    /// The base table.
    pub(crate) source: String,
    /// Gives the target's columns in their order.
    pub(crate) select: String,
}

/// The views as they are after all migrations.
pub(crate) fn views() -> Vec<View> {
    let mut views: Vec<View> = Vec::new();
    for statement in MIGRATIONS.iter().flat_map(Migration::statements) {
        if let Some(view) = View::read(&statement) {
            views.retain(|older| older.name != view.name);
            views.push(view);
        }
    }
    views
}

/// Names of the tables as they are after all migrations.
pub(crate) fn tables() -> Vec<String> {
    let statements = MIGRATIONS.iter().flat_map(Migration::statements);
    let table = |statement: String| {
        let rest = statement.strip_prefix("CREATE TABLE IF NOT EXISTS ")?;
        Some(rest.split_whitespace().next()?.to_owned())
    };
    statements.filter_map(table).collect()
}

// === impl Migration ===

impl Migration {
    /// Tells a file from an edited one.
    pub(crate) fn checksum(&self) -> String {
        let digest = Sha256::digest(self.text);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Each of them changes nothing when it is run again.
    pub(crate) fn statements(&self) -> Vec<String> {
        statements(self.text)
    }
}

// === impl View ===

impl View {
    /// `CREATE MATERIALIZED VIEW IF NOT EXISTS name TO target AS SELECT ... FROM source ...`
    fn read(statement: &str) -> Option<Self> {
        let rest = statement.strip_prefix("CREATE MATERIALIZED VIEW IF NOT EXISTS ")?;
        let (name, rest) = rest.split_once(" TO ")?;
        let (target, select) = rest.split_once(" AS\n")?;
        let (_, from) = select.split_once("FROM ")?;
        let source = from.split_whitespace().next()?;
        Some(Self {
            name: name.to_owned(),
            target: target.to_owned(),
            source: source.to_owned(),
            select: select.to_owned(),
        })
    }
}

/// A statement ends with a semicolon at the end of a line; comments are lines of their own.
fn statements(text: &str) -> Vec<String> {
    let is_code = |line: &&str| !line.trim_start().starts_with("--");
    let code: Vec<&str> = text.lines().filter(is_code).collect();
    let code = code.join("\n") + "\n";
    let statements = code.split(";\n").map(str::trim);
    let statements = statements.filter(|statement| !statement.is_empty());
    statements.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_at_semicolons_that_end_a_line() {
        let file = "-- Why; not how;\nCREATE TABLE a (\n    -- Of a column;\n    x String);\n\nSELECT ';';\n";
        assert_eq!(
            statements(file),
            ["CREATE TABLE a (\n    x String)", "SELECT ';'"]
        );
    }

    #[test]
    fn migrations_are_numbered_from_one_as_their_files_are() {
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            let number = u32::try_from(index).unwrap() + 1;
            assert_eq!(migration.number, number);
            assert!(migration.file.starts_with(&format!("{number:04}_")));
        }
    }

    #[test]
    fn every_statement_may_be_run_again() {
        for migration in MIGRATIONS {
            for statement in migration.statements() {
                let idempotent = statement.contains(" IF NOT EXISTS ");
                assert!(idempotent, "{}: {statement}", migration.file);
            }
        }
    }

    #[test]
    fn every_view_is_read() {
        let statements = MIGRATIONS.iter().flat_map(Migration::statements);
        let created = statements.filter(|statement| statement.contains("MATERIALIZED VIEW"));
        assert_eq!(views().len(), created.count());
        let requests = views()
            .into_iter()
            .find(|view| view.name == "request_index_mv");
        let requests = requests.expect("the view of requests is read");
        assert_eq!(
            (&*requests.target, &*requests.source),
            ("request_index", "invocations")
        );
    }
}
