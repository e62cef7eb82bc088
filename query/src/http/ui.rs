//! The ui, from the binary itself.
//!
//! Every path that is no file of it is one of its own addresses and gets its page. The page allows itself nothing but what
//! this server sends: no inline script or style, no other host, no frame around it.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// A file of the ui.
struct File {
    /// Below its root.
    path: &'static str,
    plain: &'static [u8],
    /// Compressed, for text.
    brotli: Option<&'static [u8]>,
}

/// What `build.rs` found in `ui/dist`.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));

const PAGE: &str = "index.html";
/// Files whose names carry the hash of their content: they never change.
const HASHED: &str = "assets/";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "The API is at /api/v1. The ui is not part of this build: run `npm ci` and `npm run build` in the folder `ui` \
    (or `cargo xtask setup`), then build Coldtrace again.\n";

pub(super) fn router() -> Router {
    Router::new().fallback(get(serve))
}

async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let mut response = answer(FILES, uri.path(), takes_brotli(&headers));
    protect(response.headers_mut());
    response
}

fn answer(files: &'static [File], path: &str, brotli: bool) -> Response {
    let path = path.trim_start_matches('/');
    let named = |name: &str| files.iter().find(|file| file.path == name);
    if let Some(file) = named(path) {
        return file.response(brotli);
    }
    if path.starts_with(HASHED) {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    }
    match named(PAGE) {
        Some(page) => page.response(brotli),
        None => NOT_BUILT.into_response(),
    }
}

fn protect(headers: &mut HeaderMap) {
    let protections = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in protections {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether the client named Brotli without refusing it.
fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=");
        name.trim().eq_ignore_ascii_case("br") && weight.parse() != Ok(0.0)
    })
}

fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

// === impl File ===

impl File {
    fn response(&self, takes_brotli: bool) -> Response {
        let caching = match self.path.starts_with(HASHED) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let headers = [
            (header::CONTENT_TYPE, content_type(self.path)),
            (header::CACHE_CONTROL, caching),
            (header::VARY, "accept-encoding"),
        ];
        match self.brotli.filter(|_| takes_brotli) {
            Some(twin) => {
                let encoded = [(header::CONTENT_ENCODING, "br")];
                (headers, encoded, Bytes::from_static(twin)).into_response()
            }
            None => (headers, Bytes::from_static(self.plain)).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static BUILT: [File; 2] = [
        File {
            path: "assets/main-1a2b.js",
            plain: b"plain",
            brotli: Some(b"twin"),
        },
        File {
            path: "index.html",
            plain: b"page",
            brotli: None,
        },
    ];

    async fn body(response: Response) -> Vec<u8> {
        use http_body_util::BodyExt as _;
        let collected = response.into_body().collect().await;
        collected.expect("a body").to_bytes().to_vec()
    }

    #[tokio::test]
    async fn a_hashed_file_never_changes_and_the_page_is_asked_for_every_time() {
        let script = answer(&BUILT, "/assets/main-1a2b.js", true);
        assert_eq!(script.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(
            script.headers()[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(body(script).await, b"twin");
        assert_eq!(
            body(answer(&BUILT, "/assets/main-1a2b.js", false)).await,
            b"plain"
        );
        let page = answer(&BUILT, "/", true);
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(
            page.headers()[header::CONTENT_TYPE],
            "text/html; charset=utf-8"
        );
    }

    #[tokio::test]
    async fn an_address_of_the_ui_gets_the_page_but_a_file_that_is_gone_does_not() {
        assert_eq!(body(answer(&BUILT, "/traces/abc", true)).await, b"page");
        let gone = answer(&BUILT, "/assets/main-old.js", true);
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn without_a_ui_it_says_how_to_build_one() {
        let told = body(answer(&[], "/", true)).await;
        assert_eq!(told, NOT_BUILT.as_bytes());
    }

    #[test]
    fn brotli_is_sent_to_whom_it_was_offered_only() {
        let check = |accepted: &'static str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(takes_brotli(&headers), expected, "{accepted}");
        };
        check("gzip, deflate, br", true);
        check("br;q=0.5", true);
        check("gzip, br;q=0", false);
        check("gzip", false);
    }
}
