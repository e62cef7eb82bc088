//! `coldtrace invoke`: runs a function here as Lambda would, with cold starts, freezes and limits, and shows where its time
//! went.
//!
//! Function and extension are real, in an emulated sandbox; what the extension ships is taken in this process and rebuilt
//! as the query service does it. Nothing is stored. Here: the command. What runs is found in [`project`], what is shipped
//! taken in [`intake`], put together in [`heard`] and shown by [`drawing`] and [`json`].

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use coldtrace_model::ByteSize;
use coldtrace_sandbox::{
    Event, ExternalExtension, Function, FunctionConfig, Initialization, Invoked, LogFormat, Source,
    new_trace_header,
};
use serde_json::Value;
use tokio::task::JoinSet;

mod changes;
mod drawing;
mod heard;
mod intake;
mod json;
mod project;

use crate::failure::Failure;
use crate::settings::say;
use heard::{Heard, Told};
use intake::Intake;
use project::Project;

/// Lambda's own.
const DEFAULT_MEMORY: u64 = 128;
const DEFAULT_TIMEOUT: f64 = 3.0;
/// While a file may still be written to.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// Longer than anybody looks at what one call printed: sandboxes stay while this command runs.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3_600);

/// `coldtrace invoke`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InvokeArguments {
    /// The handler, as the function's settings name it: `app.handler`. Or an executable that speaks the Runtime API:
    /// `./bootstrap`.
    handler: String,
    /// The event: a file, `-` for standard input, or JSON itself.
    #[arg(long, value_name = "FILE", default_value = "{}")]
    event: String,
    /// The folder with the code.
    #[arg(long, value_name = "DIR", default_value = ".")]
    code: PathBuf,
    /// The function's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Memory in MB; more of it than this ends the function.
    #[arg(long, value_name = "MB", default_value_t = DEFAULT_MEMORY)]
    memory: u64,
    /// The time limit of an invocation in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_TIMEOUT)]
    timeout: f64,
    /// So many invocations at once, each in a sandbox of its own.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    concurrency: u16,
    /// So often, one after another: all but the first are warm.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    times: u32,
    /// A variable of the function's environment.
    #[arg(long = "env", value_name = "KEY=VALUE")]
    environment: Vec<String>,
    /// The interpreter; else `python3` or `node` of the PATH.
    #[arg(long, value_name = "FILE")]
    interpreter: Option<PathBuf>,
    /// A folder with packages, beside those of the code's own folder.
    #[arg(long, value_name = "DIR")]
    packages: Vec<PathBuf>,
    /// The extension; else `coldtrace-extension` beside this program.
    #[arg(long, value_name = "FILE")]
    extension: Option<PathBuf>,
    /// X-Ray's header of the caller; else a sampled trace of its own.
    #[arg(long, value_name = "HEADER")]
    trace_header: Option<String>,
    /// What of requests and responses is shown: what caused it, those of failures, or all; secrets are redacted.
    #[arg(long, value_name = "WHAT", value_parser = ["cause", "errors", "all"])]
    capture: Option<String>,
    /// When its sandboxes are initialised: `on-demand`, `provisioned` or `snapstart` (before the first invocation), `managed`
    /// (managed instances: one sandbox for all that run at once).
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Init::OnDemand)]
    init: Init,
    /// The event comes from there, around `--event` as its body: http-api, sqs, sns, eventbridge, schedule, s3.
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    source: Option<Source>,
    /// How the function writes its log.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Log::Text)]
    log_format: Log,
    /// As much of a processor as Lambda gives by memory, a whole core at 1,769 MB.
    #[arg(long)]
    throttle: bool,
    /// Again whenever the code or the event changes, until it is interrupted.
    #[arg(long)]
    watch: bool,
    /// For machines: a line of JSON for each invocation.
    #[arg(long)]
    json: bool,
}

/// `--init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Init {
    OnDemand,
    Provisioned,
    #[value(name = "snapstart")]
    SnapStart,
    Managed,
}

/// `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Log {
    Text,
    Json,
}

const EXAMPLES: &str = "Examples:\n  \
    coldtrace invoke app.handler --event event.json\n  \
    coldtrace invoke src/index.handler --times 3 --memory 512\n  \
    coldtrace invoke app.handler --env COLDTRACE_XRAY_PORT=2000    (takes what AWS's X-Ray SDK sends)\n  \
    coldtrace invoke ./bootstrap --concurrency 5\n  \
    coldtrace invoke app.handler --source sqs --event '{\"order\": 7}' --init snapstart\n\n\
    Exit code 1 where an invocation failed.";

/// Runs it.
pub(crate) fn run(arguments: &InvokeArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::failed("cannot start the runtime", error))?;
    runtime.block_on(async {
        tokio::select! {
            ran = arguments.run() => ran,
            interrupted = tokio::signal::ctrl_c() => interrupted
                .map_err(|error| Failure::failed("cannot listen for interrupts", error)),
        }
    })
}

// === impl InvokeArguments ===

impl InvokeArguments {
    async fn run(&self) -> Result<(), Failure> {
        if !self.watch {
            return match self.round().await? {
                0 => Ok(()),
                1 => Err(Failure::Told("an invocation failed".to_owned())),
                failed => Err(Failure::Told(format!("{failed} invocations failed"))),
            };
        }
        loop {
            let seen = self.state();
            // What is wrong now may be right with the next change.
            if let Err(failure) = self.round().await {
                say(&format!("{}\n", crate::failure::chain_of(&failure)))?;
            }
            say("waiting for a change\n")?;
            while self.state() == seen {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Everything that a change would show in.
    fn state(&self) -> changes::State {
        let event = Path::new(&self.event);
        changes::State::of(&self.code, event.is_file().then_some(event))
    }

    /// Invokes as often as asked, and shows it. Returns how many failed.
    async fn round(&self) -> Result<usize, Failure> {
        let event = self.event()?;
        let intake = Intake::open().await?;
        // Until the last runtime has started.
        let capture = self.capture.as_deref().map(Capture::new).transpose()?;
        let function = Function::new(self.function(&intake.endpoint, capture.as_ref())?);
        self.prepare(&function).await?;
        let mut invoked = Vec::new();
        for _ in 0..self.times {
            let mut together = JoinSet::new();
            for _ in 0..self.concurrency {
                let (function, event) =
                    (function.clone(), self.invocation(function.config(), &event));
                together.spawn(async move { function.invoke(event).await });
            }
            invoked.extend(together.join_all().await);
        }
        // With time for extensions to send the rest.
        function.shutdown().await;
        let heard = Heard::of(intake.taken());
        invoked.sort_by_key(|one| one.observed.sent);
        for one in &invoked {
            self.show(one, &heard.of_invocation(one.request_id.as_str()))?;
        }
        Ok(invoked.iter().filter(|one| one.error.is_some()).count())
    }

    /// What is there before the first invocation.
    async fn prepare(&self, function: &Function) -> Result<(), Failure> {
        let ahead = match self.init {
            Init::OnDemand => return Ok(()),
            Init::Provisioned | Init::SnapStart => usize::from(self.concurrency),
            Init::Managed => 1,
        };
        if function.provision(ahead).await < ahead && !self.json {
            say("an init failed; the invocation tries again\n")?;
        }
        Ok(())
    }

    fn show(&self, invoked: &Invoked, told: &Told) -> Result<(), Failure> {
        match self.json {
            true => say(&format!("{}\n", json::of(invoked, told))),
            false => {
                let style = drawing::Style {
                    is_colored: std::io::stdout().is_terminal(),
                };
                say(&drawing::draw(invoked, told, style))
            }
        }
    }

    fn invocation(&self, config: &FunctionConfig, event: &str) -> Event {
        let own = self.trace_header.clone();
        let trace_header = Some(own.unwrap_or_else(new_trace_header));
        match self.source {
            Some(source) => source.event(config, event, trace_header),
            None => Event {
                payload: Bytes::copy_from_slice(event.as_bytes()),
                trace_header,
            },
        }
    }

    fn event(&self) -> Result<String, Failure> {
        let text = match self.event.as_str() {
            "-" => std::io::read_to_string(std::io::stdin()).map_err(|error| {
                Failure::failed("cannot read the event from standard input", error)
            })?,
            text if text.trim_start().starts_with(['{', '[', '"']) => text.to_owned(),
            path => std::fs::read_to_string(path)
                .map_err(|error| Failure::failed(format!("cannot read the event {path}"), error))?,
        };
        serde_json::from_str::<Value>(&text).map_err(|error| {
            Failure::failed(format!("the event {} is not JSON", self.event), error)
        })?;
        Ok(text)
    }

    fn initialization(&self) -> Initialization {
        match self.init {
            Init::OnDemand => Initialization::OnDemand,
            Init::Provisioned => Initialization::Provisioned,
            Init::SnapStart => Initialization::SnapStart,
            Init::Managed => Initialization::ManagedInstances {
                concurrency: usize::from(self.concurrency),
            },
        }
    }

    fn function(
        &self,
        endpoint: &str,
        capture: Option<&Capture>,
    ) -> Result<FunctionConfig, Failure> {
        // The function runs in a folder of its own.
        let absolute = |path: &PathBuf| {
            let failed = |error| {
                Failure::failed(format!("cannot find the folder {}", path.display()), error)
            };
            path.canonicalize().map_err(failed)
        };
        let code_dir = absolute(&self.code)?;
        let packages = self.packages.iter().map(absolute);
        let project = Project {
            code: &code_dir,
            handler: &self.handler,
            interpreter: self.interpreter.as_deref(),
            packages: &packages.collect::<Result<Vec<_>, Failure>>()?,
        };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => project.name(),
        };
        let environment = self.environment.iter().map(|pair| {
            let pair = pair.split_once('=');
            let (key, value) =
                pair.ok_or_else(|| Failure::Told("--env takes KEY=VALUE".to_owned()))?;
            Ok((key.to_owned(), value.to_owned()))
        });
        let capture = capture.map(Capture::environment);
        let timeout = Duration::try_from_secs_f64(self.timeout)
            .map_err(|error| Failure::failed("--timeout is no time", error))?;
        Ok(FunctionConfig {
            name,
            version: "$LATEST".to_owned(),
            runtime: project.runtime()?,
            handler: self.handler.clone(),
            memory: ByteSize::from_mib(self.memory),
            timeout,
            environment: environment
                .chain(capture.into_iter().flatten().map(Ok))
                .collect::<Result<_, Failure>>()?,
            extensions: vec![ExternalExtension {
                name: "coldtrace".to_owned(),
                path: project::extension(self.extension.as_deref())?,
                environment: vec![("COLDTRACE_ENDPOINT".to_owned(), endpoint.to_owned())],
            }],
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            max_concurrency: match self.init {
                Init::Managed => 1,
                _ => usize::from(self.concurrency),
            },
            idle_timeout: IDLE_TIMEOUT,
            initialization: self.initialization(),
            log_format: match self.log_format {
                Log::Text => LogFormat::Text,
                Log::Json => LogFormat::Json,
            },
            is_throttled: self.throttle,
            code_dir,
        })
    }
}

/// Payloads are told: the runtime is led through the extension by the layer's script.
struct Capture {
    what: String,
    wrapper: tempfile::TempPath,
}

// === impl Capture ===

impl Capture {
    fn new(what: &str) -> Result<Self, Failure> {
        Ok(Self {
            what: what.to_owned(),
            wrapper: project::wrapper()?,
        })
    }

    fn environment(&self) -> [(String, String); 2] {
        let wrapper = self.wrapper.display().to_string();
        [
            ("COLDTRACE_CAPTURE".to_owned(), self.what.clone()),
            ("AWS_LAMBDA_EXEC_WRAPPER".to_owned(), wrapper),
        ]
    }
}

fn source(name: &str) -> Result<Source, String> {
    let names = || Source::ALL.map(Source::as_str).join(", ");
    Source::from_name(name).ok_or_else(|| format!("it is one of {}", names()))
}
