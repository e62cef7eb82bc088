//! The extension as a Lambda layer: which binary Lambda could run, and the zip that it takes.
//!
//! Building the binary is `cargo xtask layer`; users pack one that was built, with `coldtrace layer`.
//!
//! Invariant: a zip holds only a binary that was checked, and the same binary makes the same bytes.
#![warn(missing_docs)]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

mod archive;
mod elf;
mod table;

pub use elf::{Architecture, Libc, Misfit, Version};
pub use table::table;

/// Where Lambda looks for extensions. It takes the file's name for the extension's, so that the name never changes.
const ENTRY: &str = "extensions/coldtrace";
/// Where `AWS_LAMBDA_EXEC_WRAPPER` finds it, below `/opt`.
const WRAPPER_ENTRY: &str = "coldtrace-wrapper";

/// The script that leads the runtime through the extension, where that asks for it.
pub const WRAPPER: &str = include_str!("../coldtrace-wrapper");

/// A binary of the extension that Lambda can run.
pub struct Extension {
    content: Vec<u8>,
    architecture: Architecture,
    libc: Libc,
}

/// A layer's zip, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where it is.
    pub path: PathBuf,
    /// Of the functions that can have it.
    pub architecture: Architecture,
    /// What the binary needs of the runtime.
    pub libc: Libc,
    /// How much is uploaded.
    pub zip_bytes: usize,
    /// How much counts against the function's limit of 250 MB.
    pub binary_bytes: usize,
}

/// Why there is no layer.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The binary can't be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Lambda could not run it: another binary is needed.
    #[error("{} can't be a layer", path.display())]
    Misfit {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Misfit,
    },
    /// The zip can't be written.
    #[error("write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

// === impl Extension ===

impl Extension {
    /// Reads a binary and checks that Lambda could run it.
    pub fn read(path: &Path) -> Result<Self, LayerError> {
        let content = std::fs::read(path).map_err(|source| LayerError::Read {
            path: path.to_owned(),
            source,
        })?;
        let (architecture, libc) = elf::check(&content).map_err(|source| LayerError::Misfit {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            content,
            architecture,
            libc,
        })
    }

    /// Which processors it runs on.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// Writes the zip into the folder, which is made where it is not there.
    pub fn pack(&self, folder: &Path) -> Result<Layer, LayerError> {
        let path = folder.join(self.architecture.file_name());
        let zip =
            archive::of_programs(&[(WRAPPER_ENTRY, WRAPPER.as_bytes()), (ENTRY, &self.content)]);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, &zip))
            .map_err(|source| LayerError::Write {
                path: path.clone(),
                source,
            })?;
        Ok(Layer {
            path,
            architecture: self.architecture,
            libc: self.libc,
            zip_bytes: zip.len(),
            binary_bytes: self.content.len(),
        })
    }
}

// === impl Architecture ===

impl Architecture {
    /// Both.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// As Lambda calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Of the zip.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::X86_64 => "coldtrace-layer-x86_64.zip",
            Self::Arm64 => "coldtrace-layer-arm64.zip",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
