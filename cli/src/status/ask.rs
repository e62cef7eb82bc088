//! Asks one service for its pages. What it answered is kept as it is; that it did not answer is an answer too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, http::Response};

use super::report::Role;
use crate::failure::{Failure, chain_of};
use crate::settings::ControlSettings;

/// A service that takes longer for a page of text is as good as away.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of a page, in bytes: thousands of tenants fit.
const PAGE_LIMIT: u64 = 16 << 20;

/// What a service answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) role: Role,
    pub(super) url: String,
    pub(super) pages: Result<Pages, Silent>,
}

/// It answered.
#[derive(Debug)]
pub(super) struct Pages {
    /// `/readyz`, in JSON.
    pub(super) ready: String,
    /// `/metrics`; `None` where it is not shown to us.
    pub(super) metrics: Option<String>,
}

/// It did not.
#[derive(Debug)]
pub(super) enum Silent {
    /// The setting says 0: the system chose a port that only the service knows.
    PortUnknown,
    /// Nobody answered, or something else did.
    Because(String),
}

/// Who asks.
pub(super) struct Asker {
    agent: Agent,
    api_key: String,
}

/// Where a service is reached that listens there.
pub(super) fn url(scheme: &str, listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        // Every address of this machine; this one is always among them.
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}

// === impl Asker ===

impl Asker {
    /// With the key of `control.api_key`, trusting the authorities of `control.ca`.
    pub(super) fn new(control: &ControlSettings) -> Result<Self, Failure> {
        let mut tls = TlsConfig::builder();
        if let Some(pem) = control.authorities()? {
            let items = ureq::tls::parse_pem(&pem);
            let authorities: Vec<Certificate<'static>> = items
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            tls = tls.root_certs(RootCerts::from(authorities));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .tls_config(tls.build())
            .build()
            .new_agent();
        Ok(Self {
            agent,
            api_key: control.api_key().to_owned(),
        })
    }

    /// Asks for both pages.
    pub(super) fn ask(&self, role: Role, url: &str) -> Answer {
        let pages = match url.ends_with(":0") {
            true => Err(Silent::PortUnknown),
            false => self.pages(url).map_err(Silent::Because),
        };
        Answer {
            role,
            url: url.to_owned(),
            pages,
        }
    }

    fn pages(&self, url: &str) -> Result<Pages, String> {
        let (status, ready) = self.page(&format!("{url}/readyz"))?;
        if !matches!(status, 200 | 503) {
            return Err(format!("/readyz was answered with status {status}"));
        }
        let (status, metrics) = self.page(&format!("{url}/metrics"))?;
        let metrics = match status {
            200 => Some(metrics),
            401 | 403 => None,
            other => return Err(format!("/metrics was answered with status {other}")),
        };
        Ok(Pages { ready, metrics })
    }

    fn page(&self, url: &str) -> Result<(u16, String), String> {
        let mut request = self.agent.get(url);
        if !self.api_key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.api_key));
        }
        let mut reply: Response<Body> = request.call().map_err(|error| chain_of(&error))?;
        let text = reply.body_mut().with_config().limit(PAGE_LIMIT);
        let text = text.read_to_string().map_err(|error| chain_of(&error))?;
        Ok((reply.status().as_u16(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn every_address_is_asked_on_loopback() {
        let cases = [
            ("127.0.0.1:4318", "http://127.0.0.1:4318"),
            ("0.0.0.0:4318", "http://127.0.0.1:4318"),
            ("[::]:7070", "http://[::1]:7070"),
            ("10.1.2.3:7070", "http://10.1.2.3:7070"),
        ];
        for (listen, expected) in cases {
            assert_eq!(url("http", listen.parse().expect(listen)), expected);
        }
    }
}
