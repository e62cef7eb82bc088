//! An SQS-shaped event source: a queue whose messages invoke a function in batches, again until they are worked off.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::function::Function;
use crate::invocation::{Event, Invoked};
use crate::{random, timestamp, trace_header};

/// Batches in flight at once, as many as Lambda's poller begins with.
const POLLERS: usize = 5;
/// A message whose batch failed so often is given up, as with a redrive policy.
const MOST_RECEIVES: u32 = 3;

/// A queue with its poller, which ends when this is dropped.
pub struct Queue {
    shared: Arc<Shared>,
    _poller: JoinSet<()>,
}

struct Shared {
    /// What a sender puts on it is not bounded, as with SQS. Locked for a message or a batch.
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    visible: VecDeque<Message>,
    in_flight: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    id: String,
    body: String,
    trace_header: Option<String>,
    sent: SystemTime,
    first_received: Option<SystemTime>,
    receives: u32,
}

/// Is told of every invocation.
type Observer = dyn Fn(&Event, &Invoked) + Send + Sync;

/// Who works the batches off.
struct Poller {
    shared: Arc<Shared>,
    function: Function,
    batch_size: usize,
    observer: Arc<Observer>,
}

// === impl Queue ===

impl Queue {
    /// An empty queue whose messages invoke `function`, at most `batch_size` (at least one) at a time. `observer` is told
    /// of every invocation that the queue made; it must not block.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(
        function: Function,
        batch_size: usize,
        observer: impl Fn(&Event, &Invoked) + Send + Sync + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let poller = Poller {
            shared: Arc::clone(&shared),
            function,
            batch_size: batch_size.max(1),
            observer: Arc::new(observer),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(poller.run());
        Self {
            shared,
            _poller: tasks,
        }
    }

    /// Puts a message on it; `trace_header` is the sender's X-Ray header. Returns the message's id.
    pub fn send(&self, body: String, trace_header: Option<String>) -> String {
        let message = Message {
            id: random::uuid(),
            body,
            trace_header,
            sent: SystemTime::now(),
            first_received: None,
            receives: 0,
        };
        let id = message.id.clone();
        self.shared.state().visible.push_back(message);
        self.shared.changed.send_replace(());
        id
    }

    /// Waits until every message has been worked off or given up.
    pub async fn idle(&self) {
        let is_idle = |_: &()| {
            let state = self.shared.state();
            state.visible.is_empty() && state.in_flight == 0
        };
        // The sender is `self`'s.
        self.shared.changed.subscribe().wait_for(is_idle).await.ok();
    }
}

// === impl Poller ===

impl Poller {
    async fn run(self) {
        let mut changed = self.shared.changed.subscribe();
        let mut batches = JoinSet::new();
        loop {
            while batches.len() < POLLERS
                && let Some(batch) = self.shared.receive(self.batch_size)
            {
                batches.spawn(self.work_off(batch));
            }
            tokio::select! {
                Some(_) = batches.join_next() => {}
                woken = changed.changed() => if woken.is_err() {
                    return;
                }
            }
        }
    }

    fn work_off(&self, batch: Vec<Message>) -> impl Future<Output = ()> + Send + 'static {
        let (shared, function) = (Arc::clone(&self.shared), self.function.clone());
        let observer = Arc::clone(&self.observer);
        async move {
            let event = event(&batch, &function);
            let invoked = function.invoke(event.clone()).await;
            observer(&event, &invoked);
            shared.settle(batch, invoked.error.is_some());
        }
    }
}

// === impl Shared ===

impl Shared {
    fn receive(&self, batch_size: usize) -> Option<Vec<Message>> {
        let mut state = self.state();
        let size = batch_size.min(state.visible.len());
        let mut batch: Vec<Message> = state.visible.drain(..size).collect();
        state.in_flight += batch.len();
        for message in &mut batch {
            message.receives += 1;
            message.first_received.get_or_insert_with(SystemTime::now);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// A batch is done: its messages are deleted, or visible again if it failed.
    fn settle(&self, batch: Vec<Message>, failed: bool) {
        let mut state = self.state();
        state.in_flight -= batch.len();
        if failed {
            let (again, given_up): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .partition(|message| message.receives < MOST_RECEIVES);
            for message in given_up {
                tracing::warn!(message = message.id, "a message is given up");
            }
            state.visible.extend(again);
        }
        drop(state);
        self.changed.send_replace(());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The event of a batch. It continues the trace of the first message that has one.
fn event(batch: &[Message], function: &Function) -> Event {
    let config = function.config();
    let records: Vec<Value> = batch
        .iter()
        .map(|message| message.record(&config.name, &config.region, &config.account))
        .collect();
    let mut headers = batch
        .iter()
        .filter_map(|message| message.trace_header.as_deref());
    Event {
        payload: json!({"Records": records}).to_string().into(),
        trace_header: headers.find_map(trace_header::continued),
    }
}

// === impl Message ===

impl Message {
    /// One that was sent and received just now.
    pub(crate) fn received_once(
        body: String,
        trace_header: Option<String>,
        now: SystemTime,
    ) -> Self {
        Self {
            id: random::uuid(),
            body,
            trace_header,
            sent: now,
            first_received: Some(now),
            receives: 1,
        }
    }

    pub(crate) fn record(&self, function: &str, region: &str, account: &str) -> Value {
        let millis = |time| timestamp::epoch_millis(time).to_string();
        let mut attributes = json!({
            "ApproximateReceiveCount": self.receives.to_string(),
            "SentTimestamp": millis(self.sent),
            "SenderId": account,
            "ApproximateFirstReceiveTimestamp": millis(self.first_received.unwrap_or(self.sent)),
        });
        if let Some(header) = &self.trace_header {
            attributes["AWSTraceHeader"] = json!(header);
        }
        json!({
            "messageId": self.id,
            "receiptHandle": random::digits::<16>(),
            "body": self.body,
            "attributes": attributes,
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{region}:{account}:{function}"),
            "awsRegion": region,
        })
    }
}
