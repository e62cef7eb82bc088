//! Rules of files: read again whenever they change. What is wrong with a file is told, and what it said before stays in force.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use coldtrace_alerts::{Inhibition, Mistake, Mistakes, Rule, RuleSet, parse_file};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::{info, warn};

/// Larger files are no rules of people.
const LARGEST: u64 = 4 << 20;

/// All files that are configured.
#[derive(Debug)]
pub(crate) struct RuleFiles {
    files: Vec<RuleFile>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct RuleFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is in force.
    pub(crate) rules: Vec<Rule>,
    /// What of it holds others back.
    pub(crate) inhibitions: Vec<Inhibition>,
    /// Since when that is; `None` if nothing is.
    pub(crate) loaded: Option<UnixNanos>,
    /// Why what stands in it now is not in force.
    pub(crate) mistakes: Vec<Mistake>,
    /// What stood in it when it was last looked at.
    seen: Option<Result<Vec<u8>, io::ErrorKind>>,
}

// === impl RuleFiles ===

impl RuleFiles {
    pub(crate) fn new(paths: &[PathBuf]) -> Self {
        let files = paths.iter().map(|path| RuleFile {
            path: path.clone(),
            rules: Vec::new(),
            inhibitions: Vec::new(),
            loaded: None,
            mistakes: Vec::new(),
            seen: None,
        });
        Self {
            files: files.collect(),
        }
    }

    /// Looks at all of them; true if other rules are in force now, or other mistakes are to be told. Blocks.
    pub(crate) fn refresh(&mut self, now: UnixNanos) -> bool {
        let mut has_changed = false;
        for place in 0..self.files.len() {
            let (before, rest) = self.files.split_at_mut(place);
            let Some((file, after)) = rest.split_first_mut() else {
                continue;
            };
            let seen = read(&file.path);
            if file.seen.as_ref() == Some(&seen) {
                continue;
            }
            has_changed = true;
            let others = before.iter().chain(&*after);
            let taken = others.flat_map(|other| {
                let named = other.rules.iter().map(key);
                named.zip(std::iter::repeat(other.path.as_path()))
            });
            let taken: BTreeMap<_, _> = taken.collect();
            match parsed(&file.path, &seen, &taken) {
                Ok(RuleSet { rules, inhibitions }) => {
                    info!(
                        file = %file.path.display(),
                        rules = rules.len(),
                        inhibitions = inhibitions.len(),
                        "alert rules are in force"
                    );
                    file.rules = rules;
                    file.inhibitions = inhibitions;
                    file.loaded = Some(now);
                    file.mistakes.clear();
                }
                Err(Mistakes(mistakes)) => {
                    for mistake in &mistakes {
                        warn!(%mistake, "alert rules of a file are not in force");
                    }
                    file.mistakes = mistakes;
                }
            }
            file.seen = Some(seen);
        }
        has_changed
    }

    /// As they were when they were last looked at.
    pub(crate) fn all(&self) -> &[RuleFile] {
        &self.files
    }
}

/// What is wrong with these files, for who only checks: where, and what. Blocks.
pub fn check_rule_files(paths: &[PathBuf]) -> Vec<(String, String)> {
    let mut files = RuleFiles::new(paths);
    files.refresh(UnixNanos(0));
    let mistakes = files.files.into_iter().flat_map(|file| file.mistakes);
    mistakes.map(|one| (one.place, one.message)).collect()
}

/// Whose rule it is, and what it is called: no other may be.
fn key(rule: &Rule) -> (Tenant, String) {
    (tenant_of(rule), rule.name.clone())
}

/// Whose data a rule of a file is about.
pub(crate) fn tenant_of(rule: &Rule) -> Tenant {
    named(rule.tenant.as_deref())
}

/// The tenant that a file names, if it names one.
pub(crate) fn named(tenant: Option<&str>) -> Tenant {
    let named = tenant.and_then(|name| Tenant::parse(name).ok());
    named.unwrap_or_else(Tenant::single)
}

fn read(path: &Path) -> Result<Vec<u8>, io::ErrorKind> {
    let size = fs::metadata(path).map_err(|error| error.kind())?.len();
    if size > LARGEST {
        return Err(io::ErrorKind::FileTooLarge);
    }
    fs::read(path).map_err(|error| error.kind())
}

fn parsed(
    path: &Path,
    seen: &Result<Vec<u8>, io::ErrorKind>,
    taken: &BTreeMap<(Tenant, String), &Path>,
) -> Result<RuleSet, Mistakes> {
    let name = path.display().to_string();
    let wrong = |message: String| Mistake {
        place: name.clone(),
        message,
    };
    let bytes = seen
        .as_ref()
        .map_err(|kind| Mistakes(vec![wrong(format!("can't be read: {kind}"))]))?;
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Mistakes(vec![wrong(format!("is not UTF-8: {error}"))]))?;
    let file = parse_file(&name, text)?;
    let twice = file.rules.iter().filter_map(|rule| {
        let other = taken.get(&key(rule))?;
        let told = format!(
            "rule \"{}\" stands in {} too; names tell rules of files apart",
            rule.name,
            other.display()
        );
        Some(wrong(told))
    });
    let twice: Vec<Mistake> = twice.collect();
    match twice.is_empty() {
        true => Ok(file),
        false => Err(Mistakes(twice)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"
[[rule]]
name = "slow"
when = { kind = "threshold", measure = "p95", above = "1s", window = "5m" }
"#;

    struct Folder {
        folder: tempfile::TempDir,
        files: RuleFiles,
    }

    impl Folder {
        fn new(names: &[&str]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
            let files = RuleFiles::new(&paths);
            Self { folder, files }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder.path().join(name), text).expect("it is written");
        }

        fn names(&self) -> Vec<Vec<String>> {
            let names = |file: &RuleFile| file.rules.iter().map(|rule| rule.name.clone()).collect();
            self.files.all().iter().map(names).collect()
        }
    }

    #[test]
    fn a_file_is_read_again_when_it_changes_and_stays_in_force_when_it_is_wrong() {
        let mut folder = Folder::new(&["a.toml"]);
        folder.write("a.toml", RULE);
        assert!(folder.files.refresh(UnixNanos(1)));
        assert_eq!(folder.names(), [["slow"]]);
        assert!(!folder.files.refresh(UnixNanos(2)), "nothing changed");

        let inhibition = "[[inhibit]]\nsource = ['a=\"b\"']\ntarget = ['c=\"d\"']\n";
        folder.write("a.toml", &format!("{RULE}{inhibition}"));
        assert!(folder.files.refresh(UnixNanos(2)));
        assert_eq!(folder.files.all()[0].inhibitions.len(), 1);

        folder.write("a.toml", &RULE.replace("p95", "p59"));
        assert!(folder.files.refresh(UnixNanos(3)));
        assert_eq!(folder.names(), [["slow"]]);
        let file = &folder.files.all()[0];
        assert_eq!((file.loaded, file.mistakes.len()), (Some(UnixNanos(2)), 1));
        assert_eq!(file.inhibitions.len(), 1);
        assert!(!folder.files.refresh(UnixNanos(4)), "told once");

        folder.write("a.toml", &RULE.replace("slow", "slower"));
        assert!(folder.files.refresh(UnixNanos(5)));
        assert_eq!(folder.names(), [["slower"]]);
        let file = &folder.files.all()[0];
        assert!(file.mistakes.is_empty() && file.inhibitions.is_empty());
    }

    #[test]
    fn a_name_in_two_files_is_told_in_the_second() {
        let mut folder = Folder::new(&["a.toml", "b.toml"]);
        for name in ["a.toml", "b.toml"] {
            folder.write(name, RULE);
        }
        assert!(folder.files.refresh(UnixNanos(1)));
        assert_eq!(folder.names(), [vec!["slow"], vec![]]);
        let told = folder.files.all()[1].mistakes[0].to_string();
        assert!(told.contains("a.toml too"), "{told}");
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let mut folder = Folder::new(&["a.toml"]);
        assert!(folder.files.refresh(UnixNanos(1)));
        let told = folder.files.all()[0].mistakes[0].to_string();
        assert!(
            told.ends_with("a.toml: can't be read: entity not found"),
            "{told}"
        );
    }
}
