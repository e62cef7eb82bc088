//! Sections `query`, `settle` and `alerts` of the configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use coldtrace_service::config::{HumanDuration, Settings};
use coldtrace_service::tls::TlsSettings;

use crate::alerts::AlertsConfig;
use crate::deployment::PublicUrls;
use crate::settle::SettleConfig;

/// Long enough for a page to be opened again, and for all who were called to open it.
const KEEP_ANSWERS: Duration = Duration::from_secs(10);
const MOST_KEPT: Duration = Duration::from_secs(300);

/// What the query service runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API and the ui listen.
    pub listen: SocketAddr,
    /// With which certificate, if any.
    pub tls: TlsSettings,
    /// How long an answer is kept that took a while; zero for none. What comes meanwhile is seen so much later.
    pub keep_answers: Duration,
    /// Where functions send to, if that is not where the collector listens.
    pub otlp: PublicUrls,
    /// How derived tables are kept up to date.
    pub settle: SettleConfig,
    /// How alerts are evaluated and sent.
    pub alerts: AlertsConfig,
}

impl Config {
    /// Reads the sections.
    pub fn read(settings: &mut Settings) -> Self {
        let mut query = settings.section("query");
        let listen = query.value("listen", SocketAddr::from((Ipv4Addr::LOCALHOST, 7070)));
        let keep_answers = query.value("keep_answers", HumanDuration(KEEP_ANSWERS)).0;
        if keep_answers > MOST_KEPT {
            query.problem(
                "keep_answers",
                "must be at most 5m: what comes meanwhile is not seen",
            );
        }
        Self {
            listen,
            keep_answers,
            tls: TlsSettings::read(&mut query, &[("listen", listen)]),
            otlp: PublicUrls::read(&mut query),
            settle: SettleConfig::read(&mut settings.section("settle")),
            alerts: AlertsConfig::read(&mut settings.section("alerts")),
        }
    }
}
