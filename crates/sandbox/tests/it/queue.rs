//! The queue as an event source.

use std::sync::{Arc, Mutex};

use coldtrace_sandbox::{Function, Queue};
use serde_json::{Value, json};

use super::fixture::{Fixture, HEADER, ROOT};

/// An invocation that the queue made.
struct Made {
    payload: Value,
    trace_header: Option<String>,
    failed: bool,
}

fn watched(function: Function, batch_size: usize) -> (Queue, Arc<Mutex<Vec<Made>>>) {
    let all = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&all);
    let queue = Queue::new(function, batch_size, move |event, invoked| {
        seen.lock().expect("nobody panicked").push(Made {
            payload: serde_json::from_slice(&event.payload).expect("an event is JSON"),
            trace_header: event.trace_header.clone(),
            failed: invoked.error.is_some(),
        });
    });
    (queue, all)
}

fn consumer(fixture: &Fixture) -> Function {
    let mut config = fixture.python();
    config.handler = "app.consume".to_owned();
    Function::new(config)
}

#[tokio::test]
async fn a_message_is_delivered_again_after_a_failure_and_given_up_after_three() {
    let fixture = Fixture::new();
    let function = consumer(&fixture);
    let (queue, made) = watched(function.clone(), 1);
    let twice = queue.send(json!({"fails": 1}).to_string(), Some(HEADER.to_owned()));
    queue.idle().await;
    let hopeless = queue.send(json!({"fails": 9}).to_string(), None);
    queue.idle().await;
    function.shutdown().await;

    let made = made.lock().unwrap();
    let told: Vec<(&str, &str, bool)> = made
        .iter()
        .map(|made| {
            let record = &made.payload["Records"][0];
            let count = &record["attributes"]["ApproximateReceiveCount"];
            (
                record["messageId"].as_str().unwrap(),
                count.as_str().unwrap(),
                made.failed,
            )
        })
        .collect();
    let expected = [
        (twice.as_str(), "1", true),
        (&twice, "2", false),
        (&hopeless, "1", true),
        (&hopeless, "2", true),
        (&hopeless, "3", true),
    ];
    assert_eq!(told, expected);
    let record = &made[0].payload["Records"][0];
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["attributes"]["AWSTraceHeader"], HEADER);
    let header = made[0].trace_header.as_deref().expect("the trace goes on");
    assert!(
        header.starts_with(&format!("Root={ROOT};Parent=")),
        "{header}"
    );
    assert_eq!(made[2].trace_header, None);
}

#[tokio::test]
async fn messages_come_in_batches() {
    let fixture = Fixture::new();
    let function = consumer(&fixture);
    let (queue, made) = watched(function.clone(), 10);
    for _ in 0..15 {
        queue.send("{}".to_owned(), None);
    }
    queue.idle().await;
    let sizes: Vec<usize> = made
        .lock()
        .unwrap()
        .iter()
        .map(|made| made.payload["Records"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 15);
    assert!(sizes.iter().all(|&size| size <= 10), "{sizes:?}");
    function.shutdown().await;
}
