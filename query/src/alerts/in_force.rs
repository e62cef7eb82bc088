//! Which rules and inhibitions are in force: those to start with, those of files, and rules of the API.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldtrace_alerts::{Defined, Inhibition, Rule, RuleId, parse_json, starter};
use coldtrace_control::{DbError, KeptRule, Ring};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::warn;

use super::files::{RuleFile, named, tenant_of};
use super::shared::{Alerts, AskError};

/// What is in force for a tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce {
    pub(crate) rules: Vec<Defined>,
    pub(crate) inhibitions: Vec<Inhibition>,
}

/// Rules of the API, read once for each text: what is in force is asked for every few seconds, and hardly ever another.
#[derive(Debug, Default)]
pub(crate) struct ReadRules(HashMap<String, Option<Rule>>);

/// Of every tenant that may have alerts.
pub(super) async fn in_force(
    alerts: &Alerts,
    read: &mut ReadRules,
    ring: &Ring,
    now: UnixNanos,
) -> Result<BTreeMap<Tenant, InForce>, AskError> {
    let looked_at = alerts.clone();
    let files = tokio::task::spawn_blocking(move || looked_at.look_at_files(now)).await?;
    let kept = alerts.ask(|db| {
        let tenants = db.tenants_with_alerts()?.into_iter();
        let kept = tenants.map(|tenant| {
            let of_tenant = db.rules(&tenant)?;
            Ok((tenant, of_tenant))
        });
        kept.collect::<Result<BTreeMap<_, _>, DbError>>()
    });
    let kept = kept.await?;
    read.keep_those_of(kept.values().flatten());
    let rules = files.iter().flat_map(|file| &file.rules);
    let mut tenants: BTreeSet<Tenant> = rules.map(tenant_of).collect();
    tenants.extend(kept.keys().cloned());
    tenants.extend(ring.tenant_names());
    if !ring.demands_keys() {
        tenants.insert(Tenant::single());
    }
    let is_starting = alerts.config().starter_rules;
    let all = tenants.into_iter().map(|tenant| {
        let kept = kept.get(&tenant).map_or(&[][..], Vec::as_slice);
        let of_tenant = InForce::of(&tenant, read.defined(kept), &files, is_starting);
        (tenant, of_tenant)
    });
    Ok(all.collect())
}

// === impl InForce ===

impl InForce {
    /// Of one tenant: these rules of the API, those of these files, and, if they are wanted, of the rules to start with.
    pub(crate) fn of(
        tenant: &Tenant,
        of_api: Vec<Defined>,
        files: &[RuleFile],
        is_starting: bool,
    ) -> Self {
        let mut rules = of_api;
        let of_files = rules_of_files(files, tenant);
        let starter = starter_rules(is_starting, &of_files);
        rules.extend(of_files);
        rules.extend(starter);
        Self {
            rules,
            inhibitions: inhibitions(is_starting, files, tenant),
        }
    }
}

// === impl ReadRules ===

impl ReadRules {
    /// Of these, those that can be read.
    fn defined(&mut self, kept: &[KeptRule]) -> Vec<Defined> {
        let defined = kept.iter().filter_map(|one| {
            let read = self.0.entry(one.definition.clone()).or_insert_with(|| {
                let rule = read(&one.definition);
                if rule.is_none() {
                    warn!(
                        rule = one.id,
                        "a rule that is kept can't be read, and is not evaluated"
                    );
                }
                rule
            });
            let rule = read.clone()?;
            Some(Defined {
                id: RuleId(one.id.clone()),
                rule: as_kept(rule, one),
            })
        });
        defined.collect()
    }

    /// Forgets texts that are none of these any more.
    fn keep_those_of<'a>(&mut self, kept: impl Iterator<Item = &'a KeptRule>) {
        let texts: BTreeSet<&str> = kept.map(|one| &*one.definition).collect();
        self.0.retain(|text, _| texts.contains(&**text));
    }
}

/// A tenant's rules of files.
pub(crate) fn rules_of_files(files: &[RuleFile], tenant: &Tenant) -> Vec<Defined> {
    let rules = files.iter().flat_map(|file| &file.rules);
    let own = rules.filter(|rule| tenant_of(rule) == *tenant);
    own.map(|rule| Defined {
        id: rule.file_id(),
        rule: rule.clone(),
    })
    .collect()
}

/// Those to start with: but for examples, and for those whose place a rule of a file takes by its name.
pub(crate) fn starter_rules(is_wanted: bool, of_files: &[Defined]) -> Vec<Defined> {
    let names: BTreeSet<&str> = of_files.iter().map(|one| one.rule.name.as_str()).collect();
    let rules = starter().rules.iter();
    let rules = rules.filter(|rule| is_wanted && rule.enabled && !names.contains(&*rule.name));
    rules
        .map(|rule| Defined {
            id: RuleId(format!("starter:{}", rule.name)),
            rule: rule.clone(),
        })
        .collect()
}

/// A tenant's inhibitions of files, and those to start with where their rules are wanted: they hold for a rule of a file too that
/// takes the place of one by its name.
fn inhibitions(is_starter_wanted: bool, files: &[RuleFile], tenant: &Tenant) -> Vec<Inhibition> {
    let of_files = files.iter().flat_map(|file| &file.inhibitions);
    let own = of_files.filter(|one| named(one.tenant.as_deref()) == *tenant);
    let mut inhibitions: Vec<Inhibition> = own.cloned().collect();
    if is_starter_wanted {
        inhibitions.extend(starter().inhibitions.iter().cloned());
    }
    inhibitions
}

/// A rule of the API as it was kept; `None` if it can't be read.
pub(crate) fn rule_of(kept: &KeptRule) -> Option<Rule> {
    read(&kept.definition).map(|rule| as_kept(rule, kept))
}

fn read(definition: &str) -> Option<Rule> {
    let definition = serde_json::from_str(definition).ok()?;
    parse_json(&definition).ok()
}

fn as_kept(mut rule: Rule, kept: &KeptRule) -> Rule {
    rule.enabled &= kept.enabled;
    rule
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::alerts::alerts_of_file;

    #[tokio::test]
    async fn inhibitions_of_a_file_are_of_its_tenants_and_those_to_start_with_of_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rules.toml");
        let text = r#"
            [[rule]]
            name = "down"
            tenant = "shop"
            when = { kind = "absence", window = "5m", seen_within = "1d" }

            [[inhibit]]
            source = ["alertname=down"]
            target = ["alertname!=down"]
            tenant = "shop"

            [[inhibit]]
            source = ["severity=critical"]
            target = ["severity=info"]
        "#;
        fs::write(&file, text).expect("written");
        let alerts = alerts_of_file(folder.path(), file);
        let mut read = ReadRules::default();
        let all = in_force(&alerts, &mut read, &Ring::default(), UnixNanos(0)).await;
        let all = all.expect("read");
        let of = |tenant: &str| {
            let of_tenant = &all[&Tenant::parse(tenant).expect("a tenant")];
            let sources = of_tenant.inhibitions.iter().map(|one| &one.source[0]);
            sources.map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("shop"), [r#"alertname="down""#]);
        assert_eq!(of("default"), [r#"severity="critical""#]);

        let of_starter = inhibitions(true, &[], &Tenant::single());
        assert_eq!(of_starter, starter().inhibitions);
    }
}
