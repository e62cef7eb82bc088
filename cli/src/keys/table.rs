//! Keys and limits as a person reads them.

use coldtrace_control::{Key, Limits};
use coldtrace_model::{Tenant, UnixNanos};
use coldtrace_service::config::HumanBytes;

const DAY: u64 = 86_400_000_000_000;

/// One line a key.
pub(super) fn keys(keys: &[Key], now: UnixNanos) -> String {
    if keys.is_empty() {
        return "There are no keys: on loopback everything is open, and nothing is served beyond it.\n"
            .to_owned();
    }
    let heading = ["id", "scope", "tenant", "name", "created", "state"].map(str::to_owned);
    let rows = keys.iter().map(|key| {
        [
            key.id.to_string(),
            key.scope.to_string(),
            key.tenant.to_string(),
            key.name.clone(),
            ago(key.created, now),
            state(key, now),
        ]
    });
    render(heading, rows)
}

/// One line a tenant.
pub(super) fn limits(limits: &[(Tenant, Limits)]) -> String {
    if limits.is_empty() {
        return "No tenant has limits of its own.\n".to_owned();
    }
    let heading = ["tenant", "keep days", "bytes/s", "spans/s", "log share"].map(str::to_owned);
    let rows = limits.iter().map(|(tenant, limits)| {
        [
            tenant.to_string(),
            shown(limits.keep_days),
            shown(limits.bytes_per_second.map(HumanBytes)),
            shown(limits.spans_per_second),
            shown(limits.log_share.map(|share| format!("{share} %"))),
        ]
    });
    render(heading, rows)
}

fn shown<T: ToString>(limit: Option<T>) -> String {
    limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string())
}

fn state(key: &Key, now: UnixNanos) -> String {
    if let Some(revoked) = key.revoked {
        return format!("revoked {}", ago(revoked, now));
    }
    let mut state = match key.expires {
        Some(expires) if expires <= now => return format!("expired {}", ago(expires, now)),
        Some(expires) => format!("expires in {}", days(expires.since(now).0)),
        None => "in force".to_owned(),
    };
    if let Some(rotated) = key.rotated {
        state.push_str(&format!(", rotated {}", ago(rotated, now)));
    }
    if key.previous_until.is_some_and(|until| until > now) {
        state.push_str(", old secret still taken");
    }
    state
}

fn ago(time: UnixNanos, now: UnixNanos) -> String {
    match now.since(time).0 / DAY {
        0 => "today".to_owned(),
        _ => format!("{} ago", days(now.since(time).0)),
    }
}

fn days(nanos: u64) -> String {
    match nanos.div_ceil(DAY) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Columns as wide as what stands in them.
fn render<const N: usize>(heading: [String; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let lines: Vec<[String; N]> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).filter_map(width).collect();
    let mut table = String::new();
    for line in &lines {
        let cells = line.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        table.push_str(cells.join("  ").trim_end());
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use coldtrace_control::{Db, NewKey, Scope};
    use coldtrace_model::Nanos;

    use super::super::{created, rotated};
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_800_000_000_000_000_000);

    #[test]
    fn a_list_tells_what_became_of_each_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut db = Db::open(folder.path()).expect("a new database");
        assert!(keys(&db.keys().expect("none"), NOW).starts_with("There are no keys"));
        let before = |days| NOW.minus(Nanos(days * DAY));
        let mut make = |name: &str, scope, made, expires| {
            let key = NewKey {
                name: name.to_owned(),
                tenant: Tenant::single(),
                scope,
                expires,
            };
            db.create(&key, made).expect("a key")
        };
        let first = make("checkout", Scope::Ingest, before(3), None);
        let ends = Some(NOW.plus(Nanos(30 * DAY)));
        make("ui", Scope::Read, before(2), ends);
        make("old", Scope::Ingest, before(1), Some(before(1)));
        let told = created(&first, &db.keys().expect("three")[0], true);
        assert!(told.starts_with(&format!("{}\n", first.reveal())), "{told}");
        assert!(told.contains("COLDTRACE_API_KEY") && told.contains("the first key"));
        let id = first.id().as_str();
        let second = db
            .rotate(id, Duration::from_secs(60), NOW)
            .expect("rotated");
        let told = rotated(&second, "1m".parse().expect("a minute"));
        assert!(
            told.ends_with("The secret before it is taken for 1m more.\n"),
            "{told}"
        );

        let listed = db.keys().expect("three");
        let table = keys(&listed, NOW);
        let mut expected = "\
id          scope   tenant   name      created     state
FIRST-----  ingest  default  checkout  3 days ago  in force, rotated today, old secret still taken
SECOND----  read    default  ui        2 days ago  expires in 30 days
THIRD-----  ingest  default  old       1 day ago   expired 1 day ago
"
        .to_owned();
        for (name, key) in ["FIRST-----", "SECOND----", "THIRD-----"]
            .iter()
            .zip(&listed)
        {
            expected = expected.replace(name, key.id.as_str());
        }
        assert_eq!(table, expected);
    }
}
