//! The front end: packages installed when the lock file changed, built when the sources changed, checked.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::cache::{self, Key};
use crate::run::quiet;

/// In `node_modules`: the key of the lock file that it was installed from.
const INSTALLED: &str = ".coldtrace-installed";

/// In `node_modules`: the key of the sources that `dist` was built from.
const BUILT: &str = ".coldtrace-built";

/// Installs and builds `ui/` into `ui/dist`, unless it was built from the same sources: the query service embeds the
/// result and would be compiled again.
pub(crate) fn build(root: &Path) -> anyhow::Result<()> {
    let ui = root.join("ui");
    install(&ui)?;
    let sources = sources(&ui)?;
    let sources: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
    let key = Key::of(&sources, &[])?;
    let stamp = ui.join("node_modules").join(BUILT);
    let built = std::fs::read_to_string(&stamp).is_ok_and(|found| found == key.as_str());
    if built && ui.join("dist/index.html").is_file() {
        return Ok(());
    }
    npm(&ui, "build the ui", &["run", "--silent", "build"])?;
    std::fs::write(&stamp, key.as_str()).with_context(|| format!("write {}", stamp.display()))
}

/// Every file of the ui that people write, and the API that its types are made from.
fn sources(ui: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![ui.with_file_name("query").join("openapi.yaml")];
    let mut folders = vec![ui.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))?
        {
            let path = entry?.path();
            let made = path.ends_with("node_modules") || path.ends_with("dist");
            if path.is_dir() && !made {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Type check, lint and unit tests of `ui/`.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let ui = root.join("ui");
    install(&ui)?;
    for script in ["check", "lint", "test"] {
        let arguments = ["run", "--silent", "--if-present", script];
        npm(&ui, &format!("npm run {script} (ui)"), &arguments)?;
    }
    Ok(())
}

/// `npm ci` in a project of the tree, unless its `node_modules` came from the same lock file.
pub(crate) fn install(project: &Path) -> anyhow::Result<()> {
    let lock_file = project.join("package-lock.json");
    let key = Key::of(&[&lock_file], &[])?;
    let name = project
        .strip_prefix(crate::workspace::root())
        .unwrap_or(project);
    let name = name.display().to_string();
    let stamp = project.join("node_modules").join(INSTALLED);
    let installed = || std::fs::read_to_string(&stamp).is_ok_and(|found| found == key.as_str());
    if installed() {
        return Ok(());
    }
    let lock_name = format!("npm-{}.lock", name.replace('/', "-"));
    let _lock = cache::lock(&cache::folder()?.join(lock_name))?;
    if installed() {
        return Ok(());
    }
    npm_ci(project, &name)?;
    std::fs::write(&stamp, key.as_str()).with_context(|| format!("write {}", stamp.display()))
}

/// Installs exactly what the lock file says.
pub(crate) fn npm_ci(folder: &Path, name: &str) -> anyhow::Result<()> {
    let arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    npm(folder, &format!("npm ci ({name})"), &arguments)
}

fn npm(folder: &Path, what: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("npm");
    command
        .args(arguments)
        .current_dir(folder)
        // A browser comes from the system; Playwright's own download is not on a package registry.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    quiet(what, &mut command).map(drop)
}
