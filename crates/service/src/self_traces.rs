//! Traces of our own requests, sent over OTLP to the endpoint of `self_traces.endpoint`; off where none is set.
//!
//! Spans of a request have a target of their own. While that is off, a request costs one look at whether it is on.
//! Sending is a thread's: a queue that is full drops spans, and nobody waits. Invariant: a request that brings our own traces is
//! told by a header, and neither it nor what is done for it is traced; so a collector that sends to itself has nothing to send
//! of that.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tracing::{Level, Span};

use crate::config::Section;

/// The target of these spans, and of no log line.
pub const TARGET: &str = "coldtrace::trace";
/// Which requests bring traces of our own. Whoever else sends it is not traced either, and loses nothing by it.
const MARK: HeaderName = HeaderName::from_static("x-coldtrace-self-traces");
/// A collector that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Section `self_traces` of the configuration.
#[derive(Clone)]
pub struct SelfTraces {
    /// Where traces are sent, as the base of OTLP over HTTP: `http://127.0.0.1:4318`. Off where it is not set.
    pub endpoint: Option<String>,
    /// How many of the requests are traced, from 0 to 1.
    pub sample_ratio: f64,
    /// A key of scope `ingest`, where the endpoint asks for one.
    pub api_key: String,
}

/// What sends them. Ended, it sends what it has.
pub struct Sender {
    provider: SdkTracerProvider,
}

/// Why they can't be sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot send traces to {endpoint} (self_traces.endpoint)")]
pub struct SelfTracesError {
    endpoint: String,
    #[source]
    source: ExporterBuildError,
}

/// Sends as one thread that may wait.
struct Client {
    agent: ureq::Agent,
    authorization: Option<HeaderValue>,
}

// === impl SelfTraces ===

impl SelfTraces {
    /// Reads the section.
    pub fn read(section: &mut Section<'_>) -> Self {
        let settings = Self {
            endpoint: section.optional("endpoint"),
            sample_ratio: section.value("sample_ratio", 0.01),
            api_key: section.value("api_key", String::new()),
        };
        let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if settings.endpoint.as_ref().is_some_and(|url| !is_url(url)) {
            let told = "is where OTLP is taken over HTTP, such as http://127.0.0.1:4318";
            section.problem("endpoint", told);
        }
        if !(0.0..=1.0).contains(&settings.sample_ratio) {
            section.problem("sample_ratio", "must be from 0 to 1: the share of requests");
        }
        if HeaderValue::from_str(&settings.api_key).is_err() {
            section.problem("api_key", "must be a key: letters that a header can have");
        }
        settings
    }

    /// Starts what sends, if an endpoint is set.
    pub(crate) fn start(&self, service: &str) -> Result<Option<Sender>, SelfTracesError> {
        let Some(endpoint) = &self.endpoint else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(&self.api_key))
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|source| SelfTracesError {
                endpoint: endpoint.clone(),
                source,
            })?;
        let provider = SdkTracerProvider::builder()
            .with_resource(
                Resource::builder_empty()
                    .with_service_name(service.to_owned())
                    .build(),
            )
            .with_sampler(Sampler::TraceIdRatioBased(self.sample_ratio))
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Sender { provider }))
    }
}

// === impl Sender ===

impl Sender {
    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("coldtrace")
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // Nobody is left to be told that the last ones were not taken.
        self.provider.shutdown_with_timeout(PATIENCE).ok();
    }
}

/// The span of a request with these headers. None while tracing is off, or where it brings traces of our own.
pub fn request(name: &'static str, headers: &HeaderMap) -> Span {
    if !tracing::enabled!(target: TARGET, Level::INFO) || headers.contains_key(MARK) {
        return Span::none();
    }
    tracing::info_span!(target: TARGET, parent: None, "request", otel.name = name, otel.kind = "server")
}

/// The span of a step in the request that is worked on. None where that is not traced.
pub fn step(name: &'static str) -> Span {
    if !tracing::enabled!(target: TARGET, Level::INFO) {
        return Span::none();
    }
    let request = Span::current();
    match request.metadata() {
        Some(metadata) if metadata.target() == TARGET => {
            tracing::info_span!(target: TARGET, parent: &request, "step", otel.name = name)
        }
        _ => Span::none(),
    }
}

// === impl Client ===

impl Client {
    fn new(api_key: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let bearer = (!api_key.is_empty()).then(|| format!("Bearer {api_key}"));
        Self {
            agent,
            authorization: bearer.and_then(|bearer| HeaderValue::from_str(&bearer).ok()),
        }
    }

    fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let headers = request.headers_mut();
        headers.insert(MARK, HeaderValue::from_static("1"));
        if let Some(authorization) = &self.authorization {
            headers.insert("authorization", authorization.clone());
        }
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts, body.to_vec());
        let (parts, mut body) = self.agent.run(request)?.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}

// As the trait's macro would write it. Called by the exporter's own thread, which does nothing else.
impl HttpClient for Client {
    fn send_bytes<'client, 'sent>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'client: 'sent,
        Self: 'sent,
    {
        Box::pin(async move { self.send(request) })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
