//! The Lambda extension: receives OTLP from the function and telemetry from the platform, and ships both to the collector.
//!
//! Two threads. This one talks to the platform with the standard library alone and never stops asking for the next call; the
//! other (`worker.rs`) does everything else. Whatever ends the other one, a panic included, this one goes on alone: the
//! extension never fails a function. No HTTP framework, no gRPC framework, no argument parser.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use coldtrace_model::UnixNanos;
use tokio::sync::mpsc;

use crate::config::destination::Destination;
use crate::config::{CaptureMode, Config, Initialization, Warnings};
use crate::lifecycle::Event;
use crate::log::Level;
use crate::proxy::{Passed, Proxy};
use crate::runtime_api::{ApiError, Mode, PlatformCall, Registration, RuntimeApi, Subscription};
use crate::worker::{Listeners, Worker};

mod breaker;
mod buffer;
mod config;
mod faults;
mod flush_policy;
mod journal;
mod lifecycle;
mod listen;
mod log;
mod payload;
mod proxy;
mod random;
mod receiver;
mod runtime_api;
mod ship;
mod spool;
mod tasks;
mod telemetry_api;
mod trace_header;
mod tracers;
mod usage;
mod wire;
mod worker;

/// Tries at the platform that fail in a row, before it is taken to be gone.
const MAX_FAILURES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);
/// An invocation has two payloads; what the worker has not come to by then is left out.
const PASSED_QUEUE: usize = 16;

/// What the platform's thread holds of the worker.
struct Line {
    events: mpsc::Sender<Event>,
    call_next: Receiver<()>,
    worker: std::thread::JoinHandle<()>,
}

fn main() -> ExitCode {
    let (config, warnings) = Config::from_environment();
    log::set_level(config.log);
    faults::panic_at(config.panic_at.clone());
    if config.runtime_api.is_empty() {
        log::line(
            Level::Error,
            "AWS_LAMBDA_RUNTIME_API is not set: this is started by Lambda",
            &[],
        );
        return ExitCode::FAILURE;
    }
    let passed = lead_runtime_here(&config);
    let registered = RuntimeApi::register(&config.runtime_api, &own_name(), expected_mode(&config));
    let (platform, registration) = match registered {
        Ok(registered) => registered,
        Err(error) => {
            log::line(Level::Error, "not registered", &[("error", &error)]);
            return ExitCode::FAILURE;
        }
    };
    tell(&warnings);
    match config.destination.clone() {
        Some(destination) => work(platform, config, destination, registration, passed),
        None => {
            log::line(
                Level::Warn,
                "neither COLDTRACE_ENDPOINT nor OTEL_EXPORTER_OTLP_ENDPOINT is set: nothing is traced",
                &[],
            );
            idle(platform)
        }
    }
}

/// With a worker beside this thread.
fn work(
    mut platform: RuntimeApi,
    config: Config,
    destination: Destination,
    registration: Registration,
    passed: mpsc::Receiver<Passed>,
) -> ExitCode {
    let listeners = bind(&config);
    let subscription = listeners.telemetry.is_some().then_some(Subscription {
        port: config.telemetry_port,
        mode: registration.mode,
    });
    // One call is out at a time, with the answer to the subscription before it.
    let (events, events_rx) = mpsc::channel(2);
    // One permit for each call.
    let (call_next_tx, call_next) = sync_channel(1);
    let worker = Worker {
        config,
        destination,
        registration,
        registered: UnixNanos::now(),
        passed,
        listeners,
        platform: events_rx,
        call_next: call_next_tx,
    };
    let spawned = std::thread::Builder::new()
        .name("worker".to_owned())
        .spawn(move || {
            if let Err(error) = worker.run() {
                log::line(Level::Error, "worker failed", &[("error", &error)]);
            }
        });
    let worker = match spawned {
        Ok(worker) => worker,
        Err(error) => {
            log::line(Level::Error, "no thread", &[("error", &error)]);
            return idle(platform);
        }
    };
    let is_subscribed = subscribe(&mut platform, subscription);
    let line = Line {
        events,
        call_next,
        worker,
    };
    line.send(Event::Subscribed(is_subscribed));
    relay(platform, line)
}

/// Hands each call to the worker, and asks for the next when the worker says so. Without a worker it goes on alone.
fn relay(mut platform: RuntimeApi, line: Line) -> ExitCode {
    loop {
        let Some(call) = next(&mut platform) else {
            return ExitCode::FAILURE;
        };
        let is_last = matches!(call, PlatformCall::Shutdown(_));
        let is_taken = line.send(Event::Called(call));
        if is_last {
            // Ends by itself, before the platform's deadline; were it stuck, the platform would end it.
            drop(line.worker.join());
            return ExitCode::SUCCESS;
        }
        if !is_taken || line.call_next.recv().is_err() {
            return idle(platform);
        }
    }
}

/// Keeps the platform company until the end, and does nothing else.
fn idle(mut platform: RuntimeApi) -> ExitCode {
    loop {
        match next(&mut platform) {
            Some(PlatformCall::Shutdown(_)) => return ExitCode::SUCCESS,
            Some(_) => {}
            None => return ExitCode::FAILURE,
        }
    }
}

/// The platform's next call; nothing if it is gone.
fn next(platform: &mut RuntimeApi) -> Option<PlatformCall> {
    for _ in 0..MAX_FAILURES {
        match platform.next() {
            Ok(call) => return Some(call),
            // By the platform's word not recoverable.
            Err(ApiError::Refused { status: 500, .. }) => return None,
            Err(error) => {
                log::line(Level::Debug, "no next call", &[("error", &error)]);
                std::thread::sleep(PAUSE);
            }
        }
    }
    None
}

fn subscribe(platform: &mut RuntimeApi, subscription: Option<Subscription>) -> bool {
    let Some(subscription) = subscription else {
        return false;
    };
    match platform.subscribe(subscription) {
        Ok(()) => true,
        Err(error) => {
            log::line(Level::Warn, "no telemetry", &[("error", &error)]);
            false
        }
    }
}

/// Stands between runtime and platform, where that is asked for. Must be there before the runtime is, which is started when all
/// extensions have registered.
fn lead_runtime_here(config: &Config) -> mpsc::Receiver<Passed> {
    let (passed_tx, passed) = mpsc::channel(PASSED_QUEUE);
    Proxy::forget(&config.scratch);
    if config.capture.mode == CaptureMode::Off || config.destination.is_none() {
        return passed;
    }
    let bound = Proxy::bind(
        config.runtime_api_port,
        &config.scratch,
        &config.runtime_api,
    );
    if let Err(error) = bound.and_then(|proxy| proxy.start(passed_tx)) {
        Proxy::forget(&config.scratch);
        log::line(
            Level::Warn,
            "payloads are not captured",
            &[("error", &error)],
        );
    }
    passed
}

/// The standard library sets SO_REUSEADDR, which a restart in the same sandbox needs.
fn bind(config: &Config) -> Listeners {
    let tcp = |port| told(port, TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let udp = |port| told(port, UdpSocket::bind((Ipv4Addr::LOCALHOST, port)));
    Listeners {
        telemetry: tcp(config.telemetry_port),
        otlp_grpc: tcp(config.otlp_grpc_port),
        otlp_http: tcp(config.otlp_http_port),
        xray: config.xray_port.and_then(udp),
        datadog: config.datadog_port.and_then(tcp),
    }
}

/// A port that can't be had costs what it was for, and a line in the log.
fn told<T>(port: u16, bound: std::io::Result<T>) -> Option<T> {
    let tell = |error| {
        let fields: [(&'static str, &dyn std::fmt::Display); 2] =
            [("port", &port), ("error", &error)];
        log::line(Level::Warn, "port not bound", &fields);
    };
    bound.map_err(tell).ok()
}

fn expected_mode(config: &Config) -> Mode {
    match config.function.initialization {
        Initialization::ManagedInstances => Mode::ManagedInstances,
        _ => Mode::OnDemand,
    }
}

/// The platform knows an extension by the name of its file.
fn own_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn tell(warnings: &Warnings) {
    for warning in warnings {
        log::line(
            Level::Warn,
            "bad setting, default used",
            &[("setting", warning)],
        );
    }
}

// === impl Line ===

impl Line {
    /// False if the worker is gone.
    fn send(&self, event: Event) -> bool {
        self.events.blocking_send(event).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};

    use super::*;

    /// Answers one connection's requests with these bodies, and returns how many were asked for.
    fn platform(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<usize>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let mut served = 0;
            for answer in answers {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert_ne!(stream.read_line(&mut head).unwrap(), 0, "{answer}");
                }
                let length = answer.len();
                let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{answer}");
                stream.get_mut().write_all(reply.as_bytes()).unwrap();
                served += 1;
            }
            served
        });
        (address, serving)
    }

    #[test]
    fn when_the_worker_panics_the_platform_is_asked_for_calls_to_the_end() {
        let (address, serving) = platform(&[
            r#"{"functionName":"checkout"}"#,
            r#"{"eventType":"INVOKE","requestId":"R1"}"#,
            r#"{"eventType":"INVOKE","requestId":"R2"}"#,
            r#"{"eventType":"SHUTDOWN","shutdownReason":"spindown"}"#,
        ]);
        let (platform, _) = RuntimeApi::register(&address, "name", Mode::OnDemand).unwrap();
        let (events, mut events_rx) = mpsc::channel(2);
        let (call_next_tx, call_next) = sync_channel(1);
        let worker = std::thread::spawn(move || {
            let event = events_rx.blocking_recv();
            // As when it is unwound: what it holds is dropped.
            let _held = (events_rx, call_next_tx);
            panic!("on purpose, at {event:?}");
        });
        let line = Line {
            events,
            call_next,
            worker,
        };
        relay(platform, line);
        assert_eq!(serving.join().unwrap(), 4, "registration and three calls");
    }
}
