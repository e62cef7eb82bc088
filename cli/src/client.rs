//! Asks running services over HTTP: with the key of `control.api_key`, trusting the authorities of `control.ca`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, http::Response};

use crate::failure::{Failure, chain_of};
use crate::settings::ControlSettings;

/// Of a reply, in bytes: a journey of a hundred thousand spans fits.
const REPLY_LIMIT: u64 = 256 << 20;

/// Who asks.
pub(crate) struct Client {
    agent: Agent,
    api_key: String,
}

/// Where a service is reached that listens there.
pub(crate) fn url(scheme: &str, listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        // Every address of this machine; this one is always among them.
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, listen.port()))
}

// === impl Client ===

impl Client {
    /// Who waits so long for an answer.
    pub(crate) fn new(control: &ControlSettings, patience: Duration) -> Result<Self, Failure> {
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
            .timeout_global(Some(patience))
            .max_redirects(0)
            .tls_config(tls.build())
            .build()
            .new_agent();
        Ok(Self {
            agent,
            api_key: control.api_key().to_owned(),
        })
    }

    /// Status and text of a page, or why there is none.
    pub(crate) fn get(&self, url: &str) -> Result<(u16, String), String> {
        let mut request = self.agent.get(url);
        if !self.api_key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.api_key));
        }
        let mut reply: Response<Body> = request.call().map_err(|error| chain_of(&error))?;
        let text = reply.body_mut().with_config().limit(REPLY_LIMIT);
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
