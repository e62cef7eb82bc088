//! Functions to run, and what the extension beside them noted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use coldtrace_model::ByteSize;
use coldtrace_sandbox::{
    Event, ExternalExtension, FunctionConfig, Initialization, Invoked, LogFormat, Runtime,
};
use serde_json::Value;
use tempfile::TempDir;

/// The X-Ray root of [`HEADER`].
pub(crate) const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
pub(crate) const HEADER: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// A folder with the functions' code, the probe, and the probe's notes.
pub(crate) struct Fixture {
    folder: TempDir,
    python: PathBuf,
    node: PathBuf,
    packages: PathBuf,
}

/// A line of the probe's notes.
pub(crate) type Note = Value;

impl Fixture {
    pub(crate) fn new() -> Self {
        let setup = setup();
        let path =
            |name: &str| {
                let path = setup[name].as_str();
                PathBuf::from(path.unwrap_or_else(|| {
                    panic!("setup.json has no `{name}`; run `cargo xtask setup`")
                }))
            };
        let fixture = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            python: path("python"),
            node: path("node"),
            packages: path("demo_python_packages"),
        };
        let shebang = format!("#!{}\n", fixture.python.display());
        let probe = shebang + include_str!("functions/probe.py");
        fixture.write("probe", &probe);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(fixture.path("probe"), executable)
            .expect("the owner may change it");
        fixture.write("app.py", include_str!("functions/app.py"));
        fixture.write("index.js", include_str!("functions/index.js"));
        fixture
    }

    /// The function of `app.py`, without extensions.
    pub(crate) fn python(&self) -> FunctionConfig {
        self.function(Runtime::Python {
            interpreter: self.python.clone(),
            path: vec![self.packages.clone()],
        })
    }

    /// A function of `index.js`, without extensions.
    pub(crate) fn node(&self, handler: &str) -> FunctionConfig {
        let runtime = Runtime::Node {
            interpreter: self.node.clone(),
            node_path: Vec::new(),
        };
        FunctionConfig {
            handler: handler.to_owned(),
            ..self.function(runtime)
        }
    }

    /// The function of `app.py` with the probe beside it.
    pub(crate) fn probed(&self, settings: &[(&str, &str)]) -> FunctionConfig {
        let log = self.path("notes").display().to_string();
        let settings = settings
            .iter()
            .copied()
            .chain([("PROBE_LOG", log.as_str())]);
        let probe = ExternalExtension {
            name: "probe".to_owned(),
            path: self.path("probe"),
            environment: settings
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        FunctionConfig {
            extensions: vec![probe],
            ..self.python()
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written to");
    }

    /// What the probe noted so far.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let text = std::fs::read_to_string(self.path("notes")).expect("the probe noted something");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a note is JSON"))
            .collect()
    }

    fn function(&self, runtime: Runtime) -> FunctionConfig {
        FunctionConfig {
            name: "tea".to_owned(),
            version: "$LATEST".to_owned(),
            runtime,
            handler: "app.handler".to_owned(),
            code_dir: self.folder.path().to_owned(),
            memory: ByteSize::from_mib(256),
            timeout: Duration::from_secs(20),
            environment: vec![("PYTHON".to_owned(), self.python.display().to_string())],
            extensions: Vec::new(),
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            max_concurrency: 1,
            idle_timeout: Duration::from_secs(60),
            initialization: Initialization::OnDemand,
            log_format: LogFormat::Text,
            is_throttled: false,
        }
    }
}

/// An event that says what to do.
pub(crate) fn event(what: &str) -> Event {
    Event {
        payload: what.to_owned().into(),
        trace_header: Some(HEADER.to_owned()),
    }
}

pub(crate) fn reply(invoked: &Invoked) -> Value {
    assert_eq!(invoked.error, None, "it goes well");
    serde_json::from_slice(&invoked.payload).expect("a reply is JSON")
}

/// The telemetry that the probe got, in order.
pub(crate) fn telemetry(notes: &[Note]) -> Vec<Value> {
    let batches = notes.iter().filter(|note| note["what"] == "batch");
    batches
        .flat_map(|note| note["records"].as_array().expect("a batch has records"))
        .cloned()
        .collect()
}

/// The events that the probe got, in order.
pub(crate) fn events(notes: &[Note]) -> Vec<&Value> {
    let events = notes.iter().filter(|note| note["what"] == "event");
    events.map(|note| &note["event"]).collect()
}

fn setup() -> Value {
    let own = std::env::current_exe().expect("the system tells a program's own path");
    let target = own
        .ancestors()
        .nth(3)
        .expect("the test lies in target/PROFILE/deps");
    let path = Path::new(target).join("setup.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", path.display()));
    serde_json::from_str(&text).expect("setup.json is JSON")
}
