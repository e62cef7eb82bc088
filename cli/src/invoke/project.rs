//! What runs: the language of a handler, its interpreter and packages, the extension.

use std::path::{Path, PathBuf};

use coldtrace_sandbox::Runtime;

use crate::failure::Failure;

/// A function's code.
pub(super) struct Project<'a> {
    /// Its folder, absolute.
    pub(super) code: &'a Path,
    pub(super) handler: &'a str,
    pub(super) interpreter: Option<&'a Path>,
    /// Further folders with packages.
    pub(super) packages: &'a [PathBuf],
}

// === impl Project ===

impl Project<'_> {
    /// Found by the file that the handler names.
    pub(super) fn runtime(&self) -> Result<Runtime, Failure> {
        let bootstrap = self.code.join(self.handler);
        if bootstrap.is_file() {
            return Ok(Runtime::Custom {
                bootstrap: bootstrap.clone(),
            });
        }
        let (module, _) = self.handler.rsplit_once('.').unwrap_or((self.handler, ""));
        let has = |extension: &str| self.code.join(format!("{module}.{extension}")).is_file();
        let is_python = has("py") || self.code.join(module).join("__init__.py").is_file();
        if is_python {
            // As on Lambda, packages may lie beside the code.
            let mut path = self.packages.to_vec();
            path.push(self.code.to_owned());
            return Ok(Runtime::Python {
                interpreter: self.interpreter("python3"),
                path,
            });
        }
        if ["js", "mjs", "cjs"].into_iter().any(has) {
            return Ok(Runtime::Node {
                interpreter: self.interpreter("node"),
                node_path: self.packages.to_vec(),
            });
        }
        Err(Failure::Told(format!(
            "no code for the handler {}: {} has no file {module}.py, .js, .mjs or .cjs, nor an executable of that name; \
            give the folder with --code",
            self.handler,
            self.code.display(),
        )))
    }

    /// That of its folder.
    pub(super) fn name(&self) -> String {
        let name = self.code.file_name().unwrap_or_default().to_string_lossy();
        let is_allowed = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
        let name: String = name.chars().filter(is_allowed).collect();
        match name.as_str() {
            "" => "function".to_owned(),
            _ => name,
        }
    }

    fn interpreter(&self, usual: &str) -> PathBuf {
        self.interpreter.unwrap_or(Path::new(usual)).to_owned()
    }
}

/// The extension's executable: the one that is told, else the one beside this program.
pub(super) fn extension(told: Option<&Path>) -> Result<PathBuf, Failure> {
    let path = match told {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()
            .map_err(|error| Failure::failed("cannot find this program's folder", error))?
            .with_file_name("coldtrace-extension"),
    };
    path.canonicalize().map_err(|error| {
        let doing = format!(
            "cannot find the extension at {}; give it with --extension",
            path.display()
        );
        Failure::failed(doing, error)
    })
}

/// The layer's wrapper script, in a file that lasts as long as this.
pub(super) fn wrapper() -> Result<tempfile::TempPath, Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let written = || {
        let mut file = tempfile::Builder::new()
            .prefix("coldtrace-wrapper-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempfile()?;
        file.write_all(coldtrace_layer::WRAPPER.as_bytes())?;
        // Closed: what is open for writing can't be run.
        Ok::<_, std::io::Error>(file.into_temp_path())
    };
    written().map_err(|error| Failure::failed("cannot write the wrapper script", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_file_which_the_handler_names() {
        let folder = tempfile::tempdir().unwrap();
        let found = |handler: &str| {
            let project = Project {
                code: folder.path(),
                handler,
                interpreter: None,
                packages: &[],
            };
            match project.runtime() {
                Ok(Runtime::Python { .. }) => "python".to_owned(),
                Ok(Runtime::Node { .. }) => "node".to_owned(),
                Ok(Runtime::Custom { .. }) => "custom".to_owned(),
                Err(failure) => failure.to_string(),
            }
        };
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for file in ["app.py", "src/index.mjs", "bootstrap"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        assert_eq!(found("app.handler"), "python");
        assert_eq!(found("src/index.handler"), "node");
        assert_eq!(found("./bootstrap"), "custom");
        assert!(found("nowhere.handler").contains("no file nowhere.py"));
    }
}
