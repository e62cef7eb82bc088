//! What a query service can't tell by itself: where functions send to, for how long what they send is kept, and who keeps keys.

use std::net::SocketAddr;

use coldtrace_service::config::Section;

/// How a query service is deployed, beside its own configuration.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The collector in the same process, if there is one.
    pub collector: Option<Collector>,
    /// After how many days data is dropped, where a tenant's limits say nothing.
    pub keep_days: u16,
    /// Whether keys and limits stand in the data folder, and not with another service (`control.url`).
    pub keeps_keys: bool,
}

/// Where a collector listens.
#[derive(Clone, Copy, Debug)]
pub struct Collector {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// OTLP over gRPC.
    pub grpc: SocketAddr,
    /// OTLP over HTTP.
    pub http: SocketAddr,
}

/// Where functions send to, as it is configured: `otlp_grpc_url` and `otlp_http_url`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicUrls {
    /// OTLP over gRPC.
    pub grpc: Option<String>,
    /// OTLP over HTTP.
    pub http: Option<String>,
}

/// Where functions send to, as far as it is known, and for how long it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    configured: PublicUrls,
    deployment: Deployment,
}

// === impl PublicUrls ===

impl PublicUrls {
    /// Reads them.
    pub fn read(section: &mut Section<'_>) -> Self {
        Self {
            grpc: url(section, "otlp_grpc_url"),
            http: url(section, "otlp_http_url"),
        }
    }
}

fn url(section: &mut Section<'_>, key: &'static str) -> Option<String> {
    let url = section.optional::<String>(key)?;
    if !is_web(&url) {
        section.problem(
            key,
            "must be the URL that functions send to, such as https://otlp.example.com:4317",
        );
    }
    Some(url.trim_end_matches('/').to_owned())
}

/// Whether it is an address with a host, and nothing in it that is not for everybody.
fn is_web(url: &str) -> bool {
    let Ok(uri) = url.parse::<axum::http::Uri>() else {
        return false;
    };
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let has_host = uri.host().is_some_and(|host| !host.is_empty());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    is_web && has_host && !authority.contains('@') && uri.query().is_none()
}

// === impl Intake ===

impl Intake {
    pub(crate) fn new(configured: PublicUrls, deployment: Deployment) -> Self {
        Self {
            configured,
            deployment,
        }
    }

    /// After how many days data is dropped, where a tenant's limits say nothing.
    pub(crate) fn keep_days(&self) -> u16 {
        self.deployment.keep_days
    }

    /// The URL for OTLP over gRPC; `host` is what this service was called by.
    pub(crate) fn grpc(&self, host: Option<&str>) -> Option<String> {
        self.url(&self.configured.grpc, |collector| collector.grpc, host)
    }

    /// The same over HTTP.
    pub(crate) fn http(&self, host: Option<&str>) -> Option<String> {
        self.url(&self.configured.http, |collector| collector.http, host)
    }

    fn url(
        &self,
        configured: &Option<String>,
        listens: impl Fn(&Collector) -> SocketAddr,
        host: Option<&str>,
    ) -> Option<String> {
        if configured.is_some() {
            return configured.clone();
        }
        let collector = self.deployment.collector.as_ref()?;
        let (scheme, address) = (collector.scheme, listens(collector));
        match address.ip().is_unspecified() {
            false => Some(format!("{scheme}://{address}")),
            // It listens on all that this machine has, and whoever asks has found one of them.
            true => host.map(|host| format!("{scheme}://{host}:{}", address.port())),
        }
    }
}

/// Of a service alone.
#[cfg(test)]
pub(crate) fn intake() -> Intake {
    let deployment = Deployment {
        collector: None,
        keep_days: 14,
        keeps_keys: true,
    };
    Intake::new(PublicUrls::default(), deployment)
}

#[cfg(test)]
mod tests {
    use coldtrace_service::config::Settings;

    use super::*;

    fn beside(grpc: &str) -> Deployment {
        let collector = Collector {
            scheme: "https",
            grpc: grpc.parse().expect("an address"),
            http: "[::1]:4318".parse().expect("an address"),
        };
        Deployment {
            collector: Some(collector),
            keep_days: 14,
            keeps_keys: true,
        }
    }

    #[test]
    fn functions_send_to_where_the_collector_listens() {
        let intake = Intake::new(PublicUrls::default(), beside("127.0.0.1:40123"));
        let host = Some("coldtrace.internal");
        assert_eq!(intake.grpc(host).unwrap(), "https://127.0.0.1:40123");
        assert_eq!(intake.http(host).unwrap(), "https://[::1]:4318");
        assert_eq!(super::intake().grpc(host), None, "it is elsewhere");
    }

    #[test]
    fn who_listens_everywhere_is_found_where_the_service_was_found() {
        for everywhere in ["0.0.0.0:4317", "[::]:4317"] {
            let intake = Intake::new(PublicUrls::default(), beside(everywhere));
            let told = intake.grpc(Some("coldtrace.internal"));
            assert_eq!(told.unwrap(), "https://coldtrace.internal:4317");
            assert_eq!(intake.grpc(None), None);
        }
    }

    #[test]
    fn what_is_configured_wins_and_is_checked_with_all_else() {
        let read = |grpc: &str, http: &str| {
            let environment = [("GRPC", grpc), ("HTTP", http)].map(|(name, url)| {
                let name = format!("COLDTRACE_QUERY__OTLP_{name}_URL");
                (name, url.to_owned())
            });
            let mut settings = Settings::load(None, environment);
            let urls = PublicUrls::read(&mut settings.section("query"));
            (urls, settings.finish().err().map_or(0, |all| all.0.len()))
        };
        let (urls, problems) = read(
            "https://otlp.example.com/",
            "http://otlp.example.com:4318/in",
        );
        assert_eq!(problems, 0);
        let intake = Intake::new(urls, beside("127.0.0.1:4317"));
        assert_eq!(intake.grpc(None).unwrap(), "https://otlp.example.com");
        assert_eq!(
            intake.http(None).unwrap(),
            "http://otlp.example.com:4318/in"
        );
        for wrong in [
            "otlp.example.com",
            "otlp.example.com:4317",
            "grpc://otlp.example.com",
            "https://",
            "https://me:secret@otlp.example.com",
            "https://otlp.example.com?key=1",
        ] {
            assert_eq!(read(wrong, wrong).1, 2, "{wrong}");
        }
    }
}
