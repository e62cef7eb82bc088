//! Where recipes are tried: pinned tools in the cache, and a scratch folder with copies of the recipes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::cache::{self, Key};
use crate::run::quiet;
use crate::setup::{self, Tools};

/// The version of SST's provider for AWS, as `deploy/sst/sst.config.ts` has it: the types depend on it.
pub(super) const SST_PROVIDER: &str = "6.66.2";

/// Declarations of Terraform's providers, of which only these files are kept: a whole package has thousands.
const DECLARATIONS: [Declarations; 2] = [
    Declarations {
        provider: "aws",
        package: "@cdktf/provider-aws@21.22.1",
        integrity: "sha512-BuSHeaQFUL9l33pBzIMRT7cTQ69AM2mLtijjteCPhVQRmvuhuj9Lvfymf7knAMhYqAT6+Lrls9jiGVW/Us3zrQ==",
        of: &[
            "iam-role",
            "iam-role-policy-attachment",
            "lambda-function",
            "provider",
        ],
    },
    Declarations {
        provider: "archive",
        package: "@cdktf/provider-archive@11.0.1",
        integrity: "sha512-2Plwhj1hVUOYmQrxNbBvy2nrw/gyHZKnQFauPCwjhQX+MpRImF7cceKgX8zZgBPvB5YEP75MIFPbr4sjxDWeHw==",
        of: &["data-archive-file"],
    },
];

/// What is fetched of a provider's declarations.
struct Declarations {
    provider: &'static str,
    package: &'static str,
    /// As the registry gave it when the version was pinned.
    integrity: &'static str,
    of: &'static [&'static str],
}

/// Tools and a place to use them.
pub(super) struct Workshop<'a> {
    root: &'a Path,
    tools: Tools,
    python_packages: PathBuf,
    scratch: TempDir,
}

// === impl Workshop ===

impl<'a> Workshop<'a> {
    /// Fetches the tools of Python, unless the cache has them; those of npm come when the first of them is asked for.
    pub(super) fn open(root: &'a Path) -> anyhow::Result<Self> {
        let tools = Tools::find(false)?;
        let requirements = root.join(super::REQUIREMENTS);
        Ok(Self {
            root,
            python_packages: setup::python_packages("python-deploy", &requirements, &tools)?,
            tools,
            scratch: tempfile::tempdir().context("create a temporary folder")?,
        })
    }

    /// A copy of the recipe's folder.
    pub(super) fn copy(&self, recipe: &str) -> anyhow::Result<PathBuf> {
        let from = self.root.join("deploy").join(recipe);
        let to = self.scratch.path().join(recipe);
        copy_folder(&from, &to)?;
        self.check_versions(&to)?;
        Ok(to)
    }

    /// A file of a copy as people know it: from the recipe's name on.
    pub(super) fn shown<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(self.scratch.path()).unwrap_or(path)
    }

    /// A Python script of `deploy/tools`.
    pub(super) fn python(&self, script: &str) -> Command {
        self.with_python_packages(&self.script(script))
    }

    /// The names of a zip file's entries.
    pub(super) fn zip_entries(&self, zip: &Path) -> anyhow::Result<Vec<String>> {
        let mut list = Command::new(&self.tools.python);
        list.args(["-m", "zipfile", "-l"]).arg(zip);
        let printed = quiet("list a zip file", &mut list)?;
        // Below one line of titles: name, date, size.
        let names = printed
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next());
        Ok(names.map(str::to_owned).collect())
    }

    /// A program that a Python package brought.
    pub(super) fn python_tool(&self, program: &str) -> Command {
        self.with_python_packages(&self.python_packages.join("bin").join(program))
    }

    /// A compiled program that a Python package brought. It finds no settings of its user's.
    pub(super) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(self.python_packages.join("bin").join(program));
        command
            .env("HOME", self.scratch.path())
            .env("XDG_CONFIG_HOME", self.scratch.path());
        command
    }

    /// A Node script of `deploy/tools`.
    pub(super) fn node(&self, script: &str) -> anyhow::Result<Command> {
        self.node_script(&self.script(script))
    }

    /// A Node script anywhere, which finds the packages of npm's.
    pub(super) fn node_script(&self, script: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(&self.tools.node);
        command.arg(script).env("NODE_PATH", self.node_modules()?);
        Ok(command)
    }

    /// A script in a package of npm's. It gets a home of its own: some note there that they ran.
    pub(super) fn node_tool(&self, inside: &str) -> anyhow::Result<Command> {
        let mut command = self.node_script(&self.node_modules()?.join(inside))?;
        command.env("HOME", self.scratch.path()).env("CI", "1");
        Ok(command)
    }

    /// What a function answers to an empty event.
    pub(super) fn call(&self, handler: &Path) -> anyhow::Result<Value> {
        let is_python = handler
            .extension()
            .is_some_and(|extension| extension == "py");
        let mut command = match is_python {
            true => self.python("call.py"),
            false => {
                let mut node = Command::new(&self.tools.node);
                node.arg(self.script("call.js"));
                node
            }
        };
        let printed = quiet("call the function", command.arg(handler))?;
        // What stands before it is the function's own log.
        let answer = printed.lines().last().unwrap_or_default();
        serde_json::from_str(answer).context("read the function's answer")
    }

    /// The version of an npm package that is installed.
    pub(super) fn npm_version(&self, package: &str) -> anyhow::Result<String> {
        let manifest = read_json(&self.node_modules()?.join(package).join("package.json"))?;
        let version = manifest["version"].as_str();
        version
            .map(str::to_owned)
            .with_context(|| format!("{package} has no version"))
    }

    /// The version of a Python package that is installed; `package` as its folder is called.
    pub(super) fn python_version(&self, package: &str) -> anyhow::Result<String> {
        let entries = std::fs::read_dir(&self.python_packages)?.filter_map(Result::ok);
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let prefix = format!("{package}-");
        names
            .filter_map(|name| {
                let version = name.strip_prefix(&prefix)?.strip_suffix(".dist-info")?;
                Some(version.to_owned())
            })
            .next()
            .with_context(|| format!("{package} is not installed"))
    }

    fn node_modules(&self) -> anyhow::Result<PathBuf> {
        setup::node_modules("node-deploy", &self.root.join("deploy/tools"), &self.tools)
    }

    /// A folder with the platform that SST's own program unpacks: its components and their types, and the providers.
    ///
    /// The program wants Pulumi's, which comes from no package registry, to deploy; not to unpack.
    pub(super) fn sst_platform(&self) -> anyhow::Result<PathBuf> {
        let config = format!(
            "/// <reference path=\"./.sst/platform/config.d.ts\" />\n\
             export default $config({{\n\
             \x20 app: () => ({{ name: \"platform\", home: \"aws\", providers: {{ aws: {{ version: \"{SST_PROVIDER}\" }} }} }}),\n\
             \x20 async run() {{}},\n\
             }});\n"
        );
        let version = self.npm_version("sst")?;
        let key = Key::of(&[], &[&version, &config, &self.tools.node_version])?;
        cache::made("deploy-sst", &key, |folder| {
            std::fs::write(folder.join("sst.config.ts"), &config).context("write a config")?;
            std::fs::write(folder.join("package.json"), "{ \"private\": true }\n")
                .context("write a package.json")?;
            let mut command = self.node_script(&self.node_modules()?.join("sst/bin/sst.mjs"))?;
            command
                .args(["install", "--stage", "check"])
                .current_dir(folder)
                .env("XDG_CONFIG_HOME", self.scratch.path())
                .env("npm_config_ignore_scripts", "true")
                .env("SST_NO_BUN", "1")
                .env("SST_SKIP_DEPENDENCY_CHECK", "1")
                .env("SST_TELEMETRY_DISABLED", "1");
            quiet("sst install", &mut command).map(drop)
        })
    }

    /// A folder with declarations of the providers' arguments, `PROVIDER/TYPE.d.ts`.
    pub(super) fn terraform_declarations(&self) -> anyhow::Result<PathBuf> {
        let wanted = DECLARATIONS.map(|of| format!("{} {:?}", of.integrity, of.of));
        let wanted = wanted.each_ref().map(String::as_str);
        cache::made("deploy-terraform", &Key::of(&[], &wanted)?, |folder| {
            for declarations in &DECLARATIONS {
                declarations.fetch(folder)?;
            }
            Ok(())
        })
    }

    /// A recipe pins what was tried: the versions of the tools here.
    fn check_versions(&self, recipe: &Path) -> anyhow::Result<()> {
        let manifest = recipe.join("package.json");
        if !manifest.exists() {
            return Ok(());
        }
        let ours = read_json(&self.root.join("deploy/tools/package.json"))?;
        let theirs = read_json(&manifest)?;
        for kind in ["dependencies", "devDependencies"] {
            for (package, version) in theirs[kind].as_object().into_iter().flatten() {
                let pinned = ours["dependencies"].get(package).unwrap_or(version);
                ensure!(
                    version == pinned,
                    "package.json has {package} {version}, what is checked is {pinned}"
                );
            }
        }
        Ok(())
    }

    fn script(&self, name: &str) -> PathBuf {
        self.root.join("deploy/tools").join(name)
    }

    fn with_python_packages(&self, script: &Path) -> Command {
        let mut command = Command::new(&self.tools.python);
        command
            .arg(script)
            .env("PYTHONPATH", &self.python_packages)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

// === impl Declarations ===

impl Declarations {
    fn fetch(&self, into: &Path) -> anyhow::Result<()> {
        let scratch = tempfile::tempdir_in(into).context("create a temporary folder")?;
        let mut pack = Command::new("npm");
        pack.args(["pack", "--json", "--silent", self.package])
            .current_dir(scratch.path());
        let printed = quiet(format!("npm pack {}", self.package), &mut pack)?;
        let packed: Value = serde_json::from_str(&printed).context("read what npm packed")?;
        ensure!(
            packed.pointer("/0/integrity").and_then(Value::as_str) == Some(self.integrity),
            "{} is not what was pinned",
            self.package
        );
        let archive = packed.pointer("/0/filename").and_then(Value::as_str);
        let archive = archive.context("npm names no file")?;
        let inside = |name: &str| format!("package/lib/{name}/index.d.ts");
        let mut unpack = Command::new("tar");
        unpack
            .args(["-xzf", archive])
            .args(self.of.iter().map(|name| inside(name)))
            .current_dir(scratch.path());
        quiet(format!("unpack {}", self.package), &mut unpack)?;
        let folder = into.join(self.provider);
        std::fs::create_dir(&folder).with_context(|| format!("create {}", folder.display()))?;
        for name in self.of {
            let to = folder.join(format!("{name}.d.ts"));
            std::fs::rename(scratch.path().join(inside(name)), &to)
                .with_context(|| format!("move to {}", to.display()))?;
        }
        Ok(())
    }
}

/// What a file of JSON holds.
pub(super) fn read_json(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("parse {}", path.display()))
}

/// Without what a tool left behind in the tree.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("create {}", to.display()))?;
    let entries = std::fs::read_dir(from).with_context(|| format!("list {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let made = ["node_modules", ".sst", ".serverless", "cdk.out"];
        if made.iter().any(|made| name == OsStr::new(made)) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to.join(&name))?;
        } else {
            std::fs::copy(entry.path(), to.join(&name))
                .with_context(|| format!("copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
