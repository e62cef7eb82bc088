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
