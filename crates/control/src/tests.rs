use std::time::Duration;

use coldtrace_model::{Tenant, UnixNanos};

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);
const NOW: UnixNanos = UnixNanos(1_800_000_000_000_000_000);

fn later(hours: u64) -> UnixNanos {
    UnixNanos(NOW.0 + hours * 3_600_000_000_000)
}

fn tenant(name: &str) -> Tenant {
    Tenant::parse(name).expect("a tenant")
}

fn new_key(scope: Scope, expires: Option<UnixNanos>) -> NewKey {
    NewKey {
        name: "checkout".to_owned(),
        tenant: tenant("acme"),
        scope,
        expires,
    }
}

fn check(db: &Db, secret: &Secret, now: UnixNanos) -> Result<Tenant, Denied> {
    let ring = db.ring().expect("it is read");
    let copy = Ring::from_json(&ring.to_json()).expect("its own form");
    let [here, elsewhere] =
        [&ring, &copy].map(|ring| ring.check(Some(secret.reveal()), Scope::Ingest, now));
    assert_eq!(here, elsewhere, "a ring that was sent says the same");
    here.map(|grant| grant.tenant)
}

#[test]
fn a_key_lets_in_its_tenant_until_it_expires() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    assert!(!db.ring().expect("it is read").demands_keys());
    let new = new_key(Scope::Ingest, Some(later(2)));
    let secret = db.create(&new, NOW).expect("a key");
    assert_eq!(check(&db, &secret, NOW), Ok(tenant("acme")));
    assert_eq!(check(&db, &secret, later(2)), Err(Denied::Expired));
    let listed = db.keys().expect("a list");
    assert_eq!((&listed[0].id, listed[0].created), (secret.id(), NOW));
    assert_eq!(listed[0].expires, Some(later(2)));
}

#[test]
fn after_a_rotation_the_old_secret_is_taken_for_the_grace_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    let first = db
        .create(&new_key(Scope::Ingest, None), NOW)
        .expect("a key");
    let second = db.rotate(first.id().as_str(), HOUR, NOW).expect("rotated");
    assert_eq!(first.id(), second.id());
    assert_eq!(check(&db, &first, NOW), Ok(tenant("acme")));
    assert_eq!(check(&db, &second, NOW), Ok(tenant("acme")));
    assert_eq!(check(&db, &first, later(1)), Err(Denied::Unknown));
    assert_eq!(check(&db, &second, later(1)), Ok(tenant("acme")));
    let third = db
        .rotate(first.id().as_str(), Duration::ZERO, NOW)
        .expect("rotated");
    assert_eq!(check(&db, &second, NOW), Err(Denied::Unknown), "at once");
    assert_eq!(check(&db, &third, NOW), Ok(tenant("acme")));
}

#[test]
fn a_revoked_key_stays_known_and_lets_nobody_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    let first = db
        .create(&new_key(Scope::Ingest, None), NOW)
        .expect("a key");
    let id = first.id().as_str();
    let second = db.rotate(id, HOUR, NOW).expect("rotated");
    let revoked = db.revoke(id, NOW).expect("revoked");
    assert_eq!(revoked.revoked, Some(NOW));
    assert_eq!(check(&db, &second, NOW), Err(Denied::Revoked));
    assert_eq!(
        check(&db, &first, NOW),
        Err(Denied::Unknown),
        "without grace"
    );
    assert!(
        db.ring().expect("it is read").demands_keys(),
        "ending the last key does not open the service"
    );
    assert!(matches!(db.revoke(id, NOW), Err(DbError::Revoked(_))));
    assert!(matches!(db.rotate(id, HOUR, NOW), Err(DbError::Revoked(_))));
    assert!(matches!(
        db.revoke("nobody", NOW),
        Err(DbError::NoSuchKey(_))
    ));
}

#[test]
fn a_key_is_good_for_its_scope_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    let scopes = [Scope::Ingest, Scope::Read, Scope::Admin];
    let allowed = [
        [true, false, false],
        [false, true, false],
        [false, true, true],
    ];
    for (held, allowed) in scopes.into_iter().zip(allowed) {
        let secret = db.create(&new_key(held, None), NOW).expect("a key");
        let ring = db.ring().expect("it is read");
        for (wanted, allowed) in scopes.into_iter().zip(allowed) {
            let checked = ring.check(Some(secret.reveal()), wanted, NOW);
            match allowed {
                true => assert_eq!(checked.map(|grant| grant.scope), Ok(held)),
                false => assert_eq!(checked, Err(Denied::OutOfScope { held, wanted })),
            }
        }
    }
}

#[test]
fn no_denial_repeats_what_was_presented() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    let known = db.create(&new_key(Scope::Read, None), NOW).expect("a key");
    let other = Secret::new(Scope::Ingest).expect("random bytes");
    let ring = db.ring().expect("it is read");
    let mistyped = format!("{}x", known.reveal());
    for presented in [known.reveal(), other.reveal(), "hunter2", &mistyped] {
        let denied = ring.check(Some(presented), Scope::Ingest, NOW);
        let told = format!("{0} {0:?}", denied.expect_err("none of them"));
        assert!(!told.contains(presented), "{told}");
    }
    assert_eq!(ring.check(None, Scope::Read, NOW), Err(Denied::Missing));
    let shown = format!("{ring:?} {known:?}");
    let secret_part = &known.reveal()["ct_read_0123456789_".len()..];
    assert!(!shown.contains(secret_part), "{shown}");
    let file = std::fs::read(folder.path().join("control.sqlite")).expect("the file");
    let needle = secret_part.as_bytes();
    assert!(!file.windows(needle.len()).any(|window| window == needle));
}

#[test]
fn what_one_process_writes_another_sees_when_it_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut source, ring) = Source::database(folder.path()).expect("a new database");
    assert!(!ring.demands_keys());
    assert!(source.poll().expect("it is asked").is_none());

    let mut db = Db::open(folder.path()).expect("the same database");
    db.create(&new_key(Scope::Ingest, None), NOW)
        .expect("a key");
    let limits = Limits {
        keep_days: Some(30),
        spans_per_second: Some(1_000),
        ..Limits::default()
    };
    db.set_limits(&tenant("acme"), limits).expect("limits");
    let ring = source.poll().expect("it is asked").expect("it has changed");
    assert!(ring.demands_keys());
    assert_eq!(ring.limits(&tenant("acme")), limits);
    assert_eq!(ring.limits(&tenant("other")), Limits::default());
    assert!(source.poll().expect("it is asked").is_none());
    db.create_rule(&tenant("acme"), "r1", "{}", true, NOW)
        .expect("a rule");
    let polled = source.poll().expect("it is asked");
    assert!(polled.is_none(), "a rule of alerts is no key");
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(Db::open(folder.path()).expect("a new database"));
    let file = rusqlite::Connection::open(folder.path().join("control.sqlite"));
    let file = file.expect("the same file");
    file.pragma_update(None, "user_version", 999)
        .expect("written");
    assert!(matches!(Db::open(folder.path()), Err(DbError::Newer(_))));
}

#[test]
fn nobody_is_let_in_before_it_is_known_who_may() {
    let ring = Ring::sealed();
    assert!(ring.demands_keys());
    let denied = ring.check(Some("ct_ingest_x"), Scope::Ingest, NOW);
    assert_eq!(denied, Err(Denied::Sealed));
}

#[test]
fn no_ring_follows_one_that_was_read_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut db = Db::open(folder.path()).expect("a new database");
    let rings = Rings::default();
    // One word each.
    let (read, is_read) = std::sync::mpsc::sync_channel(1);
    let (go_on, goes_on) = std::sync::mpsc::sync_channel::<()>(1);
    let slow = {
        let (rings, db) = (rings.clone(), Db::open(folder.path()).expect("it is there"));
        std::thread::spawn(move || {
            rings.renew(|| {
                let ring = db.ring()?;
                read.send(()).expect("somebody waits");
                goes_on.recv().expect("somebody tells");
                Ok::<_, DbError>(Some(ring))
            })
        })
    };
    is_read.recv().expect("it was read");
    let secret = db
        .create(&new_key(Scope::Ingest, None), NOW)
        .expect("a key");
    let quick = {
        let rings = rings.clone();
        std::thread::spawn(move || rings.renew(|| db.ring().map(Some)))
    };
    go_on.send(()).expect("it waits");
    for thread in [slow, quick] {
        let renewed = thread.join().expect("no panic").expect("it is read");
        assert!(renewed);
    }
    let grant = rings
        .current()
        .check(Some(secret.reveal()), Scope::Ingest, NOW);
    assert!(grant.is_ok(), "the key that was made meanwhile: {grant:?}");
    let unchanged = rings.renew(|| Ok::<_, DbError>(None)).expect("it is read");
    assert!(!unchanged && rings.current().demands_keys());
}
