//! Where batches go: Coldtrace's collector, else any OTLP endpoint, by OpenTelemetry's own variables.

use std::path::PathBuf;

use super::{OTLP_GRPC_PORT, OTLP_HTTP_PORT, Reading};

const TRACES_PATH: &str = "/v1/traces";
const LOGS_PATH: &str = "/v1/logs";
const TRACES_METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS_METHOD: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const EXPORT_METHOD: &str = "/coldtrace.v1.Ingest/Export";

/// Where batches go, and what is said there beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) route: Route,
    /// Sent with each request; names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Certificates to trust, PEM; without one, the web's.
    pub(crate) ca: Option<PathBuf>,
}

/// In which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `COLDTRACE_ENDPOINT`: whole, by gRPC.
    Coldtrace(Address),
    /// What OTLP has words for: spans and lines.
    Otlp {
        protocol: Protocol,
        compression: Compression,
        traces: Option<Address>,
        logs: Option<Address>,
    },
}

/// How OTLP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    /// OpenTelemetry's default.
    #[default]
    HttpProtobuf,
}

/// What is done to a request's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compression {
    /// OpenTelemetry's default.
    #[default]
    None,
    Gzip,
}

/// Where one kind of request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) endpoint: Endpoint,
    pub(crate) path: String,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) is_tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// An URL as it is written.
struct Url {
    is_tls: bool,
    host: String,
    port: Option<u16>,
    path: String,
}

// === impl Destination ===

impl Destination {
    /// As the environment names it. `own_ports` are the extension's: an SDK's variable that points there is meant for the SDK.
    pub(super) fn read(reading: &mut Reading<'_>, own_ports: [u16; 2]) -> Option<Self> {
        let coldtrace = reading.parsed("COLDTRACE_ENDPOINT", |text| {
            let url = Url::parse(text)?;
            match url.path.is_empty() {
                true => Ok(url.address(OTLP_GRPC_PORT, EXPORT_METHOD)),
                false => Err("must be http://HOST:PORT or https://HOST:PORT"),
            }
        });
        let api_key = reading.text("COLDTRACE_API_KEY");
        if let Some(address) = coldtrace {
            let bearer = api_key.map(|key| ("authorization".to_owned(), format!("Bearer {key}")));
            return Some(Self {
                route: Route::Coldtrace(address),
                headers: bearer.into_iter().collect(),
                ca: reading.text("COLDTRACE_CA").map(PathBuf::from),
            });
        }
        let protocol = reading
            .parsed("OTEL_EXPORTER_OTLP_PROTOCOL", Protocol::parse)
            .unwrap_or_default();
        let mut address = |own, path: &str, method: &str| {
            let whole = reading.parsed(own, |text| protocol.whole(text, method));
            let address = whole.or_else(|| {
                let base = "OTEL_EXPORTER_OTLP_ENDPOINT";
                reading.parsed(base, |text| protocol.base(text, path, method))
            });
            address.filter(|address| !address.endpoint.is_own(own_ports))
        };
        let traces = address(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            TRACES_PATH,
            TRACES_METHOD,
        );
        let logs = address("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", LOGS_PATH, LOGS_METHOD);
        if traces.is_none() && logs.is_none() {
            return None;
        }
        let headers = reading.parsed("OTEL_EXPORTER_OTLP_HEADERS", headers);
        let compression = reading.parsed("OTEL_EXPORTER_OTLP_COMPRESSION", Compression::parse);
        Some(Self {
            route: Route::Otlp {
                protocol,
                compression: compression.unwrap_or_default(),
                traces,
                logs,
            },
            headers: headers.unwrap_or_default(),
            ca: reading
                .text("OTEL_EXPORTER_OTLP_CERTIFICATE")
                .map(PathBuf::from),
        })
    }
}

/// `name=value,name=value`, values percent-encoded as in W3C's baggage.
fn headers(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or("must be NAME=VALUE,...")?;
        let name = name.trim().to_ascii_lowercase();
        let value = decoded(value.trim());
        let is_valid = http::HeaderName::try_from(name.as_str()).is_ok()
            && http::HeaderValue::try_from(value.as_str()).is_ok();
        match is_valid {
            true => Ok((name, value)),
            false => Err("has a name or value that no header may have"),
        }
    };
    pairs.map(header).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

// === impl Protocol ===

impl Protocol {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "grpc" => Ok(Self::Grpc),
            "http/protobuf" => Ok(Self::HttpProtobuf),
            // What an SDK sends as JSON, its backend takes as protobuf as well.
            "http/json" => Ok(Self::HttpProtobuf),
            _ => Err("is none of grpc, http/protobuf, http/json"),
        }
    }

    /// An URL for all signals.
    fn base(self, text: &str, path: &str, method: &str) -> Result<Address, &'static str> {
        let url = Url::parse(text)?;
        Ok(match self {
            Self::Grpc => url.address(OTLP_GRPC_PORT, method),
            Self::HttpProtobuf => {
                let path = format!("{}{path}", url.path);
                url.address(OTLP_HTTP_PORT, &path)
            }
        })
    }

    /// An URL for one signal: taken as it is.
    fn whole(self, text: &str, method: &str) -> Result<Address, &'static str> {
        let url = Url::parse(text)?;
        Ok(match self {
            Self::Grpc => url.address(OTLP_GRPC_PORT, method),
            Self::HttpProtobuf => {
                let path = match url.path.as_str() {
                    "" => "/".to_owned(),
                    path => path.to_owned(),
                };
                url.address(OTLP_HTTP_PORT, &path)
            }
        })
    }
}

// === impl Compression ===

impl Compression {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "none" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            _ => Err("is none of none, gzip"),
        }
    }
}

// === impl Url ===

impl Url {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must begin with http:// or https://";
        let (scheme, rest) = text.split_once("://").ok_or(FORM)?;
        let is_tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(FORM),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| "has no valid port")?))
            }
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_odd = |text: &str| text.contains(['@', '?', '#', ' ']);
        if host.is_empty() || is_odd(host) || is_odd(path) {
            return Err("must be http://HOST:PORT or https://HOST:PORT");
        }
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// Without a port: the web's behind TLS, else OTLP's.
    fn address(&self, plain_port: u16, path: &str) -> Address {
        let usual = if self.is_tls { 443 } else { plain_port };
        Address {
            endpoint: Endpoint {
                is_tls: self.is_tls,
                host: self.host.clone(),
                port: self.port.unwrap_or(usual),
            },
            path: path.to_owned(),
        }
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// `host:port` as a URI writes it.
    pub(crate) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    pub(crate) const fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Whether it is where the extension itself listens.
    fn is_own(&self, own_ports: [u16; 2]) -> bool {
        let is_loopback = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        is_loopback && own_ports.contains(&self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    fn destination(pairs: &[(&str, &str)]) -> Option<Destination> {
        let (config, warnings) = read(pairs);
        assert!(warnings.is_empty(), "{warnings:?}");
        config.destination
    }

    /// `scheme://authority` and path of each address.
    fn addresses(pairs: &[(&str, &str)]) -> Vec<String> {
        let shown = |address: Address| {
            let Address { endpoint, path } = address;
            format!("{}://{}{path}", endpoint.scheme(), endpoint.authority())
        };
        match destination(pairs).map(|destination| destination.route) {
            None => Vec::new(),
            Some(Route::Coldtrace(address)) => vec![shown(address)],
            Some(Route::Otlp { traces, logs, .. }) => {
                [traces, logs].into_iter().flatten().map(shown).collect()
            }
        }
    }

    #[test]
    fn endpoints_are_read_with_and_without_a_port() {
        let check = |text: &str, expected: &str| {
            let found = addresses(&[("COLDTRACE_ENDPOINT", text)]);
            assert_eq!(found, [format!("{expected}{EXPORT_METHOD}")]);
        };
        check("http://10.0.0.7:4317", "http://10.0.0.7:4317");
        check("http://collector/", "http://collector:4317");
        check("https://collector", "https://collector:443");
        check("https://collector:4317", "https://collector:4317");
        check("http://[::1]:14317", "http://[::1]:14317");
        check("http://[::1]", "http://[::1]:4317");
        for bad in [
            "collector:4317",
            "ftp://collector",
            "http://",
            "http://a/b:1",
            "http://a:b",
            "http://user@a",
        ] {
            let (config, warnings) = read(&[("COLDTRACE_ENDPOINT", bad)]);
            assert_eq!((config.destination, warnings.len()), (None, 1), "{bad}");
        }
    }

    #[test]
    fn opentelemetrys_variables_name_any_backend() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example/base/");
        assert_eq!(
            addresses(&[base]),
            [
                "https://otlp.example:443/base/v1/traces",
                "https://otlp.example:443/base/v1/logs"
            ]
        );
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(
            addresses(&[grpc, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otlp")])[0],
            format!("http://otlp:4317{TRACES_METHOD}")
        );
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/x");
        assert_eq!(addresses(&[traces]), ["http://t:1/x"]);
        assert_eq!(
            addresses(&[base, traces]),
            ["http://t:1/x", "https://otlp.example:443/base/v1/logs"]
        );
    }

    #[test]
    fn requests_are_compressed_where_the_backend_wants_it() {
        let told = |text| {
            let (config, warnings) = read(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otlp"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", text),
            ]);
            let Some(Route::Otlp { compression, .. }) = config.destination.map(|to| to.route)
            else {
                panic!("it goes by OTLP");
            };
            (compression, warnings.len())
        };
        assert_eq!(told("gzip"), (Compression::Gzip, 0));
        assert_eq!(told("none"), (Compression::None, 0));
        assert_eq!(told("brotli"), (Compression::None, 1));
    }

    #[test]
    fn what_an_sdk_sends_here_is_not_sent_in_a_ring() {
        for own in ["http://localhost:4318", "http://127.0.0.1:4317/"] {
            assert_eq!(destination(&[("OTEL_EXPORTER_OTLP_ENDPOINT", own)]), None);
        }
        let elsewhere = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:14318");
        assert_eq!(addresses(&[elsewhere]).len(), 2);
    }

    #[test]
    fn headers_are_decoded_and_a_key_is_a_bearer() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otlp");
        let told = "X-Team=a%20b, api-key = 100%";
        let found = destination(&[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", told)]).unwrap();
        let expected = [("x-team", "a b"), ("api-key", "100%")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.headers, expected);
        for bad in ["novalue", "a b=c", "a=%0a"] {
            let (_, warnings) = read(&[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", bad)]);
            assert_eq!(warnings.len(), 1, "{bad}");
        }
        let key = [
            ("COLDTRACE_ENDPOINT", "http://c"),
            ("COLDTRACE_API_KEY", "ct_k"),
        ];
        let found = destination(&key).unwrap();
        let bearer = ("authorization".to_owned(), "Bearer ct_k".to_owned());
        assert_eq!(found.headers, [bearer]);
    }
}
