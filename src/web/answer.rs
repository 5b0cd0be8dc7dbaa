//! What every answer has in common: an id, one log line, security headers, and constant error bodies.
//!
//! Outside sees a code, a constant sentence and the incident id; the log has the cause under the same id. Nothing
//! the client sent is ever repeated, neither in a body nor in the log.

use std::any::Any;

use askama::Template;
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::WebState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Marks an answer with an error code whose body is meant as it is.
#[derive(Clone, Copy)]
pub(super) struct KeepBody;

/// Why an answer became an error; for the log only.
#[derive(Clone)]
pub(super) struct Cause(pub(super) String);

/// An error on its way out: its code and, for the log, its cause.
pub(super) struct WebError {
    pub(super) status: StatusCode,
    pub(super) cause: String,
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Cause(self.cause));
        response
    }
}

#[derive(Template)]
#[template(path = "web/error.html")]
struct ErrorPage {
    class: &'static str,
    title: &'static str,
    sentence: &'static str,
    incident: Uuid,
}

pub(super) async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// The panic's own text may hold data, so only that there was one is passed on.
pub(super) fn after_panic(_: Box<dyn Any + Send + 'static>) -> axum::http::Response<Body> {
    let cause = "the handler panicked".to_owned();
    WebError { status: StatusCode::INTERNAL_SERVER_ERROR, cause }.into_response()
}

/// Wraps every request: refuses methods that change things, gives the answer its id, headers and log line.
pub(super) async fn finish(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let id = state.ids.next_id();
    let started = Instant::now();
    let method = request.method().clone();
    // The pattern, never the path as sent: people paste all kinds of things into an address line.
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| known_route(path.as_str()));
    let wants_html = wants_html(request.headers());
    let is_read = method == Method::GET || method == Method::HEAD;
    let mut response = if is_read {
        next.run(request).await
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
    };
    let status = response.status();
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if status.is_server_error() {
        let error = response.extensions().get::<Cause>().map_or("no cause given", |cause| cause.0.as_str());
        let status = status.as_u16();
        tracing::error!(incident.id = %id, http.route = route, http.status = status, duration_ms, error, "request failed");
    } else {
        let status = status.as_u16();
        tracing::debug!(request.id = %id, http.route = route, http.status = status, duration_ms, "request answered");
    }
    if (status.is_client_error() || status.is_server_error())
        && response.extensions().get::<KeepBody>().is_none()
    {
        response = error_answer(&response, id, wants_html);
    }
    add_headers(response.headers_mut(), id, state.is_https);
    response
}

/// Routes are few and fixed; a route that is not among them is logged without its name.
fn known_route(route: &str) -> &'static str {
    ["/", "/assets/style.css", "/healthz", "/readyz", "/metrics"]
        .into_iter()
        .find(|known| *known == route)
        .unwrap_or("other")
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn error_answer(from: &Response, id: Uuid, wants_html: bool) -> Response {
    let status = from.status();
    let (title, sentence) = words(status);
    let class = if status.is_server_error() { "bad" } else { "calm" };
    let page = ErrorPage { class, title, sentence, incident: id };
    let mut answer = match page.render() {
        Ok(html) if wants_html => (status, Html(html)).into_response(),
        _ => (status, format!("{title}\n{sentence}\nIncident {id}\n")).into_response(),
    };
    if let Some(allow) = from.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    answer
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => {
            ("Page not found", "There is no page at this address. The status page is at /.")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("Not possible here", "These pages can be read, nothing can be changed.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("Request too large", "These pages take no data."),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Not available just now",
            "The registry did not answer. Try again in a minute; if it stays, give the incident number to whoever runs the service.",
        ),
        _ if status.is_client_error() => {
            ("Request not understood", "The request was not of a form this service reads.")
        }
        _ => (
            "Something went wrong",
            "The fault is on this side. Give the incident number to whoever runs the service.",
        ),
    }
}

fn add_headers(headers: &mut HeaderMap, id: Uuid, is_https: bool) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, value);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
}
