//! What the compiler does not check: documents name what exists, generated code is fresh, every file says what it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::codegen;

mod documents;

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 8] = [
    ".git",
    "__pycache__",
    "dist",
    "generated",
    "node_modules",
    "screenshots",
    "target",
    "test-results",
];

/// Files that people write.
const WRITTEN: [&str; 16] = [
    "css", "html", "js", "json", "md", "mjs", "proto", "py", "rs", "sh", "sql", "toml", "ts",
    "tsx", "yaml", "yml",
];

const NPM_LOCK: &str = "package-lock.json";

/// Marks of unfinished work. Written in pieces, so that this file passes its own check.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Where people's own folders are.
const HOMES: [&str; 3] = [
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Fails with everything that is untidy.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let files = written_files(root)?;
    let mut untidy = documents::check(root)?;
    untidy.extend(check_lints(root)?);
    untidy.extend(check_generated(root)?);
    untidy.extend(check_locks(root)?);
    for path in &files {
        let text = std::fs::read_to_string(root.join(path))
            .with_context(|| format!("read {}", path.display()))?;
        untidy.extend(check_text(path, &text));
    }
    if !untidy.is_empty() {
        bail!("tidy:\n  {}", untidy.join("\n  "));
    }
    eprintln!("tidy: {} files", files.len());
    Ok(())
}

/// The folders of the workspace's crates.
fn members(root: &Path) -> anyhow::Result<Vec<String>> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).context("read Cargo.toml")?;
    let list = manifest
        .split_once("members = [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .context("Cargo.toml lists no members")?
        .0;
    let quoted = list.split('"').skip(1).step_by(2);
    Ok(quoted.map(str::to_owned).collect())
}

fn check_lints(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut untidy = Vec::new();
    for member in members(root)? {
        let path = root.join(&member).join("Cargo.toml");
        let manifest =
            std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        if !manifest.contains("[lints]\nworkspace = true") {
            untidy.push(format!(
                "{member}/Cargo.toml: does not inherit the workspace's lints"
            ));
        }
    }
    Ok(untidy)
}

/// Generates the code anew beside the tree and compares.
fn check_generated(root: &Path) -> anyhow::Result<Vec<String>> {
    let scratch = tempfile::tempdir().context("create a temporary folder")?;
    codegen::generate(root, scratch.path())?;
    let fresh = scratch.path().join(codegen::GENERATED);
    let names = |folder: &Path| -> anyhow::Result<BTreeSet<std::ffi::OsString>> {
        let entries = std::fs::read_dir(folder)?.filter_map(Result::ok);
        Ok(entries.map(|entry| entry.file_name()).collect())
    };
    let kept = root.join(codegen::GENERATED);
    let stale = names(&fresh)? != names(&kept)?
        || names(&fresh)?.iter().any(|name| {
            std::fs::read(fresh.join(name)).ok() != std::fs::read(kept.join(name)).ok()
        });
    let told = format!(
        "{}: is stale; run `cargo xtask codegen`",
        codegen::GENERATED
    );
    Ok(stale.then_some(told).into_iter().collect())
}

/// The lock files of npm projects name no registry's host: whoever builds uses his own.
fn check_locks(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut untidy = Vec::new();
    for path in files(root)? {
        let is_lock = path.file_name().is_some_and(|name| name == NPM_LOCK);
        if is_lock && std::fs::read_to_string(root.join(&path))?.contains("\"resolved\": \"http") {
            untidy.push(format!(
                "{}: names a registry's host; make it with `npm install --package-lock-only --omit-lockfile-registry-resolved`",
                path.display()
            ));
        }
    }
    Ok(untidy)
}

fn check_text(path: &Path, text: &str) -> Vec<String> {
    let mut untidy = Vec::new();
    let shown = path.display();
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    if is_rust && !is_tests(path) && !text.starts_with("//!") {
        untidy.push(format!(
            "{shown}:1: does not begin with `//!`: what lives here, what not"
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if has_loose_mark(line) {
            untidy.push(format!("{shown}:{number}: write `{}(#issue)`", MARKS[0]));
        }
        if HOMES.iter().any(|home| names_a_home(line, home)) {
            untidy.push(format!("{shown}:{number}: names somebody's own folder"));
        }
    }
    untidy
}

/// A module of tests is described by the file that it tests.
fn is_tests(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default();
    stem == "tests"
        || path
            .parent()
            .is_some_and(|parent| parent.ends_with("tests"))
}

/// A mark of unfinished work that names no issue.
fn has_loose_mark(line: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    MARKS.iter().any(|mark| {
        line.match_indices(mark).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + mark.len()..]);
            let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
            let named = *mark == MARKS[0] && after.starts_with("(#");
            whole && !named
        })
    })
}

/// The path of a folder below `home`, as the start of a path.
fn names_a_home(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + home.len()..].chars().next();
        let starts = before
            .is_none_or(|letter| !letter.is_ascii_alphanumeric() && letter != '}' && letter != '.');
        starts && after.is_some_and(|letter| letter.is_ascii_alphanumeric())
    })
}

/// Paths from the root of all files that people write.
fn written_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = files(root)?;
    files.retain(|path| is_written(path));
    Ok(files)
}

/// Paths from the root of all files of ours, sorted.
fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(root.join(&folder))
            .with_context(|| format!("list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("list {}", folder.display()))?;
            let name = entry.file_name();
            let path = folder.join(&name);
            if !entry.file_type()?.is_dir() {
                files.push(path);
            } else if !SKIPPED.iter().any(|skipped| name == *skipped) {
                folders.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_written(path: &Path) -> bool {
    let lock = path
        .file_name()
        .is_some_and(|name| name == "package-lock.json");
    let extension = path.extension().and_then(|extension| extension.to_str());
    !lock && extension.is_some_and(|extension| WRITTEN.contains(&extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        check_text(Path::new(path), text)
    }

    #[test]
    fn a_rust_file_says_what_it_is() {
        assert_eq!(told("collector/src/admit.rs", "//! Admits.\n").len(), 0);
        assert_eq!(told("collector/src/admit.rs", "use x;\n").len(), 1);
        assert_eq!(told("collector/src/admit/tests.rs", "use x;\n").len(), 0);
    }

    #[test]
    fn unfinished_work_names_its_issue() {
        let mark = MARKS[0];
        assert_eq!(told("a.py", &format!("# {mark}(#12): later\n")).len(), 0);
        assert_eq!(told("a.py", &format!("# {mark}: later\n")).len(), 1);
        assert_eq!(told("a.py", &format!("# {}\n", MARKS[1])).len(), 1);
        assert_eq!(
            told("a.py", &format!("MY_{mark}S = []\n")).len(),
            0,
            "another word"
        );
    }

    #[test]
    fn nobodys_home_is_named() {
        let home = HOMES[1];
        assert_eq!(
            told("a.py", &format!("path = '{home}someone/x'\n")).len(),
            1
        );
        assert_eq!(
            told("a.py", &format!("url = 'example{home}page'\n")).len(),
            0
        );
    }
}
