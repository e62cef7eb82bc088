//! `coldtrace layer`: packs a built extension into the zip that Lambda takes as a layer, and says how to publish it.
//!
//! The binary is one of those that stand beside this program, or the one of `--binary`. What can run on Lambda and what the zip
//! looks like is `coldtrace_layer`'s; here are the command line and the search.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use coldtrace_layer::{Architecture, Extension, Layer, LayerError, table};

use crate::failure::Failure;
use crate::settings::say;

/// As cargo builds it, for the machine that it was built on.
const BINARY: &str = "coldtrace-extension";

/// `coldtrace layer`.
#[derive(Args)]
pub(crate) struct LayerArguments {
    /// For which functions; what there is a binary for, if left out.
    #[arg(long, value_enum)]
    arch: Option<Which>,
    /// Where the zips go.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// The extension's binary; coldtrace-extension-ARCH or coldtrace-extension beside this program, if left out.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    #[value(name = "x86_64")]
    X86_64,
    Arm64,
    All,
}

/// Runs it.
pub(crate) fn run(arguments: &LayerArguments) -> Result<(), Failure> {
    let extensions = match &arguments.binary {
        Some(path) => vec![given(path, arguments.arch)?],
        None => beside(&own_folder()?, arguments.arch)?,
    };
    let layers = extensions
        .iter()
        .map(|extension| extension.pack(&arguments.out))
        .collect::<Result<Vec<Layer>, LayerError>>()
        .map_err(failed)?;
    say(&format!("{}\n{}", table(&layers), next_steps(&layers)))
}

/// The binary of `--binary`, which must be for the functions of `--arch`.
fn given(path: &Path, arch: Option<Which>) -> Result<Extension, Failure> {
    let extension = Extension::read(path).map_err(failed)?;
    let found = extension.architecture();
    match arch {
        Some(Which::All) => Err(Failure::Told(
            "--binary is for one architecture; leave out --arch all".to_owned(),
        )),
        Some(arch) if !arch.wants(found) => Err(Failure::Told(format!(
            "{} is for {found}; leave out --arch or give another binary",
            path.display()
        ))),
        _ => Ok(extension),
    }
}

/// What stands in the folder for each architecture that is asked for. One that is asked for by name must be there.
fn beside(folder: &Path, arch: Option<Which>) -> Result<Vec<Extension>, Failure> {
    let mut found = Vec::new();
    for architecture in Architecture::ALL {
        if arch.is_some_and(|arch| !arch.wants(architecture)) {
            continue;
        }
        match find(folder, architecture)? {
            Some(extension) => found.push(extension),
            None if arch.is_some() => {
                return Err(not_found(folder, &format!(" for {architecture}")));
            }
            None => {}
        }
    }
    match found.is_empty() {
        true => Err(not_found(folder, "")),
        false => Ok(found),
    }
}

/// The binary named after the architecture, or else the one that is not named after any, if it is for this one.
fn find(folder: &Path, architecture: Architecture) -> Result<Option<Extension>, Failure> {
    let named = folder.join(format!("{BINARY}-{architecture}"));
    if named.exists() {
        return given(&named, Some(architecture.into())).map(Some);
    }
    let plain = folder.join(BINARY);
    if !plain.exists() {
        return Ok(None);
    }
    let extension = Extension::read(&plain).map_err(failed)?;
    Ok((extension.architecture() == architecture).then_some(extension))
}

fn own_folder() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::failed("cannot tell where this program is", error))?;
    Ok(own.parent().unwrap_or(Path::new(".")).to_owned())
}

fn not_found(folder: &Path, architecture: &str) -> Failure {
    Failure::Told(format!(
        "no extension{architecture} is beside this program: neither {BINARY}-ARCH nor {BINARY} in {}; \
         name one with --binary (in the sources, `cargo xtask layer` builds both)",
        folder.display()
    ))
}

fn failed(error: LayerError) -> Failure {
    Failure::failed("cannot pack the extension", error)
}

/// What makes the zips layers, and layers part of a function.
fn next_steps(layers: &[Layer]) -> String {
    let mut text = "To publish:\n".to_owned();
    for layer in layers {
        text.push_str(&format!(
            "  aws lambda publish-layer-version --layer-name coldtrace-{0} --compatible-architectures {0} \\\n    \
             --zip-file fileb://{1}\n",
            layer.architecture,
            layer.path.display()
        ));
    }
    text.push_str(
        "It prints a LayerVersionArn. Add that to the layers of a function, and set COLDTRACE_ENDPOINT there.\n",
    );
    text
}

// === impl Which ===

impl Which {
    fn wants(self, architecture: Architecture) -> bool {
        self == Self::All || self == Self::from(architecture)
    }
}

impl From<Architecture> for Which {
    fn from(architecture: Architecture) -> Self {
        match architecture {
            Architecture::X86_64 => Self::X86_64,
            Architecture::Arm64 => Self::Arm64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF program without a loader, as far as it is read.
    fn program(architecture: Architecture) -> Vec<u8> {
        let machine = match architecture {
            Architecture::X86_64 => 62,
            Architecture::Arm64 => 183,
        };
        let mut header = b"\x7fELF\x02\x01\x01".to_vec();
        header.resize(64, 0);
        header[16] = 2;
        header[18] = machine;
        header[20] = 1;
        header[52] = 64;
        header
    }

    fn found(
        names: &[(&str, Architecture)],
        arch: Option<Which>,
    ) -> Result<Vec<&'static str>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, architecture) in names {
            std::fs::write(folder.path().join(name), program(*architecture)).unwrap();
        }
        let found = beside(folder.path(), arch).map_err(|failure| crate::chain_of(&failure))?;
        let architectures = found
            .iter()
            .map(|extension| extension.architecture().as_str());
        Ok(architectures.collect())
    }

    #[test]
    fn what_there_is_a_binary_for_is_packed() {
        let plain = [("coldtrace-extension", Architecture::Arm64)];
        assert_eq!(found(&plain, None), Ok(vec!["arm64"]));
        let both = [
            ("coldtrace-extension", Architecture::X86_64),
            ("coldtrace-extension-arm64", Architecture::Arm64),
        ];
        assert_eq!(found(&both, None), Ok(vec!["x86_64", "arm64"]));
        assert_eq!(found(&both, Some(Which::Arm64)), Ok(vec!["arm64"]));
        assert_eq!(found(&both, Some(Which::All)), Ok(vec!["x86_64", "arm64"]));
    }

    #[test]
    fn what_is_asked_for_and_not_there_is_told() {
        let plain = [("coldtrace-extension", Architecture::X86_64)];
        let told = found(&plain, Some(Which::All)).unwrap_err();
        assert!(told.starts_with("no extension for arm64"), "{told}");
        let told = found(&[], None).unwrap_err();
        assert!(told.starts_with("no extension is beside"), "{told}");
    }

    #[test]
    fn a_binary_that_is_not_what_its_name_says_is_refused() {
        let wrong = [("coldtrace-extension-arm64", Architecture::X86_64)];
        let told = found(&wrong, None).unwrap_err();
        assert!(told.contains("is for x86_64"), "{told}");
    }

    #[test]
    fn the_next_command_names_the_zip_and_its_architecture() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        std::fs::write(&binary, program(Architecture::Arm64)).unwrap();
        let extension = given(&binary, None).ok().unwrap();
        let mut layer = extension.pack(folder.path()).unwrap();
        layer.path = "out/coldtrace-layer-arm64.zip".into();
        let expected = "\
To publish:
  aws lambda publish-layer-version --layer-name coldtrace-arm64 --compatible-architectures arm64 \\
    --zip-file fileb://out/coldtrace-layer-arm64.zip
It prints a LayerVersionArn. Add that to the layers of a function, and set COLDTRACE_ENDPOINT there.
";
        assert_eq!(next_steps(&[layer]), expected);
    }
}
