//! What a rebuilt trace of a real SDK or tracer may warn of: what is in `tests/warnings.txt`, each for a reason that stands there.

use serde_json::Value;

/// A line is a sender and a warning, its numbers written as N; lines that begin with # say why.
const RIGHT: &str = include_str!("../warnings.txt");

/// Nothing is warned of that is not listed for this sender.
pub(crate) fn check(sender: &str, trace: &Value) {
    let warnings = trace["warnings"].as_array().expect("a list of warnings");
    for warning in warnings {
        let warning = without_numbers(warning.as_str().expect("a text"));
        let is_right = RIGHT
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(": "))
            .any(|(who, right)| who == sender && right == warning);
        assert!(
            is_right,
            "the trace of {sender} warns of what is not in tests/warnings.txt: {warning}"
        );
    }
}

fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        match character.is_ascii_digit() {
            true if plain.ends_with('N') => {}
            true => plain.push('N'),
            false => plain.push(character),
        }
    }
    plain
}

#[test]
fn numbers_of_a_warning_do_not_matter() {
    assert_eq!(without_numbers("12 spans of 3.5 ms"), "N spans of N.N ms");
}
