//! Section `query` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};

use coldtrace_service::config::Section;
use coldtrace_service::tls::TlsSettings;

/// What the query service runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API and the ui listen.
    pub listen: SocketAddr,
    /// With which certificate, if any.
    pub tls: TlsSettings,
}

impl Config {
    /// Reads the section.
    pub fn read(section: &mut Section<'_>) -> Self {
        let listen = section.value("listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)));
        Self {
            listen,
            tls: TlsSettings::read(section, &[("listen", listen)]),
        }
    }
}
