//! A tenant's rules and files as they are told.
//!
//! A file may hold rules of several tenants, and its mistakes may name any of them: where keys tell tenants apart, a tenant sees
//! the files that hold rules of its own, and of mistakes only how many there are. Who runs the service is told them by its log.

use std::collections::BTreeMap;

use coldtrace_alerts::{AlertState, Mistake};
use coldtrace_control::{Db, DbError, KeptRule};
use coldtrace_model::{Tenant, UnixNanos};
use serde::Serialize;
use serde_json::Value;

use crate::alerts::{
    Alerts, RuleFile, rule_of, rules_of_files, starter_rules, states_of, tenant_of,
};
use crate::http::error::{ApiError, MistakeReply};
use crate::http::{Written, bytes_of};
use crate::reply::Decimal;

use super::Refused;

/// The schema `RuleList`.
#[derive(Serialize)]
struct ListReply<'a> {
    rules: Vec<RuleReply<'a>>,
    files: Vec<FileReply<'a>>,
}

/// The schema `Rule`.
#[derive(Serialize)]
struct RuleReply<'a> {
    rule: &'a str,
    origin: &'static str,
    file: Option<&'a str>,
    definition: &'a Value,
    created: Option<Decimal>,
    updated: Option<Decimal>,
    pending: u64,
    firing: u64,
}

/// The schema `RuleFile`.
#[derive(Serialize)]
struct FileReply<'a> {
    file: &'a str,
    loaded: Option<Decimal>,
    mistakes: Vec<MistakeReply<'a>>,
}

/// All of a tenant's rules, by name, and the files that are configured.
pub(super) struct Told {
    tenant: Tenant,
    rules: Vec<ToldRule>,
    files: Vec<RuleFile>,
}

/// A rule.
pub(super) struct ToldRule {
    id: String,
    name: String,
    definition: Value,
    origin: Origin,
    standing: Standing,
}

/// Where a rule comes from.
enum Origin {
    Api {
        created: UnixNanos,
        updated: UnixNanos,
    },
    /// Where the file is.
    File(String),
    Starter,
}

/// How many alerts of a rule there are.
#[derive(Clone, Copy, Default)]
struct Standing {
    pending: u64,
    firing: u64,
}

/// All that a tenant is shown.
pub(super) struct ToldRules {
    rules: Vec<ToldRule>,
    files: Vec<ToldFile>,
}

struct ToldFile {
    path: String,
    loaded: Option<UnixNanos>,
    mistakes: Vec<Mistake>,
}

// === impl Told ===

impl Told {
    pub(super) fn load(alerts: &Alerts, db: &Db, tenant: &Tenant) -> Result<Self, DbError> {
        let standing = standing(&states_of(db, tenant)?);
        let kept = db.rules(tenant)?;
        let files = alerts.files();
        let mut rules: Vec<ToldRule> = kept.into_iter().filter_map(ToldRule::of_api).collect();
        for file in &files {
            let path = file.path.display().to_string();
            let own = rules_of_files(std::slice::from_ref(file), tenant).into_iter();
            rules.extend(own.map(|one| {
                let definition = one.rule.to_json();
                ToldRule::new(one.id.0, definition, Origin::File(path.clone()))
            }));
        }
        let starter = starter_rules(
            alerts.config().starter_rules,
            &rules_of_files(&files, tenant),
        );
        rules.extend(starter.into_iter().map(|one| {
            let definition = one.rule.to_json();
            ToldRule::new(one.id.0, definition, Origin::Starter)
        }));
        for rule in &mut rules {
            rule.standing = standing.get(&rule.id).copied().unwrap_or_default();
        }
        rules.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        Ok(Self {
            tenant: tenant.clone(),
            rules,
            files,
        })
    }

    /// One of them.
    pub(super) fn into_rule(self, id: &str) -> Result<ToldRule, Refused> {
        let mut rules = self.rules.into_iter();
        rules
            .find(|rule| rule.id == id)
            .ok_or_else(|| no_rule(id).into())
    }

    /// Whether a rule is one that the API may change.
    pub(super) fn check_own(&self, id: &str) -> Result<(), ApiError> {
        let rule = self.rules.iter().find(|rule| rule.id == id);
        match &rule.ok_or_else(|| no_rule(id))?.origin {
            Origin::Api { .. } => Ok(()),
            Origin::File(path) => {
                let told = format!("this rule stands in the file {path}; change it there");
                Err(ApiError::Conflict(told))
            }
            Origin::Starter => {
                let told = "this rule is one to start with; write one of the same name in a rule file (alerts.rules) \
                    to take its place, or set alerts.starter_rules = false";
                Err(ApiError::Conflict(told.to_owned()))
            }
        }
    }

    /// Whether no other rule is called that. One that keeps its name keeps it, whoever took it meanwhile.
    pub(super) fn check_name(&self, name: &str, id: Option<&str>) -> Result<(), ApiError> {
        let named = || self.rules.iter().filter(|rule| rule.name == name);
        if named().any(|rule| Some(rule.id.as_str()) == id) {
            return Ok(());
        }
        let told = match named().next().map(|rule| &rule.origin) {
            None => return Ok(()),
            Some(Origin::Api { .. }) => format!("there is a rule \"{name}\" already"),
            Some(Origin::File(path)) => {
                format!("there is a rule \"{name}\" already, in the file {path}")
            }
            Some(Origin::Starter) => format!(
                "there is a rule \"{name}\" to start with; choose another name, or set alerts.starter_rules = false"
            ),
        };
        Err(ApiError::Conflict(told))
    }
}

fn no_rule(id: &str) -> ApiError {
    ApiError::NotFound(format!("there is no rule {id}"))
}

/// By rule.
fn standing(states: &[AlertState]) -> BTreeMap<String, Standing> {
    let mut all: BTreeMap<String, Standing> = BTreeMap::new();
    for state in states.iter().filter(|state| state.is_active()) {
        let of_rule = all.entry(state.rule.0.clone()).or_default();
        match state.is_firing() {
            true => of_rule.firing += 1,
            false => of_rule.pending += 1,
        }
    }
    all
}

// === impl ToldRule ===

impl ToldRule {
    fn new(id: String, mut definition: Value, origin: Origin) -> Self {
        // Whoever asks knows whose it is, and the API does not take it.
        if let Some(fields) = definition.as_object_mut() {
            fields.remove("tenant");
        }
        let name = definition["name"].as_str().unwrap_or_default().to_owned();
        Self {
            id,
            name,
            definition,
            origin,
            standing: Standing::default(),
        }
    }

    /// One that can't be read as a rule any more is told as it was kept, so that it can be changed or ended.
    fn of_api(kept: KeptRule) -> Option<Self> {
        let definition = match rule_of(&kept) {
            Some(rule) => rule.to_json(),
            None => serde_json::from_str(&kept.definition).ok()?,
        };
        let origin = Origin::Api {
            created: kept.created,
            updated: kept.updated,
        };
        Some(Self::new(kept.id, definition, origin))
    }

    fn reply(&self) -> RuleReply<'_> {
        let (origin, file, times) = match &self.origin {
            Origin::Api { created, updated } => ("api", None, Some((*created, *updated))),
            Origin::File(path) => ("file", Some(path.as_str()), None),
            Origin::Starter => ("starter", None, None),
        };
        RuleReply {
            rule: &self.id,
            origin,
            file,
            definition: &self.definition,
            created: times.map(|(created, _)| created.into()),
            updated: times.map(|(_, updated)| updated.into()),
            pending: self.standing.pending,
            firing: self.standing.firing,
        }
    }
}

impl Written for ToldRule {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        bytes_of(&self.reply())
    }
}

// === impl ToldRules ===

impl ToldRules {
    /// `is_alone`: there is no other tenant.
    pub(super) fn new(told: Told, is_alone: bool) -> Self {
        let is_own = |file: &&RuleFile| {
            let mut rules = file.rules.iter();
            is_alone || rules.any(|rule| tenant_of(rule) == told.tenant)
        };
        let files = told.files.iter().filter(is_own).map(|file| {
            let path = file.path.display().to_string();
            let mistakes = match is_alone || file.mistakes.is_empty() {
                true => file.mistakes.clone(),
                false => vec![Mistake {
                    place: path.clone(),
                    message: format!(
                        "is not in force as it stands; mistakes in it, told in the log of the service: {}",
                        file.mistakes.len()
                    ),
                }],
            };
            ToldFile {
                path,
                loaded: file.loaded,
                mistakes,
            }
        });
        Self {
            files: files.collect(),
            rules: told.rules,
        }
    }
}

impl Written for ToldRules {
    fn written(&self) -> Result<Vec<u8>, ApiError> {
        let files = self.files.iter().map(|file| FileReply {
            file: &file.path,
            loaded: file.loaded.map(Decimal::from),
            mistakes: file.mistakes.iter().map(MistakeReply::of).collect(),
        });
        bytes_of(&ListReply {
            rules: self.rules.iter().map(ToldRule::reply).collect(),
            files: files.collect(),
        })
    }
}
