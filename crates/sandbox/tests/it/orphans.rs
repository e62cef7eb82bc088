//! No process outlives the host, however it ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use coldtrace_sandbox::Function;

use super::fixture::{Fixture, event, reply};

const HOST: &str = "orphans::host_with_a_frozen_sandbox";

/// Not a test: the process that the test kills.
#[tokio::test]
#[ignore = "it is run, and killed, by a test"]
async fn host_with_a_frozen_sandbox() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    reply(&function.invoke(event(r#"{"do": "look"}"#)).await);
    let sandbox = &function.sandboxes()[0];
    let (runtime, extension) = (sandbox.runtime_pid.unwrap(), sandbox.extension_pids[0]);
    println!("\nprocesses {runtime} {extension}");
    std::future::pending::<()>().await;
}

#[test]
fn a_killed_host_takes_its_sandboxes_along() {
    let own = std::env::current_exe().unwrap();
    let mut host = Command::new(own)
        .args(["--exact", HOST, "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(host.stdout.take().unwrap()).lines();
    let pids: Vec<String> = lines
        .find_map(|line| Some(line.unwrap().strip_prefix("processes ")?.to_owned()))
        .expect("the host tells its processes")
        .split(' ')
        .map(str::to_owned)
        .collect();
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    host.kill().unwrap();
    host.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|pid| is_alive(pid)) {
        assert!(Instant::now() < deadline, "{pids:?} are still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn a_dropped_function_takes_its_sandboxes_along() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    reply(&function.invoke(event(r#"{"do": "look"}"#)).await);
    let pid = function.sandboxes()[0].runtime_pid.unwrap().to_string();
    assert!(is_alive(&pid));
    drop(function);
    let gone = async {
        while is_alive(&pid) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .expect("it is killed");
}

/// Whether it runs; one that nobody has waited for yet does not.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
