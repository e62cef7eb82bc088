//! `/login`: a page that takes a key of scope `read` and keeps it in a cookie, for the ui in a browser.
//!
//! The cookie holds the key itself, so that a revocation ends the session and nothing is kept here. Scripts can't read it,
//! and other sites' forms and scripts don't send it.

use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Router, http::Method};
use coldtrace_control::Scope;
use serde::Deserialize;

use super::access::{Api, COOKIE};

const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("login.css");
const PAGE: &str = include_str!("login.html");
/// In the page, where what went wrong stands.
const TOLD: &str = "{told}";
/// And where the browser goes next.
const NEXT: &str = "{next}";

/// Whether cookies may go over plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookies {
    /// The page itself came so.
    Plain,
    /// Only over TLS.
    Secure,
}

#[derive(Clone)]
struct Login {
    api: Api,
    cookies: Cookies,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Given {
    #[serde(default)]
    key: String,
    #[serde(default)]
    next: String,
}

pub(super) fn router(api: Api, cookies: Cookies) -> Router {
    let style = ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE);
    Router::new()
        .route("/login", get(show).post(sign_in))
        .route("/login.css", get(async || style))
        .with_state(Login { api, cookies })
}

/// Sends a browser that has no key to sign in, instead of to a page that can show nothing.
pub(super) async fn ask_for_key(State(api): State<Api>, request: Request, next: Next) -> Response {
    let accepted = request.headers().get(header::ACCEPT);
    let wants_page = request.method() == Method::GET
        && accepted.is_some_and(|accepted| accepted.as_bytes().starts_with(b"text/html"));
    if !wants_page || api.tenant(request.headers(), Scope::Read).is_ok() {
        return next.run(request).await;
    }
    let wanted = request.uri().path_and_query();
    let wanted = wanted.map_or("/", |wanted| wanted.as_str());
    Redirect::to(&format!("/login?next={}", encoded(wanted))).into_response()
}

async fn show(Query(asked): Query<Asked>) -> Response {
    page(StatusCode::OK, "", &asked.next)
}

async fn sign_in(State(login): State<Login>, Form(given): Form<Given>) -> Response {
    let key = given.key.trim();
    let mut headers = HeaderMap::new();
    match HeaderValue::from_str(&format!("Bearer {key}")) {
        Ok(bearer) => headers.insert(header::AUTHORIZATION, bearer),
        Err(_) => return page(StatusCode::UNAUTHORIZED, "This is not a key.", &given.next),
    };
    if let Err(denied) = login.api.tenant(&headers, Scope::Read) {
        let told = denied.to_string();
        return page(StatusCode::UNAUTHORIZED, &told, &given.next);
    }
    let secure = match login.cookies {
        Cookies::Plain => "",
        Cookies::Secure => "; Secure",
    };
    // As long as browsers keep one: the key itself says when it ends.
    let cookie =
        format!("{COOKIE}={key}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax{secure}");
    let mut reply = Redirect::to(local(&given.next)).into_response();
    let cookie = HeaderValue::from_str(&cookie).expect("a key is letters and digits");
    reply.headers_mut().insert(header::SET_COOKIE, cookie);
    reply
}

fn page(status: StatusCode, told: &str, next: &str) -> Response {
    let page = PAGE
        .replace(TOLD, &escaped(told))
        .replace(NEXT, &escaped(local(next)));
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, Html(page)).into_response()
}

/// A path of this server, whoever made the link.
fn local(next: &str) -> &str {
    let is_plain = next
        .bytes()
        .all(|letter| letter.is_ascii_graphic() && letter != b'\\');
    match next.starts_with('/') && !next.starts_with("//") && is_plain {
        true => next,
        false => "/",
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// For a query string.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_this_server_alone() {
        for own in ["/", "/traces/ab?from=1&to=2", "/a//b"] {
            assert_eq!(local(own), own);
        }
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/\t/x",
            "evil",
        ] {
            assert_eq!(local(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn nothing_that_was_given_becomes_markup() {
        assert_eq!(escaped("<a b='\"&'>"), "&lt;a b=&#39;&quot;&amp;&#39;&gt;");
        assert_eq!(encoded("/t?q=a b&c"), "/t%3Fq%3Da%20b%26c");
    }
}
