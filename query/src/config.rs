//! Sections `query` and `settle` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};

use coldtrace_service::config::Settings;
use coldtrace_service::tls::TlsSettings;

use crate::settle::SettleConfig;

/// What the query service runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API and the ui listen.
    pub listen: SocketAddr,
    /// With which certificate, if any.
    pub tls: TlsSettings,
    /// How derived tables are kept up to date.
    pub settle: SettleConfig,
}

impl Config {
    /// Reads the sections.
    pub fn read(settings: &mut Settings) -> Self {
        let mut query = settings.section("query");
        let listen = query.value("listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)));
        Self {
            listen,
            tls: TlsSettings::read(&mut query, &[("listen", listen)]),
            settle: SettleConfig::read(&mut settings.section("settle")),
        }
    }
}
