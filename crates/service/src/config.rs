//! Settings merged from three places: defaults in the code < a TOML file < variables `COLDTRACE_SECTION__KEY`.
//!
//! A component reads its own section, key by key, with its default beside it; there is no struct of raw settings. A
//! value that does not parse is noted and the default returned, so that one run reports every mistake. `finish` adds
//! the keys that nobody asked for. Invariant: whoever has called `finish` and got `Ok` has only values that parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Display};
use std::path::Path;
use std::str::FromStr;

mod file;
mod suggest;
mod units;

#[cfg(test)]
mod tests;

pub use units::{HumanBytes, HumanDuration, UnitError};

/// What the names of all settings in the environment begin with.
const ENVIRONMENT_PREFIX: &str = "COLDTRACE_";
/// Between section and key in a variable's name; one underscore may be part of either.
const ENVIRONMENT_SEPARATOR: &str = "__";

/// The settings as given, and every mistake found so far.
#[derive(Debug)]
pub struct Settings {
    given: BTreeMap<Key, Given>,
    /// Variables with our prefix that name no section.
    others: Vec<String>,
    asked: BTreeMap<&'static str, BTreeSet<&'static str>>,
    effective: Vec<Effective>,
    problems: Vec<Problem>,
}

/// The settings of one component. Reads; remembers what was asked for.
#[derive(Debug)]
pub struct Section<'a> {
    settings: &'a mut Settings,
    name: &'static str,
}

/// One mistake in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `section.key`, or empty where the mistake is not about one key (a file that can't be read).
    pub key: String,
    /// Where it was set: `coldtrace.toml:12`, or the variable's name.
    pub source: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Every mistake in the configuration, in the order in which they were found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

/// One setting as it is in force, for `print-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The section's name.
    pub section: &'static str,
    /// The key's name.
    pub key: &'static str,
    /// The value as TOML; `None` for an optional setting that is not set. Secrets are replaced by `"***"`.
    pub value: Option<String>,
    /// Where it was set; `None` where the default is in force.
    pub source: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    section: String,
    name: String,
}

#[derive(Clone, Debug)]
struct Given {
    text: String,
    source: String,
}

/// The process's variables that begin with `COLDTRACE_`; one that is not UTF-8 has its odd bytes replaced, so that it
/// is reported as a bad value instead of being overlooked.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            (name, value.to_string_lossy().into_owned())
        })
        .filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX))
        .collect()
}

// === impl Settings ===

impl Settings {
    /// Reads the file, if one is named, and lays the environment over it. Never fails: what could not be read or parsed
    /// is reported by [`Settings::finish`].
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut settings = Self {
            given: BTreeMap::new(),
            others: Vec::new(),
            asked: BTreeMap::new(),
            effective: Vec::new(),
            problems: Vec::new(),
        };
        if let Some(path) = file {
            settings.load_file(path);
        }
        settings.load_environment(environment);
        settings
    }

    /// The settings of one component.
    pub fn section(&mut self, name: &'static str) -> Section<'_> {
        self.asked.entry(name).or_default();
        Section {
            settings: self,
            name,
        }
    }

    /// What was asked for so far, with the values in force, in the order of asking.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// Reports every mistake: values that did not parse, and keys that no component asked for. Call it after every
    /// component has read its section.
    pub fn finish(mut self) -> Result<(), Problems> {
        let unknown: Vec<Problem> = self
            .given
            .iter()
            .filter_map(|(key, given)| self.unknown(key, given))
            .collect();
        self.problems.extend(unknown);
        let mistyped: Vec<Problem> = self
            .others
            .iter()
            .filter_map(|variable| self.mistyped(variable))
            .collect();
        self.problems.extend(mistyped);
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(Problems(self.problems))
    }

    fn load_file(&mut self, path: &Path) {
        let (values, problems) = file::read(path);
        self.problems.extend(problems);
        for value in values {
            let key = Key {
                section: value.section,
                name: value.key,
            };
            let given = Given {
                text: value.text,
                source: value.source,
            };
            self.given.insert(key, given);
        }
    }

    fn load_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        for (variable, text) in environment {
            let Some((section, name)) = variable
                .strip_prefix(ENVIRONMENT_PREFIX)
                .and_then(|rest| rest.split_once(ENVIRONMENT_SEPARATOR))
            else {
                self.others.push(variable);
                continue;
            };
            let key = Key {
                section: section.to_lowercase(),
                name: name.to_lowercase(),
            };
            let source = variable.clone();
            self.given.insert(key, Given { text, source });
        }
    }

    /// Names without the separator belong to others, the extension's `COLDTRACE_ENDPOINT` for one; but not one that is a
    /// setting's name with one underscore too few.
    fn mistyped(&self, variable: &str) -> Option<Problem> {
        let rest = variable.strip_prefix(ENVIRONMENT_PREFIX)?.to_lowercase();
        let (section, key) = self.asked.iter().find_map(|(section, keys)| {
            let key = rest.strip_prefix(section)?.strip_prefix('_')?;
            keys.contains(key).then_some((*section, key))
        })?;
        let meant = format!(
            "{ENVIRONMENT_PREFIX}{}{ENVIRONMENT_SEPARATOR}{}",
            section.to_uppercase(),
            key.to_uppercase()
        );
        Some(Problem {
            key: format!("{section}.{key}"),
            source: variable.to_owned(),
            message: format!("not read under this name; did you mean {meant}?"),
        })
    }

    fn unknown(&self, key: &Key, given: &Given) -> Option<Problem> {
        let message = match self.asked.get(key.section.as_str()) {
            None => suggest::unknown("section", &key.section, self.asked.keys().copied()),
            Some(names) if names.contains(key.name.as_str()) => return None,
            Some(names) => suggest::unknown("key", &key.name, names.iter().copied()),
        };
        Some(Problem {
            key: key.to_string(),
            source: given.source.clone(),
            message,
        })
    }
}

// === impl Section ===

impl Section<'_> {
    /// The value of `key`, or `default` where it is not set. A value that does not parse is noted as a problem and the
    /// default returned.
    pub fn value<T>(&mut self, key: &'static str, default: T) -> T
    where
        T: FromStr + Debug,
        T::Err: Display,
    {
        let given = self.given(key);
        let parsed = given.as_ref().and_then(|given| self.parse(key, given));
        let in_force = parsed.unwrap_or(default);
        let printed = as_toml(&format!("{in_force:?}"));
        self.note_effective(key, Some(printed), given);
        in_force
    }

    /// The value of `key`, or `None` where it is not set or set to nothing.
    pub fn optional<T>(&mut self, key: &'static str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let given = self.given(key).filter(|given| !given.text.is_empty());
        let parsed = given.as_ref().and_then(|given| self.parse(key, given));
        let printed = given
            .as_ref()
            .map(|given| as_toml(&format!("{:?}", given.text)));
        self.note_effective(key, printed, given);
        parsed
    }

    /// Notes a mistake that shows only when several settings are seen together.
    pub fn problem(&mut self, key: &'static str, message: impl Into<String>) {
        let source = match self.given(key) {
            Some(given) => given.source,
            None => "default".to_owned(),
        };
        self.settings.problems.push(Problem {
            key: format!("{}.{key}", self.name),
            source,
            message: message.into(),
        });
    }

    fn given(&mut self, key: &'static str) -> Option<Given> {
        self.settings
            .asked
            .entry(self.name)
            .or_default()
            .insert(key);
        let key = Key {
            section: self.name.to_owned(),
            name: key.to_owned(),
        };
        self.settings.given.get(&key).cloned()
    }

    fn parse<T>(&mut self, key: &'static str, given: &Given) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match given.text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let shown = if is_secret(key) { "***" } else { &given.text };
                let message = match expected::<T>() {
                    Some(expected) => format!("`{shown}` is not {expected}"),
                    None => format!("`{shown}` {error}"),
                };
                self.settings.problems.push(Problem {
                    key: format!("{}.{key}", self.name),
                    source: given.source.clone(),
                    message,
                });
                None
            }
        }
    }

    fn note_effective(&mut self, key: &'static str, printed: Option<String>, given: Option<Given>) {
        let hidden = is_secret(key) && printed.as_deref() != Some("\"\"");
        let value = match printed {
            Some(_) if hidden => Some("\"***\"".to_owned()),
            other => other,
        };
        self.settings.effective.push(Effective {
            section: self.name,
            key,
            value,
            source: given.map(|given| given.source),
        });
    }
}

/// What is allowed, for the types of the standard library whose own errors do not say.
fn expected<T>() -> Option<&'static str> {
    // The name is for people only; were it ever to change, the type's own error is shown instead.
    Some(match std::any::type_name::<T>() {
        "bool" => "`true` or `false`",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "core::net::socket_addr::SocketAddr" => "an address with a port, such as 127.0.0.1:4317",
        "core::net::ip_addr::IpAddr" => "an IP address, such as 127.0.0.1",
        _ => return None,
    })
}

fn is_secret(key: &str) -> bool {
    ["password", "secret", "token", "api_key"]
        .iter()
        .any(|word| key.contains(word))
}

/// A value's debug form as TOML: numbers, truth values and quoted strings as they are, anything else in quotes.
fn as_toml(debug: &str) -> String {
    let bare = debug.parse::<f64>().is_ok() || matches!(debug, "true" | "false");
    if bare || debug.starts_with('"') {
        return debug.to_owned();
    }
    format!("\"{debug}\"")
}

// === impl Key ===

impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.section);
        }
        write!(f, "{}.{}", self.section, self.name)
    }
}

// === impl Problem, Problems ===

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.source, self.message);
        }
        write!(f, "{} ({}): {}", self.key, self.source, self.message)
    }
}

impl Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mistakes = match self.0.len() {
            1 => "1 mistake",
            n => return self.list(f, &format!("{n} mistakes")),
        };
        self.list(f, mistakes)
    }
}

impl Problems {
    fn list(&self, f: &mut fmt::Formatter<'_>, mistakes: &str) -> fmt::Result {
        write!(f, "{mistakes} in the configuration")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}
