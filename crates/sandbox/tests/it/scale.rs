//! Several invocations at once.

use coldtrace_sandbox::{Function, FunctionConfig};

use super::fixture::{Fixture, event, reply};

const NAP: &str = r#"{"do": "nap", "seconds": 0.4}"#;

#[tokio::test]
async fn invocations_at_once_get_sandboxes_of_their_own_up_to_the_limit() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        max_concurrency: 2,
        ..fixture.python()
    });
    let (first, second, third) = tokio::join!(
        function.invoke(event(NAP)),
        function.invoke(event(NAP)),
        function.invoke(event(NAP)),
    );
    let mut sandboxes = [&first, &second].map(|invoked| invoked.report.sandbox);
    sandboxes.sort_unstable();
    assert_eq!(sandboxes, [1, 2]);
    assert!(first.report.cold && second.report.cold);
    assert!(!third.report.cold, "it waited for one of them");
    assert!(
        third.observed.wall > third.report.duration * 3 / 2,
        "{third:?}"
    );
    let pids = [&first, &second].map(reply);
    assert_ne!(pids[0], pids[1]);

    let last_used = third.report.sandbox;
    let next = function.invoke(event(NAP)).await;
    assert_eq!(next.report.sandbox, last_used, "the one that was used last");
    function.shutdown().await;
    assert!(function.sandboxes().is_empty());
}

#[tokio::test]
async fn a_busy_sandbox_tells_its_processes() {
    let fixture = Fixture::new();
    let function = Function::new(fixture.probed(&[]));
    reply(&function.invoke(event(NAP)).await);
    let idle = function.sandboxes();
    assert_eq!((idle.len(), idle[0].serial, idle[0].busy), (1, 1, false));
    let pid = idle[0].runtime_pid.expect("the runtime is there");
    assert_eq!(idle[0].extension_pids.len(), 1);
    let (invoked, busy) = tokio::join!(function.invoke(event(NAP)), async {
        loop {
            let now = function.sandboxes();
            if now[0].busy {
                return now;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(reply(&invoked), pid);
    assert_eq!(busy[0].runtime_pid, Some(pid));
    function.shutdown().await;
}
