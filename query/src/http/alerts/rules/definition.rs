//! A rule as it is sent: it is one, and names channels that there are; or every mistake is told.

use coldtrace_alerts::{Mistake, Mistakes, Rule, parse_json};
use serde_json::Value;

use crate::http::error::ApiError;

/// Of channels, so many are looked up: more are a mistake that the rule's reader tells.
const MOST: usize = 100;
/// In characters, of a name that is told back.
const LONGEST: usize = 100;

/// The rule that a body defines. `channels` are the names that there are; `None` where it does not matter who is told.
pub(in crate::http::alerts) fn read(
    definition: &Value,
    channels: Option<&[String]>,
) -> Result<Rule, ApiError> {
    let parsed = parse_json(definition);
    let unknown = channels.map_or_else(Vec::new, |known| unknown_channels(definition, known));
    match (parsed, unknown) {
        (Ok(rule), unknown) if unknown.is_empty() => Ok(rule),
        (Ok(_), unknown) => Err(ApiError::Mistakes(unknown)),
        (Err(Mistakes(mut mistakes)), unknown) => {
            mistakes.extend(unknown);
            Err(ApiError::Mistakes(mistakes))
        }
    }
}

/// Looked for in what was sent, not in a rule: of what is otherwise wrong there is none.
fn unknown_channels(definition: &Value, known: &[String]) -> Vec<Mistake> {
    let named = definition["channels"].as_array();
    let named = named.into_iter().flatten().take(MOST);
    let named = named.filter_map(Value::as_str);
    let is_unknown = |name: &&str| !name.is_empty() && !known.iter().any(|one| one == name);
    let there_are = match known {
        [] => "there are none yet".to_owned(),
        known => format!("there are: {}", known.join(", ")),
    };
    let unknown = named.filter(is_unknown).map(|name| {
        let name: String = name.chars().take(LONGEST).collect();
        Mistake {
            place: "channels".to_owned(),
            message: format!("there is no channel \"{name}\"; {there_are}"),
        }
    });
    unknown.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_mistakes_are_told_those_of_channels_with_the_rest() {
        let wrong = json!({
            "name": "slow",
            "channels": ["oncall", "nobody"],
            "when": { "kind": "threshold", "measure": "p95", "above": "fast", "window": "5m" },
        });
        let known = ["oncall".to_owned(), "team".to_owned()];
        let told = |channels| match read(&wrong, channels) {
            Err(ApiError::Mistakes(mistakes)) => mistakes
                .iter()
                .map(|mistake| mistake.place.clone())
                .collect(),
            _ => Vec::new(),
        };
        assert_eq!(told(Some(&known)), ["when.above", "channels"]);
        assert_eq!(told(None), ["when.above"]);
    }
}
