//! The processor's share.

use coldtrace_model::ByteSize;
use coldtrace_sandbox::{Function, FunctionConfig};

use super::fixture::{Fixture, event, reply};

#[tokio::test]
async fn a_throttled_function_runs_for_its_share_of_the_time() {
    let fixture = Fixture::new();
    let function = Function::new(FunctionConfig {
        memory: ByteSize::from_mib(442),
        is_throttled: true,
        ..fixture.python()
    });
    function
        .invoke(event(r#"{"do": "nap", "seconds": 0}"#))
        .await;
    let before = ran(&function, 0.0).await;
    let after = ran(&function, 2.0).await;
    let share = (after - before) / 2.0;
    // A quarter of a core; less where the machine has less.
    assert!((0.05..0.35).contains(&share), "{share}");
    function.shutdown().await;
}

/// For how long the function's process has run, after it has worked for so long by the clock.
async fn ran(function: &Function, seconds: f64) -> f64 {
    let what = format!(r#"{{"do": "burn", "seconds": {seconds}}}"#);
    let invoked = function.invoke(event(&what)).await;
    reply(&invoked).as_f64().expect("it is a number")
}
