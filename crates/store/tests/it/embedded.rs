//! The engine's process: it answers only to us, comes back, and leaves nothing behind.

use coldtrace_testkit::engine;

#[tokio::test]
async fn stopping_leaves_no_process() {
    let engine = engine::start_empty().await;
    let pid = engine.pid();
    engine.stop().await;
    assert!(!is_running(pid));
}

fn is_running(pid: i32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}
