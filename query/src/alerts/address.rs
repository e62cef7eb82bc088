//! Where messages may go: not to ourselves, and to no address that only we can reach, unless it is allowed.
//!
//! A name is resolved once, and the connection goes to exactly the address that was checked. Whoever may make channels could
//! otherwise have us ask what stands behind our firewall.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

mod allowed;
mod class;

pub use allowed::AllowList;

use class::{class, unmapped};

const LONGEST_URL: usize = 2_000;

/// Which addresses messages may go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether those of private networks and of this machine may be used.
    pub is_private_allowed: bool,
    /// What may be used besides.
    pub allowed: AllowList,
}

/// Where we are found ourselves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Own {
    /// Where the API and the ui listen.
    pub(crate) listen: Vec<SocketAddr>,
    /// Under which address people find us; empty if that is not known.
    pub(crate) public_url: String,
}

/// Why messages can't go there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    #[error("the address is no URL with https:// or http:// and a host")]
    Form,
    #[error("the address has more than {LONGEST_URL} bytes")]
    TooLong,
    #[error(
        "the address has a user or password in it; the header authorization is the place for that"
    )]
    Credentials,
    #[error("the address is our own: alerts would be sent in a circle")]
    Own,
    #[error("the address {0}")]
    Refused(Refused),
}

/// An address that is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{address} is {what}; alerts.allow_private_addresses or alerts.allowed_addresses would allow it"
)]
pub(crate) struct Refused {
    address: IpAddr,
    what: &'static str,
}

/// Resolves names, and keeps to a policy.
#[derive(Debug)]
pub(crate) struct Checked {
    policy: Policy,
    own: Own,
    resolver: DefaultResolver,
}

/// Whether messages may go there, as far as can be told without asking for addresses.
pub(crate) fn check_url(url: &str, own: &Own, policy: &Policy) -> Result<Uri, UrlError> {
    if url.len() > LONGEST_URL {
        return Err(UrlError::TooLong);
    }
    let uri: Uri = url.parse().map_err(|_| UrlError::Form)?;
    let is_web = matches!(uri.scheme_str(), Some("https" | "http"));
    let host = uri.host().filter(|host| is_web && !host.is_empty());
    let host = host.ok_or(UrlError::Form)?;
    if uri
        .authority()
        .is_some_and(|whole| whole.as_str().contains('@'))
    {
        return Err(UrlError::Credentials);
    }
    if own.is_at(&uri) {
        return Err(UrlError::Own);
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse() {
        policy.check(bare, address).map_err(UrlError::Refused)?;
    }
    if is_local_name(host) {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        policy.check(host, address).map_err(UrlError::Refused)?;
    }
    Ok(uri)
}

// === impl Policy ===

impl Policy {
    /// Whether this address of this host may be used.
    pub(crate) fn check(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let Some(class) = class(address) else {
            return Ok(());
        };
        let is_allowed = self.is_private_allowed && class.is_private;
        match is_allowed || self.allowed.has(host, address) {
            true => Ok(()),
            false => Err(Refused {
                address,
                what: class.what,
            }),
        }
    }
}

// === impl Own ===

impl Own {
    fn is_at(&self, uri: &Uri) -> bool {
        let (Some(host), Some(port)) = (uri.host(), port_of(uri)) else {
            return false;
        };
        let public: Option<Uri> = self.public_url.parse().ok();
        let is_public = public.is_some_and(|public| {
            let is_host = public
                .host()
                .is_some_and(|own| own.eq_ignore_ascii_case(host));
            is_host && port_of(&public) == Some(port)
        });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = match is_local_name(host) {
            true => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            false => bare.parse().ok(),
        };
        is_public || address.is_some_and(|address| self.is_ours(SocketAddr::new(address, port)))
    }

    fn is_ours(&self, address: SocketAddr) -> bool {
        let ip = unmapped(address.ip());
        self.listen.iter().any(|own| {
            let is_everywhere = own.ip().is_unspecified();
            let is_here = ip.is_loopback() || ip.is_unspecified();
            let is_same = match is_everywhere || own.ip().is_loopback() {
                true => is_here,
                false => own.ip() == ip,
            };
            own.port() == address.port() && is_same
        })
    }
}

// === impl Checked ===

impl Checked {
    pub(crate) fn new(policy: Policy, own: Own) -> Self {
        Self {
            policy,
            own,
            resolver: DefaultResolver::default(),
        }
    }
}

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if self.own.is_at(uri) {
            return Err(ureq::Error::Other(Box::new(UrlError::Own)));
        }
        let resolved = self.resolver.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut usable = self.empty();
        let mut refused = None;
        for address in resolved.iter() {
            if self.own.is_ours(*address) {
                return Err(ureq::Error::Other(Box::new(UrlError::Own)));
            }
            match self.policy.check(host, address.ip()) {
                Ok(()) => usable.push(*address),
                Err(error) => refused = Some(error),
            }
        }
        match (usable.is_empty(), refused) {
            (false, _) => Ok(usable),
            (true, Some(error)) => Err(ureq::Error::Other(Box::new(UrlError::Refused(error)))),
            (true, None) => Err(ureq::Error::HostNotFound),
        }
    }
}

fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn port_of(uri: &Uri) -> Option<u16> {
    let of_scheme = match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    uri.port_u16().or(of_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(is_private_allowed: bool, allowed: &str) -> Policy {
        Policy {
            is_private_allowed,
            allowed: allowed.parse().expect("a list"),
        }
    }

    fn is_used(policy: &Policy, address: &str) -> bool {
        let address = address.parse().expect(address);
        policy.check("host.example", address).is_ok()
    }

    #[test]
    fn what_is_not_of_the_internet_is_refused_however_it_is_written() {
        let strict = policy(false, "");
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::7f00:1",
            "2001::1",
            "2001:db8::1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(!is_used(&strict, address), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "223.255.255.255",
            "2606:4700::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_used(&strict, address), "{address}");
        }
    }

    #[test]
    fn what_is_allowed_is_used_and_credentials_of_clouds_only_by_name() {
        let private = policy(true, "");
        for address in ["10.1.2.3", "127.0.0.1", "::1", "fd12::1", "169.254.1.1"] {
            assert!(is_used(&private, address), "{address}");
        }
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fd00:ec2::254",
            "224.0.0.1",
        ] {
            assert!(!is_used(&private, address), "{address}");
        }
        let listed = policy(false, "10.1.0.0/16, fd12::/32,host.internal");
        assert!(is_used(&listed, "10.1.9.9") && is_used(&listed, "::ffff:10.1.9.9"));
        assert!(!is_used(&listed, "10.2.0.1") && is_used(&listed, "fd12::9"));
        let named = "127.0.0.1".parse().expect("an address");
        assert!(listed.check("Host.internal", named).is_ok());
        for wrong in ["10.0.0.0/33", "10.0.0/8", "a b", "10.1"] {
            assert!(wrong.parse::<AllowList>().is_err(), "{wrong}");
        }
        assert_eq!(
            format!("{:?}", listed.allowed),
            "host.internal, 10.1.0.0/16, fd12::/32"
        );
    }

    fn told(url: &str) -> String {
        let own = Own {
            listen: vec!["0.0.0.0:7070".parse().expect("an address")],
            public_url: "https://traces.example".to_owned(),
        };
        match check_url(url, &own, &policy(true, "")) {
            Ok(uri) => format!("{uri}"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn a_circle_to_ourselves_is_seen() {
        for url in [
            "http://127.0.0.1:7070/api/v1/alerts",
            "http://localhost:7070/",
            "http://[::1]:7070/",
            "http://[::ffff:127.0.0.1]:7070/",
            "https://TRACES.example/hook",
            "https://traces.example:443/hook",
        ] {
            assert_eq!(told(url), "Own", "{url}");
        }
        for url in ["http://127.0.0.1:9093/", "https://traces.example:8443/hook"] {
            assert_eq!(told(url), url);
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        for url in [
            "",
            "ftp://x.example/",
            "//x.example",
            "/path",
            "https://",
            "mailto:a@b.c",
        ] {
            assert_eq!(told(url), "Form", "{url}");
        }
        assert_eq!(told("https://me:hunter2@x.example/"), "Credentials");
        assert_eq!(
            told(&format!("https://x.example/{}", "a".repeat(3_000))),
            "TooLong"
        );
        let strict = check_url("http://10.0.0.1/", &Own::default(), &Policy::default());
        let strict = strict.expect_err("it is private").to_string();
        assert!(
            strict.contains("10.0.0.1 is of a private network"),
            "{strict}"
        );
        let local = check_url("http://localhost:1/", &Own::default(), &Policy::default());
        assert!(matches!(local, Err(UrlError::Refused(_))));
    }
}
