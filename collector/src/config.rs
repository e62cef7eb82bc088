//! Section `collector` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};

use coldtrace_service::config::{HumanBytes, Section};
use coldtrace_service::tls::TlsSettings;

use crate::log::Acknowledge;
use crate::otlp::cors::Cors;

/// OTLP's own port for gRPC.
const GRPC_PORT: u16 = 4317;
/// OTLP's own port for HTTP.
const HTTP_PORT: u16 = 4318;
/// The recommendation of OTLP 1.11.
const DEFAULT_BODY_LIMIT: HumanBytes = HumanBytes(64 << 20);
/// Hours of an outage of the store for a small shop, without filling a laptop's disk.
const DEFAULT_LOG_CAP: HumanBytes = HumanBytes(2 << 30);
/// Requests that are received and unpacked at one time.
const DEFAULT_MEMORY_CAP: HumanBytes = HumanBytes(128 << 20);
/// Longer than this is a mistyped number rather than a wish.
const KEEP_DAYS_LIMIT: u16 = 3_650;

/// What the collector runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where OTLP and `coldtrace.v1` are served over gRPC.
    pub grpc_listen: SocketAddr,
    /// Where OTLP is served over HTTP.
    pub http_listen: SocketAddr,
    /// After how many days data is dropped; older spans are rejected.
    pub keep_days: u16,
    /// When a client is told that its request is kept: `log`, once it is synced here; `store`, once ClickHouse has it as well.
    pub acknowledge: Acknowledge,
    /// What the log may hold that the store has not confirmed, in bytes.
    pub log_cap: HumanBytes,
    /// Largest request, packed and unpacked, in bytes.
    pub body_limit: HumanBytes,
    /// What requests on their way to the log may hold in memory together, by the size of their bodies.
    pub memory_cap: HumanBytes,
    /// The web pages whose scripts may send, as a list of origins such as `https://shop.example`; `*` is every page.
    pub allowed_origins: Cors,
    /// With which certificate both are served, if any.
    pub tls: TlsSettings,
}

// === impl Config ===

impl Config {
    /// Whether only this machine reaches it.
    pub fn is_local(&self) -> bool {
        self.grpc_listen.ip().is_loopback() && self.http_listen.ip().is_loopback()
    }

    /// Reads the section.
    pub fn read(section: &mut Section<'_>) -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let grpc_listen = section.value("grpc_listen", loopback(GRPC_PORT));
        let http_listen = section.value("http_listen", loopback(HTTP_PORT));
        let listens = [("grpc_listen", grpc_listen), ("http_listen", http_listen)];
        let config = Self {
            grpc_listen,
            http_listen,
            tls: TlsSettings::read(section, &listens),
            keep_days: section.value("keep_days", 14),
            acknowledge: section.value("acknowledge", Acknowledge::Log),
            log_cap: section.value("log_cap", DEFAULT_LOG_CAP),
            body_limit: section.value("body_limit", DEFAULT_BODY_LIMIT),
            memory_cap: section.value("memory_cap", DEFAULT_MEMORY_CAP),
            allowed_origins: section.value("allowed_origins", Cors::default()),
        };
        if !(1..=KEEP_DAYS_LIMIT).contains(&config.keep_days) {
            section.problem("keep_days", format!("must be from 1 to {KEEP_DAYS_LIMIT}"));
        }
        if !(1..=1 << 30).contains(&config.body_limit.0) {
            section.problem("body_limit", "must be from 1B to 1GiB");
        }
        if config.log_cap < config.body_limit {
            section.problem("log_cap", "must not be less than collector.body_limit");
        }
        if config.memory_cap < config.body_limit {
            section.problem("memory_cap", "must not be less than collector.body_limit");
        }
        config
    }
}
