//! The schema comes into being, whoever makes it and however often.

use coldtrace_store::Store;
use coldtrace_testkit::engine;

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let engine = engine::start_empty().await;
    for _ in 0..2 {
        engine.store().migrate().await.unwrap();
    }
    engine.store().migrate().await.unwrap();
}

#[tokio::test]
async fn several_processes_may_migrate_at_once() {
    let engine = engine::start_empty().await;
    let stores: Vec<Store> = (0..4).map(|_| engine.store()).collect();
    let (first, second, third, fourth) = tokio::join!(
        stores[0].migrate(),
        stores[1].migrate(),
        stores[2].migrate(),
        stores[3].migrate()
    );
    for outcome in [first, second, third, fourth] {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn what_our_tables_take_of_the_disk_is_told() {
    let engine = engine::start().await;
    let usage = engine.store().usage().await.unwrap();
    // The notes of migrations are parts as well.
    assert!(usage.parts > 0 && usage.disk_bytes > 0, "{usage:?}");
    assert!(usage.most_parts <= usage.parts, "{usage:?}");
    assert!(usage.free_bytes.is_some(), "it is on a disk: {usage:?}");
}
