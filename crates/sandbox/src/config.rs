//! What a function is: its code, its limits, its extensions. No I/O.

use std::path::PathBuf;
use std::time::Duration;

use coldtrace_model::ByteSize;

/// A function as it is deployed.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// Its name, unqualified.
    pub name: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// Which language's runtime runs it.
    pub runtime: Runtime,
    /// `module.function`, as the runtime reads it.
    pub handler: String,
    /// The folder with the code. It is the working folder of the runtime; nothing is written into it.
    pub code_dir: PathBuf,
    /// Limit of the summed resident memory of a sandbox's processes.
    pub memory: ByteSize,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Variables of the function. As on Lambda there is one environment: extensions see them too.
    pub environment: Vec<(String, String)>,
    /// External extensions, in no order.
    pub extensions: Vec<ExternalExtension>,
    /// For the function's ARN and `AWS_REGION`.
    pub region: String,
    /// For the function's ARN.
    pub account: String,
    /// How many sandboxes there may be at once. Invocations beyond them wait.
    pub max_concurrency: usize,
    /// A sandbox that is not called for so long is shut down.
    pub idle_timeout: Duration,
    /// When its sandboxes are initialised, and how many invocations they take at once.
    pub initialization: Initialization,
    /// How its runtime writes its log.
    pub log_format: LogFormat,
    /// Whether invocations get the processor's share that Lambda gives by memory, else all that there is.
    pub is_throttled: bool,
}

/// How sandboxes come to be: `AWS_LAMBDA_INITIALIZATION_TYPE`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// With the invocation that needs one. Those that [`crate::Function::provision`] makes are proactive, as Lambda makes
    /// some of its own accord: the first invocation finds them there.
    #[default]
    OnDemand,
    /// Ahead, by [`crate::Function::provision`]; what finds none there is served on demand.
    Provisioned,
    /// From a snapshot: a sandbox is initialised and frozen, and restored before its first invocation. A snapshot can't be
    /// cloned here: each sandbox is restored from one of its own, which [`crate::Function::provision`] takes ahead. What has
    /// no snapshot waits until one is taken, outside of all that is reported.
    SnapStart,
    /// Managed instances: never frozen, and with several invocations at once. It is the runtime that does so: AWS's client
    /// for Python and this crate's own start a process for each, Node asks for several from one, and an executable asks as
    /// often as it likes.
    ManagedInstances {
        /// How many in one sandbox: `AWS_LAMBDA_MAX_CONCURRENCY`.
        concurrency: usize,
    },
}

/// How a function's log is written: `AWS_LAMBDA_LOG_FORMAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines.
    #[default]
    Text,
    /// Objects, which subscribers get as such from schema 2022-12-13 on.
    Json,
}

/// A language's runtime.
#[derive(Clone, Debug)]
pub enum Runtime {
    /// AWS's runtime interface client for Python where it is there, else a bootstrap of this crate's own.
    Python {
        /// The interpreter, or its name on the host's `PATH`.
        interpreter: PathBuf,
        /// `PYTHONPATH`; one of these folders may have the package `awslambdaric`.
        path: Vec<PathBuf>,
    },
    /// A bootstrap of this crate's own, for CommonJS and ECMAScript modules.
    Node {
        /// The interpreter, or its name on the host's `PATH`.
        interpreter: PathBuf,
        /// `NODE_PATH`.
        node_path: Vec<PathBuf>,
    },
    /// An executable that speaks the Runtime API itself, as one named `bootstrap` does on Lambda.
    Custom {
        /// The executable.
        bootstrap: PathBuf,
    },
}

/// An executable that runs beside the function, as one in `/opt/extensions` does.
#[derive(Clone, Debug)]
pub struct ExternalExtension {
    /// Its file name, by which it has to register.
    pub name: String,
    /// Where it is. If the file has another name, a copy of it is run.
    pub path: PathBuf,
    /// Variables that its documentation says to set on the function.
    pub environment: Vec<(String, String)>,
}

// === impl FunctionConfig ===

impl FunctionConfig {
    pub(crate) fn arn(&self) -> String {
        let Self {
            region,
            account,
            name,
            ..
        } = self;
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    /// `AWS_LAMBDA_EXEC_WRAPPER`: a script that is given the runtime's command and ends in running it.
    pub(crate) fn wrapper(&self) -> Option<PathBuf> {
        let mut variables = self.environment.iter();
        let set = variables.find(|(key, _)| key == "AWS_LAMBDA_EXEC_WRAPPER");
        set.filter(|_| self.runtime.minds_wrapper())
            .map(|(_, path)| PathBuf::from(path))
    }

    /// Whether the runtime writes its log in frames. Where AWS's client forks workers, those write lines.
    pub(crate) fn logs_frames(&self) -> bool {
        self.runtime.is_awslambdaric() && !self.initialization.is_managed()
    }
}

// === impl Initialization ===

impl Initialization {
    /// As telemetry and the environment name it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Provisioned => "provisioned-concurrency",
            Self::SnapStart => "snap-start",
            Self::ManagedInstances { .. } => "lambda-managed-instances",
        }
    }

    /// How many invocations a sandbox takes at once.
    pub(crate) fn slots(self) -> usize {
        match self {
            Self::ManagedInstances { concurrency } => concurrency.max(1),
            _ => 1,
        }
    }

    pub(crate) const fn is_managed(self) -> bool {
        matches!(self, Self::ManagedInstances { .. })
    }
}

// === impl LogFormat ===

impl LogFormat {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
        }
    }
}

// === impl Runtime ===

impl Runtime {
    pub(crate) fn interpreter(&self) -> &PathBuf {
        match self {
            Self::Python { interpreter, .. } | Self::Node { interpreter, .. } => interpreter,
            Self::Custom { bootstrap } => bootstrap,
        }
    }

    /// Whether Lambda starts it through the function's wrapper script, where there is one.
    pub(crate) fn minds_wrapper(&self) -> bool {
        !matches!(self, Self::Custom { .. })
    }

    /// Whether AWS's own client runs the function, which writes its log in frames.
    pub(crate) fn is_awslambdaric(&self) -> bool {
        match self {
            Self::Python { path, .. } => path.iter().any(|path| path.join("awslambdaric").is_dir()),
            Self::Node { .. } | Self::Custom { .. } => false,
        }
    }
}
