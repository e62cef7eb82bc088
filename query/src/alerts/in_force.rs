//! Which rules are in force: those to start with, those of files, and those of the API.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_alerts::{Defined, Inhibition, Rule, RuleId, parse_json, starter};
use coldtrace_control::{KeptRule, Ring};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::warn;

use super::files::{RuleFile, tenant_of};
use super::shared::{Alerts, AskError};

/// What is in force for a tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce {
    pub(crate) rules: Vec<Defined>,
    pub(crate) inhibitions: Vec<Inhibition>,
}

/// Of every tenant that may have alerts.
pub(super) async fn in_force(
    alerts: &Alerts,
    ring: &Ring,
    now: UnixNanos,
) -> Result<BTreeMap<Tenant, InForce>, AskError> {
    let looked_at = alerts.clone();
    let files = tokio::task::spawn_blocking(move || looked_at.look_at_files(now)).await?;
    let kept = alerts.ask(|db| {
        let mut kept = Vec::new();
        for tenant in db.tenants_with_alerts()? {
            let of_tenant = db.rules(&tenant)?;
            kept.push((tenant, of_tenant));
        }
        Ok(kept)
    });
    let mut all: BTreeMap<Tenant, InForce> = BTreeMap::new();
    for (tenant, of_tenant) in kept.await? {
        let rules = &mut all.entry(tenant).or_default().rules;
        for one in of_tenant {
            match rule_of(&one) {
                Some(rule) => rules.push(Defined {
                    id: RuleId(one.id),
                    rule,
                }),
                None => warn!(
                    rule = one.id,
                    "a rule that is kept can't be read, and is not evaluated"
                ),
            }
        }
    }
    let rules = files.iter().flat_map(|file| &file.rules);
    let mut tenants: BTreeSet<Tenant> = rules.map(tenant_of).collect();
    tenants.extend(all.keys().cloned());
    tenants.extend(ring.tenant_names());
    if !ring.demands_keys() {
        tenants.insert(Tenant::single());
    }
    for tenant in tenants {
        let of_files = rules_of_files(&files, &tenant);
        let starter = starter_rules(alerts.config().starter_rules, &of_files);
        let rules = &mut all.entry(tenant).or_default().rules;
        rules.extend(of_files);
        rules.extend(starter);
    }
    Ok(all)
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
    let rules = starter().into_iter();
    let rules = rules.filter(|rule| is_wanted && rule.enabled && !names.contains(&*rule.name));
    rules
        .map(|rule| Defined {
            id: RuleId(format!("starter:{}", rule.name)),
            rule,
        })
        .collect()
}

/// A rule of the API as it was kept; `None` if it can't be read.
pub(crate) fn rule_of(kept: &KeptRule) -> Option<Rule> {
    let definition = serde_json::from_str(&kept.definition).ok()?;
    let mut rule = parse_json(&definition).ok()?;
    rule.enabled &= kept.enabled;
    Some(rule)
}
