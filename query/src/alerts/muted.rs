//! Of whom nobody is to be told now: what a silence or an inhibition is about.

use std::collections::{BTreeMap, BTreeSet};

use coldtrace_alerts::{AlertId, Inhibition, Labels, Silence, Transition, inhibited};
use coldtrace_control::{Db, DbError, KeptSilence};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::warn;

/// What is in force at one time.
pub(crate) struct Muted {
    silences: Vec<Silence>,
    inhibited: BTreeSet<AlertId>,
    now: UnixNanos,
}

// === impl Muted ===

impl Muted {
    /// A tenant's silences, and what of all that fires is inhibited. A silence that can't be read silences nothing.
    pub(crate) fn load(
        db: &Db,
        tenant: &Tenant,
        now: UnixNanos,
        inhibitions: &[Inhibition],
        firing: &BTreeMap<AlertId, Labels>,
    ) -> Result<Self, DbError> {
        let kept = db.silences(tenant)?.into_iter();
        let in_force = kept.filter(|kept| kept.starts <= now && now < kept.ends);
        Ok(Self {
            silences: in_force.filter_map(silence_of).collect(),
            inhibited: inhibited(inhibitions, firing),
            now,
        })
    }

    /// Whether nobody is to be told of this one.
    pub(crate) fn holds(&self, transition: &Transition) -> bool {
        self.is_inhibited(&transition.alert) || self.silencing(&transition.labels).next().is_some()
    }

    /// Whether an alert is held back since a worse one says it.
    pub(crate) fn is_inhibited(&self, alert: &AlertId) -> bool {
        self.inhibited.contains(alert)
    }

    /// The silences that hold back an alert of these labels.
    pub(crate) fn silencing<'a>(&'a self, labels: &'a Labels) -> impl Iterator<Item = &'a Silence> {
        let silences = self.silences.iter();
        silences.filter(|silence| silence.silences(labels, self.now))
    }
}

/// A silence as it is kept: its definition is all of it, but its times are those beside it, since ending it changes them.
pub(crate) fn silence_of(kept: KeptSilence) -> Option<Silence> {
    match serde_json::from_str::<Silence>(&kept.definition) {
        Ok(silence) => Some(Silence {
            id: kept.id,
            starts: kept.starts,
            ends: kept.ends,
            ..silence
        }),
        Err(error) => {
            warn!(%error, id = kept.id, "a silence can't be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::deliver::transition;

    const NOW: UnixNanos = UnixNanos(1_795_737_600_000_000_000);

    #[test]
    fn a_silence_holds_what_it_means_until_somebody_ends_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut db = Db::open(folder.path()).expect("a database");
        let tenant = Tenant::parse("acme").expect("a tenant");
        let silence = Silence {
            id: "s1".to_owned(),
            matchers: vec!["function=~f[01]".parse().expect("a matcher")],
            starts: NOW,
            ends: UnixNanos(NOW.0 + 100),
            comment: "deploy".to_owned(),
            created_by: "me".to_owned(),
        };
        let kept = KeptSilence {
            id: silence.id.clone(),
            definition: serde_json::to_string(&silence).expect("JSON"),
            starts: silence.starts,
            ends: silence.ends,
            created: NOW,
        };
        db.create_silence(&tenant, &kept).expect("kept");
        let held = |db: &Db, now: u64| {
            let now = UnixNanos(NOW.0 + now);
            let muted = Muted::load(db, &tenant, now, &[], &BTreeMap::new()).expect("read");
            // The first is of the function f0, the other of f3.
            [0, 9].map(|alert| muted.holds(&transition(alert, 1, NOW)))
        };
        assert_eq!(held(&db, 50), [true, false]);
        assert_eq!(held(&db, 100), [false, false]);
        db.expire_silence(&tenant, "s1", UnixNanos(NOW.0 + 10))
            .expect("ended");
        assert_eq!(held(&db, 50), [false, false]);
    }

    #[test]
    fn what_is_worse_of_the_same_function_holds_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(folder.path()).expect("a database");
        let tenant = Tenant::parse("acme").expect("a tenant");
        let matcher = |text: &str| vec![text.parse().expect("a matcher")];
        let inhibition = Inhibition {
            source: matcher("alert=0"),
            target: matcher("alert!=0"),
            equal: vec!["function".to_owned()],
            tenant: None,
        };
        let firing = [0, 1, 9].map(|alert| transition(alert, 1, NOW));
        let labels = firing
            .iter()
            .map(|one| (one.alert.clone(), one.labels.clone()));
        let labels = labels.collect();
        let muted = Muted::load(&db, &tenant, NOW, &[inhibition], &labels).expect("read");
        assert_eq!(firing.map(|one| muted.holds(&one)), [false, true, false]);
    }
}
