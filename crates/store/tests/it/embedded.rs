//! The engine's process: it answers only to us, comes back, and leaves nothing behind.

use std::error::Error as _;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use coldtrace_store::embedded::Engine;
use coldtrace_store::{Store, StoreConfig};
use coldtrace_testkit::engine;

use crate::database::ask;

#[tokio::test]
async fn stopping_leaves_no_process() {
    let engine = engine::start_empty().await;
    let pid = engine.pid();
    assert!(is_running(pid));
    engine.stop().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn dropping_leaves_no_process() {
    let engine = engine::start_empty().await;
    let pid = engine.pid();
    drop(engine);
    assert!(!is_running(pid));
}

#[tokio::test]
async fn a_killed_engine_comes_back_with_its_data() {
    let engine = engine::start().await;
    let store = engine.store_config();
    let row = "SELECT 't', today(), 14, 1 SETTINGS async_insert = 0";
    let insert = format!("INSERT INTO scopes (tenant, day, keep_days, scope_id) {row}");
    ask(&store, &insert).await;
    let killed = engine.pid();
    engine.kill();
    until(async || engine.store().ping().await.is_ok()).await;
    assert_ne!(engine.pid(), killed);
    assert_eq!(
        ask(&store, "SELECT tenant, scope_id FROM scopes").await,
        "t\t1\n"
    );
}

#[tokio::test]
async fn a_stopped_engine_goes_on_with_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let first = Engine::start(engine::config(folder.path(), engine::free_port()))
        .await
        .unwrap();
    Store::connect(first.store_config())
        .migrate()
        .await
        .unwrap();
    first.stop().await;
    let mut config = engine::config(folder.path(), engine::free_port());
    config.password = "another".to_owned();
    let second = Engine::start(config).await.unwrap();
    assert_eq!(
        ask(&second.store_config(), "SELECT count() FROM spans").await,
        "0\n"
    );
    second.stop().await;
}

#[tokio::test]
async fn an_engine_ends_with_its_parent_and_the_next_one_may_start_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let port = engine::free_port();
    let mut parent = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .arg(PARENT)
        .arg(folder.path())
        .arg(port.to_string())
        .spawn()
        .unwrap();
    let config = engine::config(folder.path(), port);
    let store = Store::connect(StoreConfig {
        url: format!("http://127.0.0.1:{port}"),
        user: "coldtrace".to_owned(),
        password: config.password.clone(),
        database: "coldtrace".to_owned(),
    });
    until(async || store.ping().await.is_ok()).await;
    let orphan = engine::pid(folder.path());

    parent.kill().unwrap();
    let next = Engine::start(config).await.unwrap();

    // Whoever adopted it may not have reaped it yet.
    let program = std::fs::read_link(format!("/proc/{orphan}/exe"));
    assert!(program.is_err(), "{program:?}");
    next.stop().await;
    parent.wait().unwrap();
}

const PARENT: &str = "embedded::engine_parent";

#[test]
#[ignore = "not a test: the parent of an engine, which a test kills"]
fn engine_parent() {
    let mut arguments = std::env::args()
        .skip_while(|argument| argument != PARENT)
        .skip(1);
    let (Some(folder), Some(port)) = (arguments.next(), arguments.next()) else {
        return;
    };
    let Ok(port) = port.parse() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _engine = Engine::start(engine::config(folder.as_ref(), port))
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
}

#[tokio::test]
async fn a_taken_port_is_told_with_its_setting() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let error = Engine::start(engine::config(folder.path(), port))
        .await
        .err()
        .unwrap();
    let expected = format!("the engine cannot listen on 127.0.0.1:{port} (store.engine_port)");
    assert_eq!(error.to_string(), expected);
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(source.unwrap().kind(), io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_library_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = engine::config(folder.path(), engine::free_port());
    config.library = folder.path().join("absent.so");
    let told = Engine::start(config).await.err().unwrap().to_string();
    assert!(told.contains("cannot load the library"), "{told}");
    assert!(told.contains("absent.so"), "{told}");
}

#[tokio::test]
async fn nobody_without_the_password_is_answered() {
    let engine = engine::start_empty().await;
    for user in ["coldtrace", "default"] {
        let mut stranger = engine.store_config();
        stranger.user = user.to_owned();
        stranger.password = String::new();
        let refused = Store::connect(stranger).ping().await;
        assert!(refused.is_err(), "{user} was let in");
    }
}

fn is_running(pid: i32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits for what has no event to wait for.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .expect("it comes about");
}
