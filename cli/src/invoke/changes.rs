//! Whether files have changed, by looking at them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders that are not the function's own code.
const PASSED_OVER: [&str; 4] = ["node_modules", "__pycache__", "target", "venv"];
/// A folder with more than this is not looked at whole.
const LIMIT: usize = 5_000;

/// When each file was last written.
#[derive(PartialEq, Eq)]
pub(super) struct State(BTreeMap<PathBuf, Option<SystemTime>>);

// === impl State ===

impl State {
    /// Of the files below a folder, and of one beside it.
    pub(super) fn of(folder: &Path, beside: Option<&Path>) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            // What can't be read can't be watched.
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let is_passed_over = name.starts_with('.') || PASSED_OVER.contains(&&*name);
                if is_passed_over || files.len() >= LIMIT {
                    continue;
                }
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    _ => drop(files.insert(entry.path(), written(&entry.path()))),
                }
            }
        }
        if let Some(beside) = beside {
            files.insert(beside.to_owned(), written(beside));
        }
        Self(files)
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|about| about.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_and_a_written_one_are_changes_and_packages_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let state = || State::of(folder.path(), Some(&path("event.json")));
        std::fs::create_dir(path("node_modules")).unwrap();
        let before = state();
        std::fs::write(path("node_modules/a.js"), "").unwrap();
        assert!(before == state());
        std::fs::write(path("app.py"), "").unwrap();
        let with_code = state();
        assert!(before != with_code);
        let file = std::fs::File::options()
            .append(true)
            .open(path("app.py"))
            .unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(with_code != state());
    }
}
