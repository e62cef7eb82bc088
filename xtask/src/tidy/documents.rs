//! Paths in the documents: what stands in backquotes or a link and looks like a path of the tree must be there.

use std::path::Path;

use anyhow::Context as _;

/// The documents whose paths are checked.
const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
/// The one that must name every crate.
const MAP: &str = "ARCHITECTURE.md";
/// Made by a build, so absent from a fresh clone.
const MADE: [&str; 3] = ["target/", "ui/dist", "node_modules"];

/// Every path that is named and not there, every crate that is there and not named.
pub(super) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut untidy = Vec::new();
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(root.join(document))
            .with_context(|| format!("read {document}"))?;
        for (number, line) in (1..).zip(text.lines()) {
            for path in paths(line) {
                if !root.join(&path).exists() {
                    untidy.push(format!("{document}:{number}: `{path}` does not exist"));
                }
            }
        }
        if document == MAP {
            for member in super::members(root)? {
                let named =
                    text.contains(&format!("`{member}/")) || text.contains(&format!("`{member}`"));
                if !named {
                    untidy.push(format!("{document}: does not name the crate `{member}`"));
                }
            }
        }
    }
    Ok(untidy)
}

/// The paths of the tree that a line names.
fn paths(line: &str) -> Vec<String> {
    let quoted = line.split('`').skip(1).step_by(2);
    let linked = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    quoted
        .chain(linked)
        .filter(|text| is_path(text))
        .flat_map(expand)
        .collect()
}

fn is_path(text: &str) -> bool {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "._-/{},".contains(letter);
    let elsewhere = text.starts_with(['/', '-', '.']) && !text.starts_with(".c")
        || MADE.iter().any(|made| text.starts_with(made));
    let document =
        text.ends_with(".md") || text.ends_with(".toml") && !text.starts_with("coldtrace");
    !elsewhere && text.chars().all(letters) && (text.contains('/') || document)
}

/// `a/{b,c}.rs` is two paths.
fn expand(path: &str) -> Vec<String> {
    let parts = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else {
        return vec![path.to_owned()];
    };
    choices
        .split(',')
        .map(|choice| format!("{before}{choice}{after}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn only_paths_of_the_tree_are_taken() {
        let cases: [(&str, &[&str]); 6] = [
            ("see `collector/src/app.rs`", &["collector/src/app.rs"]),
            ("`otlp/{grpc,http}.rs`", &["otlp/grpc.rs", "otlp/http.rs"]),
            ("[the map](ARCHITECTURE.md#map)", &["ARCHITECTURE.md"]),
            ("`/api/v1/traces` and `cargo xtask demo`", &[]),
            ("`ui/dist` is made", &[]),
            ("`https://opentelemetry.io/docs`", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(paths(line), expected, "{line}");
        }
    }
}
