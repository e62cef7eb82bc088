//! The embedded engine in a process of its own, and what it tells of its tables.
//!
//! Started as `coldtrace up` starts it, with the same memory and caches, but open to whoever asks on loopback: the peers
//! write to it as well.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::child::{Process, free_port};
use super::process;

/// As `store.engine_memory` has it.
const MEMORY: u64 = 2 << 30;
/// For the merges to come to rest.
const MERGE_DEADLINE: Duration = Duration::from_secs(300);
/// The engine is at rest when it has used less than a twentieth of a processor for this long.
const REST: Duration = Duration::from_secs(3);
const REST_SHARE: f64 = 0.05;

/// A running engine.
pub(super) struct Engine {
    process: Process,
    pub(super) url: String,
}

/// Time on processors since its start.
#[derive(Clone, Copy)]
pub(super) struct Usage {
    /// Of all but the merges.
    pub(super) inserts: Duration,
    pub(super) merges: Duration,
}

/// What tables take on the disk.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) parts: u64,
}

// === impl Usage ===

impl Usage {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            inserts: self.inserts.saturating_sub(before.inserts),
            merges: self.merges.saturating_sub(before.merges),
        }
    }
}

// === impl Engine ===

impl Engine {
    /// Starts `coldtrace engine` on an empty folder.
    pub(super) fn start(coldtrace: &Path, library: &Path, folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
            anyhow::Ok(path)
        };
        let users = write("users.xml", USERS.to_owned())?;
        let log = folder.join("engine.log");
        let config = write("config.xml", config(port, &users, &log))?;
        let data = folder.join("data");
        std::fs::create_dir(&data).with_context(|| format!("create {}", data.display()))?;
        let mut command = Command::new(coldtrace);
        command.arg("engine").arg(library).arg(config).arg(data);
        let process = Process::start("engine", &mut command, folder)?;
        let mut engine = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        };
        let ping = format!("{}/ping", engine.url);
        engine
            .process
            .wait_for(|_| Ok(ureq::get(&ping).call().ok().map(drop)))?;
        Ok(engine)
    }

    /// Runs a statement; returns what it answers, tab-separated.
    pub(super) fn query(&self, sql: &str) -> anyhow::Result<String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut reply = agent.post(&self.url).send(sql).context("ask the engine")?;
        let text = reply
            .body_mut()
            .read_to_string()
            .context("read the engine's answer")?;
        if !reply.status().is_success() {
            bail!(
                "the engine refused `{}`: {text}",
                sql.get(..200).unwrap_or(sql)
            );
        }
        Ok(text)
    }

    /// Runs a query that answers with whole numbers in one row.
    pub(super) fn numbers(&self, sql: &str) -> anyhow::Result<Vec<u64>> {
        let text = self.query(sql)?;
        let fields = text.trim_end().split('\t');
        let numbers: Result<_, _> = fields.map(str::parse).collect();
        numbers.with_context(|| format!("`{sql}` answered {text}"))
    }

    pub(super) fn usage(&self) -> anyhow::Result<Usage> {
        let pid = self.process.pid();
        let by_thread = process::processor_time_by_thread(pid)?;
        let merging = by_thread.iter().filter(|(name, _)| name.contains("Merge"));
        let merges = merging.map(|(_, time)| *time).sum();
        let whole = process::processor_time(pid)?;
        Ok(Usage {
            inserts: whole.saturating_sub(merges),
            merges,
        })
    }

    pub(super) fn peak_resident_bytes(&self) -> anyhow::Result<u64> {
        process::peak_resident_bytes(self.process.pid())
    }

    /// Waits until nothing more is merged, then merges every table of a database into one part of each partition. Returns
    /// what both took.
    pub(super) fn merge_all(&self, database: &str) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let merges_before = self.usage()?.merges;
        let whole = || process::processor_time(self.process.pid());
        let mut before = whole()?;
        loop {
            std::thread::sleep(REST);
            let now = whole()?;
            let at_rest = (now - before).as_secs_f64() < REST.as_secs_f64() * REST_SHARE;
            if at_rest {
                break;
            }
            if started.elapsed() > MERGE_DEADLINE {
                bail!("merges had not come to rest after {MERGE_DEADLINE:?}");
            }
            before = now;
        }
        let before = self.usage()?;
        let tables = self.query(&format!(
            "SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%MergeTree'"
        ))?;
        for table in tables.lines() {
            self.query(&format!("OPTIMIZE TABLE {database}.{table} FINAL"))?;
        }
        let after = self.usage()?;
        // The statement's own threads merge too; nothing else runs.
        let last = after.since(before);
        Ok(before.merges - merges_before + last.inserts + last.merges)
    }

    /// Every active part of a database, indexes included.
    pub(super) fn size(&self, database: &str) -> anyhow::Result<Size> {
        let told = self.numbers(&format!(
            "SELECT sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = '{database}'"
        ))?;
        let [bytes, parts] = told[..] else {
            bail!("the engine told {told:?} of its parts");
        };
        Ok(Size { bytes, parts })
    }
}

fn config(port: u16, users: &Path, log: &Path) -> String {
    format!(
        "<clickhouse>
    <logger><console>0</console><level>warning</level><log>{log}</log></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>{port}</http_port>
    <users_config>{users}</users_config>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{MEMORY}</max_server_memory_usage>
    <mark_cache_size>{large}</mark_cache_size>
    <primary_index_cache_size>{large}</primary_index_cache_size>
    <index_mark_cache_size>{small}</index_mark_cache_size>
    <index_uncompressed_cache_size>{small}</index_uncompressed_cache_size>
    <query_condition_cache_size>{small}</query_condition_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mmap_cache_size>0</mmap_cache_size>
</clickhouse>
",
        log = log.display(),
        users = users.display(),
        large = MEMORY / 16,
        small = MEMORY / 64,
    )
}

/// Without a password: what peers insert is no secret, and the folder is removed.
const USERS: &str = "<clickhouse>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <users><default>
        <no_password/>
        <networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
    </default></users>
</clickhouse>
";
