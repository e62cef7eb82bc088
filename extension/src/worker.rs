//! The extension's working thread: channels between the lifecycle and everything around it, on one single-threaded runtime.

use std::net::{TcpListener as StdListener, UdpSocket as StdSocket};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use coldtrace_model::{Cold, Platform, Sandbox, UnixNanos};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::buffer::{self, Buffer};
use crate::config::destination::Destination;
use crate::config::{Config, Initialization};
use crate::faults;
use crate::journal::Journal;
use crate::lifecycle::{Effect, Event, Farewell, Lifecycle, Setup};
use crate::proxy::Passed;
use crate::receiver::{self, Intake, Received};
use crate::runtime_api::{Mode, Registration};
use crate::ship::{Delivery, Order, Shipper};
use crate::spool::{self, Recalled, Spool};
use crate::tasks;
use crate::telemetry_api::{self, PlatformEvent};
use crate::usage::Sampler;

/// The platform sends the next delivery when the last is taken; more than one waits only while the lifecycle is busy.
const TELEMETRY_QUEUE: usize = 4;
/// Each is up to 4 MiB, and the lifecycle takes them at once.
const RECEIVED_QUEUE: usize = 2;
/// One order is out at a time.
const ORDER_QUEUE: usize = 1;

/// What the working thread is made of.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) config: Config,
    pub(crate) destination: Destination,
    pub(crate) registration: Registration,
    pub(crate) registered: UnixNanos,
    pub(crate) listeners: Listeners,
    /// What passed between runtime and platform.
    pub(crate) passed: mpsc::Receiver<Passed>,
    /// What the thread that talks to the platform has to say.
    pub(crate) platform: mpsc::Receiver<Event>,
    /// Tells that thread to ask for the next call.
    pub(crate) call_next: SyncSender<()>,
}

/// The ports that could be bound.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    pub(crate) telemetry: Option<StdListener>,
    pub(crate) otlp_grpc: Option<StdListener>,
    pub(crate) otlp_http: Option<StdListener>,
    pub(crate) xray: Option<StdSocket>,
    pub(crate) datadog: Option<StdListener>,
}

/// Where events come from.
struct Sources {
    platform: mpsc::Receiver<Event>,
    telemetry: mpsc::Receiver<Vec<PlatformEvent>>,
    received: mpsc::Receiver<Received>,
    passed: mpsc::Receiver<Passed>,
    deliveries: mpsc::Receiver<Delivery>,
}

/// Where effects go.
struct Sinks {
    call_next: SyncSender<()>,
    orders: mpsc::Sender<Order>,
    spool: Spool,
}

// === impl Worker ===

impl Worker {
    /// Works until the platform shuts the sandbox down.
    pub(crate) fn run(self) -> std::io::Result<()> {
        faults::point("worker");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        LocalSet::new().block_on(&runtime, self.work())
    }

    async fn work(mut self) -> std::io::Result<()> {
        let (telemetry_tx, telemetry) = mpsc::channel(TELEMETRY_QUEUE);
        let (received_tx, received) = mpsc::channel(RECEIVED_QUEUE);
        let (orders, orders_rx) = mpsc::channel(ORDER_QUEUE);
        let (deliveries_tx, deliveries) = mpsc::channel(ORDER_QUEUE);
        let Listeners {
            telemetry: telemetry_listener,
            otlp_grpc,
            otlp_http,
            xray,
            datadog,
        } = std::mem::take(&mut self.listeners);
        if let Some(listener) = telemetry_listener {
            let serving = telemetry_api::serve(adopt(listener)?, telemetry_tx);
            tasks::spawn("telemetry listener", serving);
        }
        let intake = Intake::new(received_tx, self.function_name());
        if let Some(listener) = otlp_grpc {
            let serving = receiver::serve_grpc(adopt(listener)?, intake.clone());
            tasks::spawn("otlp grpc listener", serving);
        }
        if let Some(listener) = otlp_http {
            let serving = receiver::serve_http(adopt(listener)?, intake.clone());
            tasks::spawn("otlp http listener", serving);
        }
        if let Some(socket) = xray {
            socket.set_nonblocking(true)?;
            let serving = receiver::xray::serve(UdpSocket::from_std(socket)?, intake.clone());
            tasks::spawn("x-ray listener", serving);
        }
        if let Some(listener) = datadog {
            let serving = receiver::datadog::serve(adopt(listener)?, intake);
            tasks::spawn("datadog listener", serving);
        }
        let shipper = Shipper::new(self.destination.clone());
        tasks::spawn("shipper", shipper.run(orders_rx, deliveries_tx));

        let early = self.wait_for_restore().await;
        let function = self.function_name().to_owned();
        let (spool, recalled) = Spool::open(&self.config.scratch, &function, &spool::parent());
        spool.save_memory(
            &recalled.sandbox_id,
            recalled.memory.clone().unwrap_or_default(),
        );
        let mut lifecycle = self.lifecycle(recalled);
        let mut sinks = Sinks {
            call_next: self.call_next,
            orders,
            spool,
        };
        let mut sources = Sources {
            platform: self.platform,
            telemetry,
            received,
            passed: self.passed,
            deliveries,
        };
        let mut sampler = match self.registration.mode {
            Mode::OnDemand => {
                let proxy = format!("127.0.0.1:{}", self.config.runtime_api_port);
                let runtime_apis = vec![self.config.runtime_api.clone(), proxy];
                Some(Sampler::new(runtime_apis, &self.config.scratch))
            }
            // Invocations run side by side: nobody knows whose it is.
            Mode::ManagedInstances => None,
        };
        let mut early = early.into_iter();
        loop {
            let event = match early.next() {
                Some(event) => event,
                None => sources.next(lifecycle.wake_at(UnixNanos::now())).await,
            };
            let sampler = sampler.as_mut().filter(|_| event.is_boundary());
            if let Some(sample) = sampler.and_then(Sampler::sample) {
                lifecycle.note_sample(sample);
            }
            let effects = lifecycle.apply(event, UnixNanos::now());
            if sinks.carry_out(effects, &lifecycle).await {
                return Ok(());
            }
        }
    }

    /// A snapshot is taken while this waits: whatever is made before would be shared by all sandboxes that are restored from it,
    /// so that nothing is made before the first call.
    async fn wait_for_restore(&mut self) -> Vec<Event> {
        let mut early = Vec::new();
        if self.config.function.initialization != Initialization::SnapStart {
            return early;
        }
        while let Some(event) = self.platform.recv().await {
            let is_call = matches!(event, Event::Called(_));
            early.push(event);
            if is_call {
                break;
            }
        }
        early
    }

    fn lifecycle(&self, recalled: Recalled) -> Lifecycle {
        let first = match (&recalled.memory, self.registration.mode) {
            (Some(_), _) => Cold::Reset,
            // Also where no variable announces them. They are there before anybody calls.
            (None, Mode::ManagedInstances) => Cold::Provisioned,
            (None, Mode::OnDemand) => self.config.function.initialization.first_invocation(),
        };
        let function = &self.config.function;
        let version = match self.registration.version.as_str() {
            "" => &function.version,
            told => told,
        };
        let sandbox = Sandbox {
            id: recalled.sandbox_id,
            platform: Platform::AwsLambda,
            function: self.function_name().to_owned(),
            version: version.to_owned(),
            runtime: String::new(),
            architecture: function.architecture,
            memory: function.memory,
            region: function.region.clone(),
            account: self.registration.account.clone(),
            instance: String::new(),
        };
        let mode = self.registration.mode;
        let journal = Journal::new(sandbox, mode, first, self.registered, recalled.memory)
            .capturing(self.config.capture.clone());
        let setup = Setup {
            mode,
            flush_budget: self.config.flush_budget,
            began: self.registered,
        };
        Lifecycle::new(setup, journal, Buffer::new(buffer::LIMIT, recalled.batches))
    }

    fn function_name(&self) -> &str {
        match self.config.function.name.as_str() {
            "" => &self.registration.function,
            told => told,
        }
    }
}

// === impl Sources ===

impl Sources {
    /// Waits for what happens next. Cancel-safe: each branch takes a whole event or none.
    async fn next(&mut self, wake_at: Option<UnixNanos>) -> Event {
        tokio::select! {
            biased;
            // Before what tells the end of its invocation: its telemetry, and without that the next call.
            Some(passed) = self.passed.recv() => Event::Passed(passed),
            // That thread outlives this one; were it gone, the sandbox would be, too.
            Some(event) = self.platform.recv() => event,
            // Before deliveries, the last of which may end the process: what the platform was told is taken must be.
            Some(events) = self.telemetry.recv() => Event::Telemetry(events),
            Some(delivery) = self.deliveries.recv() => Event::Shipped(delivery),
            Some(received) = self.received.recv() => Event::Received(received),
            () = sleep_until(wake_at) => Event::Tick,
        }
    }
}

/// By the wall clock, as deadlines are; without a time for ever.
async fn sleep_until(time: Option<UnixNanos>) {
    match time {
        Some(time) => {
            let left: Duration = time.since(UnixNanos::now()).into();
            tokio::time::sleep(left).await;
        }
        None => std::future::pending().await,
    }
}

// === impl Sinks ===

impl Sinks {
    /// True when it is over.
    async fn carry_out(&mut self, effects: Vec<Effect>, lifecycle: &Lifecycle) -> bool {
        for effect in effects {
            match effect {
                // One permit for each call: there is always room for it.
                Effect::CallNext => drop(self.call_next.try_send(())),
                Effect::Ship(order) => {
                    // Without the task that ships there is nothing to do: this thread ends, and the other goes on.
                    if self.orders.send(order).await.is_err() {
                        return true;
                    }
                }
                Effect::Remember(memory) => {
                    self.spool.save_memory(lifecycle.sandbox_id(), memory);
                }
                Effect::Exit(Farewell::Clear) => {
                    self.spool.clear();
                    return true;
                }
                Effect::Exit(Farewell::LeaveBatches) => {
                    self.spool.save_batches(lifecycle.unsent());
                    return true;
                }
            }
        }
        false
    }
}

fn adopt(listener: StdListener) -> std::io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

#[cfg(test)]
mod tests {
    use coldtrace_model::RequestId;

    use super::*;
    use crate::proxy::Payload;
    use crate::runtime_api::PlatformCall;

    /// Without telemetry the next call ends the invocation before it, whose answer passed earlier.
    #[tokio::test]
    async fn what_passed_comes_before_the_call_after_it() {
        let (platform_tx, platform) = mpsc::channel(1);
        let (_telemetry_tx, telemetry) = mpsc::channel(1);
        let (_received_tx, received) = mpsc::channel(1);
        let (passed_tx, passed) = mpsc::channel(1);
        let (_deliveries_tx, deliveries) = mpsc::channel(1);
        let mut sources = Sources {
            platform,
            telemetry,
            received,
            passed,
            deliveries,
        };
        platform_tx
            .try_send(Event::Called(PlatformCall::Other))
            .unwrap();
        let answer = Passed {
            request_id: RequestId::parse("r-1").unwrap(),
            at: UnixNanos(1),
            what: Payload::Response,
            body: Vec::new(),
            is_whole: true,
        };
        passed_tx.try_send(answer).unwrap();
        assert!(matches!(sources.next(None).await, Event::Passed(_)));
        assert!(matches!(sources.next(None).await, Event::Called(_)));
    }
}
