//! Why a command ended, and with which exit code.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use coldtrace_service::config::Problems;

/// Why a command ended. The variants are the exit codes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
    /// Another process has the data folder.
    #[error(
        "{} is in use by another coldtrace{}; stop it, or choose another folder with --data-dir",
        path.display(),
        holder(.pid)
    )]
    DataDirInUse {
        path: PathBuf,
        /// What the other process wrote into its lock file.
        pid: String,
    },
    /// A port is taken. The message names the key.
    #[error("{what}")]
    AddressInUse {
        what: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else.
    #[error("{doing}")]
    Failed {
        doing: String,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Anything else without a deeper cause.
    #[error("{0}")]
    Told(String),
}

fn holder(pid: &str) -> String {
    match pid {
        "" => String::new(),
        pid => format!(" (process {pid})"),
    }
}

impl Failure {
    /// What was being done, and why that failed.
    pub(crate) fn failed(
        doing: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Failed {
            doing: doing.into(),
            source: source.into(),
        }
    }

    /// Why a service could not be built; a taken port has its own exit code.
    pub(crate) fn build(error: impl Error + Send + Sync + 'static) -> Self {
        let outermost: &(dyn Error + 'static) = &error;
        let in_use = std::iter::successors(Some(outermost), |&error| error.source())
            .filter_map(|error| error.downcast_ref::<io::Error>())
            .any(|error| error.kind() == io::ErrorKind::AddrInUse);
        // Its own words say what could not be done; its causes follow in the chain.
        let told = error.to_string();
        match in_use {
            true => Self::AddressInUse {
                what: told,
                source: error.into(),
            },
            false => Self::failed(told, error),
        }
    }

    /// See the module of `main`.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) => 2,
            Self::DataDirInUse { .. } | Self::AddressInUse { .. } => 3,
            Self::Failed { .. } | Self::Told(_) => 1,
        })
    }
}

/// The message with its causes, outermost first. A cause that says what is said already is left out.
pub(crate) fn chain_of(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}
