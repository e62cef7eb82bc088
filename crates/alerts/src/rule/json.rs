//! Rules as JSON: what the API gives and what is stored.
//!
//! Invariant: what is written reads as the same rule.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use super::{Bound, Good, Rule, Scope, When, parse_json};
use crate::quantity::{write, write_length};
use crate::{Comparison, Unit};

// === impl Rule ===

impl Rule {
    /// The fields as the API takes them. A rule of a file names its tenant as well, which the API does not take.
    pub fn to_json(&self) -> Value {
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| _ = json.insert(key.to_owned(), value);
        put("name", self.name.as_str().into());
        put("enabled", self.enabled.into());
        put("severity", self.severity.as_str().into());
        put("for", write_length(self.pending).into());
        put("keep", write_length(self.keep).into());
        if let Some(runbook) = &self.runbook {
            put("runbook", runbook.as_str().into());
        }
        put("labels", json!(self.labels));
        if let Some(channels) = &self.channels {
            put("channels", json!(channels));
        }
        put("scope", self.scope.to_json());
        if !matches!(self.when, When::ErrorGroup { .. }) {
            put("by", self.by.as_str().into());
        }
        if let Some(tenant) = &self.tenant {
            put("tenant", tenant.as_str().into());
        }
        put("when", self.when.to_json());
        Value::Object(json)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        parse_json(&value).map_err(de::Error::custom)
    }
}

impl Scope {
    fn to_json(&self) -> Value {
        json!({
            "functions": self.functions,
            "versions": self.versions,
            "tags": self.tags,
            "except": self.except,
        })
    }
}

// === impl When ===

impl When {
    /// The word of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Threshold { .. } => "threshold",
            Self::Ratio { .. } => "ratio",
            Self::Absence { .. } => "absence",
            Self::BurnRate { .. } => "burn_rate",
            Self::ErrorGroup { .. } => "error_group",
            Self::ColdStartBudget { .. } => "cold_start_budget",
            Self::Deviation { .. } => "deviation",
        }
    }

    fn to_json(&self) -> Value {
        let mut json = match self {
            Self::Threshold {
                measure,
                bound,
                window,
                at_least,
            } => {
                let fields = json!({
                    "measure": measure.as_str(),
                    "window": window.to_string(),
                    "at_least": at_least,
                });
                bound.put_into(fields, measure.unit())
            }
            Self::Ratio {
                of,
                to,
                bound,
                window,
                at_least,
            } => {
                let fields = json!({
                    "of": of.as_str(),
                    "to": to.as_str(),
                    "window": window.to_string(),
                    "at_least": at_least,
                });
                bound.put_into(fields, Unit::Times)
            }
            Self::Absence {
                window,
                seen_within,
            } => json!({
                "window": window.to_string(),
                "seen_within": seen_within.to_string(),
            }),
            Self::BurnRate {
                objective,
                good,
                windows,
                at_least,
            } => {
                let pairs = windows.iter().map(|pair| {
                    json!({
                        "long": pair.long.to_string(),
                        "short": pair.short.to_string(),
                        "factor": pair.factor,
                    })
                });
                json!({
                    "objective": objective,
                    "good": good.to_json(),
                    "windows": pairs.collect::<Vec<_>>(),
                    "at_least": at_least,
                })
            }
            Self::ErrorGroup {
                new,
                regressed,
                at_least,
                window,
            } => json!({
                "new": new,
                "regressed": regressed,
                "at_least": at_least,
                "window": window.to_string(),
            }),
            Self::ColdStartBudget {
                init,
                share,
                window,
                at_least,
            } => json!({
                "init": write(Unit::Nanos, init.0 as f64),
                "share": share,
                "window": window.to_string(),
                "at_least": at_least,
            }),
            Self::Deviation {
                measure,
                window,
                factor,
                direction,
                weeks,
                at_least,
            } => json!({
                "measure": measure.as_str(),
                "window": window.to_string(),
                "factor": factor,
                "direction": direction.as_str(),
                "weeks": weeks,
                "at_least": at_least,
            }),
        };
        json["kind"] = self.kind().into();
        json
    }
}

impl Bound {
    fn put_into(self, mut fields: Value, unit: Unit) -> Value {
        let side = match self.bad {
            Comparison::Above => "above",
            Comparison::Below => "below",
        };
        fields[side] = write(unit, self.threshold);
        if let Some(clear) = self.clear {
            fields["clear"] = write(unit, clear);
        }
        fields
    }
}

impl Good {
    fn to_json(self) -> Value {
        match self {
            Self::Success => "success".into(),
            Self::FasterThan(limit) => json!({ "faster_than": write(Unit::Nanos, limit.0 as f64) }),
        }
    }
}
