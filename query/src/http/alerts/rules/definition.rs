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
    let mut more = undescribed(definition);
    more.extend(
        channels
            .into_iter()
            .flat_map(|known| unknown_channels(definition, known)),
    );
    match (parsed, more) {
        (Ok(rule), more) if more.is_empty() => Ok(rule),
        (Ok(_), more) => Err(ApiError::Mistakes(more)),
        (Err(Mistakes(mut mistakes)), more) => {
            mistakes.extend(more);
            Err(ApiError::Mistakes(mistakes))
        }
    }
}

/// What the reader of rules takes as people write it, and the API's description does not: whoever sends it means something else.
fn undescribed(definition: &Value) -> Vec<Mistake> {
    let fields = |value: &Value, folder: &str| {
        let fields = value.as_object().into_iter().flatten();
        fields
            .map(|(key, value)| (format!("{folder}{key}"), value.clone()))
            .collect::<Vec<_>>()
    };
    let mut all = fields(definition, "");
    all.extend(fields(&definition["scope"], "scope."));
    let mistakes = all.into_iter().filter_map(|(place, value)| {
        let message = match (place.as_str(), value) {
            ("runbook", _) => return None,
            // It is missing, which is told.
            ("name" | "when", Value::Null) => return None,
            (_, Value::Null) => "null is not allowed; leave it out",
            ("for" | "keep", Value::Number(number)) if number.as_f64() == Some(0.0) => {
                "0 is not allowed; allowed: a text, such as \"0\" or \"2m\""
            }
            _ => return None,
        };
        Some(Mistake {
            place,
            message: message.to_owned(),
        })
    });
    mistakes.collect()
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

    #[test]
    fn what_is_not_described_is_not_taken() {
        let definition = |key: &str, value: Value| {
            let mut definition = json!({
                "name": "slow",
                "scope": {},
                "when": { "kind": "threshold", "measure": "p95", "above": "1s", "window": "5m" },
            });
            match key.strip_prefix("scope.") {
                Some(key) => definition["scope"][key] = value,
                None => definition[key] = value,
            }
            read(&definition, None)
        };
        let odd = [
            ("enabled", Value::Null),
            ("scope", Value::Null),
            ("scope.functions", Value::Null),
            ("for", json!(0)),
            ("keep", json!(0.0)),
            ("keep", json!(5)),
            ("name", Value::Null),
        ];
        for (key, value) in odd {
            match definition(key, value) {
                Err(ApiError::Mistakes(mistakes)) => {
                    let places: Vec<&str> = mistakes.iter().map(|one| one.place.as_str()).collect();
                    assert_eq!(places, [key]);
                }
                other => panic!("{key}: {other:?}"),
            }
        }
        assert!(definition("runbook", Value::Null).is_ok());
        assert!(definition("keep", json!("0")).is_ok());
        assert!(definition("by", json!("function")).is_ok());
    }
}
