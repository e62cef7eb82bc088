//! The engine, started for a benchmark alone: with the logs in which it tells what its inserts, merges and queries took.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::Programs;
use crate::bench::http::Connection;
use crate::workspace;

/// For it to answer.
const START_DEADLINE: Duration = Duration::from_secs(120);
/// For its merges to come to rest.
const MERGE_DEADLINE: Duration = Duration::from_secs(1_800);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Without a merge for so long, it has none to do.
const REST: Duration = Duration::from_secs(5);
/// What the engine of `coldtrace up` may hold by default.
const MEMORY: u64 = 2 << 30;

/// A running engine; killed when dropped.
pub(in crate::bench) struct Server {
    child: Child,
    /// It ends when this is closed.
    _parent: Option<ChildStdin>,
    _folder: tempfile::TempDir,
    /// `http://...`
    pub(in crate::bench) url: String,
}

/// What was read for some answers.
pub(in crate::bench) struct Read {
    pub(in crate::bench) rows: f64,
    pub(in crate::bench) bytes: f64,
}

/// What a database has cost so far.
pub(super) struct Costs {
    pub(super) insert_ns: f64,
    pub(super) merge_ns: f64,
    pub(super) merged_rows: f64,
    /// Of the parts in use, by table.
    pub(super) bytes: BTreeMap<String, u64>,
    /// Of their columns, by table and column; parts that keep all columns in one file don't tell.
    pub(super) columns: BTreeMap<String, u64>,
}

// === impl Server ===

impl Server {
    pub(in crate::bench) fn start(programs: &Programs) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bench-store-")
            .tempdir_in(workspace::target())
            .context("create a folder for the data")?;
        let port = free_port()?;
        let config = folder.path().join("config.xml");
        std::fs::write(&config, config_text(folder.path(), port)).context("write config.xml")?;
        let users = folder.path().join("users.xml");
        std::fs::write(&users, USERS).context("write users.xml")?;
        let mut child = Command::new(&programs.coldtrace)
            .arg("engine")
            .arg(&programs.library)
            .arg(&config)
            .arg(folder.path().join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start the engine")?;
        let parent = child.stdin.take();
        let server = Self {
            child,
            _parent: parent,
            _folder: folder,
            url: format!("http://127.0.0.1:{port}"),
        };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// The process.
    pub(in crate::bench) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a statement, with settings.
    pub(in crate::bench) fn run(
        &self,
        statement: &str,
        settings: &str,
        body: &[u8],
    ) -> anyhow::Result<String> {
        let mut connection = Connection::open_patient(&self.url, MERGE_DEADLINE)?;
        let path = format!("/?query={}{settings}", escaped(statement));
        let reply = connection.post(&path, body)?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        match reply.status {
            200 => Ok(text),
            status => bail!("the engine answered {status}: {text}"),
        }
    }

    /// The rows of a query, each with its values as text.
    pub(in crate::bench) fn rows(&self, query: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let text = self.run(query, "&default_format=TSV", &[])?;
        let row = |line: &str| line.split('\t').map(str::to_owned).collect();
        Ok(text.lines().map(row).collect())
    }

    /// One number.
    pub(in crate::bench) fn number(&self, query: &str) -> anyhow::Result<f64> {
        let rows = self.rows(query)?;
        let value = rows.first().and_then(|row| row.first());
        value
            .and_then(|value| value.parse().ok())
            .with_context(|| format!("`{query}` has no number"))
    }

    /// What all questions to a database have read that were asked since then, in Unix microseconds.
    pub(in crate::bench) fn read_since(&self, database: &str, since: f64) -> anyhow::Result<Read> {
        self.run("SYSTEM FLUSH LOGS", "", &[])?;
        let read = |what: &str| {
            self.number(&format!(
                "SELECT sum({what}) FROM system.query_log
                WHERE type = 'QueryFinish' AND query_kind = 'Select' AND has(databases, '{database}')
                    AND toUnixTimestamp64Micro(query_start_time_microseconds) >= {since}"
            ))
        };
        Ok(Read {
            rows: read("read_rows")?,
            bytes: read("read_bytes")?,
        })
    }

    /// What this database has cost, once its merges have come to rest and every partition is one part.
    pub(super) fn costs(&self, database: &str) -> anyhow::Result<Costs> {
        self.wait_for_merges()?;
        let tables = self.rows(&format!(
            "SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%MergeTree'"
        ))?;
        for table in tables.iter().flatten() {
            self.run(&format!("OPTIMIZE TABLE {database}.{table} FINAL"), "", &[])?;
        }
        self.run("SYSTEM FLUSH LOGS", "", &[])?;
        let time = "sum(ProfileEvents['UserTimeMicroseconds'] + ProfileEvents['SystemTimeMicroseconds']) * 1000";
        let merges = format!(
            "FROM system.part_log WHERE database = '{database}' AND event_type = 'MergeParts'"
        );
        let active = format!("WHERE database = '{database}' AND active");
        let bytes = self.bytes(&format!(
            "SELECT table, sum(bytes_on_disk) FROM system.parts {active} GROUP BY table"
        ))?;
        let columns = self.bytes(&format!(
            "SELECT concat(table, '.', column) AS name, sum(column_bytes_on_disk) AS bytes
            FROM system.parts_columns {active} GROUP BY name HAVING bytes > 0"
        ))?;
        Ok(Costs {
            insert_ns: self.number(&format!(
                "SELECT {time} FROM system.query_log
                WHERE type = 'QueryFinish' AND query_kind = 'Insert' AND has(databases, '{database}')"
            ))?,
            merge_ns: self.number(&format!("SELECT {time} {merges}"))?,
            merged_rows: self.number(&format!("SELECT sum(rows) {merges} AND table IN ('spans', 'otel_traces')"))?,
            bytes,
            columns,
        })
    }

    /// A query's names and numbers.
    fn bytes(&self, query: &str) -> anyhow::Result<BTreeMap<String, u64>> {
        let named = |row: Vec<String>| match &row[..] {
            [name, bytes] => Some((name.clone(), bytes.parse().ok()?)),
            _ => None,
        };
        Ok(self.rows(query)?.into_iter().filter_map(named).collect())
    }

    fn wait_until_it_answers(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while let Err(error) = self.run("SELECT 1", "", &[]) {
            if started.elapsed() > START_DEADLINE {
                return Err(error.context("the engine does not start"));
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn wait_for_merges(&self) -> anyhow::Result<()> {
        eprintln!("-- waiting for merges");
        let started = Instant::now();
        let mut idle_since = Instant::now();
        while idle_since.elapsed() < REST && started.elapsed() < MERGE_DEADLINE {
            if self.number("SELECT count() FROM system.merges")? > 0.0 {
                idle_since = Instant::now();
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What can't be killed has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> anyhow::Result<u16> {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
    Ok(free.local_addr().context("find a free port")?.port())
}

/// For a query in an address.
pub(in crate::bench) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => {
                escaped.push(char::from(byte));
            }
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// As `crates/store/src/embedded/files.rs` has it, with the logs.
fn config_text(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let (large, small) = (MEMORY / 16, MEMORY / 64);
    format!(
        "<clickhouse>
    <logger><console>0</console><log>{folder}/engine.log</log></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>{port}</http_port>
    <users_config>{folder}/users.xml</users_config>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{MEMORY}</max_server_memory_usage>
    <mark_cache_size>{large}</mark_cache_size>
    <primary_index_cache_size>{large}</primary_index_cache_size>
    <index_mark_cache_size>{small}</index_mark_cache_size>
    <index_uncompressed_cache_size>{small}</index_uncompressed_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mmap_cache_size>0</mmap_cache_size>
    <query_log><database>system</database><table>query_log</table></query_log>
    <part_log><database>system</database><table>part_log</table></part_log>
</clickhouse>
"
    )
}

/// The condition cache would answer a question that was asked before without looking.
const USERS: &str = "<clickhouse>
    <profiles><default><use_query_condition_cache>0</use_query_condition_cache></default></profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <no_password/>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </default>
    </users>
</clickhouse>
";
