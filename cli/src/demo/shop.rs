//! The shop: three functions in emulated sandboxes with the real extension attached, and the queue between two of them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use coldtrace_model::ByteSize;
use coldtrace_sandbox::{
    Event, ExternalExtension, Function, FunctionConfig, Initialization, Invoked, LogFormat, Queue,
    Runtime, SandboxInfo,
};

use super::DemoArguments;
use super::ledger::{Ledger, Report, Seen};
use super::town;

/// Sandboxes of a function at once: enough for a burst to need new ones, few enough for two cores.
const CONCURRENCY: usize = 3;
/// A sandbox that nobody called for so long is shut down.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The functions and the queue.
pub(super) struct Shop {
    checkout: Function,
    inventory: Deployed,
    mailer: Function,
    receipts: Queue,
    ledger: Ledger,
}

/// What is to be deployed of inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Release {
    /// What runs from the beginning.
    Usual,
    /// It asks a stock database on another continent.
    Bad,
}

/// A function of which one release is in use.
struct Deployed {
    settings: [FunctionConfig; 2],
    /// The last is in use. Those before are kept, since who took one may still call it. Locked to look or to add one.
    all: Mutex<Vec<Function>>,
}

impl Shop {
    /// The shop in the town at `town` (`http://...`), its extensions reporting to `collector` (`http://...`).
    pub(super) fn open(parts: &DemoArguments, town: &str, collector: &str, ledger: Ledger) -> Self {
        let common = Common { parts, collector };
        let mailer = Function::new(common.mailer());
        Self {
            checkout: Function::new(common.checkout(town)),
            inventory: Deployed::new(
                [Release::Usual, Release::Bad].map(|release| common.inventory(town, release)),
            ),
            receipts: Queue::new(mailer.clone(), 1, mailed(ledger.clone())),
            mailer,
            ledger,
        }
    }

    /// Invokes a function and waits for its reply. `Some(None)` is a failure, `None` an unknown function.
    pub(super) async fn invoke(
        &self,
        name: &str,
        payload: Bytes,
        trace_header: String,
    ) -> Option<Option<Bytes>> {
        let (name, function) = match name {
            "checkout" => ("checkout", self.checkout.clone()),
            "inventory" => ("inventory", self.inventory.current()),
            _ => return None,
        };
        let event = Event {
            payload,
            trace_header: Some(trace_header.clone()),
        };
        let ledger = self.ledger.clone();
        let observer = move |invoked: &Invoked| {
            ledger.invocation(seen(name, Some(&trace_header), invoked));
        };
        let response = function.respond(event, observer).await;
        Some(response.error.is_none().then_some(response.payload))
    }

    /// Puts a receipt on the queue; returns the message's id.
    pub(super) async fn send_receipt(&self, body: &str, trace_header: Option<String>) -> String {
        self.receipts.send(body.to_owned(), trace_header)
    }

    /// Puts another release of inventory into use: who calls from now on meets that. Returns once the sandboxes of the one before
    /// have ended.
    pub(super) async fn deploy(&self, release: Release) {
        self.inventory.deploy(release).await;
    }

    /// Waits for the queue to be worked off, then shuts every sandbox down as Lambda does.
    pub(super) async fn close(&self) {
        self.receipts.idle().await;
        tokio::join!(
            self.checkout.shutdown(),
            shut_down(self.inventory.all()),
            self.mailer.shutdown()
        );
    }

    /// The sandboxes of checkout.
    pub(super) fn checkouts(&self) -> Vec<SandboxInfo> {
        self.checkout.sandboxes()
    }
}

// === impl Release, Deployed ===

impl Release {
    /// As the platform counts.
    pub(super) fn version(self) -> &'static str {
        match self {
            Self::Usual => "7",
            Self::Bad => "8",
        }
    }

    /// As its authors do.
    pub(super) fn service_version(self) -> &'static str {
        match self {
            Self::Usual => "1.4.0",
            Self::Bad => "1.5.0",
        }
    }
}

impl Deployed {
    fn new(settings: [FunctionConfig; 2]) -> Self {
        let first = Function::new(settings[0].clone());
        Self {
            settings,
            all: Mutex::new(vec![first]),
        }
    }

    fn all(&self) -> Vec<Function> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    fn current(&self) -> Function {
        self.all().pop().expect("there is one from the beginning")
    }

    /// Returns when the sandboxes of those before have ended.
    async fn deploy(&self, release: Release) {
        let [usual, bad] = &self.settings;
        let settings = match release {
            Release::Usual => usual,
            Release::Bad => bad,
        };
        let former = self.all();
        let next = Function::new(settings.clone());
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(next);
        shut_down(former).await;
    }
}

async fn shut_down(functions: Vec<Function>) {
    for function in functions {
        function.shutdown().await;
    }
}

/// What the functions' settings share.
struct Common<'a> {
    parts: &'a DemoArguments,
    collector: &'a str,
}

// === impl Common ===

impl Common<'_> {
    fn checkout(&self, town: &str) -> FunctionConfig {
        let environment = [
            ("INVENTORY_URL", format!("{town}/functions/inventory")),
            ("PAYMENTS_URL", format!("{town}/bank/payments")),
            ("RECEIPTS_QUEUE_URL", format!("{town}/queues/receipts")),
            // As a layer's wrapper script leaves it: the wrapper is the handler, and knows the handler that it wraps.
            ("ORIG_HANDLER", "app.handler".to_owned()),
            ("OTEL_SERVICE_NAME", "checkout".to_owned()),
            ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
            // The default is gRPC, whose exporter is a package of its own.
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
            ("OTEL_METRICS_EXPORTER", "none".to_owned()),
            ("OTEL_LOGS_EXPORTER", "none".to_owned()),
        ];
        FunctionConfig {
            handler: "otel_wrapper.handler".to_owned(),
            memory: ByteSize::from_mib(256),
            // The bank's patience is longer.
            timeout: Duration::from_secs(4),
            ..self.function("checkout", self.python(), &environment)
        }
    }

    fn inventory(&self, town: &str, release: Release) -> FunctionConfig {
        let stock = match release {
            Release::Usual => "stock",
            Release::Bad => "us-west-2/stock",
        };
        let service_version = format!("service.version={}", release.service_version());
        let environment = [
            ("STOCK_URL", format!("{town}/{stock}")),
            ("SHELVES_URL", format!("{town}/shelves")),
            ("OTEL_SERVICE_NAME", "inventory".to_owned()),
            ("OTEL_RESOURCE_ATTRIBUTES", service_version),
        ];
        FunctionConfig {
            version: release.version().to_owned(),
            handler: "index.handler".to_owned(),
            memory: ByteSize::from_mib(256),
            timeout: Duration::from_secs(10),
            ..self.function("inventory", self.node(), &environment)
        }
    }

    fn mailer(&self) -> FunctionConfig {
        FunctionConfig {
            handler: "app.handler".to_owned(),
            // Less than a catalogue.
            memory: ByteSize::from_mib(128),
            timeout: Duration::from_secs(10),
            ..self.function("mailer", self.python(), &[])
        }
    }

    fn function(
        &self,
        name: &str,
        runtime: Runtime,
        environment: &[(&str, String)],
    ) -> FunctionConfig {
        FunctionConfig {
            name: name.to_owned(),
            version: "$LATEST".to_owned(),
            runtime,
            handler: String::new(),
            code_dir: self.parts.functions.join(name),
            memory: ByteSize::from_mib(128),
            timeout: Duration::from_secs(3),
            environment: environment
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            extensions: vec![ExternalExtension {
                name: "coldtrace-extension".to_owned(),
                path: self.parts.extension.clone(),
                environment: vec![("COLDTRACE_ENDPOINT".to_owned(), self.collector.to_owned())],
            }],
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            max_concurrency: CONCURRENCY,
            idle_timeout: IDLE_TIMEOUT,
            initialization: Initialization::OnDemand,
            log_format: LogFormat::Text,
            is_throttled: false,
        }
    }

    fn python(&self) -> Runtime {
        Runtime::Python {
            interpreter: self.parts.python.clone(),
            path: vec![self.parts.pythonpath.clone()],
        }
    }

    fn node(&self) -> Runtime {
        Runtime::Node {
            interpreter: self.parts.node.clone(),
            node_path: vec![self.parts.node_modules.clone()],
        }
    }
}

/// Notes what the queue invokes.
fn mailed(ledger: Ledger) -> impl Fn(&Event, &Invoked) + Send + Sync + 'static {
    move |event, invoked| {
        ledger.invocation(seen("mailer", event.trace_header.as_deref(), invoked));
    }
}

fn seen(function: &'static str, trace_header: Option<&str>, invoked: &Invoked) -> Seen {
    let (report, observed) = (&invoked.report, &invoked.observed);
    Seen {
        function,
        request_id: invoked.request_id.to_string(),
        root: trace_header.and_then(town::root_of),
        sent: observed.sent,
        wall: observed.wall,
        held: observed.held,
        failed: invoked.error.is_some(),
        exit: observed.exit.clone(),
        peak_memory: observed.peak_memory,
        report: Report {
            outcome: report.status,
            cold: report.cold,
            duration: report.duration,
            billed: report.billed,
            init: report.init,
            max_memory: report.max_memory.0,
            sandbox: report.sandbox,
        },
    }
}
