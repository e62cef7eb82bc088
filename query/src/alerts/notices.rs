//! From what happened to what is to be sent: which groups of which channels are told of a transition, and what that makes of
//! the outbox.
//!
//! An end goes wherever its beginning went, however channels and rules were changed meanwhile, and nowhere else.

use std::collections::BTreeMap;

use coldtrace_alerts::{
    Change, Format, Group, Message, Sender, Timing, Transition, bodies, group_key, group_of,
};
use coldtrace_control::{Channel, Db, DbError, NewEntry, NoticeGroup};
use coldtrace_model::{Tenant, UnixNanos};
use tracing::warn;

use super::channel::{ChannelSettings, format_of};

/// A tenant's channels and their groups.
pub(crate) struct Notices {
    tenant: Tenant,
    channels: BTreeMap<String, Told>,
    groups: BTreeMap<(String, String), Kept>,
    public_url: String,
}

/// A channel, as far as it is told something.
struct Told {
    name: String,
    format: Format,
    settings: ChannelSettings,
    timing: Timing,
}

struct Kept {
    group: Group,
    /// As it stands in the database; empty if it does not.
    stored: String,
}

// === impl Notices ===

impl Notices {
    /// As they are kept. A channel or group that can't be read is left out and told of in the log.
    pub(crate) fn load(db: &Db, tenant: &Tenant, public_url: &str) -> Result<Self, DbError> {
        let mut channels = BTreeMap::new();
        for channel in db.channels(tenant)? {
            let id = channel.id.clone();
            match Told::of(channel) {
                Some(told) => drop(channels.insert(id, told)),
                None => warn!(id, "a channel can't be read, and is told nothing"),
            }
        }
        let mut groups = BTreeMap::new();
        for kept in db.notice_groups(tenant)? {
            let stored = kept.state.unwrap_or_default();
            match serde_json::from_str(&stored) {
                Ok(group) => {
                    groups.insert((kept.channel, kept.key), Kept { group, stored });
                }
                Err(error) => warn!(%error, channel = kept.channel, "a group can't be read"),
            }
        }
        Ok(Self {
            tenant: tenant.clone(),
            channels,
            groups,
            public_url: public_url.to_owned(),
        })
    }

    /// Something happened: who is to be told of it is, at the next step. `names` are the channels of its rule; none for those
    /// that are told by default.
    pub(crate) fn push(
        &mut self,
        transition: &Transition,
        names: Option<&[String]>,
        now: UnixNanos,
    ) {
        if transition.change == Change::Resolved {
            let groups = self.groups.values_mut();
            for kept in groups.filter(|kept| kept.group.knows(&transition.alert)) {
                kept.group.push(transition.clone(), now);
            }
            return;
        }
        for (id, channel) in &self.channels {
            if !channel.is_meant(names) {
                continue;
            }
            let labels = group_of(&transition.labels, &channel.settings.group_by);
            let place = (id.clone(), group_key(&labels));
            let kept = self.groups.entry(place).or_insert_with(|| Kept {
                group: Group::new(labels),
                stored: String::new(),
            });
            kept.group.push(transition.clone(), now);
        }
    }

    /// What is to be kept and sent now. To be committed with the evaluation that it comes from.
    pub(crate) fn step(
        &mut self,
        now: UnixNanos,
        is_muted: impl Fn(&Transition) -> bool,
    ) -> (Vec<NoticeGroup>, Vec<NewEntry>) {
        let (mut changed, mut outbox) = (Vec::new(), Vec::new());
        for ((id, key), kept) in &mut self.groups {
            let Some(channel) = self.channels.get(id) else {
                continue;
            };
            let sender = Sender {
                channel: &channel.name,
                url: &self.public_url,
            };
            while let Some(message) = kept.group.step(channel.timing, now, &is_muted) {
                outbox.extend(entries(&self.tenant, id, channel.format, &message, sender));
            }
            changed.extend(kept.changed(channel.timing, now).map(|state| NoticeGroup {
                channel: id.clone(),
                key: key.clone(),
                state,
            }));
        }
        self.groups.retain(|_, kept| !kept.stored.is_empty());
        (changed, outbox)
    }
}

/// What is to be sent of a message to a channel of this id, in order.
pub(crate) fn entries(
    tenant: &Tenant,
    channel: &str,
    format: Format,
    message: &Message,
    sender: Sender<'_>,
) -> Vec<NewEntry> {
    let bodies = bodies(format, message, sender);
    // Of some each alert is told alone.
    let is_each = bodies.len() > 1;
    let entry = |(part, body): (usize, String)| {
        let told = match message.transitions.get(part) {
            Some(one) if is_each => std::slice::from_ref(one),
            _ => message.transitions.as_slice(),
        };
        let ids: Vec<&str> = told.iter().map(|one| one.id.0.as_str()).collect();
        NewEntry {
            id: message.id(tenant.as_str(), channel, part),
            channel: channel.to_owned(),
            key: group_key(&message.group),
            body,
            summary: summary(told),
            transitions: serde_json::json!(ids).to_string(),
        }
    };
    bodies.into_iter().enumerate().map(entry).collect()
}

/// In a sentence.
fn summary(told: &[Transition]) -> String {
    let first = told.first().map_or("", |one| one.summary.as_str());
    match told.len() {
        0 | 1 => first.to_owned(),
        all => format!("{first}, and {} more", all - 1),
    }
}

// === impl Told ===

impl Told {
    fn of(channel: Channel) -> Option<Self> {
        let settings: ChannelSettings = serde_json::from_str(&channel.settings).ok()?;
        Some(Self {
            name: channel.name,
            format: format_of(&channel.kind).ok()?,
            timing: settings.timing(),
            settings,
        })
    }

    fn is_meant(&self, names: Option<&[String]>) -> bool {
        match names {
            Some(names) => names.contains(&self.name),
            None => self.settings.is_default,
        }
    }
}

// === impl Kept ===

impl Kept {
    /// What is to be kept of it, if that is something else than before; `Some(None)` if nothing is.
    fn changed(&mut self, timing: Timing, now: UnixNanos) -> Option<Option<String>> {
        let state = match self.group.is_idle(timing, now) {
            true => String::new(),
            false => serde_json::to_string(&self.group).unwrap_or_default(),
        };
        if state == self.stored {
            return None;
        }
        self.stored.clone_from(&state);
        Some(Some(state).filter(|state| !state.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_control::{Evaluation, NewChannel};
    use serde_json::json;

    use super::*;
    use crate::alerts::deliver::transition;

    const NOW: UnixNanos = UnixNanos(1_795_737_600_000_000_000);

    fn at(minutes: u64) -> UnixNanos {
        UnixNanos(NOW.0 + minutes * 60_000_000_000)
    }

    fn acme() -> Tenant {
        Tenant::parse("acme").expect("a tenant")
    }

    fn channel(name: &str, settings: &serde_json::Value) -> NewChannel {
        NewChannel {
            name: name.to_owned(),
            kind: "webhook".to_owned(),
            settings: settings.to_string(),
            secrets: None,
            disabled_reason: None,
        }
    }

    /// As an evaluation does: loaded, told, stepped and kept. To which channels something is to be sent.
    fn evaluate(
        db: &mut Db,
        what: &[(u64, u64)],
        names: Option<&[String]>,
        now: UnixNanos,
    ) -> Vec<String> {
        let mut notices = Notices::load(db, &acme(), "").expect("read");
        for (alert, number) in what {
            notices.push(&transition(*alert, *number, now), names, now);
        }
        let (groups, outbox) = notices.step(now, |_| false);
        let told = outbox.iter().map(|entry| entry.channel.clone()).collect();
        let evaluation = Evaluation {
            tenant: acme(),
            until: None,
            now,
            states: Vec::new(),
            ended: Vec::new(),
            transitions: Vec::new(),
            groups,
            outbox,
        };
        db.commit(&evaluation).expect("kept");
        told
    }

    #[test]
    fn who_was_told_of_a_beginning_is_told_of_its_end_whatever_was_changed_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut db = Db::open(folder.path()).expect("a database");
        for (id, settings) in [("a", json!({})), ("b", json!({ "is_default": false }))] {
            db.create_channel(&acme(), id, &channel(id, &settings), NOW)
                .expect("a channel");
        }
        assert_eq!(evaluate(&mut db, &[(1, 1)], None, at(0)), ["a"]);
        let named = ["b".to_owned()];
        assert_eq!(evaluate(&mut db, &[(9, 1)], Some(&named), at(0)), ["b"]);
        let otherwise = json!({ "is_default": false, "group_by": ["alertname"] });
        db.update_channel(&acme(), "a", &channel("a", &otherwise), at(1))
            .expect("changed");
        assert_eq!(
            evaluate(&mut db, &[(1, 2), (9, 2)], None, at(2)),
            ["a", "b"]
        );
        assert_eq!(db.notice_groups(&acme()).expect("read").len(), 2);
        assert_eq!(evaluate(&mut db, &[(1, 3)], None, at(9)), [""; 0]);
        assert!(
            db.notice_groups(&acme()).expect("read").is_empty(),
            "of which nothing fires is forgotten"
        );
    }
}
