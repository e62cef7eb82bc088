//! Every section of the configuration, read once; `check-config` and `print-config`.

use std::io::Write as _;
use std::path::PathBuf;

use coldtrace_control::Remote;
use coldtrace_service::config::{self, HumanBytes, Problem, Problems, Settings};
use coldtrace_service::logging::{LogFilter, LogFormat};
use coldtrace_service::self_traces::SelfTraces;
use coldtrace_store::StoreConfig;

use crate::ConfigFile;
use crate::failure::Failure;

/// Our own life cycle, and of the libraries below only what needs a look.
const DEFAULT_FILTER: &str = "info,h2=warn,hyper=warn,hyper_util=warn,tonic=warn";

/// What a process of ours runs with.
pub(crate) struct Config {
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: LogFilter,
    pub(crate) self_traces: SelfTraces,
    pub(crate) store: StoreSettings,
    pub(crate) control: ControlSettings,
    pub(crate) collector: coldtrace_collector::Config,
    pub(crate) query: coldtrace_query::Config,
}

/// Section `store`: a server, or the embedded engine.
pub(crate) struct StoreSettings {
    /// A ClickHouse server's HTTP address; without it `up` starts the embedded engine.
    pub(crate) url: Option<String>,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
    pub(crate) engine: EngineSettings,
}

/// Section `control`: where a collector on another machine learns who may send.
pub(crate) struct ControlSettings {
    /// The query service's address; without it the data folder is looked at.
    url: Option<String>,
    /// A key of scope `admin`.
    api_key: String,
    /// In PEM, where the query service's certificate is not from one of the web's authorities.
    ca: Option<PathBuf>,
}

/// How the embedded engine runs.
pub(crate) struct EngineSettings {
    /// On loopback; 0 lets the system choose.
    pub(crate) port: u16,
    /// What it may hold in memory.
    pub(crate) memory: HumanBytes,
    /// A `libchdb.so` of one's own instead of the fetched one.
    pub(crate) library: Option<PathBuf>,
}

impl Config {
    /// Reads everything, so that every mistake is told whatever command is run.
    pub(crate) fn load(file: &ConfigFile) -> Result<Self, Problems> {
        let (config, settings) = read(file);
        settings.finish()?;
        Ok(config)
    }
}

impl ControlSettings {
    /// The query service, if one is set.
    pub(crate) fn remote(&self) -> Result<Option<Remote>, Failure> {
        let Some(url) = self.url.clone() else {
            return Ok(None);
        };
        Ok(Some(Remote {
            url,
            api_key: self.api_key.clone(),
            ca: self.authorities()?,
        }))
    }

    /// The key of scope `admin`, or nothing.
    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    /// What the file of `control.ca` holds, if one is set.
    pub(crate) fn authorities(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(path) = &self.ca else {
            return Ok(None);
        };
        let read = std::fs::read(path).map_err(|error| {
            let doing = format!("cannot read {} (control.ca)", path.display());
            Failure::failed(doing, error)
        })?;
        Ok(Some(read))
    }
}

impl StoreSettings {
    /// The server of `store.url`, if one is set.
    pub(crate) fn server(&self) -> Option<StoreConfig> {
        Some(StoreConfig {
            url: self.url.clone()?,
            user: self.user.clone(),
            password: self.password.clone(),
            database: self.database.clone(),
        })
    }
}

/// `coldtrace check-config`: the files of rules as well.
pub(crate) fn check(file: &ConfigFile) -> Result<(), Failure> {
    let (config, settings) = read(file);
    let mut problems = settings.finish().err().map_or(Vec::new(), |all| all.0);
    let mistakes = coldtrace_query::check_rule_files(&config.query.alerts.rules.0);
    problems.extend(mistakes.into_iter().map(|(place, message)| Problem {
        key: String::new(),
        source: place,
        message,
    }));
    if !problems.is_empty() {
        return Err(Problems(problems).into());
    }
    say("the configuration is valid\n")
}

/// `coldtrace print-config`: a TOML file that gives the same settings, with where each was set.
pub(crate) fn print(file: &ConfigFile) -> Result<(), Failure> {
    let (_, settings) = read(file);
    let printed = printed(&settings);
    settings.finish()?;
    say(&printed)
}

fn read(file: &ConfigFile) -> (Config, Settings) {
    let mut settings = Settings::load(file.config.as_deref(), config::environment());
    let mut log = settings.section("log");
    let log_format = log.value("format", LogFormat::Text);
    let default_filter = DEFAULT_FILTER.parse().expect("the default is a filter");
    let log_filter = log.value("filter", default_filter);
    let self_traces = SelfTraces::read(&mut settings.section("self_traces"));
    let store = read_store(&mut settings);
    let control = read_control(&mut settings);
    let config = Config {
        log_format,
        log_filter,
        self_traces,
        store,
        control,
        collector: coldtrace_collector::Config::read(&mut settings.section("collector")),
        query: coldtrace_query::Config::read(&mut settings),
    };
    (config, settings)
}

fn read_store(settings: &mut Settings) -> StoreSettings {
    let mut store = settings.section("store");
    let url = store.optional::<String>("url");
    if let Some(mistake) = url.as_deref().and_then(mistake_in) {
        let message =
            format!("{mistake}; it is ClickHouse's HTTP address, such as http://127.0.0.1:8123");
        store.problem("url", message);
    }
    StoreSettings {
        url,
        user: store.value("user", "default".to_owned()),
        password: store.value("password", String::new()),
        database: store.value("database", "coldtrace".to_owned()),
        engine: EngineSettings {
            port: store.value("engine_port", 7071),
            memory: store.value("engine_memory", HumanBytes(2 << 30)),
            library: store.optional("engine_library"),
        },
    }
}

fn read_control(settings: &mut Settings) -> ControlSettings {
    let mut control = settings.section("control");
    let url = control.optional::<String>("url");
    let api_key = control.value("api_key", String::new());
    let ca = control.optional("ca");
    if let Some(url) = &url {
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            control.problem(
                "url",
                "is the query service's address, such as https://coldtrace.internal:7070",
            );
        }
        if api_key.is_empty() {
            control.problem(
                "api_key",
                "is needed with control.url: `coldtrace keys create --scope admin` makes one",
            );
        }
    }
    ControlSettings { url, api_key, ca }
}

/// What is wrong with the address of a server.
fn mistake_in(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://");
    let Some(rest) = rest.or_else(|| url.strip_prefix("http://")) else {
        return Some("must begin with http:// or https://");
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        // They would be shown wherever the address is.
        return Some("user and password belong into store.user and store.password");
    }
    let host = authority.split(':').next().unwrap_or_default();
    host.is_empty().then_some("has no host")
}

fn printed(settings: &Settings) -> String {
    let mut printed = String::new();
    let mut section = "";
    for setting in settings.effective() {
        if setting.section != section {
            section = setting.section;
            let gap = if printed.is_empty() { "" } else { "\n" };
            printed.push_str(&format!("{gap}[{section}]\n"));
        }
        let source = setting.source.as_deref().unwrap_or("default");
        let line = match &setting.value {
            Some(value) => format!("{} = {value} # {source}\n", setting.key),
            None => format!("# {} is not set\n", setting.key),
        };
        printed.push_str(&line);
    }
    printed
}

/// Writes to standard output.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::failed("cannot write to standard output", error))
}

#[cfg(test)]
mod tests {
    use super::mistake_in;

    #[test]
    fn an_address_that_can_never_work_is_a_mistake() {
        assert_eq!(mistake_in("http://clickhouse:8123"), None);
        assert_eq!(mistake_in("https://clickhouse:8443"), None);
        assert_eq!(mistake_in("http://[::1]:8123/"), None);
        for wrong in [
            "clickhouse:8123",
            "https://",
            "http://",
            "http://:8123",
            "http://me:secret@clickhouse:8123",
        ] {
            assert!(mistake_in(wrong).is_some(), "{wrong}");
        }
    }
}
