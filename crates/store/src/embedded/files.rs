//! The engine's folder: what stands where, and the configuration that is written there at every start.
//!
//! The query that keeps the engine alive runs as `default`, which can have no password. So `default` may do what that
//! query needs and no more, and no request reaches it: the only handler wants the header that names our user, and the engine
//! refuses a request that names two.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{EngineConfig, EngineError};

/// Our user on the engine.
pub(super) const USER: &str = "coldtrace";

/// A few minutes of a busy engine, some megabytes.
const PART_LOG_ROWS: u32 = 10_000;

/// Paths in the engine's folder.
pub(super) struct Files {
    /// The configuration.
    pub(super) config: PathBuf,
    /// The users; named by the configuration.
    users: PathBuf,
    /// ClickHouse's own folder.
    pub(super) data: PathBuf,
    /// ClickHouse's log.
    pub(super) log: PathBuf,
    /// What the process itself writes: why it did not start.
    pub(super) output: PathBuf,
}

// === impl Files ===

impl Files {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            config: folder.join("config.xml"),
            users: folder.join("users.xml"),
            data: folder.join("data"),
            log: folder.join("engine.log"),
            output: folder.join("output.log"),
        }
    }

    /// The file that a running ClickHouse holds locked.
    pub(super) fn status(&self) -> PathBuf {
        self.data.join("status")
    }

    /// Makes the folder and writes the configuration, for the owner alone.
    pub(super) fn write(&self, config: &EngineConfig) -> Result<(), EngineError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.data)
            .map_err(|source| EngineError::Files {
                path: self.data.clone(),
                source,
            })?;
        for (path, text) in [
            (&self.config, self.config_text(config)),
            (&self.users, users_text(&config.password)),
        ] {
            write_private(path, &text).map_err(|source| EngineError::Files {
                path: path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Caches are sized for a laptop: what is read again and again are indexes, and the system caches the rest.
    fn config_text(&self, config: &EngineConfig) -> String {
        let port = config.http_port;
        let memory = config.memory_limit;
        let log = escaped(&self.log);
        let users = escaped(&self.users);
        format!(
            "<clickhouse>
    <!-- Written at every start. A console would ignore its level. -->
    <logger><console>0</console><log>{log}</log><size>10M</size><count>2</count></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>{port}</http_port>
    <http_handlers>
        <rule>
            <headers><X-ClickHouse-User>{USER}</X-ClickHouse-User></headers>
            <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
        </rule>
    </http_handlers>
    <users_config>{users}</users_config>
    <!-- Why merges fail is known from here alone. In memory, and the newest alone: nothing is written for it. -->
    <part_log>
        <database>system</database><table>part_log</table>
        <engine>ENGINE = Memory SETTINGS max_rows_to_keep = {PART_LOG_ROWS}</engine>
        <flush_interval_milliseconds>7500</flush_interval_milliseconds>
        <max_size_rows>8192</max_size_rows><reserved_size_rows>1024</reserved_size_rows>
    </part_log>
    <timezone>UTC</timezone>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <mark_cache_size>{mark_cache}</mark_cache_size>
    <primary_index_cache_size>{mark_cache}</primary_index_cache_size>
    <index_mark_cache_size>{small_cache}</index_mark_cache_size>
    <index_uncompressed_cache_size>{small_cache}</index_uncompressed_cache_size>
    <query_condition_cache_size>{small_cache}</query_condition_cache_size>
    <text_index_tokens_cache_size>{small_cache}</text_index_tokens_cache_size>
    <text_index_header_cache_size>{small_cache}</text_index_header_cache_size>
    <text_index_postings_cache_size>{small_cache}</text_index_postings_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <mmap_cache_size>0</mmap_cache_size>
</clickhouse>
",
            mark_cache = memory / 16,
            small_cache = memory / 64,
        )
    }
}

fn users_text(password: &str) -> String {
    let digest: String = Sha256::digest(password)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "<clickhouse>
    <profiles><default/></profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <no_password/>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SELECT ON system.numbers</query>
                <query>GRANT SYSTEM LISTEN ON *.*</query>
            </grants>
        </default>
        <{USER}>
            <password_sha256_hex>{digest}</password_sha256_hex>
            <networks><ip>127.0.0.1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </{USER}>
    </users>
</clickhouse>
"
    )
}

fn escaped(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
