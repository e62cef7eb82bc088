//! Who asks: every request to the API is bound to the tenant of its key before anything is read or written.
//!
//! The key comes in the header `authorization` or `x-api-key`, or in the cookie of the sign-in page. Invariant: [`Api`] hands
//! out no reader; only a request that was let in carries one, and that reads one tenant.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use coldtrace_control::{self as control, Gate, Grant, Holder, Scope, presented};
use coldtrace_model::Tenant;
use coldtrace_store::reader::Notes;
use coldtrace_store::{Reader, Store};

use super::error::ApiError;
use crate::alerts::{Alerts, TenantAlerts};
use crate::compare::Comparer;
use crate::deployment::Intake;
use crate::explain::Explainer;
use crate::journey::{Journeys, Limits};
use crate::keyring::Keyring;
use crate::operations::Lengths;
use crate::search::Searcher;
use crate::tail::Tails;

/// The cookie of the sign-in page.
pub(super) const COOKIE: &str = "coldtrace_key";
const API_KEY: &str = "x-api-key";

/// What handlers share, and may not use without [`Access`].
#[derive(Clone)]
pub(crate) struct Api {
    store: Store,
    limits: Limits,
    gate: Gate,
    tails: Tails,
    alerts: Alerts,
    intake: Intake,
    keyring: Keyring,
}

/// One tenant's data, for one request.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) tenant: Tenant,
    /// By which key; `None` where nobody needs one.
    pub(super) grant: Option<Grant>,
    pub(super) reader: Reader,
    pub(super) journeys: Journeys,
    pub(super) searcher: Searcher,
    pub(super) explainer: Explainer,
    pub(super) comparer: Comparer,
    pub(super) lengths: Lengths,
    pub(super) alerts: TenantAlerts,
}

// === impl Api ===

impl Api {
    pub(crate) fn new(
        store: Store,
        limits: Limits,
        gate: Gate,
        alerts: Alerts,
        intake: Intake,
        keyring: Keyring,
    ) -> Self {
        Self {
            store,
            limits,
            gate,
            alerts,
            intake,
            keyring,
            tails: Tails::default(),
        }
    }

    /// All that is followed.
    pub(crate) fn tails(&self) -> &Tails {
        &self.tails
    }

    /// Where functions send to.
    pub(super) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// What keys and limits are changed by.
    pub(super) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// What a tenant may have.
    pub(super) fn limits_of(&self, tenant: &Tenant) -> control::Limits {
        self.gate.ring().limits(tenant)
    }

    /// Whether nobody needs a key, so that there is one tenant alone.
    pub(super) fn is_open(&self) -> bool {
        self.gate.is_open()
    }

    /// The tenant of a request with these headers, if it may do what needs `wanted`.
    pub(super) fn tenant(&self, headers: &HeaderMap, wanted: Scope) -> Result<Tenant, ApiError> {
        Ok(self.holder(headers, wanted)?.tenant)
    }

    /// Who sends a request with these headers, if it may do what needs `wanted`.
    fn holder(&self, headers: &HeaderMap, wanted: Scope) -> Result<Holder, ApiError> {
        let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let key = presented(text(header::AUTHORIZATION.as_str()), text(API_KEY));
        let key = key.or_else(|| cookie(headers));
        self.gate.holder(key, wanted).map_err(ApiError::Denied)
    }

    /// Who sends a request that changes something, if it may do what needs `wanted`.
    fn changer(&self, headers: &HeaderMap, wanted: Scope) -> Result<Holder, ApiError> {
        // Nobody needs a key here: a page in the browser of who runs this must not be able to pose as this address, nor to send
        // a form to it.
        if self.gate.is_open() && !(is_addressed_here(headers) && is_from_here(headers)) {
            return Err(ApiError::Foreign);
        }
        self.holder(headers, wanted)
    }

    /// For who was let in.
    pub(super) fn access(&self, holder: Holder) -> Access {
        let reader = self.store.reader(holder.tenant.clone());
        self.access_by(holder, reader)
    }

    /// The same, with everything that is asked of the store noted.
    pub(super) fn noted_access(&self, holder: Holder, notes: Notes) -> Access {
        let reader = self.store.reader(holder.tenant.clone());
        self.access_by(holder, reader.noting(notes))
    }

    fn access_by(&self, holder: Holder, reader: Reader) -> Access {
        let Holder { tenant, grant } = holder;
        Access {
            alerts: self.alerts.of(tenant.clone()),
            tenant,
            grant,
            journeys: Journeys::new(reader.clone(), self.limits),
            searcher: Searcher::new(reader.clone(), self.limits),
            explainer: Explainer::new(reader.clone(), self.limits),
            comparer: Comparer::new(reader.clone(), self.limits),
            lengths: Lengths::new(reader.clone(), self.limits),
            reader,
        }
    }
}

/// Lets a request to the API in: to read, or, where its method changes something, to write.
pub(super) async fn let_in(State(api): State<Api>, request: Request, next: Next) -> Response {
    let let_in = match request.method().is_safe() {
        true => api.holder(request.headers(), Scope::Read),
        false => api.changer(request.headers(), Scope::Write),
    };
    go_on(&api, let_in, request, next).await
}

/// Lets a request in that is about keys and limits, whatever its method.
pub(super) async fn let_admin_in(State(api): State<Api>, request: Request, next: Next) -> Response {
    let let_in = match request.method().is_safe() {
        true => api.holder(request.headers(), Scope::Admin),
        false => api.changer(request.headers(), Scope::Admin),
    };
    go_on(&api, let_in, request, next).await
}

async fn go_on(
    api: &Api,
    let_in: Result<Holder, ApiError>,
    mut request: Request,
    next: Next,
) -> Response {
    match let_in {
        Ok(holder) => {
            request.extensions_mut().insert(api.access(holder));
            next.run(request).await
        }
        Err(denied) => denied.into_response(),
    }
}

/// Lets who runs the service see what concerns all tenants.
pub(super) async fn let_inside(State(api): State<Api>, request: Request, next: Next) -> Response {
    let is_inside = request.uri().path() == "/metrics";
    match api.tenant(request.headers(), Scope::Admin) {
        Err(denied) if is_inside => denied.into_response(),
        _ => next.run(request).await,
    }
}

/// `GET /api/v1/control/keys`: the ring, for collectors on other machines. Of one version of this program to another, and
/// so not in `openapi.yaml`.
pub(super) fn ring() -> MethodRouter<Api> {
    get(async |State(api): State<Api>, headers: HeaderMap| {
        api.tenant(&headers, Scope::Admin)?;
        let json = [(header::CONTENT_TYPE, "application/json")];
        Ok::<_, ApiError>((json, api.gate.ring().to_json()))
    })
}

/// Whether a request names this machine as its host: not so one whose name another site has led here.
fn is_addressed_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).map(HeaderValue::to_str);
    let Some(Ok(host)) = host else {
        return false;
    };
    let Ok(host) = host.parse::<Authority>() else {
        return false;
    };
    let name = host.host().trim_matches(['[', ']']);
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

/// Whether a request comes from no page, or from one of ours: browsers name the site of the page.
fn is_from_here(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let site = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"));
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    site.map(|(_, site)| site) == host
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

// === impl Access ===

impl Access {
    /// Who asks.
    pub(super) fn holder(&self) -> Holder {
        Holder {
            tenant: self.tenant.clone(),
            grant: self.grant.clone(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let access = parts.extensions.get::<Self>().cloned();
        access.ok_or_else(|| {
            tracing::error!("a route of the API lets in without asking for a key");
            ApiError::Internal
        })
    }
}
